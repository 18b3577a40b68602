"""Selections of exemplars, points and rows that more than one section shows."""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import cases, files
from stages.common.cases import DIRECTIONS, HALF, MODES
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import RANKINGS, observed


def shown_exemplars(run: Run) -> list[int]:
    """Rows of the exemplars of `run.seed` that stand side by side."""
    data, contrast = run.read(files.EXEMPLARS, seed=run.seed), run.params.analysis.contrast
    return cases.shown_exemplars(data["role"].tolist(), data["label"].tolist(), run.pair, contrast)


def towards(run: Run, points: pd.DataFrame) -> pd.DataFrame:
    """Points with their AUROC on test images (`value`, `low`, `high`) for the class `higher`.

    That class is the one whose images have the higher values on validation images, on which
    points are selected.
    """
    for_b, names = points["auroc"] >= 0.5, ("auroc_test", "auroc_test_low", "auroc_test_high")
    value, low, high = (points[name].where(for_b, 1 - points[name]) for name in names)
    low, high = low.where(for_b, high), high.where(for_b, low)
    higher = np.where(for_b, run.names[1], run.names[0])
    return points.assign(higher=higher, value=value, low=low, high=high)


def by_auroc(points: pd.DataFrame) -> pd.DataFrame:
    """Points in the order of their AUROC on validation images, the furthest from 0.5 first."""
    return points.sort_values("auroc", key=lambda auroc: -(auroc - 0.5).abs(), kind="stable")


def by_class(run: Run, points: pd.DataFrame) -> list[tuple[str, pd.DataFrame, str]]:
    """A label, points and a colour each: class-typical for a alone, for b alone, for both."""
    (a, b), of_a, of_b = run.names, points["typical_a"], points["typical_b"]
    parts = ((f"{a} alone", of_a & ~of_b, plots.COLOR_A),
             (f"{b} alone", of_b & ~of_a, plots.COLOR_B),
             ("both", of_a & of_b, plots.COLOR_BOTH))  # fmt: skip
    return [(f"class-typical for {name} ({chosen.sum():,})", points[chosen], color)
            for name, chosen, color in parts]  # fmt: skip


def half_flipped(run: Run) -> pd.DataFrame:
    """Rows of `files.PATCHING`: the first tested k that flips half of the images, or NaN.

    One for each seed, direction and mode, in this order.
    """
    table, keys = run.every(files.PATCHING), ["seed", "direction", "mode"]
    first = table[table["flipped"] >= HALF].drop_duplicates(keys).set_index(keys)
    every = pd.MultiIndex.from_product([run.seeds, DIRECTIONS, MODES], names=keys)
    return first.reindex(every).reset_index()


def half_by_direction(run: Run) -> dict[str, pd.DataFrame]:
    """`files.HALF_FLIPPED` of every network by direction; `k` is NaN where no number flips half."""
    table = run.every(files.HALF_FLIPPED)
    table["k"] = table["k"].where(table["flipped"] >= HALF)
    return {direction: table[table["direction"] == direction] for direction in DIRECTIONS}


def probe_errors(run: Run) -> pd.DataFrame:
    """Rows of `files.PROBE_RESAMPLES`, one a seed: what probes do on the images as they are."""
    return observed(run.every(files.PROBE_RESAMPLES))


def few_point_probes(run: Run) -> pd.DataFrame:
    """Errors in `files.PROBE_CURVE` on as many points as the claims call few, by seed and ranking.

    At the nearest k that a ranking has. Beside it random points, the same probe fitted on
    validation images, and the errors on the first point (`one`) and on the most (`most`).
    """
    ends = {"error": "accuracy", "low": "high", "high": "low", "validation": "accuracy_validation",
            "random_low": "control_high", "random_high": "control_low"}  # fmt: skip
    rows = []
    for few, (ranking, name) in product(probe_errors(run).to_dict("records"), RANKINGS.items()):
        curve = run.read(files.PROBE_CURVE, seed=few["seed"])
        curve = curve[curve["ranking"] == ranking]
        for row in curve.iloc[(curve["k"] - few["few"]).abs().argsort()[:1]].to_dict("records"):
            errors = {error: 1 - row[accuracy] for error, accuracy in ends.items()}
            errors |= {"one": 1 - curve["accuracy"].iloc[0], "most": 1 - curve["accuracy"].iloc[-1]}
            rows.append({"seed": few["seed"], "ranking": name, "k": row["k"], **errors})
    return pd.DataFrame(rows)
