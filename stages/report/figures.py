"""The figures of numbers: curves, confusions, distributions. `map_figures` draws the maps."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from stages.common import plots
from stages.report.results import LAYER, Results

MODELS = {"cnn": "CNN", "mlp": "MLP"}
TELLING_SHOWN = 20
# Networks side by side: colours of Okabe & Ito, and dashes for who sees no colour.
SERIES = [
    {"color": color, "linestyle": dashes}
    for color, dashes in (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."),
                          ("#CC79A7", ":"), ("#000000", "-"))
]  # fmt: skip


def telling_points(points: pd.DataFrame, k: int = TELLING_SHOWN) -> pd.DataFrame:
    """The k live points whose AUROC on validation is furthest from 0.5, best first."""
    live = points[~points["dead"]]
    order = (live["auroc"] - 0.5).abs().sort_values(ascending=False, kind="stable")
    return live.loc[order.index[:k]]


def training_curves(results: Results) -> Figure:
    """Error and loss of every network over the epochs, on fit and validation images."""
    figure, axes = plots.subplots(1, 2, figsize=(11, 4.2))
    colors = {"cnn": plots.COLOR_A, "mlp": plots.COLOR_B}
    for (model, _seed), run in results.histories.groupby(["model", "seed"], sort=False):
        for prefix, style in (("", "--"), ("val_", "-")):
            look = {"color": colors[model], "linestyle": style, "alpha": 0.45, "linewidth": 1}
            axes[0, 0].plot(run["epoch"], 1 - run[f"{prefix}accuracy"], **look)
            axes[0, 1].plot(run["epoch"], run[f"{prefix}loss"], **look)
    curves = results.evaluation["curves"]
    for model, run in curves.groupby("model", sort=False):
        for split, prefix, style in (("fit", "", "--"), ("validation", "val_", "-")):
            look = {
                "color": colors[model],
                "linestyle": style,
                "linewidth": 2.2,
                "marker": "o",
                "markersize": 3.5,
                "label": f"{MODELS[model]}, {split}",
            }
            axes[0, 0].plot(run["epoch"], 1 - run[f"{prefix}accuracy"], **look)
            axes[0, 1].plot(run["epoch"], run[f"{prefix}loss"], **look)
    axes[0, 0].set(title="Error rate", ylabel="share of images answered wrongly")
    axes[0, 1].set(title="Loss", ylabel="cross-entropy (nats), penalties included")
    for axis in axes[0]:
        axis.set(xlabel="epoch", yscale="log")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[0, 1].legend()
    seeds = len(results.params.train.seeds)
    which = f"mean (bold) and each of {seeds} seeds" if seeds > 1 else "one seed"
    figure.suptitle(f"How the networks learned: {which}")
    return figure


def accuracy_against_shift(results: Results) -> Figure:
    """Accuracy of every network on images moved by 0 and more pixels."""
    figure, axes = plots.subplots(1, 1, figsize=(7.5, 4))
    looks = {"cnn": (plots.COLOR_A, "o"), "mlp": (plots.COLOR_B, "s")}
    table = results.shifts
    for model, (color, marker) in looks.items():
        for seed, run in table[table["model"] == model].groupby("seed", sort=False):
            label = MODELS[model] if seed == results.seed else None
            axes[0, 0].plot(
                run["pixels"], run["accuracy"], color=color, marker=marker, markersize=5,
                alpha=0.75, label=label,
            )  # fmt: skip
    axes[0, 0].set(xlabel="images moved by (pixels)", ylabel="accuracy, all classes (test)")
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[0, 0].legend(loc="lower left")
    several = len(results.params.train.seeds) > 1
    figure.suptitle(f"How well are moved images told?{' A line each network' if several else ''}")
    return figure


def confusion(results: Results) -> Figure:
    """Confusion matrices of both models, test images, with the pair's cells marked."""
    figure, axes = plots.subplots(1, 2, figsize=(12, 5.9))
    table = results.evaluation["confusion"]
    seeds = results.params.train.seeds
    for axis, (model, name) in zip(axes[0], MODELS.items(), strict=True):
        counts = table[table["model"] == model].pivot_table(
            index="actual", columns="predicted", values="count", aggfunc="sum"
        )
        _confusion_matrix(axis, counts.to_numpy() / len(seeds), results)
        accuracy = counts.to_numpy().trace() / counts.to_numpy().sum()
        axis.set_title(f"{name}: {accuracy:.2%} right")
    per = f"mean of {len(seeds)} networks" if len(seeds) > 1 else "1 network"
    figure.suptitle(f"Test images by actual class and answer ({per}); the pair is framed")
    return figure


def _confusion_matrix(axis: Axes, counts: np.ndarray, results: Results) -> None:
    errors = np.where(np.eye(len(counts), dtype=bool), np.nan, counts)
    highest = max(np.nanmax(errors), 1)
    axis.imshow(errors, cmap="Oranges", vmin=0, vmax=highest)
    for (row, column), count in np.ndenumerate(counts):
        if count > 0:
            text = f"{count:,.0f}" if row == column or count >= 9.95 else f"{count:.2g}"
            bold = {"weight": "bold", "color": "#333333"} if row == column else {}
            white = row != column and count > 0.6 * highest
            axis.text(
                column, row, text, ha="center", va="center", fontsize=8.5,
                **(bold or {"color": "white" if white else "black"}),
            )  # fmt: skip
    a, b = results.params.analysis.pair
    for row, column in ((a, b), (b, a)):
        axis.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5), 1, 1, fill=False, lw=2.4, ec=plots.COLOR_A, clip_on=False
            )
        )
    ticks = range(len(counts))
    long = any(len(name) > 2 for name in results.class_names)
    axis.set_xticks(ticks, results.class_names, rotation=60 if long else 0)
    axis.set_yticks(ticks, results.class_names)
    axis.set(xlabel="answer of the network", ylabel="actual class")
    axis.grid(visible=False)


def telling_distributions(results: Results) -> Figure:
    """Values of the most telling points in the test images of both classes, as histograms.

    Images in which a point is silent stand in its title: their one tall bar would dwarf the rest.
    """
    top = telling_points(results.points[results.seed])
    figure, axes = plots.subplots(4, 5, figsize=(12.5, 9), sharey=True)
    a, b = results.pair_values
    for axis, point in zip(axes.flat, top.itertuples(), strict=False):
        values = [x[:, point.row, point.column, point.map] for x in (a, b)]
        bins = np.linspace(0, max(x.max() for x in values) or 1, 25)
        silent = [(x == 0).mean() for x in values]
        for x, color, name in zip(
            values, (plots.COLOR_A, plots.COLOR_B), results.names, strict=True
        ):
            fired = x[x > 0]
            weights = np.full(len(fired), 1 / len(x))
            axis.hist(fired, bins, weights=weights, color=color, alpha=0.6, label=name)
        axis.set_title(
            f"map {point.map}, ({point.row}, {point.column}): AUROC {point.auroc_test:.3f}\n"
            f"[{point.auroc_test_low:.3f}, {point.auroc_test_high:.3f}]; "
            f"silent in {silent[0]:.0%} and {silent[1]:.0%}",
            fontsize=8.5,
        )
        axis.yaxis.set_major_formatter(PercentFormatter(1))
        axis.tick_params(labelsize=8)
    for axis in axes.flat[len(top) :]:
        axis.set_visible(False)
    axes[0, 0].legend(title="class", fontsize=8)
    figure.supxlabel(
        "activation of the point where it is above 0 (after the ReLU, no unit)", fontsize=10
    )
    figure.supylabel("share of the class's test images", fontsize=10)
    figure.suptitle(
        f"The {len(top)} points of {LAYER} that tell {results.names[0]} from "
        f"{results.names[1]} best: map, (row, column)"
    )
    return figure


def effect_against_significance(results: Results) -> Figure:
    """Every live point by effect size and q-value; AUROC distribution of every replicate."""
    points = results.points[results.seed]
    live = points[~points["dead"] & points["hedges_g"].notna()]
    q = -np.log10(np.maximum(live["q_value"], np.finfo(float).tiny))
    figure, axes = plots.subplots(1, 2, figsize=(12, 4.8), width_ratios=(1.35, 1))
    left, right = axes[0]
    n_a, n_b = results.names
    groups = {
        f"common to {n_a} alone": (live["common_a"] & ~live["common_b"], plots.COLOR_A, 30),
        f"common to {n_b} alone": (live["common_b"] & ~live["common_a"], plots.COLOR_B, 30),
        "common to both": (live["common_a"] & live["common_b"], plots.COLOR_BOTH, 30),
        "common to neither": (~live["common_a"] & ~live["common_b"], "#9a9a9a", 9),
    }
    for name, (chosen, color, size) in reversed(groups.items()):
        left.scatter(
            live["hedges_g"][chosen], q[chosen], s=size, color=color, alpha=0.75,
            linewidths=0, label=f"{name} ({int(chosen.sum()):,})",
        )  # fmt: skip
    left.axhline(-np.log10(0.05), color="black", linewidth=1, linestyle=":")
    left.set(
        xlabel=f"effect: Hedges g, above 0 is higher for {n_b} (standard deviations)",
        ylabel="significance: −log₁₀ of the q-value",
        title=f"cnn-{results.seed}: {len(live):,} live points; dotted: q = 0.05",
    )
    legend = left.legend(fontsize=8.5, loc="upper center", reverse=True)
    for handle in legend.legend_handles:
        handle.set_sizes([30])
    bins = np.linspace(0, 1, 41)
    for (seed, table), look in zip(results.points.items(), cycle(SERIES), strict=False):
        values = table.loc[~table["dead"], "auroc_test"]
        right.hist(values, bins, histtype="step", linewidth=1.6, label=f"cnn-{seed}", **look)
    right.axvline(0.5, color="black", linewidth=1, linestyle=":")
    right.set(
        xlabel=f"AUROC on test images, above 0.5 is higher for {n_b}",
        ylabel="live points in each bin of 0.025",
        title="Every network: how telling its points are",
    )
    right.legend(fontsize=8.5)
    significant, telling = live["q_value"] < 0.05, (live["auroc_test"] - 0.5).abs() > 0.2
    figure.suptitle(
        f"{significant.mean():.0%} of the live points differ at q < 0.05; "
        f"{telling.mean():.0%} differ much (|AUROC − 0.5| > 0.2)"
    )
    return figure
