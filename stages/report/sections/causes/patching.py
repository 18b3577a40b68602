"""Activation patching: how few points, edited, change the network's own answer."""

import pandas as pd

from stages.common import files
from stages.common.cases import DIRECTIONS, HALF, MODES
from stages.common.run import Run
from stages.report import plots
from stages.report.points import half_by_direction, half_flipped

ORDER = 40
COLORS = dict(zip(MODES, (*plots.PAIR, plots.COLOR_C), strict=True))
MARKERS = dict(zip(MODES, "os^", strict=True))  # for who sees no colour


def numbers(run: Run) -> dict:
    """The fewest points that flip half of the images, and what is flipped in each mode."""
    (a, b), half = run.names, half_by_direction(run)
    images = dict(zip(DIRECTIONS, (f"{a} from {b}", f"{b} from {a}"), strict=True))
    exact, tested = pd.concat(half.values()).sort_values("seed", kind="stable"), half_flipped(run)
    return {
        "half": [half[direction] for direction in DIRECTIONS],
        "exact": exact.assign(
            images=exact["direction"].map(images), of_random=exact["k"] / exact["random_k"]
        ),
        "rows": tested.assign(images=tested["direction"].map(images)),
        "tested": sorted(run.read(files.PATCHING, seed=run.seed)["k"].unique()),
    }


def patching(run: Run) -> plots.Figure:
    """Flipped images and recovered logit difference by patched points, both directions."""
    figure, axes = plots.subplots(2, 2, figsize=(12, 8), sharex=True)
    names = (run.names, run.names[::-1])
    for column, direction, (to, source) in zip(axes.T, DIRECTIONS, names, strict=True):
        for axis, measure, line in zip(column, ("flipped", "recovered"), (HALF, 1), strict=True):
            _curves(axis, run, direction, measure)
            axis.axhline(line, color="black", linestyle=":", linewidth=1)
            plots.share_axis(axis)
            plots.points_axis(axis)
        column[0].set_title(f"{to} patched from {source}")
        column[1].set(xlabel="patched points, k", ylim=(-0.5, 1.5))
    axes[0, 0].set_ylabel("images flipped to the other class")
    axes[1, 0].set_ylabel("logit difference recovered")
    axes[0, 0].legend(fontsize=8.5)
    figure.suptitle(f"Activation patching of k points of {run.last}, in the order of effect")
    return figure


def _curves(axis: plots.Axes, run: Run, direction: str, measure: str) -> None:
    table = run.every(files.PATCHING).set_index("k")
    table = table[table["direction"] == direction]
    here = table.query("mode == 'interchange' and seed == @run.seed")
    low, high = (here[f"{measure}_control_{end}"] for end in ("low", "high"))
    plots.band(axis, low, high, label="interchange of random points, middle 95%")
    for mode in MODES:
        for seed, curve in table[table["mode"] == mode].groupby("seed", sort=False):
            look = plots.bold(seed == run.seed, mode)
            axis.plot(curve[measure], color=COLORS[mode], marker=MARKERS[mode], **look)
