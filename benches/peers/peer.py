"""What the peers written in Python share: a dumped step as arrays, and the conversation with run.py.

A peer is started with the folder of a dumped step. It says one JSON line about itself, then obeys lines on
stdin: `check FILE` does the dumped step once, from the state before it, and writes the state after it;
`time N` does N steps on the same views and answers {"seconds": ...}, everything that was started being done.
"""
import json
import os
import sys
import time

import numpy as np

from dump import read_step, write_tensors

FIELDS = ("student", "teacher", "moment1", "moment2")
PATCHES = "encoder.patch_embed.proj.weight"  # (D, 3, p, p) in the dump, a matrix here


class Step:
    """The dumped step: `meta`, `hyper` and f32 arrays; `state[field][name]` before the step."""

    def __init__(self, folder):
        self.meta, raw = read_step(folder)
        self.hyper, self.encoder, self.batch = self.meta["hyper"], self.meta["encoder"], self.meta["batch"]
        said = self.hyper["predictor"], self.hyper["stop_gradient"], self.meta["normalisation"]
        if said != (1, 1, "layernorm"):
            raise SystemExit("only steps with predictor, stop-gradient and layer norm are known here")
        self.shapes = {name: shape for name, (shape, _) in raw.items()}
        arrays = {name: np.frombuffer(data, "<f4").reshape(shape) for name, (shape, data) in raw.items()}
        self.state = {field: self.group(arrays, f"{field}.before.") for field in FIELDS}
        self.center = arrays.get("center.before")
        views = [self.patches(arrays[f"views.{v}"]) for v in range(self.meta["globals"] + self.meta["locals"])]
        parts = views[:self.meta["globals"]], views[self.meta["globals"]:]
        self.views = [np.concatenate(part) for part in parts if part]  # globals, locals: (views · batch, rows, columns, features)

    @staticmethod
    def group(arrays, prefix):
        found = {name[len(prefix):]: array for name, array in arrays.items() if name.startswith(prefix)}
        if PATCHES in found:
            found[PATCHES] = found[PATCHES].reshape(len(found[PATCHES]), -1)
        return found

    def patches(self, view):
        """(B, 3, H, W) as the first layer reads it; Twinlens' synthesis writes patches too, so none of it is timed."""
        n = self.encoder["patch"]
        b, c, h, w = view.shape
        order = (0, 2, 4, 3, 5, 1) if self.encoder["kind"] == "pyramid" else (0, 2, 4, 1, 3, 5)
        return view.reshape(b, c, h // n, n, w // n, n).transpose(order).reshape(b, h // n, w // n, n * n * c)

    def decays(self, name):
        """Matrices do; biases, norms, CLS and positions do not."""
        return len(self.shapes["student.before." + name]) >= 2 and name.rsplit(".", 1)[-1] in ("weight", "weight_v")

    def rate(self, name):
        multiplier = self.hyper["predictor_multiplier"] if name.startswith("predictor.") else 1
        return self.hyper["learning_rate"] * multiplier

    def write(self, path, loss, student, teacher, center):
        """The state after the step, named and shaped as in the dump."""
        tensors = {"loss": loss}
        tensors |= {f"student.after.{name}": x for name, x in student.items()}
        tensors |= {f"teacher.after.{name}": x for name, x in teacher.items()}
        tensors |= {} if center is None else {"center.after": center}
        write_tensors(path, {n: (self.shapes[n], np.asarray(x, "<f4").tobytes()) for n, x in tensors.items()})


def threads():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def serve(about, check, steps):
    """`check(path)` and `steps(n)`, which returns when all is done, until stdin ends."""
    print(json.dumps(about), flush=True)
    for line in sys.stdin:
        command, argument = line.split(maxsplit=1)
        answer = {}
        if command == "check":
            check(argument.strip())
        else:
            began = time.perf_counter()
            steps(int(argument))
            answer["seconds"] = time.perf_counter() - began
        print(json.dumps(answer), flush=True)
