#!/usr/bin/env python3
"""Twinlens' training step in PyTorch, float32: forward of both networks, loss, backward, clip, AdamW, EMA, centre.
`python torch/step.py DIR [eager|compiled]`, DIR as `twinlens dump-step` wrote it; see ../peer.py.

On a CUDA device if there is one, else on the CPU. `compiled`: forward and backward by torch.compile, and on CUDA the
whole step replayed as one CUDA graph. Written as a user would, and no slower than it must be: all views of one size
go through a network together, AdamW is the fused one, and the ViT's last block works out queries, projection and MLP
for CLS alone, as Twinlens does.
"""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).parents[1]))

import torch
from torch import nn
from torch.nn import functional as F

from peer import Step, serve, threads

dumped = Step(sys.argv[1])
compiled = sys.argv[2:] == ["compiled"]
meta, hyper, encoder, batch = dumped.meta, dumped.hyper, dumped.encoder, dumped.batch
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.set_num_threads(threads())


def norm(features):
    return nn.LayerNorm(features, eps=hyper["layernorm_epsilon"])


def gelu(x):
    return F.gelu(x, approximate="tanh")


def unit(x):
    return F.normalize(x, dim=-1, eps=hyper["l2norm_epsilon"])


class Stage(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.linear, self.norm = nn.Linear(inputs, width), norm(width)

    def forward(self, x):
        return gelu(self.norm(self.linear(x)))


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        inputs = [3 * encoder["patch"] ** 2] + [4 * width for width in encoder["widths"]]
        self.stages = nn.ModuleList(map(Stage, inputs, encoder["widths"]))
        self.features = encoder["widths"][-1]

    def forward(self, x):
        x = self.stages[0](x)
        for stage in self.stages[1:]:  # 2x2 neighbours, row, column, channel
            b, h, w, c = x.shape
            x = stage(x.view(b, h // 2, 2, w // 2, 2, c).transpose(2, 3).reshape(b, h // 2, w // 2, 4 * c))
        return x.mean((1, 2))


class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)

    def forward(self, x, queries):
        """Of the first `queries` tokens to all."""
        b, n, d = x.shape
        if queries == n:
            parts = self.qkv(x).split(d, -1)
        else:
            (wq, wkv), (bq, bkv) = (p.split([d, 2 * d]) for p in (self.qkv.weight, self.qkv.bias))
            parts = F.linear(x[:, :queries], wq, bq), *F.linear(x, wkv, bkv).split(d, -1)
        q, k, v = (part.unflatten(-1, (encoder["heads"], -1)).transpose(1, 2) for part in parts)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, queries, d))


class Mlp(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(d, hidden), nn.Linear(hidden, d)

    def forward(self, x):
        return self.fc2(gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm1, self.attn, self.norm2, self.mlp = norm(d), Attention(d), norm(d), Mlp(d, d * encoder["mlp_ratio"])

    def forward(self, x, queries):
        x = x[:, :queries] + self.attn(self.norm1(x), queries)
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        d, grid = encoder["dim"], encoder["image_size"] // encoder["patch"]
        self.cls_token = nn.Parameter(torch.zeros(1, 1, d))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + grid * grid, d))
        self.patch_embed = nn.ModuleDict({"proj": nn.Linear(3 * encoder["patch"] ** 2, d)})
        self.blocks = nn.ModuleList(Block(d) for _ in range(encoder["depth"]))
        self.norm = norm(d)
        self.grid, self.features = grid, d

    def forward(self, x):
        b, h, w, _ = x.shape
        x = self.patch_embed["proj"](x).flatten(1, 2)
        cls, positions = self.pos_embed.split([1, self.grid**2], 1)
        if (h, w) != (self.grid, self.grid):
            square = positions.transpose(1, 2).unflatten(2, (self.grid, self.grid))
            positions = F.interpolate(square, (h, w), mode="bilinear", align_corners=False).flatten(2).transpose(1, 2)
        x = torch.cat([(self.cls_token + cls).expand(b, -1, -1), x + positions], 1)
        for block in self.blocks[:-1]:
            x = block(x, x.shape[1])
        return self.norm(self.blocks[-1](x, 1)[:, 0])


def mlp(inputs):
    head = meta["head"]
    return nn.Sequential(nn.Linear(inputs, head["hidden"]), norm(head["hidden"]), nn.ReLU(),
                         nn.Linear(head["hidden"], head["bottleneck"]))


class Prototypes(nn.Module):
    def __init__(self, features):
        super().__init__()
        head = meta["head"]
        widths = [features] + [head["hidden"]] * (head["layers"] - 1) + [head["bottleneck"]]
        layers = [nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
        self.mlp = nn.Sequential(*[m for layer in layers for m in (layer, nn.GELU("tanh"))][:-1])
        self.last_layer = nn.ParameterDict({"weight_v": torch.zeros(head["prototypes"], head["bottleneck"])})

    def forward(self, x):
        return F.linear(unit(self.mlp(x)), unit(self.last_layer["weight_v"]))


class Network(nn.Module):
    def __init__(self, is_student):
        super().__init__()
        self.encoder = {"pyramid": Pyramid, "vit": Vit}[encoder["kind"]]()
        if meta["method"] == "dino":
            self.head = Prototypes(self.encoder.features)
        else:
            self.projector = mlp(self.encoder.features)
            if is_student:
                self.predictor = mlp(meta["head"]["bottleneck"])

    def forward(self, views):
        x = torch.cat([self.encoder(view) for view in views])
        if hasattr(self, "head"):
            return self.head(x)
        z = self.projector(x)
        return self.predictor(z) if hasattr(self, "predictor") else z


def byol(s, z, _):
    return (2 - 2 * (unit(s) * unit(z.roll(batch, 0))).sum(-1)).mean()


def dino(s, z, center):
    target = F.softmax((z - hyper["centering"] * center) / hyper["teacher_temperature"], -1)
    log = F.log_softmax(s / hyper["student_temperature"], -1)
    target, log = (x.unflatten(0, (-1, batch)) for x in (target, log))
    cross = -torch.einsum("ibk,jbk->ij", target, log) / batch
    return (cross.sum() - cross.trace()) / (len(target) * (len(log) - 1))


loss_of = {"byol": byol, "dino": dino}[meta["method"]]


class Training:
    """Both networks, the optimiser and the centre, from the dumped state."""

    def __init__(self):
        self.student, self.teacher = (self.network(role) for role in ("student", "teacher"))
        groups = {}
        for name, w in self.student.named_parameters():
            decay = hyper["weight_decay"] if dumped.decays(name) else 0
            groups.setdefault((dumped.rate(name), decay), []).append(w)
        self.optimiser = torch.optim.AdamW(
            [{"params": ws, "lr": rate, "weight_decay": decay} for (rate, decay), ws in groups.items()],
            betas=(hyper["beta1"], hyper["beta2"]), eps=hyper["epsilon"], fused=True, capturable=device.type == "cuda")
        for name, w in self.student.named_parameters():
            self.optimiser.state[w] = {"step": torch.tensor(float(meta["step"] - 1), device=device),
                                       "exp_avg": tensor(dumped.state["moment1"][name]),
                                       "exp_avg_sq": tensor(dumped.state["moment2"][name])}
        self.center = None if dumped.center is None else tensor(dumped.center)
        self.followers = list(self.teacher.parameters())
        leaders = dict(self.student.named_parameters())
        self.leaders = [leaders[name] for name, _ in self.teacher.named_parameters()]
        self.views = [tensor(view) for view in dumped.views]
        self.forward = torch.compile(self.losses) if compiled else self.losses

    @staticmethod
    def network(role):
        network = Network(role == "student").to(device)
        network.load_state_dict({name: torch.from_numpy(x.copy()) for name, x in dumped.state[role].items()})
        return network

    def losses(self, views, center):
        with torch.no_grad():
            z = self.teacher(views[:1])
        return loss_of(self.student(views), z, center), z

    def step(self):
        loss, z = self.forward(self.views, self.center)
        self.optimiser.zero_grad()
        loss.backward()
        if hyper["clip_norm"] > 0:
            nn.utils.clip_grad_norm_(self.student.parameters(), hyper["clip_norm"], foreach=True)
        self.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(self.followers, self.leaders, 1 - hyper["tau"])
            if self.center is not None:
                self.center.lerp_(z.mean(0), 1 - hyper["center_momentum"])
        return loss.detach()


def tensor(array):
    return torch.tensor(array, device=device)


def synchronise():
    if device.type == "cuda":
        torch.cuda.synchronize()


def check(path):
    training = Training()
    loss = training.step()

    def arrays(network):
        return {name: w.detach().cpu().numpy() for name, w in network.named_parameters()}
    center = None if training.center is None else training.center.cpu().numpy()
    dumped.write(path, loss.cpu().numpy(), arrays(training.student), arrays(training.teacher), center)


def replayed(training):
    """A step of `training` as something to call: on CUDA and compiled, the replay of a captured graph."""
    if not (compiled and device.type == "cuda"):
        return training.step
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            training.step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        training.step()
    return graph.replay


step = replayed(Training())


def steps(n):
    for _ in range(n):
        step()
    synchronise()


if __name__ == "__main__":
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    serve({"peer": "torch", "version": torch.__version__, "device": name, "threads": threads()}, check, steps)
