"""Is a peer's step the dumped one? Errors of the loss and of the state after the step, against the dump.

    values   worst tensor of student, teacher and centre after the step: max|difference| / max|value|
    update   of the student: |difference| / |what the step changed|, 2-norms over all weights

Left out are weights whose dumped gradient is under a thousandth of its tensor's largest: AdamW divides by the
gradient's own size, so of those (a key's bias has a gradient of exactly zero) it amplifies the rounding errors.
`update` tells most: a wrong learning rate, decay or moment changes it at once, and `values` hardly.
"""
import array
import math

from dump import read_step, read_tensors

LIMITS = {"loss": 1e-5, "values": 1e-5, "update": 1e-4}
CLEAR = 1e-3


def floats(tensor):
    return array.array("f", tensor[1])


def errors(folder, answer):
    """{"loss", "values", "update"}: relative errors of the file `answer` against the dump in `folder`."""
    dump, got = read_step(folder)[1], read_tensors(answer)
    found = {"loss": relative(floats(got["loss"]), floats(dump["loss"])), "values": 0.0}
    wrong = changed = 0.0
    for name in (name for name in dump if ".after." in name and name.startswith(("student.", "teacher."))):
        role, _, parameter = name.split(".", 2)
        gradient = [abs(g) for g in floats(dump["grad." + parameter])]
        clear = [g > CLEAR * max(gradient) for g in gradient]
        before, after, answered = (
            [x for x, keep in zip(floats(tensor), clear, strict=True) if keep]
            for tensor in (dump[f"{role}.before.{parameter}"], dump[name], got[name]))
        if not after:
            continue
        found["values"] = worse(found["values"], relative(answered, after))
        if role == "student":
            wrong += sum((a - b) ** 2 for a, b in zip(answered, after))
            changed += sum((a - b) ** 2 for a, b in zip(after, before))
    if "center.after" in dump:
        found["values"] = worse(found["values"], relative(floats(got["center.after"]), floats(dump["center.after"])))
    found["update"] = math.sqrt(wrong / changed)
    return found


def worse(a, b):
    """The larger; a NaN is larger than anything."""
    return a if a > b or math.isnan(a) else b


def relative(got, want):
    differences = [abs(a - b) for a, b in zip(got, want, strict=True)]
    return math.nan if any(map(math.isnan, differences)) else max(differences) / max(map(abs, want))


def failures(found):
    """The errors over their limits."""
    return [f"{name} {value:.1e} (limit {LIMITS[name]:.0e})" for name, value in found.items() if not value <= LIMITS[name]]
