"""The curves of all experiments in one figure for each kind."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from stages.compare.comparison import Comparison
from stages.report import plots

ORDER = 4
COLUMNS = 3  # panels in a row


def numbers(comparison: Comparison) -> dict:
    """Which experiments have which curves."""
    lacking = {
        kind: [of.name for of in comparison.experiments if kind not in of.curves]
        for kind in ("curves", "probe_curve", "patching", "auroc", "translation", "layers")
    }
    return {"lacking": lacking, "shown": {
        kind: len(names) < len(comparison.experiments) for kind, names in lacking.items()
    }}  # fmt: skip


def over_networks(table: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Mean, lowest and highest of the networks at every x that all of them have.

    Numbers in their order, names in the table's.
    """
    by_seed = table.pivot_table(y, x, "seed", sort=False).dropna()
    if pd.api.types.is_numeric_dtype(by_seed.index):
        by_seed = by_seed.sort_index()
    return by_seed.agg(["mean", "min", "max"], axis=1)


def overlaid(comparison: Comparison, kind: str, x: str, y: str, title: str) -> plots.Figure:
    """A panel for each of the kind's panels, in it a curve with its band for each experiment."""
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
        for name, table in tables.items():
            of = over_networks(table[table["panel"] == panel], x, y)
            color = comparison.colors[name]
            plots.band(axis, of["min"], of["max"], color=color, alpha=0.2)
            axis.plot(
                of["mean"], color=color, label=name, linewidth=1.8, marker="o", markersize=2.5
            )
        axis.set_title(panel)
    figure.suptitle(title)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center",
                  ncols=min(4, len(tables)))  # fmt: skip
    return figure


def training(comparison: Comparison) -> plots.Figure:
    """Validation accuracy by epoch."""
    figure = overlaid(comparison, "curves", "epoch", "val_accuracy", "Training")
    for axis in figure.axes:
        axis.set(xlabel="epoch", ylabel="accuracy (validation)")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        plots.share_axis(axis)
    return figure


def probes(comparison: Comparison) -> plots.Figure:
    """Error of linear probes by number of points."""
    figure = overlaid(comparison, "probe_curve", "k", "error", "Linear probes on k points")
    for axis in figure.axes:
        plots.points_axis(axis)
        axis.set(xlabel="points, k", ylabel="error, the pair (test)", yscale="log")
    return figure


def patching(comparison: Comparison) -> plots.Figure:
    """Images flipped by number of patched points."""
    figure = overlaid(comparison, "patching", "k", "flipped", "Activation patching of k points")
    for axis in figure.axes:
        plots.points_axis(axis)
        plots.share_axis(axis)
        axis.set(xlabel="patched points, k", ylabel="images flipped (test)")
    return figure


def auroc(comparison: Comparison) -> plots.Figure:
    """How many live points have which AUROC."""
    figure = overlaid(comparison, "auroc", "auroc", "live_points", "AUROC of single points")
    for axis in figure.axes:
        axis.set(xlabel="AUROC (test); 0.5 is chance", ylabel="share of the live points")
    return figure


def translation(comparison: Comparison) -> plots.Figure:
    """Accuracy on translated images."""
    figure = overlaid(comparison, "translation", "pixels", "accuracy", "Translated images")
    for axis in figure.axes:
        axis.set(xlabel="translation (pixels)", ylabel="accuracy (test)")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        plots.share_axis(axis)
    return figure


def layers(comparison: Comparison) -> plots.Figure:
    """Error of linear probes by layer."""
    figure = overlaid(
        comparison, "layers", "layer", "error", "Linear probes for the pair, by layer"
    )
    for axis in figure.axes:
        axis.set(ylabel="error (test)", yscale="log")
        axis.tick_params(axis="x", rotation=45)
    return figure
