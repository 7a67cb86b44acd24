#!/usr/bin/env python3
"""Recompute one dumped training step, BYOL's or DINO's, in float64 and compare it with the dump.

An implementation of its own, written from the specification of the step alone: forward and loss in
JAX, gradients by JAX's automatic differentiation, AdamW and the teacher's average in NumPy.

    pip install numpy safetensors "jax[cpu]"
    twinlens dump-step --preset byol --at-step 30 --out DIR      (or dino, dino-vit, multicrop, ...)
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
    center   center.after from the teacher's logits recomputed here, and from those dumped,
             relative to its largest                                   limit 1e-4, 1e-5

Known: the encoders `pyramid` and `vit`, local views (student only), DINO's switches and its frozen
prototype layer. While that is frozen (step <= hyper.frozen_steps) its weights and moments must not
change; its dumped gradient may be the true one or zero, and the norm may count it or not.
`head.last_layer.weight_g` may be left out; where it is dumped it must be 1, its gradient and moments 0.
AdamW's bias correction counts all steps, frozen ones too.
In a collapsed state (loss 1e-3) or with batch statistics of nearly equal rows float32 itself is off by
more than 1e-4 in the gradient: a FAIL in `grad` alone, there, need not be a mistake.
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

HYPER = "learning_rate weight_decay beta1 beta2 epsilon clip_norm grad_norm tau".split()
METHOD_HYPER = {"byol": "predictor_multiplier predictor stop_gradient".split(),
                "dino": "centering teacher_temperature student_temperature center_momentum".split()}
FIELDS = "preset method encoder normalisation learner step seed batch globals locals hyper".split()
LAYERNORM_EPS, BATCHNORM_EPS, L2_EPS = 1e-6, 1e-5, 1e-6  # the specification's
KINK = 5e-6  # what float32 can be off by in a normalised activation
GAIN, PROTOTYPES = "head.last_layer.weight_g", "head.last_layer.weight_v"


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


def pyramid(p, view, e):
    x = view.transpose(0, 2, 3, 1)
    for i, n in enumerate((e["patch"], 2, 2)):
        stage = f"encoder.stages.{i}"
        x = gelu(layer_norm(p, stage + ".norm", linear(p, stage + ".linear", regroup(x, n))))
    return x.mean((1, 2))


def interpolation(n, m):
    """The (m, n) matrix of linear interpolation from n samples to m, align_corners = false, no antialiasing."""
    at = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
    low = np.minimum(np.floor(at).astype(int), max(n - 2, 0))
    matrix = np.zeros((m, n))
    matrix[np.arange(m), low] += 1 - (at - low)
    matrix[np.arange(m), np.minimum(low + 1, n - 1)] += at - low
    return matrix


def attention(p, name, x, heads):
    b, n, d = x.shape
    q, k, v = linear(p, name + ".qkv", x).reshape(b, n, 3, heads, d // heads).transpose(2, 0, 3, 1, 4)
    weights = jax.nn.softmax(q @ k.swapaxes(-1, -2) / np.sqrt(d // heads), -1)
    return linear(p, name + ".proj", (weights @ v).transpose(0, 2, 1, 3).reshape(b, n, d))


def vit(p, view, e):
    n = e["patch"]
    b, c, h, w = view.shape
    x = view.reshape(b, c, h // n, n, w // n, n)
    x = jnp.einsum("bcyixj,dcij->byxd", x, p["encoder.patch_embed.proj.weight"]) + p["encoder.patch_embed.proj.bias"]
    position = p["encoder.pos_embed"][0]
    side = int(round((len(position) - 1) ** 0.5))
    grid = position[1:].reshape(side, side, -1)
    x = x + jnp.einsum("yY,xX,YXd->yxd", interpolation(side, h // n), interpolation(side, w // n), grid)
    cls = jnp.broadcast_to(p["encoder.cls_token"] + position[0], (b, 1, x.shape[-1]))
    x = jnp.concatenate([cls, x.reshape(b, -1, x.shape[-1])], 1)
    for i in range(e["depth"]):
        block = f"encoder.blocks.{i}"
        x = x + attention(p, block + ".attn", layer_norm(p, block + ".norm1", x), e["heads"])
        y = linear(p, block + ".mlp.fc1", layer_norm(p, block + ".norm2", x))
        x = x + linear(p, block + ".mlp.fc2", gelu(y))
    return layer_norm(p, "encoder.norm", x[:, 0])


def encode(p, view, e):
    return {"pyramid": pyramid, "vit": vit}[e["kind"]](p, view, e)


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


def unit(x):
    return x / jnp.maximum(jnp.sqrt((x * x).sum(-1, keepdims=True)), L2_EPS)


def head_linears(p):
    return sorted(int(k.split(".")[2]) for k in p if k.startswith("head.mlp.") and k.endswith(".weight"))


def dino_head(p, x):
    indices = head_linears(p)
    for i in indices[:-1]:
        x = gelu(linear(p, f"head.mlp.{i}", x))
    return unit(linear(p, f"head.mlp.{indices[-1]}", x)) @ unit(p[PROTOTYPES]).T


def byol(student, teacher, views, meta, flipped):
    """q of every view, z of the globals, the loss of one pair by image, the inputs of the ReLUs."""
    on, e = float(meta["hyper"]["predictor"]), meta["encoder"]
    head = Heads(meta["normalisation"], flipped)
    q, z = [], []
    for i, view in enumerate(views):
        s = head(student, "projector", encode(student, view, e), f"student projector, view {i}")
        q.append(on * head(student, "predictor", s, f"student predictor, view {i}") + (1 - on) * s)
        if i < meta["globals"]:
            z.append(head(teacher, "projector", encode(teacher, view, e), f"teacher projector, view {i}"))
    return q, z, lambda z, q: 2 - 2 * (unit(q) * unit(z)).sum(-1), head.inputs


def dino(student, teacher, views, meta, center):
    """Logits of every view, the teacher's of the globals, the loss of one pair by image."""
    h, e = meta["hyper"], meta["encoder"]
    warm = h["student_temperature"]
    sharp = h["teacher_temperature"] if h.get("sharpening", True) else warm
    s = [dino_head(student, encode(student, view, e)) for view in views]
    z = [dino_head(teacher, encode(teacher, view, e)) for view in views[:meta["globals"]]]

    def cross_entropy(z, s):
        target = jax.nn.softmax((z - float(h["centering"]) * center) / sharp, -1)
        return -(target * jax.nn.log_softmax(s / warm, -1)).sum(-1)
    return s, z, cross_entropy, {}


def step_loss(student, teacher, views, meta, center, flipped=()):
    """Loss; student.out, teacher.out and the inputs of the ReLUs. Differentiable in both networks."""
    if meta["method"] == "dino":
        s, z, term, inputs = dino(student, teacher, views, meta, center)
    else:
        s, z, term, inputs = byol(student, teacher, views, meta, flipped)
    pairs = [term(z[i], s[j]) for i in range(len(z)) for j in range(len(s)) if i != j]
    return jnp.mean(jnp.stack(pairs)), (s, z, inputs)


def gradients(student, teacher, views, meta, center, flipped=()):
    """The student's gradient, the teacher's added to it when stop-gradient is off; and step_loss."""
    both = jax.value_and_grad(step_loss, argnums=(0, 1), has_aux=True)
    result, (grad, teacher_grad) = both(student, teacher, views, meta, center, flipped)
    if not meta["hyper"].get("stop_gradient", True):
        grad = {k: g + teacher_grad[k] if k in teacher_grad else g for k, g in grad.items()}
    return {k: np.asarray(g) for k, g in grad.items()}, result


def distance(got, want):
    return sum((((got[k] - g) / max(np.abs(g).max(), 1e-12)) ** 2).sum() for k, g in want.items())


# ---- names, shapes and fields ------------------------------------------------------------------

def decays(name, w):
    """Matrices do; biases, norms, CLS and positions do not."""
    return w.ndim >= 2 and name.rsplit(".", 1)[-1] in ("weight", "weight_v")


def parameter_shapes(meta, raw):
    """Names and shapes of the student's parameters; sizes as step.json says, or else as the tensors are."""
    e, head = meta["encoder"], meta.get("head") or {}
    shapes = {}

    def size(tensor, axis, *said):
        return next((n for n in said if n is not None), raw["student.before." + tensor].shape[axis])

    def add(name, *weight):
        shapes[name + ".weight"], shapes[name + ".bias"] = weight, weight[:1]

    if e["kind"] == "pyramid":
        n = e["patch"] ** 2 * 3
        for i, width in enumerate(e["widths"]):
            add(f"encoder.stages.{i}.linear", width, n)
            add(f"encoder.stages.{i}.norm", width)
            n = 4 * width
        embedding = e["widths"][-1]
    else:
        d = embedding = e["dim"]
        shapes["encoder.cls_token"] = (1, 1, d)
        shapes["encoder.pos_embed"] = (1, 1 + (e["image_size"] // e["patch"]) ** 2, d)
        add("encoder.patch_embed.proj", d, 3, e["patch"], e["patch"])
        ratio = e.get("mlp_ratio")
        hidden = size("encoder.blocks.0.mlp.fc1.weight", 0, None if ratio is None else round(d * ratio))
        for i in range(e["depth"]):
            block = f"encoder.blocks.{i}"
            add(block + ".norm1", d)
            add(block + ".attn.qkv", 3 * d, d)
            add(block + ".attn.proj", d, d)
            add(block + ".norm2", d)
            add(block + ".mlp.fc1", hidden, d)
            add(block + ".mlp.fc2", d, hidden)
        add("encoder.norm", d)

    if meta["method"] == "dino":
        linears = head.get("layers") or len(head_linears(group(raw, "student.before.")))
        hidden = size("head.mlp.0.weight", 0, head.get("hidden"))
        bottleneck = size(PROTOTYPES, 1, head.get("bottleneck"))
        widths = [embedding] + [hidden] * (linears - 1) + [bottleneck]
        for i in range(linears):
            add(f"head.mlp.{2 * i}", widths[i + 1], widths[i])
        shapes[PROTOTYPES] = (size(PROTOTYPES, 0, head.get("prototypes")), bottleneck)
    else:
        hidden = size("projector.0.weight", 0, e.get("projector_hidden"), head.get("hidden"))
        out = size("projector.3.weight", 0, e.get("projector_output"), head.get("output"))
        for name, n in (("projector", embedding), ("predictor", out)):
            add(name + ".0", hidden, n)
            add(name + ".1", hidden)
            add(name + ".3", out, hidden)
    return shapes


def expected_tensors(meta, raw):
    params, e = parameter_shapes(meta, raw), meta["encoder"]
    batch, globals_, size = meta["batch"], meta["globals"], e["image_size"]
    width = params[PROTOTYPES if meta["method"] == "dino" else "projector.3.weight"][0]
    out = {"loss": ()}
    for v in range(globals_ + meta["locals"]):
        if v == globals_:
            size = e.get("local_size") or meta.get("local_size") or raw[f"views.{v}"].shape[-1]
        out[f"views.{v}"] = (batch, 3, size, size)
        out[f"student.out.{v}"] = (batch, width)
        if v < globals_:  # the teacher sees no local view
            out[f"teacher.out.{v}"] = (batch, width)
    if meta["method"] == "dino":
        out["center.before"] = out["center.after"] = (width,)
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
    for field in HYPER + METHOD_HYPER[meta["method"]]:
        r.require(field in meta["hyper"], f"step.json lacks hyper.{field}")
    for name in [k for k in raw if k.endswith(GAIN)]:
        got, one = raw.pop(name), name.startswith(("student.", "teacher."))
        r.require(got.shape == (raw["student.before." + PROTOTYPES].shape[0], 1), f"{name}: shape {got.shape}")
        r.require((got == one).all(), f"{name}: not all {one:d}")
    expected = expected_tensors(meta, raw)
    for name in sorted(expected.keys() - raw.keys()):
        r.failures.append(f"missing tensor {name}")
    for name in sorted(raw.keys() - expected.keys()):
        r.failures.append(f"unexpected tensor {name}")
    for name in expected.keys() & raw.keys():
        got = raw[name]
        r.require(got.shape == expected[name], f"{name}: shape {got.shape}, not {expected[name]}")
        r.require(got.dtype == np.float32, f"{name}: {got.dtype}, not float32")
        r.require(np.isfinite(got).all(), f"{name}: not finite")
    for v in range(meta["globals"] + meta["locals"]):
        level = (group(raw, "views.")[str(v)].astype(np.float64) / 4 + 0.5) * 255
        r.require(np.abs(level - np.rint(level)).max() < 1e-3 and level.min() > -1e-3 and level.max() < 255.001,
                  f"views.{v}: not (k/255 - 0.5) * 4 with k a byte")
    if meta["step"] == 1:
        for kind in ("moment1", "moment2"):
            r.require(not any(x.any() for x in group(raw, kind + ".before.").values()), f"{kind}.before not 0 at step 1")
        r.require(not raw.get("center.before", np.zeros(1)).any(), "center.before not 0 at step 1")
        for name, x in group(raw, "teacher.before.").items():
            r.require((x == raw["student.before." + name]).all(), f"teacher.before.{name} is no copy at step 1")


def recompute(folder):
    with open(os.path.join(folder, "step.json")) as f:
        meta = json.load(f)
    raw = load_file(os.path.join(folder, "step.safetensors"))
    r = Report()
    r.require(meta["method"] in METHOD_HYPER, f"method {meta['method']} is not known here")
    r.require(meta["encoder"]["kind"] in ("pyramid", "vit"), f"encoder {meta['encoder']['kind']} is not known here")
    for name in ("center.before", "center.after"):
        if name in raw and raw[name].shape[:1] == (1,):
            raw[name] = raw[name].reshape(-1)
    if not r.failures:
        check_contents(r, meta, raw)
    if r.failures:
        return r

    t = {k: v.astype(np.float64) for k, v in raw.items()}
    h = meta["hyper"]
    student, teacher = group(t, "student.before."), group(t, "teacher.before.")
    views = [t[f"views.{v}"] for v in range(meta["globals"] + meta["locals"])]
    center = t.get("center.before")
    frozen = {k for k in student if k.startswith("head.last_layer.") and meta["step"] <= h.get("frozen_steps", 0)}

    # Forward, loss, gradients.
    dumped = group(t, "grad.")
    grad, (loss, (q, z, inputs)) = gradients(student, teacher, views, meta, center)
    flipped = []
    for relu, x in inputs.items():  # either side of a ReLU is right where its input is rounding error
        for row, index in np.argwhere(np.abs(np.asarray(x)) < KINK):
            other, _ = gradients(student, teacher, views, meta, center, [*flipped, (relu, row, index)])
            if distance(dumped, other) < 0.5 * distance(dumped, grad):
                flipped.append((relu, row, index))
                r.lines.append(f"kink   {relu}, row {row}, unit {index}: input {np.asarray(x)[row, index]:.1e}")
                grad = other
    r.worst["kinks"] = len(flipped)
    r.check("loss", "loss", abs(float(loss) - t["loss"]), 1e-5)
    for kind, outputs in (("student", q), ("teacher", z)):
        for v, want in enumerate(outputs):
            r.check("out", f"{kind}.out.{v}", relative(t[f"{kind}.out.{v}"], np.asarray(want)), 1e-4)
    for name in frozen:
        if not dumped[name].any():
            grad[name] = dumped[name]
    largest = max(np.abs(g).max() for g in grad.values())
    null = {k for k, g in grad.items() if np.abs(g).max() < 1e-10 * largest}
    for name, want in grad.items():
        got, top = t["grad." + name], np.abs(want).max()
        if name in frozen and not got.any():
            continue
        if name in null:
            r.check("null", name, np.abs(got).max() / largest, 1e-5)
        else:
            r.check("grad", name, relative(got, want), 1e-4)
            r.check("atol", name, max(0, (np.abs(got - want) - 1e-4 * np.abs(want)).max()) / top, 1e-4)

    def norm_of(gradient):
        norms = (np.sqrt(sum((g**2).sum() for k, g in gradient.items() if k not in left)) for left in ((), frozen))
        return min(norms, key=lambda n: abs(n - h["grad_norm"]))

    norm = norm_of(grad)
    r.check("norm", "grad_norm", abs(h["grad_norm"] - norm) / norm, 1e-4)

    # Clipping and AdamW, from the gradient recomputed here and from the one dumped.
    def optimise(gradient, norm):
        clip = min(1.0, h["clip_norm"] / norm) if h["clip_norm"] > 0 else 1.0
        result = {}
        for name, w in student.items():
            if name in frozen:
                result[name] = (t["moment1.before." + name], t["moment2.before." + name], w, 0)
                continue
            g = gradient[name] * clip
            rate = h["learning_rate"] * (h["predictor_multiplier"] if name.startswith("predictor.") else 1)
            decay = h["weight_decay"] if decays(name, w) else 0
            m = h["beta1"] * t["moment1.before." + name] + (1 - h["beta1"]) * g
            v = h["beta2"] * t["moment2.before." + name] + (1 - h["beta2"]) * g * g
            m_hat, v_hat = m / (1 - h["beta1"] ** meta["step"]), v / (1 - h["beta2"] ** meta["step"])
            result[name] = (m, v, w - rate * (m_hat / (np.sqrt(v_hat) + h["epsilon"]) + decay * w), rate)
        return result

    ours = optimise(grad, norm)
    theirs = optimise(dumped, norm_of(dumped))
    for name in student:
        got = [t[f"{kind}.after.{name}"] for kind in ("moment1", "moment2", "student")]
        if name in frozen:
            before = [t[f"{kind}.before.{name}"] for kind in ("moment1", "moment2", "student")]
            r.require(all((a == b).all() for a, b in zip(got, before)), f"{name}: changed while frozen")
            continue
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

    # The centre, from this step's raw logits.
    if center is not None:
        after, momentum = t["center.after"], h["center_momentum"]
        for source, logits, limit in (("recomputed", z, 1e-4), ("dumped", [t[f"teacher.out.{v}"] for v in range(len(z))], 1e-5)):
            want = momentum * center + (1 - momentum) * np.concatenate(logits).mean(0)
            r.check("center", f"center.after, logits {source}", relative(after, want), limit)
        r.require(momentum != 1 or (after == center).all(), "center.after: not center.before at momentum 1")
    return r


COLUMNS = ["loss", "out", "grad", "atol", "null", "kinks", "norm", "m", "v", "opt m", "opt v", "opt w", "after", "ema",
           "center"]


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
