#!/usr/bin/env python3
"""Twinlens' training step in JAX, jitted, float32, on the CPU: forward of both networks, loss, backward, clip,
AdamW, EMA, centre. `python jax/step.py DIR`, DIR as `twinlens dump-step` wrote it; see ../peer.py.

Written as a user would, and no slower than it must be: all views of one size go through a network together, the
state is donated, and the ViT's last block works out queries, projection and MLP for CLS alone, as Twinlens does.
"""
import os
import pathlib
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import jax
import jax.numpy as jnp
import numpy as np

from peer import Step, serve, threads

dumped = Step(sys.argv[1])
meta, hyper, encoder, batch = dumped.meta, dumped.hyper, dumped.encoder, dumped.batch


def linear(p, name, x):
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def layer_norm(p, name, x):
    mean = x.mean(-1, keepdims=True)
    var = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + hyper["layernorm_epsilon"]) * p[name + ".weight"] + p[name + ".bias"]


def gelu(x):
    return jax.nn.gelu(x, approximate=True)


def unit(x):
    return x / jnp.maximum(jnp.linalg.norm(x, axis=-1, keepdims=True), hyper["l2norm_epsilon"])


def pyramid(p, x):
    for i in range(len(encoder["widths"])):
        if i:  # 2x2 neighbours, row, column, channel
            b, h, w, c = x.shape
            x = x.reshape(b, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(b, h // 2, w // 2, 4 * c)
        stage = f"encoder.stages.{i}"
        x = gelu(layer_norm(p, stage + ".norm", linear(p, stage + ".linear", x)))
    return x.mean((1, 2))


def interpolation(n, m):
    """The (m, n) matrix of linear interpolation, align_corners = false."""
    at = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n))).astype(np.float32)


def attention(p, name, x, queries):
    """Of the first `queries` tokens to all."""
    heads = encoder["heads"]
    b, n, d = x.shape
    weight, bias = p[name + ".qkv.weight"], p[name + ".qkv.bias"]

    def part(x, w, bias):
        return (x @ w.T + bias).reshape(b, -1, len(w) // d, heads, d // heads).transpose(2, 0, 3, 1, 4)
    if queries == n:
        q, k, v = part(x, weight, bias)
    else:
        (q,), (k, v) = part(x[:, :queries], weight[:d], bias[:d]), part(x, weight[d:], bias[d:])
    weights = jax.nn.softmax(q @ k.swapaxes(-1, -2) / np.sqrt(d // heads).astype(np.float32), -1)
    return linear(p, name + ".proj", (weights @ v).transpose(0, 2, 1, 3).reshape(b, queries, d))


def vit(p, x):
    b, h, w, _ = x.shape
    x = linear(p, "encoder.patch_embed.proj", x).reshape(b, h * w, -1)
    cls, positions = p["encoder.pos_embed"][:, :1], p["encoder.pos_embed"][:, 1:]
    side = round(positions.shape[1] ** 0.5)
    if (h, w) != (side, side):
        grid = positions.reshape(side, side, -1)
        positions = jnp.einsum("yY,xX,YXd->yxd", interpolation(side, h), interpolation(side, w), grid).reshape(1, h * w, -1)
    cls = jnp.broadcast_to(p["encoder.cls_token"] + cls, (b, 1, x.shape[-1]))
    x = jnp.concatenate([cls, x + positions], 1)
    for i in range(encoder["depth"]):
        block = f"encoder.blocks.{i}"
        queries = 1 if i + 1 == encoder["depth"] else x.shape[1]
        x = x[:, :queries] + attention(p, block + ".attn", layer_norm(p, block + ".norm1", x), queries)
        y = gelu(linear(p, block + ".mlp.fc1", layer_norm(p, block + ".norm2", x)))
        x = x + linear(p, block + ".mlp.fc2", y)
    return layer_norm(p, "encoder.norm", x[:, 0])


def encode(p, views):
    network = {"pyramid": pyramid, "vit": vit}[encoder["kind"]]
    return jnp.concatenate([network(p, view) for view in views])


def mlp(p, name, x):
    return linear(p, name + ".3", jax.nn.relu(layer_norm(p, name + ".1", linear(p, name + ".0", x))))


def prototypes(p, x):
    last = 2 * (meta["head"]["layers"] - 1)
    for i in range(0, last, 2):
        x = gelu(linear(p, f"head.mlp.{i}", x))
    return unit(linear(p, f"head.mlp.{last}", x)) @ unit(p["head.last_layer.weight_v"]).T


def byol(student, teacher, views, _):
    z = mlp(teacher, "projector", encode(teacher, views[:1]))
    q = mlp(student, "predictor", mlp(student, "projector", encode(student, views)))
    other = jnp.roll(jax.lax.stop_gradient(z), batch, 0)
    return (2 - 2 * (unit(q) * unit(other)).sum(-1)).mean(), z


def dino(student, teacher, views, center):
    z = jax.lax.stop_gradient(prototypes(teacher, encode(teacher, views[:1])))
    s = prototypes(student, encode(student, views))
    target = jax.nn.softmax((z - hyper["centering"] * center) / hyper["teacher_temperature"], -1)
    log = jax.nn.log_softmax(s / hyper["student_temperature"], -1)
    target, log = (x.reshape(-1, batch, x.shape[-1]) for x in (target, log))
    cross = -jnp.einsum("ibk,jbk->ij", target, log) / batch
    pairs = len(target) * (len(log) - 1)
    return (cross.sum() - jnp.trace(cross)) / pairs, z


def step(state, views):
    """(state, loss) after one step."""
    student, teacher, m, v, center, count = state
    loss_of = {"byol": byol, "dino": dino}[meta["method"]]
    (loss, z), grad = jax.value_and_grad(loss_of, has_aux=True)(student, teacher, views, center)
    if hyper["clip_norm"] > 0:
        norm = jnp.sqrt(sum(jnp.vdot(g, g) for g in grad.values()))
        grad = jax.tree.map(lambda g: g * jnp.minimum(1, hyper["clip_norm"] / norm), grad)
    beta1, beta2 = hyper["beta1"], hyper["beta2"]
    m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, grad)
    v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, grad)
    c1, c2 = 1 - beta1 ** count, 1 - beta2 ** count

    def updated(name, w):
        decay = hyper["weight_decay"] if dumped.decays(name) else 0
        return w - dumped.rate(name) * (m[name] / c1 / (jnp.sqrt(v[name] / c2) + hyper["epsilon"]) + decay * w)
    student = {name: updated(name, w) for name, w in student.items()}
    teacher = {name: hyper["tau"] * w + (1 - hyper["tau"]) * student[name] for name, w in teacher.items()}
    if center is not None:
        center = hyper["center_momentum"] * center + (1 - hyper["center_momentum"]) * z.mean(0)
    return (student, teacher, m, v, center, count + 1), loss


jitted = jax.jit(step, donate_argnums=0)
views = jax.tree.map(jnp.array, dumped.views)


def start():
    fields = [dumped.state[name] for name in ("student", "teacher", "moment1", "moment2")]
    return jax.tree.map(jnp.array, (*fields, dumped.center, np.float32(meta["step"])))


def check(path):
    (student, teacher, _, _, center, _), loss = jitted(start(), views)
    dumped.write(path, loss, student, teacher, center)


state = start()


def steps(n):
    global state
    for _ in range(n):
        state, _ = jitted(state, views)
    jax.block_until_ready(state)


if __name__ == "__main__":
    serve({"peer": "jax", "version": jax.__version__, "device": jax.devices()[0].device_kind, "threads": threads()}, check, steps)
