#!/usr/bin/env python3
"""Recompute one dumped BYOL training step in float64 and compare it with the dump.

An implementation of its own, written from the specification of the step alone: forward and loss in
JAX, gradients by JAX's automatic differentiation, AdamW and the teacher's average in NumPy.

    pip install numpy safetensors "jax[cpu]"
    twinlens dump-step --preset byol --at-step 30 --out DIR
    python tests/recompute.py [-v] DIR [DIR ...]

One line for each folder: the largest errors, then PASS or FAIL; what failed follows, with -v every
tensor. Exit code 1 if anything failed. The columns are

    loss     |difference|                                              limit 1e-5
    out      student.out, teacher.out: max|difference| / max|value|    limit 1e-4
    grad     worst tensor: max|difference| / max|gradient|             limit 1e-4
    atol     what allclose(rtol = 1e-4) needs besides, / max|gradient| limit 1e-4
    null     tensors whose gradient is zero in exact arithmetic (a bias before batch statistics):
             max|gradient dumped| / largest gradient of any tensor     limit 1e-5
    kinks    ReLU inputs within 5e-6 of zero that fell on the other side in float32; their slope
             is taken from the dump (one unit can change gradients by percents)
    norm     grad_norm, relative                                       limit 1e-4
    m, v     moments from the gradient recomputed here, / max|value|   limit 1e-4, 2e-4
    opt m, v, w   the optimiser alone, from the gradient dumped: moments relative to their
             largest, weights in units of their learning rate beyond two float32 roundings
                                                                       limit 1e-5, 1e-5, 1e-5
    after    student.after from the gradient recomputed here, in learning rates; elements whose
             gradient is under 1e-3 of the tensor's largest are left to `opt w`, as AdamW divides
             their rounding errors by almost nothing                   limit 1e-2
    ema      teacher.after from teacher.before and student.after, relative to the largest weight
                                                                       limit 1e-6
"""
import argparse
import json
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load_file

jax.config.update("jax_enable_x64", True)

HYPER = ("learning_rate predictor_multiplier weight_decay beta1 beta2 epsilon clip_norm grad_norm tau "
         "predictor stop_gradient").split()
FIELDS = "preset method encoder normalisation learner step seed batch globals locals hyper".split()
LAYERNORM_EPS, BATCHNORM_EPS, L2_EPS = 1e-6, 1e-5, 1e-6  # the specification's
KINK = 5e-6  # what float32 can be off by in a normalised activation


# ---- the network -------------------------------------------------------------------------------

def linear(p, name, x):
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def normalise(x, axis, eps):
    mean = x.mean(axis, keepdims=True)
    var = ((x - mean) ** 2).mean(axis, keepdims=True)
    return (x - mean) / jnp.sqrt(var + eps)


def layer_norm(p, name, x):
    return normalise(x, -1, LAYERNORM_EPS) * p[name + ".weight"] + p[name + ".bias"]


def head_norm(p, name, x, kind):
    """Layer norm, or batch statistics of the rows of one view."""
    if kind == "layernorm":
        return layer_norm(p, name, x)
    return normalise(x, 0, BATCHNORM_EPS) * p[name + ".weight"] + p[name + ".bias"]


def gelu(x):
    return 0.5 * x * (1 + jnp.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def regroup(x, n):
    """(B, H, W, C) to (B, H/n, W/n, n*n*C); a group runs row, column, channel."""
    b, h, w, c = x.shape
    x = x.reshape(b, h // n, n, w // n, n, c).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(b, h // n, w // n, n * n * c)


def encode(p, view, patch):
    x = view.transpose(0, 2, 3, 1)
    for i, n in enumerate((patch, 2, 2)):
        stage = f"encoder.stages.{i}"
        x = gelu(layer_norm(p, stage + ".norm", linear(p, stage + ".linear", regroup(x, n))))
    return x.mean((1, 2))


class Heads:
    """Projector and predictor. `inputs` collects what goes into each ReLU; units of a ReLU named in
    `flipped` as (ReLU, row, unit) have the slope of the other side of zero."""

    def __init__(self, kind, flipped=()):
        self.kind, self.flipped, self.inputs = kind, flipped, {}

    def __call__(self, p, name, x, relu):
        x = self.inputs[relu] = head_norm(p, name + ".1", linear(p, name + ".0", x), self.kind)
        slope = x > 0
        for _, row, unit in (f for f in self.flipped if f[0] == relu):
            slope = slope.at[row, unit].set(~slope[row, unit])
        return linear(p, name + ".3", x * slope)


def cosine(a, b):
    def unit(x):
        return x / jnp.maximum(jnp.sqrt((x * x).sum(-1, keepdims=True)), L2_EPS)
    return (unit(a) * unit(b)).sum(-1)


def step_loss(student, teacher, views, meta, flipped=()):
    """Loss; student.out, teacher.out and the inputs of the ReLUs. Differentiable in both networks."""
    on, patch = float(meta["hyper"]["predictor"]), meta["encoder"]["patch"]
    head = Heads(meta["normalisation"], flipped)
    q, z = [], []
    for i, view in enumerate(views):
        s = head(student, "projector", encode(student, view, patch), f"student projector, view {i}")
        q.append(on * head(student, "predictor", s, f"student predictor, view {i}") + (1 - on) * s)
        z.append(head(teacher, "projector", encode(teacher, view, patch), f"teacher projector, view {i}"))
    directions = [2 - 2 * cosine(q[0], z[1]), 2 - 2 * cosine(q[1], z[0])]
    return jnp.mean(jnp.stack(directions)), (q, z, head.inputs)


def gradients(student, teacher, views, meta, flipped=()):
    """The student's gradient, the teacher's added to it when stop-gradient is off; and step_loss."""
    both = jax.value_and_grad(step_loss, argnums=(0, 1), has_aux=True)
    result, (grad, teacher_grad) = both(student, teacher, views, meta, flipped)
    if not meta["hyper"]["stop_gradient"]:
        grad = {k: g + teacher_grad[k] if k in teacher_grad else g for k, g in grad.items()}
    return {k: np.asarray(g) for k, g in grad.items()}, result


def distance(got, want):
    return sum((((got[k] - g) / max(np.abs(g).max(), 1e-12)) ** 2).sum() for k, g in want.items())


# ---- names, shapes and fields ------------------------------------------------------------------

def parameter_shapes(meta):
    e = meta["encoder"]
    widths, hidden, out = e["widths"], e["projector_hidden"], e["projector_output"]
    shapes = {}

    def add_linear(name, n_in, n_out):
        shapes[name + ".weight"], shapes[name + ".bias"] = (n_out, n_in), (n_out,)

    def add_norm(name, n):
        shapes[name + ".weight"], shapes[name + ".bias"] = (n,), (n,)

    n_in = e["patch"] ** 2 * 3
    for i, n in enumerate(widths):
        add_linear(f"encoder.stages.{i}.linear", n_in, n)
        add_norm(f"encoder.stages.{i}.norm", n)
        n_in = 4 * n
    for name, n in (("projector", widths[-1]), ("predictor", out)):
        add_linear(name + ".0", n, hidden)
        add_norm(name + ".1", hidden)
        add_linear(name + ".3", hidden, out)
    return shapes


def expected_tensors(meta):
    params = parameter_shapes(meta)
    size, batch = meta["encoder"]["image_size"], meta["batch"]
    out = {"loss": ()}
    for v in range(meta["globals"]):
        out[f"views.{v}"] = (batch, 3, size, size)
        out[f"student.out.{v}"] = out[f"teacher.out.{v}"] = (batch, meta["encoder"]["projector_output"])
    for name, shape in params.items():
        for kind in ("student", "moment1", "moment2"):
            out[f"{kind}.before.{name}"] = out[f"{kind}.after.{name}"] = shape
        out[f"grad.{name}"] = shape
        if not name.startswith("predictor."):
            out[f"teacher.before.{name}"] = out[f"teacher.after.{name}"] = shape
    return out


def group(tensors, prefix):
    return {k[len(prefix):]: v for k, v in tensors.items() if k.startswith(prefix)}


# ---- one dump ----------------------------------------------------------------------------------

class Report:
    def __init__(self):
        self.worst, self.failures, self.lines = {}, [], []

    def check(self, column, name, error, limit):
        error = float(error)
        self.worst[column] = max(self.worst.get(column, 0.0), error)
        line = f"{column:6} {name:40} {error:.2e} (limit {limit:.0e})"
        self.lines.append(line)
        if not error <= limit:  # a NaN fails too
            self.failures.append(line)

    def require(self, ok, message):
        if not ok:
            self.failures.append(message)


def relative(got, want, scale=None):
    scale = np.abs(want).max() if scale is None else scale
    error = np.abs(got - want).max()
    return error if scale == 0 else error / scale


def check_contents(r, meta, raw):
    for field in FIELDS:
        r.require(field in meta, f"step.json lacks {field}")
    for field in HYPER:
        r.require(field in meta["hyper"], f"step.json lacks hyper.{field}")
    expected = expected_tensors(meta)
    for name in sorted(expected.keys() - raw.keys()):
        r.failures.append(f"missing tensor {name}")
    for name in sorted(raw.keys() - expected.keys()):
        r.failures.append(f"unexpected tensor {name}")
    for name in expected.keys() & raw.keys():
        got = raw[name]
        r.require(got.shape == expected[name], f"{name}: shape {got.shape}, not {expected[name]}")
        r.require(got.dtype == np.float32, f"{name}: {got.dtype}, not float32")
        r.require(np.isfinite(got).all(), f"{name}: not finite")
    for v in range(meta["globals"]):
        level = (group(raw, "views.")[str(v)].astype(np.float64) / 4 + 0.5) * 255
        r.require(np.abs(level - np.rint(level)).max() < 1e-3 and level.min() > -1e-3 and level.max() < 255.001,
                  f"views.{v}: not (k/255 - 0.5) * 4 with k a byte")
    if meta["step"] == 1:
        for kind in ("moment1", "moment2"):
            r.require(not any(x.any() for x in group(raw, kind + ".before.").values()), f"{kind}.before not 0 at step 1")
        for name, x in group(raw, "teacher.before.").items():
            r.require((x == raw["student.before." + name]).all(), f"teacher.before.{name} is no copy at step 1")


def recompute(folder):
    with open(os.path.join(folder, "step.json")) as f:
        meta = json.load(f)
    raw = load_file(os.path.join(folder, "step.safetensors"))
    r = Report()
    r.require(meta["method"] == "byol" and meta["encoder"]["kind"] == "pyramid" and meta["globals"] == 2
              and meta["locals"] == 0, "only BYOL with the pyramid and two global views is known here")
    if not r.failures:
        check_contents(r, meta, raw)
    if r.failures:
        return r

    t = {k: v.astype(np.float64) for k, v in raw.items()}
    h = meta["hyper"]
    student, teacher = group(t, "student.before."), group(t, "teacher.before.")
    views = [t[f"views.{v}"] for v in range(2)]

    # Forward, loss, gradients.
    dumped = group(t, "grad.")
    grad, (loss, (q, z, inputs)) = gradients(student, teacher, views, meta)
    flipped = []
    for relu, x in inputs.items():  # either side of a ReLU is right where its input is rounding error
        for row, unit in np.argwhere(np.abs(np.asarray(x)) < KINK):
            other, _ = gradients(student, teacher, views, meta, [*flipped, (relu, row, unit)])
            if distance(dumped, other) < 0.5 * distance(dumped, grad):
                flipped.append((relu, row, unit))
                r.lines.append(f"kink   {relu}, row {row}, unit {unit}: input {np.asarray(x)[row, unit]:.1e}")
                grad = other
    r.worst["kinks"] = len(flipped)
    r.check("loss", "loss", abs(float(loss) - t["loss"]), 1e-5)
    for v in range(2):
        r.check("out", f"student.out.{v}", relative(t[f"student.out.{v}"], np.asarray(q[v])), 1e-4)
        r.check("out", f"teacher.out.{v}", relative(t[f"teacher.out.{v}"], np.asarray(z[v])), 1e-4)
    largest = max(np.abs(g).max() for g in grad.values())
    null = {k for k, g in grad.items() if np.abs(g).max() < 1e-10 * largest}
    for name, want in grad.items():
        got, top = t["grad." + name], np.abs(want).max()
        if name in null:
            r.check("null", name, np.abs(got).max() / largest, 1e-5)
        else:
            r.check("grad", name, relative(got, want), 1e-4)
            r.check("atol", name, max(0, (np.abs(got - want) - 1e-4 * np.abs(want)).max()) / top, 1e-4)
    norm = np.sqrt(sum((g**2).sum() for g in grad.values()))
    r.check("norm", "grad_norm", abs(h["grad_norm"] - norm) / norm, 1e-4)

    # Clipping and AdamW, from the gradient recomputed here and from the one dumped.
    def optimise(gradient, norm):
        clip = min(1.0, h["clip_norm"] / norm) if h["clip_norm"] > 0 else 1.0
        result = {}
        for name, w in student.items():
            g = gradient[name] * clip
            rate = h["learning_rate"] * (h["predictor_multiplier"] if name.startswith("predictor.") else 1)
            decay = h["weight_decay"] if w.ndim == 2 else 0
            m = h["beta1"] * t["moment1.before." + name] + (1 - h["beta1"]) * g
            v = h["beta2"] * t["moment2.before." + name] + (1 - h["beta2"]) * g * g
            m_hat, v_hat = m / (1 - h["beta1"] ** meta["step"]), v / (1 - h["beta2"] ** meta["step"])
            result[name] = (m, v, w - rate * (m_hat / (np.sqrt(v_hat) + h["epsilon"]) + decay * w), rate)
        return result

    ours = optimise(grad, norm)
    theirs = optimise(dumped, np.sqrt(sum((g**2).sum() for g in dumped.values())))
    for name in student:
        got = [t[f"{kind}.after.{name}"] for kind in ("moment1", "moment2", "student")]
        m, v, w, rate = theirs[name]
        rounding = 2.0**-23 * np.maximum(np.abs(w), np.abs(student[name]))  # of w and of the product
        r.check("opt m", name, relative(got[0], m), 1e-5)
        r.check("opt v", name, relative(got[1], v), 1e-5)
        r.check("opt w", name, max(0, (np.abs(got[2] - w) - rounding).max()) / rate if rate else relative(got[2], w), 1e-5)
        if name in null:
            continue
        m, v, w, rate = ours[name]
        r.check("m", name, relative(got[0], m), 1e-4)
        r.check("v", name, relative(got[1], v), 2e-4)
        clear = np.abs(grad[name]) > 1e-3 * np.abs(grad[name]).max()
        if rate and clear.any():
            r.check("after", name, np.abs(got[2] - w)[clear].max() / rate, 1e-2)

    # The teacher, from the updated student.
    for name, w in teacher.items():
        want = h["tau"] * w + (1 - h["tau"]) * t["student.after." + name]
        r.check("ema", name, relative(t["teacher.after." + name], want), 1e-6)
        if h["tau"] in (0, 1):
            exact = t["student.after." + name] if h["tau"] == 0 else w
            r.require((t["teacher.after." + name] == exact).all(), f"teacher.after.{name}: not exact at tau {h['tau']}")
    return r


COLUMNS = ["loss", "out", "grad", "atol", "null", "kinks", "norm", "m", "v", "opt m", "opt v", "opt w", "after", "ema"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR", help="what dump-step wrote")
    parser.add_argument("-v", "--verbose", action="store_true", help="every tensor")
    args = parser.parse_args()
    wide = max(24, max(len(os.path.basename(os.path.normpath(f))) for f in args.folders))
    print(f"{'dump':{wide}}", *(f"{c:>8}" for c in COLUMNS))
    failed = False
    for folder in args.folders:
        try:
            r = recompute(folder)
        except (OSError, ValueError, KeyError) as e:
            r = Report()
            r.failures.append(f"cannot be read: {e!r}")
        cells = [f"{r.worst[c]:8.{'0f' if c == 'kinks' else '1e'}}" if c in r.worst else f"{'-':>8}" for c in COLUMNS]
        print(f"{os.path.basename(os.path.normpath(folder)):{wide}}", *cells, "FAIL" if r.failures else "PASS", flush=True)
        for line in r.lines if args.verbose else []:
            print("   ", line)
        for line in r.failures:
            print("    FAIL", line)
        failed |= bool(r.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
