"""Which single points separate the classes: AUROC, effect size and significance."""

from itertools import cycle

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import SIGNIFICANT
from stages.common.run import Run
from stages.report import plots
from stages.report.points import by_auroc, by_class, towards

ORDER = 20
SHOWN = 20
COLORS = (*plots.PAIR, plots.COLOR_C, plots.COLOR_BOTH, "#000000")  # of networks side by side
DASHES = ("-", "--", "-.", ":", "-")  # for who sees no colour


def best_points(run: Run) -> pd.DataFrame:
    """The live points of `run.seed` with the best AUROC on validation images, best first."""
    points = run.read(files.POINTS, seed=run.seed)
    return by_auroc(towards(run, points[~points["dead"]])).head(SHOWN)


def numbers(run: Run) -> dict:
    """How many points separate in each network, and the AUROC of the best."""
    summary = run.every(files.STATISTICS)
    here = summary[summary["seed"] == run.seed].iloc[0]
    return {"summary": summary, "here": here, "best": best_points(run)}


def separating_points(run: Run) -> plots.Figure:
    """Values of the best points in the test images of both classes, as histograms.

    Images in which a point is silent stand in its title: their one tall bar would dwarf the rest.
    """
    best, pair = best_points(run), run.pair_maps(run.seed, "test")
    gap = " " if all(name.isdigit() for name in run.names) else "\n"  # words need a line
    figure, axes = plots.subplots(4, 5, figsize=(12.5, 9), sharey=True)
    for axis, point in zip(axes.flat, best.to_dict("records"), strict=False):
        values = [maps[:, point["row"], point["column"], point["map"]] for maps in pair]
        bins = np.linspace(0, max(0, *(x.max() for x in values)) or 1, 25)
        for x, color, name in zip(values, plots.PAIR, run.names, strict=True):
            weights = np.full((x > 0).sum(), 1 / len(x))
            axis.hist(x[x > 0], bins, weights=weights, color=color, alpha=0.6, label=name)
        silent = " and ".join(f"{(x <= 0).mean():.0%}" for x in values)
        title = (
            "map {map}, ({row}, {column}): AUROC {value:.3f},{gap}{higher}\n[{low:.3f}, {high:.3f}]"
        )
        axis.set_title(f"{title.format(gap=gap, **point)}; silent in {silent}", fontsize=8.5)
        plots.share_axis(axis)
        axis.tick_params(labelsize=8)
    for axis in axes.flat[len(best) :]:
        axis.set_visible(False)
    axes[0, 0].legend(title="class", fontsize=8)
    figure.supxlabel("activation of the point where it is above 0", fontsize=10)
    figure.supylabel("share of the class's test images", fontsize=10)
    title = f"The {len(best)} points of {run.last} with the best AUROC"
    figure.suptitle(f"{title}, and the class that each is higher for")
    return figure


def effect_significance(run: Run) -> plots.Figure:
    """Every live point by effect size and q-value; AUROC distribution of every replicate."""
    figure, axes = plots.subplots(1, 2, figsize=(12, 4.8), width_ratios=(1.35, 1))
    (left, right), (a, b) = axes[0], run.names
    every = run.every(files.POINTS).query("not dead")
    live = every[(every["seed"] == run.seed) & every["hedges_g"].notna()]
    q = -np.log10(np.maximum(live["q_value"], np.finfo(float).tiny))
    neither = live[~live["typical_a"] & ~live["typical_b"]]
    groups = [(f"class-typical for neither ({len(neither):,})", neither, "#9a9a9a")]
    for label, of, color in groups + by_class(run, live)[::-1]:
        look = {"s": 9 if of is neither else 30, "color": color, "alpha": 0.75, "linewidths": 0}
        left.scatter(of["hedges_g"], q[of.index], label=label, **look)
    left.axhline(-np.log10(SIGNIFICANT), color="black", linewidth=1, linestyle=":")
    left.set_xlabel(f"effect: Hedges g, above 0 is higher for {b} (standard deviations)")
    left.set_ylabel("significance: −log₁₀ of the q-value")
    left.set_title(f"cnn-{run.seed}: {len(live):,} live points; dotted: q = {SIGNIFICANT}")
    left.legend(fontsize=8.5, loc="upper center", reverse=True)
    looks = cycle(zip(COLORS, DASHES, strict=True))
    networks = every.groupby("seed", sort=False)["auroc_test"]
    for (seed, values), (color, dashes) in zip(networks, looks, strict=False):
        look = {"histtype": "step", "linewidth": 1.6, "color": color, "linestyle": dashes}
        right.hist(values, np.linspace(0, 1, 41), label=f"cnn-{seed}", **look)
    right.axvline(0.5, color="black", linewidth=1, linestyle=":")
    right.set(xlabel=f"AUROC on test images: 1 is higher for {b}, 0 for {a}")
    right.set(ylabel="live points in each bin of 0.025", title="AUROC in every network")
    right.legend(fontsize=8.5)
    figure.suptitle("Effect, significance and AUROC of the live points")
    return figure
