#!/usr/bin/env python3
"""Open a saved ViT checkpoint by its tensors' names alone and compare its outputs with a dumped step.

NumPy in float64 and Python's safetensors, nothing of Twinlens and nothing of tests/recompute.py. The
checkpoint must hold the weights with which the dumped step began:

    pip install numpy safetensors
    twinlens train --preset dino-vit --steps 30 --save RUN.safetensors
    twinlens dump-step --preset dino-vit --at-step 31 --out DIR
    python tests/recompute_checkpoint.py [-v] [--prefix P] [--timm] RUN.safetensors DIR

Names: timm's VisionTransformer behind `student.encoder.` (or, with --prefix, `P` + `encoder.`; a dump
of learner 1 is looked for behind `learner1.student.`), beside it the reference DINOHead's `head.mlp.*`,
`head.last_layer.weight_g`, `head.last_layer.weight_v`, or BYOL's `projector.*` and `predictor.*`. Sizes
are read off the tensors; only the number of heads comes from step.json, as no tensor tells it.

Printed are the largest errors, max|difference| / max|value|, of student.out for each view and, with
teacher tensors in the file, of teacher.out: limit 1e-4. Weights must be those of student.before.
--timm does the whole-image encoders with timm itself (pip install torch timm), loaded strictly.
Exit code 1 if anything failed.
"""
import argparse
import json
import os
import re
import sys

import numpy as np
from safetensors.numpy import load_file

LIMIT = 1e-4
NO_NAMES = "no tensor named {}; there are, for example, {}"


def gelu(x):
    return x / 2 * (1 + np.tanh(0.7978845608028654 * x * (1 + 0.044715 * x * x)))


class Network:
    """Parameters of one network, by PyTorch's names."""

    def __init__(self, parameters, heads):
        self.p, self.heads = parameters, heads

    def linear(self, name, x):
        return x @ self.p[name + ".weight"].T + self.p[name + ".bias"]

    def layer_norm(self, name, x):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)
        return x * self.p[name + ".weight"] + self.p[name + ".bias"]

    def positions(self, rows, columns):
        """pos_embed for a grid: bilinear, align_corners = false; the CLS position first, as it is."""
        table = self.p["encoder.pos_embed"][0]
        side = round((len(table) - 1) ** 0.5)
        grid = table[1:].reshape(side, side, -1)

        def along(grid, n):  # the first axis
            at = np.clip((np.arange(n) + 0.5) * side / n - 0.5, 0, side - 1)
            low = at.astype(int)
            part = (at - low).reshape(n, 1, 1)
            return grid[low] * (1 - part) + grid[np.minimum(low + 1, side - 1)] * part

        grid = along(along(grid, rows).swapaxes(0, 1), columns).swapaxes(0, 1)
        return np.concatenate([table[:1], grid.reshape(rows * columns, -1)])

    def attention(self, name, x):
        qkv = self.linear(name + ".qkv", x)
        width = x.shape[-1] // self.heads
        out = np.empty_like(x)
        for i in range(self.heads):
            q, k, v = (qkv[..., part * x.shape[-1] + i * width:][..., :width] for part in range(3))
            score = q @ k.swapaxes(1, 2) / width**0.5
            score = np.exp(score - score.max(-1, keepdims=True))
            out[..., i * width:(i + 1) * width] = score / score.sum(-1, keepdims=True) @ v
        return self.linear(name + ".proj", out)

    def encode(self, images):
        kernel = self.p["encoder.patch_embed.proj.weight"]
        n = kernel.shape[-1]
        rows, columns = images.shape[2] // n, images.shape[3] // n
        x = np.stack([images[:, :, n * r:n * r + n, n * c:n * c + n].reshape(len(images), -1)
                      for r in range(rows) for c in range(columns)], 1)
        x = x @ kernel.reshape(len(kernel), -1).T + self.p["encoder.patch_embed.proj.bias"]
        x = np.concatenate([np.repeat(self.p["encoder.cls_token"], len(x), 0), x], 1) + self.positions(rows, columns)
        i = 0
        while f"encoder.blocks.{i}.attn.qkv.weight" in self.p:
            block = f"encoder.blocks.{i}."
            x = x + self.attention(block + "attn", self.layer_norm(block + "norm1", x))
            x = x + self.linear(block + "mlp.fc2", gelu(self.linear(block + "mlp.fc1", self.layer_norm(block + "norm2", x))))
            i += 1
        return self.layer_norm("encoder.norm", x)[:, 0]

    def dino_head(self, x):
        indices = sorted(int(m[1]) for m in (re.fullmatch(r"head\.mlp\.(\d+)\.weight", k) for k in self.p) if m)
        for i in indices:
            x = self.linear(f"head.mlp.{i}", x if i == 0 else gelu(x))
        x = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-6)
        v = self.p["head.last_layer.weight_v"]
        return x @ (self.p["head.last_layer.weight_g"] * v / np.linalg.norm(v, axis=1, keepdims=True)).T

    def byol_head(self, name, x, kind):
        x = self.linear(name + ".0", x)
        if kind == "layernorm":
            x = self.layer_norm(name + ".1", x)
        else:  # the statistics of one view's rows
            x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * self.p[name + ".1.weight"] + self.p[name + ".1.bias"]
        return self.linear(name + ".3", np.maximum(x, 0))

    def output(self, embedding, meta, student):
        """What the loss compares: DINO's logits, BYOL's q (student) or z (teacher)."""
        if meta["method"] == "dino":
            return self.dino_head(embedding)
        z = self.byol_head("projector", embedding, meta["normalisation"])
        return self.byol_head("predictor", z, meta["normalisation"]) if student and meta["hyper"]["predictor"] else z


def timm_encoder(p, heads, images):
    """The same embedding from timm's VisionTransformer, every name and shape demanded."""
    from functools import partial

    import torch
    from timm.models.vision_transformer import VisionTransformer
    p = {k[len("encoder."):]: torch.tensor(v, dtype=torch.float64) for k, v in p.items() if k.startswith("encoder.")}
    blocks = {k.split(".")[1] for k in p if k.startswith("blocks.")}
    dim = p["cls_token"].shape[-1]
    model = VisionTransformer(
        img_size=images.shape[-1], patch_size=p["patch_embed.proj.weight"].shape[-1], embed_dim=dim, depth=len(blocks), num_heads=heads,
        mlp_ratio=p["blocks.0.mlp.fc1.weight"].shape[0] / dim, num_classes=0, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        act_layer=partial(torch.nn.GELU, approximate="tanh")).double().eval()
    model.load_state_dict(p, strict=True)
    with torch.no_grad():
        return model(torch.tensor(images)).numpy()


def examples(tensors):
    return ", ".join(sorted(tensors)[:3]) or "none"


def find(tensors, role, learner):
    """The part of the names before `encoder.` for a role, or None."""
    wanted = f"{role}." if learner == 0 else f"learner{learner}.{role}."
    prefixes = [k[:-len("encoder.cls_token")] for k in tensors if k.endswith("encoder.cls_token")]
    return next((p for p in sorted(prefixes, key=len) if p.endswith(wanted) and (learner or "learner" not in p)), None)


def compare(checkpoint, folder, prefix, use_timm, verbose):
    with open(os.path.join(folder, "step.json")) as f:
        meta = json.load(f)
    dump, saved = load_file(os.path.join(folder, "step.safetensors")), load_file(checkpoint)
    if meta["encoder"]["kind"] != "vit":
        return [f"the dump's encoder is {meta['encoder']['kind']}, not vit"]
    heads, learner = meta["encoder"]["heads"], meta.get("learner", 0)
    failures, total = [], meta["globals"] + meta["locals"]
    for role, views in (("student", total), ("teacher", meta["globals"])):
        start = prefix if role == "student" and prefix is not None else find(saved, role, learner)
        if start is None:
            if role == "student":
                failures.append(NO_NAMES.format("*student.encoder.cls_token", examples(saved)))
            continue
        raw = {k[len(start):]: v for k, v in saved.items() if k.startswith(start)}
        if "encoder.cls_token" not in raw:
            failures.append(NO_NAMES.format(start + "encoder.cls_token", examples(saved)))
            continue
        if meta["method"] == "dino" and "head.last_layer.weight_g" not in raw:
            failures.append(f"{start}head.last_layer.weight_g is missing: the reference DINOHead has it")
            raw["head.last_layer.weight_g"] = np.ones((len(raw["head.last_layer.weight_v"]), 1))
        before = {k[len(role) + 8:]: v for k, v in dump.items() if k.startswith(role + ".before.")}
        other = [k for k, v in before.items() if k not in raw or raw[k].shape != v.shape or (raw[k] != v).any()]
        if other:
            failures.append(f"{len(other)} of {len(before)} tensors are not those of {role}.before, {sorted(other)[0]} for one: "
                            f"the checkpoint must be from after step {meta['step'] - 1} of the dump's run")
        network = Network({k: v.astype(np.float64) for k, v in raw.items()}, heads)
        for v in range(views):
            images, want = dump[f"views.{v}"].astype(np.float64), dump[f"{role}.out.{v}"]
            embedding, by = network.encode(images), "numpy"
            if use_timm and images.shape[-1] == meta["encoder"]["image_size"]:
                theirs, by = timm_encoder(network.p, heads, images), "timm"
                apart = np.abs(theirs - embedding).max() / np.abs(embedding).max()
                if not apart <= 1e-9:
                    failures.append(f"view {v}: timm's embedding is {apart:.1e} from the one here")
                embedding = theirs
            got = network.output(embedding, meta, role == "student")
            error = np.abs(got - want).max() / np.abs(want).max() if got.shape == want.shape else np.inf
            line = f"{role}.out.{v}, {by}: {error:.2e} (limit {LIMIT:.0e})"
            if not error <= LIMIT:
                failures.append(line)
            if verbose:
                print("   ", line)
            compare.worst = max(compare.worst, error)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="what --save wrote")
    parser.add_argument("folder", metavar="DIR", help="what dump-step wrote")
    parser.add_argument("--prefix", help="what stands before `encoder.` in the student's names")
    parser.add_argument("--timm", action="store_true", help="encode whole images with timm as well")
    parser.add_argument("-v", "--verbose", action="store_true", help="every view")
    args = parser.parse_args()
    compare.worst = 0.0
    try:
        failures = compare(args.checkpoint, args.folder, args.prefix, args.timm, args.verbose)
    except (OSError, ValueError, KeyError, RuntimeError) as e:
        failures = [f"cannot be read: {e!r}"]
    print(f"{os.path.basename(args.checkpoint)}: largest error {compare.worst:.1e}", "FAIL" if failures else "PASS")
    for line in failures:
        print("    FAIL", line)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
