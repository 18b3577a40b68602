"""Selections of exemplars, points and rows that more than one section shows."""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import cases, files
from stages.common.cases import DIRECTIONS, HALF, MODES
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import RANKINGS


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


def chosen_probes(run: Run) -> pd.DataFrame:
    """Rows of `files.PROBE_CURVE`: the probe of the one-standard-error rule, by seed and ranking.

    With the number of `live` points, and the accuracy on the first of them (`one`) and on `all`.
    """
    rows = []
    for seed, ranking in product(run.seeds, RANKINGS):
        summary = run.read(files.INTERVENTIONS, seed=seed).iloc[0]
        curve = run.read(files.PROBE_CURVE, seed=seed).query("ranking == @ranking")
        row = curve[curve["k"] == summary[f"probe_k_{ranking}"]].iloc[0].to_dict()
        ends = {"one": curve["accuracy"].iloc[0], "all": curve["accuracy"].iloc[-1]}
        rows.append(row | ends | {"seed": seed, "live": int(summary["live"])})
    return pd.DataFrame(rows)
