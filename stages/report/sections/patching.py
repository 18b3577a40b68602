"""Activation patching: how few points, edited, change the network's own answer."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from stages.common import files, network
from stages.common.names import DIRECTIONS, MODES
from stages.common.run import Run
from stages.report import plots

ORDER = 80
HALF = 0.5
LOOKS = dict(
    zip(MODES, ((plots.COLOR_A, "o"), (plots.COLOR_B, "s"), (plots.COLOR_C, "^")), strict=True)
)


def half_flipped(run: Run) -> pd.DataFrame:
    """The first tested k that flips half of the images, for each seed, direction and mode.

    As `files.PATCHING`, NaN where no tested number does.
    """
    table, keys = run.every(files.PATCHING), ["seed", "direction", "mode"]
    first = table[table["flipped"] >= HALF].drop_duplicates(keys).set_index(keys)
    every = pd.MultiIndex.from_product([run.seeds, DIRECTIONS, MODES], names=keys)
    return first.reindex(every).reset_index()


def numbers(run: Run) -> dict:
    """Where half of the images flip, and what random points of that number do."""
    half = half_flipped(run)
    a, b = run.names
    directions = dict(zip(DIRECTIONS, (f"{a} from {b}", f"{b} from {a}"), strict=True))
    interchange = half[half["mode"] == "interchange"]["k"]
    return {
        "k": interchange.dropna(),
        "all": len(interchange),
        "tested": sorted(run.read(files.PATCHING, seed=run.seed)["k"].unique()),
        "rows": half.assign(images=half["direction"].map(directions)),
    }


def patching(run: Run) -> Figure:
    """Flipped images and recovered logit difference by patched points, both directions."""
    figure, axes = plots.subplots(2, 2, figsize=(12, 8), sharex=True)
    a, b = run.names
    titles = (f"{a} patched from {b}", f"{b} patched from {a}")
    for column, direction, title in zip(axes.T, DIRECTIONS, titles, strict=True):
        for axis, measure in zip(column, ("flipped", "recovered"), strict=True):
            _curves(axis, run, direction, measure)
            axis.axhline(HALF if measure == "flipped" else 1, color="black", ls=":", lw=1)
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter(ScalarFormatter())
            axis.yaxis.set_major_formatter(PercentFormatter(1))
        column[0].set_title(title)
        column[1].set(xlabel="patched points, k", ylim=(-0.5, 1.5))
    axes[0, 0].set_ylabel("images flipped to the other class")
    axes[1, 0].set_ylabel("logit difference recovered")
    axes[0, 0].legend(fontsize=8.5)
    figure.suptitle(f"Activation patching of k points of {network.LAST}, in the order of effect")
    return figure


def _curves(axis: Axes, run: Run, direction: str, measure: str) -> None:
    for mode, (color, marker) in LOOKS.items():
        for seed in run.seeds:
            table = run.read(files.PATCHING, seed=seed)
            curve = table[(table["direction"] == direction) & (table["mode"] == mode)]
            here = seed == run.seed
            if here and mode == "interchange":
                axis.fill_between(
                    curve["k"], curve[f"{measure}_control_low"], curve[f"{measure}_control_high"],
                    color="#bbbbbb", alpha=0.7, linewidth=0,
                    label="interchange of random points, middle 95%",
                )  # fmt: skip
            look = {"color": color, "marker": marker, **plots.bold(here, mode)}
            axis.plot(curve["k"], curve[measure], **look)


FIGURES = {"patching": patching}
