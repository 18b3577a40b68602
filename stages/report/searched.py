"""What input patterns say of a run: selections and counts for the section of patterns."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import REACHED, SILENT, UNREACHED
from stages.common.run import Run
from stages.report.points import towards

SHOWN = 12  # maps beside the images that come closest


def of_points(run: Run) -> bool:
    """Whether a point was raised in a patch, and not a map's mean in an image."""
    return run.params.patterns.objective == "point"


def first_patterns(run: Run) -> np.ndarray:
    """The patterns of conv_1, (maps, f, f); none where it was not searched."""
    arrays = run.read(files.PATTERNS, seed=run.seed)
    return arrays.get("conv_1_pattern", np.zeros((0, 1, 1)))


def known_best(run: Run) -> int:
    """Patterns of conv_1 that come within 1% of the kernel's weights of the best there is.

    That is where bounds are exact.
    """
    arrays, rows = run.read(files.PATTERNS, seed=run.seed), rows_of(run, "conv_1")
    kernel = arrays["conv_1_kernel"][:, :, arrays["map"][rows]]
    gap = arrays["upper_bound"][rows] - arrays["value"][rows]
    return int((gap <= 0.01 * np.abs(kernel).sum(axis=(0, 1))).sum())


def heights(run: Run) -> dict[str, list[float]]:
    """Of each shown network's last layer: the highest pattern of a silent map, and what real images
    reach of an active map, on average."""
    found: dict[str, list[float]] = {"silent": [], "active": []}
    for seed in run.shown:
        arrays = run.read(files.PATTERNS, seed=seed)
        names = ("status", "value", "natural_max", "with_penalties", "without_penalties")
        of = {name: arrays[name][arrays["layer"] == run.last] for name in names}
        best = np.fmax(of["value"], np.fmax(of["with_penalties"], of["without_penalties"]))
        silent, active = of["status"] == SILENT, np.isin(of["status"], (REACHED, UNREACHED))
        if silent.any() and active.any():
            found["silent"].append(float(best[silent].max()))
            found["active"].append(float(of["natural_max"][active].mean()))
    return found


def rows_of(run: Run, layer: str) -> np.ndarray:
    """The rows of a layer's maps among the patterns of `run.seed`."""
    return np.flatnonzero(run.read(files.PATTERNS, seed=run.seed)["layer"] == layer)


def ends_alike(run: Run) -> list[float]:
    """How many different endings a map of the last layer has: the mean of each shown network."""
    means = []
    for seed in run.shown:
        patterns = run.read(files.PATTERNS, "layer", "endings", "status", seed=seed)
        counted = (patterns["layer"] == run.last) & (patterns["status"] == REACHED)
        if counted.any():
            means.append(float(patterns["endings"][counted].mean()))
    return means


def many_endings(run: Run) -> bool:
    """Whether a map of the last layer has several endings as a rule."""
    return sum(ends := ends_alike(run)) > 1.5 * len(ends)


def twins(run: Run) -> list[dict]:
    """Patterns of matched maps of two networks, on the last layer; no row where none was made."""
    return run.read(files.MATCHED_PATTERNS).query("layer == @run.last").to_dict("records")


def class_patterns_table(run: Run) -> pd.DataFrame:
    """Of each class pattern: title, value, highest on real images (natural), rate, answer."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    a, b = (f"logit of {name}" for name in run.names)
    names = {"value": "class_value", "natural": "class_natural_max", "rate": "class_success_rate"}
    table = pd.DataFrame({column: patterns[name] for column, name in names.items()})
    answers = [run.quoted(int(answer)) for answer in patterns["class_logits"].argmax(axis=1)]
    return table.assign(title=[a, b, f"{b} minus {a}", f"{a} minus {b}"], answer=answers)


def separating_maps(run: Run) -> pd.DataFrame:
    """Maps of the last layer for the pair: half by AUROC, half by effect, each map once.

    Rows of `files.POINTS`: the map's best live point, on validation images, by its distance from
    0.5 or by `effect`, the mean change of the logit difference in both directions. `by` says which.
    """
    table = run.read(files.POINTS, seed=run.seed)
    table = table.merge(run.read(files.EFFECTS, seed=run.seed), validate="one_to_one")
    table = towards(run, table[~table["dead"]])
    table["effect"] = (table["effect_a_to_b"] + table["effect_b_to_a"]) / 2
    table["AUROC"] = (table["auroc"] - 0.5).abs()
    chosen = table.head(0)
    for by, how_many in (("AUROC", SHOWN // 2), ("effect", SHOWN)):
        best = table.sort_values(by, ascending=False, kind="stable").drop_duplicates("map")
        best = best[~best["map"].isin(chosen["map"])].head(how_many - len(chosen))
        chosen = pd.concat([chosen, best.assign(by=by)])
    return chosen
