#!/usr/bin/env python3
"""Twinlens beside what a user would use instead: burn-wgpu, JAX, PyTorch. One command runs all that the machine can.

    python3 benches/peers/run.py [--presets byol,dino,...] [--rounds N] [--seconds S] [--json FILE] [--keep-results]

Builds and installs what is missing (into --work, a folder git ignores), lets each peer do a dumped step of Twinlens'
and compares loss and weights, then times all of them in turn, several rounds, and writes the section "Peers" of
benches/RESULTS.md: medians, and ratios within a round. What could not run is named with the reason. Only ratios mean
anything on a machine that does other work besides. See README.md.
"""
import argparse
import json
import platform
import sys
import time

import report
from contenders import HERE, ROOT, Twinlens, Unavailable, Workshop, contenders

RESULTS = ROOT / "benches" / "RESULTS.md"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", default="byol,dino,dino-vit,multicrop", help="which, separated by commas")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each preset")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each contender in each round, about")
    parser.add_argument("--only", metavar="WORDS", help="only contenders with one of these words, comma-separated, in their names")
    parser.add_argument("--json", metavar="FILE", help="also write the raw figures here")
    parser.add_argument("--keep-results", action="store_true", help="print the section, leave benches/RESULTS.md alone")
    parser.add_argument("--prepare", action="store_true", help="build, install and check, but time nothing")
    parser.add_argument("--twinlens", metavar="FILE", help="a twinlens binary, in place of building one")
    parser.add_argument("--work", metavar="DIR", default=str(HERE / ".work"), help="folder for what is built")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


def started(preset, candidates, absent):
    """The contenders that do the preset's step, each warm, with the steps it is to do in a round's seconds."""
    ready = []
    for contender in candidates:
        label = report.label(contender)
        try:
            contender.start(preset)
            ready.append(contender)
            if contender.errors:
                say(f"{preset}: {label} is equal: " + ", ".join(f"{key} {value:.1e}" for key, value in contender.errors.items()))
        except Unavailable as error:
            absent.setdefault(str(error), set()).add(f"{label} ({preset})")
            say(f"{preset}: no {label}: {error}")
    return ready


def measure(preset, ready, options):
    """Each contender's milliseconds a step, one figure a round; and the steps of a round."""
    steps = {}
    for contender in ready:
        if not isinstance(contender, Twinlens):  # that starts anew each time
            contender.milliseconds(2)
        steps[contender] = max(1, round(1000 * options.seconds / contender.milliseconds(contender.trial_steps)))
    try:
        ready[0].profile()
    except Unavailable as error:
        say(f"{preset}: the share of crops and meters in Twinlens' time is not known: {error}")
    times = {contender: [] for contender in ready}
    for number in range(options.rounds):
        for contender in ready:
            times[contender].append(contender.milliseconds(steps[contender]))
        say(f"{preset}, round {number + 1}: " + ", ".join(f"{report.label(c)} {t[-1]:.1f} ms" for c, t in times.items()))
    return times, steps


def main():
    options = arguments()
    workshop, began = Workshop(options.work, options.twinlens), time.monotonic()
    try:
        workshop.twinlens()
    except Unavailable as error:
        say(str(error))
        return 1
    figures, absent = {}, {}
    for preset in options.presets.split(","):
        candidates = contenders(workshop)
        if options.only:
            candidates = [c for c in candidates if isinstance(c, Twinlens) or any(word in c.name for word in options.only.split(","))]
        ready = started(preset, candidates, absent)
        try:
            if not options.prepare:
                times, steps = measure(preset, ready, options)
                figures[preset] = [report.figures(contender, times[contender], steps[contender]) for contender in ready]
        finally:
            for contender in ready:
                contender.stop()
    if options.prepare:
        return 0
    machine = {"system": platform.platform(), "cpu": report.cpu(), "date": time.strftime("%Y-%m-%d"),
               "minutes": round((time.monotonic() - began) / 60, 1), "command": "python3 benches/peers/run.py " + " ".join(sys.argv[1:])}
    results = {"machine": machine, "presets": figures, "absent": {reason: sorted(names) for reason, names in absent.items()}}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    section = report.section(results)
    print(section)
    if not options.keep_results:
        report.replace(RESULTS, section)
    return 0


if __name__ == "__main__":
    sys.exit(main())
