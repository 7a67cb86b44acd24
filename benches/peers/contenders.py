"""Who takes part, and how each is set up, started, checked and timed. Standard library only.

A contender is Twinlens or a peer on some cores. What cannot run says so in `Unavailable`, one line; the others go on.
"""
import csv
import json
import os
import pathlib
import subprocess
import sys

import compare

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
CORES = sorted(os.sched_getaffinity(0))


class Unavailable(Exception):
    """Why a contender is not in the table."""


def execute(command, what, **options):
    """Runs a command to its end; its last line of error output if it fails."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    except OSError as error:
        raise Unavailable(f"{what}: {error}") from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no output"]
        errors = [line for line in lines if line.lower().startswith("error")]
        raise Unavailable(f"{what} failed: {(errors or lines)[-1].strip()}")
    return done.stdout


class Workshop:
    """What is built once: Twinlens, the burn crate, the Python environment. All in one folder but Twinlens."""

    def __init__(self, folder, twinlens):
        self.folder = pathlib.Path(folder).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.given = twinlens
        self.made = {}

    def once(self, key, make):
        """What `make` returned, or raises again what it raised, the first time."""
        if key not in self.made:
            try:
                self.made[key] = make()
            except Unavailable as error:
                self.made[key] = error
        if isinstance(self.made[key], Unavailable):
            raise self.made[key]
        return self.made[key]

    def twinlens(self):
        def build():
            print("building Twinlens", file=sys.stderr, flush=True)
            execute(["cargo", "build", "--release", "--bin", "twinlens"], "cargo build of Twinlens", cwd=ROOT)
            return ROOT / "target/release/twinlens"
        return pathlib.Path(self.given).absolute() if self.given else self.once("twinlens", build)

    def burn(self):
        def build():
            print("building the burn peer (minutes, the first time)", file=sys.stderr, flush=True)
            target = self.folder / "target"
            execute(["cargo", "build", "--release", "--locked", "--target-dir", target], "cargo build of burn", cwd=HERE / "burn")
            return target / "release/peer-burn"
        return self.once("burn", build)

    def python(self, package):
        """The environment's interpreter, with NumPy and the package in it."""
        def install():
            python = self.folder / "venv/bin/python"
            if not python.exists():
                execute([sys.executable, "-m", "venv", self.folder / "venv"], "python -m venv")
            wanted = [line for line in (HERE / "requirements.txt").read_text().split() if line.startswith(("numpy=", package + "="))]
            print(f"installing {' '.join(wanted)}", file=sys.stderr, flush=True)
            execute([python, "-m", "pip", "install", "--quiet", *wanted], f"pip install {package}")
            return python
        return self.once(package, install)

    def dump(self, preset):
        """A dumped step of the preset, late enough for moments, centre and rate to be those of a run."""
        def make():
            folder = self.folder / "dumps" / preset
            command = [self.twinlens(), "dump-step", "--preset", preset, "--at-step", "30", "--out", folder]
            execute(command, f"twinlens dump-step --preset {preset}")
            return folder
        return self.once(("dump", preset), make)


class Contender:
    """`name` in the table; `cores` it may run on. `start`, then `milliseconds(steps)` as often as wanted, then `stop`."""

    def __init__(self, workshop, name, cores):
        self.workshop, self.name, self.cores = workshop, name, cores
        self.about, self.errors = {}, {}

    def confined(self):
        os.sched_setaffinity(0, CORES[:self.cores])


class Twinlens(Contender):
    """`twinlens train --json`, start and evaluations not counted."""

    trial_steps = 50
    shares = None  # of a step: {"views", "meters"}, which the peers do not do

    def start(self, preset):
        self.preset = preset
        self.about = {"version": execute([self.workshop.twinlens(), "--version"], "twinlens --version").split()[-1]}

    def profile(self):
        """Looks up `shares`: of the profiled step's kernel times, by their labels' first scope."""
        path = self.workshop.folder / "profile.csv"
        command = [self.workshop.twinlens(), "profile", "--preset", self.preset, "--csv", path]
        execute(command, f"twinlens profile --preset {self.preset}", preexec_fn=self.confined)
        with open(path, encoding="utf-8", newline="") as file:
            times = [(row["label"], float(row["median_us"])) for row in csv.DictReader(file)]
        total = sum(time for _, time in times)
        self.shares = {scope: sum(time for label, time in times if label.split("/")[0] == scope) / total for scope in ("views", "meters")}

    def milliseconds(self, steps):
        command = [self.workshop.twinlens(), "train", "--preset", self.preset, "--steps", steps, "--json"]
        command += ["--evaluate-every", "0", "--log-every", "100"]
        answer = execute(command, f"twinlens train --preset {self.preset}", preexec_fn=self.confined)
        return 1000 / json.loads(answer)["steps_per_second"]

    def stop(self):
        pass


class Peer(Contender):
    """A process that obeys `check` and `time`; see peer.py."""

    trial_steps = 2

    def __init__(self, workshop, name, cores, command):
        super().__init__(workshop, name, cores)
        self.command = command

    def start(self, preset):
        folder = self.workshop.dump(preset)
        self.log = self.workshop.folder / f"{self.name}, {preset}.log".replace(" ", "-")
        command = [str(part) for part in self.command(folder)]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                                            cwd=HERE / "burn", preexec_fn=self.confined)  # burn keeps what it tuned below its crate
        self.about = self.answer()
        answer = self.workshop.folder / "answer.safetensors"
        self.ask(f"check {answer}")
        self.errors = compare.errors(folder, answer)
        if failures := compare.failures(self.errors):
            self.stop()
            raise Unavailable(f"{self.name} does not do {preset}'s step: {', '.join(failures)}")

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says why
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            last = self.log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["it said nothing"]
            raise Unavailable(f"{self.name} ended with exit code {self.process.returncode}: {last[0].strip()}")
        return json.loads(line)

    def milliseconds(self, steps):
        return 1000 * self.ask(f"time {steps}")["seconds"] / steps

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def contenders(workshop):
    """All of them, Twinlens first: on all cores, and where that makes sense on one."""
    def python(package, *arguments):
        return lambda folder: [workshop.python(package), HERE / package / "step.py", folder, *arguments]

    def burn(folder):
        return [workshop.burn(), folder]
    many = len(CORES)
    found = [Twinlens(workshop, "Twinlens", many), Peer(workshop, "burn-wgpu", many, burn)]
    for cores in sorted({1, many}):
        found.append(Peer(workshop, "JAX", cores, python("jax")))
        found.append(Peer(workshop, "PyTorch, eager", cores, python("torch", "eager")))
        found.append(Peer(workshop, "PyTorch, compiled", cores, python("torch", "compiled")))
    return found[:1] + ([Twinlens(workshop, "Twinlens", 1)] if many > 1 else []) + found[1:]
