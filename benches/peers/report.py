"""The figures of a run as the section "Peers" of benches/RESULTS.md.

A ratio is the peer's time over Twinlens' on all cores, taken within each round, then the median: over 1, Twinlens is
faster. The section stands between two markers and is replaced whole; the rest of the file is others'.
"""
import pathlib
import statistics

BEGIN, END = "<!-- peers: written by benches/peers/run.py -->", "<!-- end of peers -->"


def cores(number):
    return "1 core" if number == 1 else f"{number} cores"


def label(contender):
    return f"{contender.name}, {cores(contender.cores)}"


def cpu():
    """The processor's name."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def figures(contender, times, steps):
    return {"label": label(contender), "about": contender.about, "errors": contender.errors, "steps_a_round": steps,
            "milliseconds": times, "shares": getattr(contender, "shares", None)}


def ratios(times, ours):
    return [theirs / mine for theirs, mine in zip(times, ours, strict=True)]


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(row, ours):
    if row is None:
        return "-"
    time = f"{number(statistics.median(row['milliseconds']))} ms"
    if row is ours:
        return time
    found = ratios(row["milliseconds"], ours["milliseconds"])
    return f"{time}, **{number(statistics.median(found))}x** ({number(min(found))}-{number(max(found))})"


def table(presets):
    labels = list(dict.fromkeys(row["label"] for rows in presets.values() for row in rows))
    lines = ["| | " + " | ".join(f"`{preset}`" for preset in presets) + " |", "|---" * (len(presets) + 1) + "|"]
    for name in labels:
        cells = (cell(next((row for row in rows if row["label"] == name), None), rows[0]) for rows in presets.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.insert(3, "| of it, crops and meters | " + " | ".join(besides(rows[0]) for rows in presets.values()) + " |")
    return lines


def besides(row):
    """What Twinlens does in a step and the peers do not."""
    if not row["shares"]:
        return "not known"
    share = sum(row["shares"].values())
    return f"{number(share * statistics.median(row['milliseconds']))} ms ({100 * share:.0f} %)"


def versions(presets):
    """One line for each kind of contender: what it said about itself."""
    found = {}
    for row in (row for rows in presets.values() for row in rows):
        about = row["about"]
        parts = [about.get("version"), about.get("device"), about.get("driver")]
        found[row["label"].rsplit(", ", 1)[0].split(",")[0]] = ", ".join(part for part in parts if part)
    return "; ".join(f"{name} {text}" for name, text in found.items())


def worst(presets):
    """The largest error of any peer's step, by kind."""
    found = {}
    for row in (row for rows in presets.values() for row in rows):
        for key, value in row["errors"].items():
            found[key] = max(found.get(key, 0.0), value)
    return found


def section(results):
    """Markdown, markers included."""
    machine, presets = results["machine"], results["presets"]
    errors = worst(presets)
    lines = [
        BEGIN, "## Peers", "",
        "One training step, milliseconds: median of the rounds; then the peer's time over Twinlens' on all cores, median of the "
        "rounds (smallest-largest). **Over 1x, Twinlens is faster.**", "",
        *table(presets), "",
        f"{machine['date']}, {machine['cpu']}, {machine['system']}; {machine['minutes']} minutes by `{machine['command'].strip()}`. "
        f"{versions(presets)}.", ""]
    if errors:
        lines += [
            "Equal work: same network, weights, batch, crops, loss, clipping, AdamW, EMA, f32; each peer did a dumped step of Twinlens' "
            f"first, and none differed by more than {errors['loss']:.0e} in the loss, {errors['values']:.0e} in a weight (relative to its "
            f"tensor's largest), {errors['update']:.0e} in the student's update. Twinlens' time holds what the peers' does not: making "
            "the crops anew in every step, and the meters.", ""]
    cuda = any("PyTorch" in row["label"] and row["about"]["device"] != "cpu" for rows in presets.values() for row in rows)
    absent = [f"{', '.join(names)}: {reason}" for reason, names in results["absent"].items()]
    if not cuda:
        absent.append("PyTorch on a GPU, eager and with CUDA graphs: no CUDA device here")
    return "\n".join([*lines, "Not run: " + "; ".join(absent) + ".", END]) if absent else "\n".join([*lines, END])


def replace(path, text):
    """Puts the section in the file, in place of the one before or at the end."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if BEGIN in old and END in old:
        head, rest = old.split(BEGIN, 1)
        new = head + text + rest.split(END, 1)[1]
    else:
        new = old.rstrip("\n") + ("\n\n" if old else "") + text + "\n"
    path.write_text(new, encoding="utf-8")
