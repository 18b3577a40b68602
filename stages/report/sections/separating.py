"""Which single points separate the classes: AUROC, effect size and significance."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots
from stages.report.sections.typical import higher_for

ORDER = 60
SHOWN = 20
# Networks side by side: a colour, and dashes for who sees no colour.
SERIES = tuple(
    zip((plots.COLOR_A, plots.COLOR_B, plots.COLOR_C, plots.COLOR_BOTH, "#000000"),
        ("-", "--", "-.", ":", "-"), strict=True)
)  # fmt: skip


def best_points(points: pd.DataFrame, k: int = SHOWN) -> pd.DataFrame:
    """The k live points whose AUROC on validation is furthest from 0.5, best first."""
    live = points[~points["dead"]]
    order = (live["auroc"] - 0.5).abs().sort_values(ascending=False, kind="stable")
    return live.loc[order.index[:k]]


def numbers(run: Run) -> dict:
    """How many points separate in each network, and the AUROC of the best."""
    summary = run.every(files.STATISTICS)
    best = best_points(run.read(files.POINTS, seed=run.seed))
    towards = [higher_for(run, point) for _, point in best.iterrows()]
    return {
        "counts": ", ".join(
            f"{row.separating:,} of {row.live:,} (cnn-{row.seed})" for row in summary.itertuples()
        ),
        "here": summary.iloc[0],
        "aurocs": [values[0] for _, values in towards],
        "higher": towards[0][0],
    }


def separating_points(run: Run) -> Figure:
    """Values of the best points in the test images of both classes, as histograms.

    Images in which a point is silent stand in its title: their one tall bar would dwarf the rest.
    """
    best, pair = best_points(run.read(files.POINTS, seed=run.seed)), run.pair_maps(run.seed, "test")
    figure, axes = plots.subplots(4, 5, figsize=(12.5, 9), sharey=True)
    colors = (plots.COLOR_A, plots.COLOR_B)
    for axis, (_, point) in zip(axes.flat, best.iterrows(), strict=False):
        values = [maps[:, point["row"], point["column"], point["map"]] for maps in pair]
        bins = np.linspace(0, max(x.max() for x in values) or 1, 25)
        silent = [(x == 0).mean() for x in values]
        for x, color, name in zip(values, colors, run.names, strict=True):
            active = x[x > 0]
            weights = np.full(len(active), 1 / len(x))
            axis.hist(active, bins, weights=weights, color=color, alpha=0.6, label=name)
        higher, (auroc, low, high) = higher_for(run, point)
        axis.set_title(
            f"map {point['map']}, ({point['row']}, {point['column']}): "
            f"AUROC {auroc:.3f}, {higher}\n["
            f"{low:.3f}, {high:.3f}]; silent in {silent[0]:.0%} and {silent[1]:.0%}",
            fontsize=8.5,
        )
        axis.yaxis.set_major_formatter(PercentFormatter(1))
        axis.tick_params(labelsize=8)
    for axis in axes.flat[len(best) :]:
        axis.set_visible(False)
    axes[0, 0].legend(title="class", fontsize=8)
    figure.supxlabel("activation of the point where it is above 0 (after the ReLU)", fontsize=10)
    figure.supylabel("share of the class's test images", fontsize=10)
    figure.suptitle(
        f"The {len(best)} points of {network.LAST} with the best AUROC: map, (row, column), "
        "AUROC and the class that it is higher for"
    )
    return figure


def effect_significance(run: Run) -> Figure:
    """Every live point by effect size and q-value; AUROC distribution of every replicate."""
    points = run.read(files.POINTS, seed=run.seed)
    live = points[~points["dead"] & points["hedges_g"].notna()]
    q = -np.log10(np.maximum(live["q_value"], np.finfo(float).tiny))
    figure, axes = plots.subplots(1, 2, figsize=(12, 4.8), width_ratios=(1.35, 1))
    left, right = axes[0]
    of_a, of_b = live["typical_a"], live["typical_b"]
    groups = {
        "class-typical for neither": (~of_a & ~of_b, "#9a9a9a", 9),
        "class-typical for both": (of_a & of_b, plots.COLOR_BOTH, 30),
        f"class-typical for {run.names[1]} alone": (of_b & ~of_a, plots.COLOR_B, 30),
        f"class-typical for {run.names[0]} alone": (of_a & ~of_b, plots.COLOR_A, 30),
    }
    for name, (chosen, color, size) in groups.items():
        left.scatter(
            live["hedges_g"][chosen], q[chosen], s=size, color=color, alpha=0.75,
            linewidths=0, label=f"{name} ({int(chosen.sum()):,})",
        )  # fmt: skip
    left.axhline(-np.log10(0.05), color="black", linewidth=1, linestyle=":")
    left.set(
        xlabel=f"effect: Hedges g, above 0 is higher for {run.names[1]} (standard deviations)",
        ylabel="significance: −log₁₀ of the q-value",
        title=f"cnn-{run.seed}: {len(live):,} live points; dotted: q = 0.05",
    )
    legend = left.legend(fontsize=8.5, loc="upper center", reverse=True)
    for handle in legend.legend_handles:
        handle.set_sizes([30])
    every = run.every(files.POINTS)
    networks = every[~every["dead"]].groupby("seed", sort=False)["auroc_test"]
    for (seed, values), (color, dashes) in zip(networks, cycle(SERIES), strict=False):
        look = {"histtype": "step", "linewidth": 1.6, "color": color, "linestyle": dashes}
        right.hist(values, np.linspace(0, 1, 41), label=f"cnn-{seed}", **look)
    right.axvline(0.5, color="black", linewidth=1, linestyle=":")
    right.set(
        xlabel=f"AUROC on test images: 1 is higher for {run.names[1]}, 0 for {run.names[0]}",
        ylabel="live points in each bin of 0.025",
        title="Every network: AUROC of its live points",
    )
    right.legend(fontsize=8.5)
    figure.suptitle("Effect, significance and AUROC of the live points")
    return figure


FIGURES = {"separating_points": separating_points, "effect_significance": effect_significance}
