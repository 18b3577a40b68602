"""The curves of all experiments in one figure for each kind."""

from collections.abc import Callable

import pandas as pd
from matplotlib.ticker import MaxNLocator

from stages.compare import experiments
from stages.compare.comparison import Comparison
from stages.report import plots, words

ORDER = 4
COLUMNS = 3  # panels in a row


def numbers(comparison: Comparison) -> dict:
    """Which kinds of curves some experiment has, and a sentence on those that lack them."""
    lacking = {
        kind: [of.name for of in comparison.experiments if kind not in of.curves]
        for kind in experiments.CURVES
    }
    return {
        "shown": {kind: len(names) < len(comparison.names) for kind, names in lacking.items()},
        "lacking": {kind: f" Not kept of {words.listing(names)}." if names else ""
                    for kind, names in lacking.items()},
    }  # fmt: skip


def over_networks(table: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Mean, lowest and highest of the networks at every x that all of them have.

    Numbers in their order, names in the table's.
    """
    by_seed = table.pivot_table(y, x, "seed", sort=False).dropna()
    if pd.api.types.is_numeric_dtype(by_seed.index):
        by_seed = by_seed.sort_index()
    return by_seed.agg(["mean", "min", "max"], axis=1)


def in_order(orders: list[list[str]]) -> list[str]:
    """All names in the order of the longest list; another stands before the one it precedes."""
    merged: list[str] = []
    for names in sorted(orders, key=len, reverse=True):
        following = len(merged)
        for name in reversed(names):
            if name not in merged:
                merged.insert(following, name)
            following = merged.index(name)
    return merged


def overlaid(
    comparison: Comparison, kind: str, x: str, y: str, title: str,
    *dress: Callable[[plots.Axes], object], **labels: str,
) -> plots.Figure:  # fmt: skip
    """A panel for each of the kind's panels, in it a curve with its band for each experiment.

    `dress` are applied to every axis.
    """
    tables = {of.name: of.curves[kind] for of in comparison.experiments if kind in of.curves}
    panels = list(dict.fromkeys(pd.concat(tables.values())["panel"]))
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = plots.subplots(
        lines, columns, figsize=(max(6, 3.6 * columns), 3.1 * lines + 0.7), sharey=True
    )
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, panel in zip(axes.flat, panels, strict=False):
        curves = {name: over_networks(table[table["panel"] == panel], x, y)
                  for name, table in tables.items()}  # fmt: skip
        if x == "layer":
            axis.xaxis.update_units(in_order([list(curve.index) for curve in curves.values()]))
        for name, curve in curves.items():
            color = comparison.colors[name]
            plots.band(axis, curve["min"], curve["max"], color=color, alpha=0.2)
            axis.plot(
                curve["mean"], color=color, label=name, linewidth=1.8, marker="o", markersize=2.5
            )
        axis.set(title=panel, **labels)
        for add in dress:
            add(axis)
    figure.suptitle(title)
    figure.legend(axes[0, 0].lines, list(tables), loc="outside lower center",
                  ncols=min(4, len(tables)))  # fmt: skip
    return figure


def whole_axis(axis: plots.Axes) -> None:
    """Ticks at whole numbers alone."""
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def training(comparison: Comparison) -> plots.Figure:
    """Validation accuracy by epoch."""
    return overlaid(
        comparison, "curves", "epoch", "val_accuracy", "Training", whole_axis, plots.share_axis,
        xlabel="epoch", ylabel="accuracy (validation)",
    )  # fmt: skip


def probes(comparison: Comparison) -> plots.Figure:
    """Error of linear probes by number of points."""
    return overlaid(
        comparison, "probe_curve", "k", "error", "Linear probes on k points", plots.points_axis,
        xlabel="points, k", ylabel="error, the pair (test)", yscale="log",
    )  # fmt: skip


def patching(comparison: Comparison) -> plots.Figure:
    """Images flipped by number of patched points."""
    return overlaid(
        comparison, "patching", "k", "flipped", "Activation patching of k points",
        plots.points_axis, plots.share_axis,
        xlabel="patched points, k", ylabel="images flipped (test)",
    )  # fmt: skip


def auroc(comparison: Comparison) -> plots.Figure:
    """How many live points have which AUROC."""
    return overlaid(
        comparison, "auroc", "auroc", "live_points", "AUROC of single points",
        xlabel="AUROC (test); 0.5 is chance", ylabel="share of the live points",
    )  # fmt: skip


def translation(comparison: Comparison) -> plots.Figure:
    """Accuracy on translated images."""
    return overlaid(
        comparison, "translation", "pixels", "accuracy", "Translated images",
        whole_axis, plots.share_axis, xlabel="translation (pixels)", ylabel="accuracy (test)",
    )  # fmt: skip


def layers(comparison: Comparison) -> plots.Figure:
    """Error of linear probes by layer."""
    return overlaid(
        comparison, "layers", "layer", "error", "Linear probes for the pair, by layer",
        lambda axis: axis.tick_params(axis="x", rotation=45),
        ylabel="error (test)", yscale="log",
    )  # fmt: skip
