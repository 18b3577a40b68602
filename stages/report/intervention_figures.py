"""The figures of interventions: how few points tell, how few decide, and one image explained."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter, ScalarFormatter

from stages.common import plots
from stages.report.map_figures import WIDE, frame_point
from stages.report.results import LAYER, Results

RANKINGS = {
    "forward": "chosen together (forward)",
    "auroc": "best alone (AUROC)",
    "effect": "most effect on the logits",
}
MODES = {"interchange": "#0072B2", "mean": "#D55E00", "zero": "#009E73"}
MARKERS = {"interchange": "o", "mean": "s", "zero": "^"}  # for who sees no colour


def point_curve(results: Results) -> Figure:
    """Accuracy of a linear discriminant on k points, against random points, for each ranking."""
    figure, axes = plots.subplots(1, 3, figsize=(13, 4.8), sharey=True)
    for axis, (ranking, name) in zip(axes[0], RANKINGS.items(), strict=True):
        for seed, table in results.interventions["point_curve"].items():
            curve = table[table["ranking"] == ranking]
            first = seed == results.seed
            if first:
                axis.fill_between(
                    curve["k"], 1 - curve["control_high"], 1 - curve["control_low"],
                    color="#bbbbbb", alpha=0.6, linewidth=0, label="random points, middle 95%",
                )  # fmt: skip
                axis.fill_between(
                    curve["k"], 1 - curve["high"], 1 - curve["low"],
                    color=plots.COLOR_A, alpha=0.2, linewidth=0,
                )  # fmt: skip
            axis.plot(
                curve["k"], 1 - curve["accuracy"], color=plots.COLOR_A, marker="o", markersize=3,
                linewidth=2 if first else 1, alpha=1 if first else 0.4,
                label=f"cnn-{seed}" if first else None,
            )  # fmt: skip
        chosen = results.chosen_k[results.seed][ranking]
        axis.axvline(chosen, color="black", linestyle=":", linewidth=1.2)
        axis.set(
            title=f"{name}\n{chosen} points suffice (dotted)", xlabel="points, k", xscale="log"
        )
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
        axis.xaxis.set_major_formatter(ScalarFormatter())
    axes[0, 0].set_ylabel("pair images told wrongly (test)")
    axes[0, 0].legend(fontsize=8.5)
    a, b = results.names
    figure.suptitle(f"How few points of {LAYER} tell {a} from {b}?")
    return figure


def patching(results: Results) -> Figure:
    """Flipped images and recovered logit difference by edited points, both directions."""
    figure, axes = plots.subplots(2, 2, figsize=(12, 8), sharex=True)
    a, b = results.names
    directions = {"a_to_b": f"{a} given points of {b}", "b_to_a": f"{b} given points of {a}"}
    for column, (direction, title) in enumerate(directions.items()):
        for row, measure in enumerate(("flipped", "recovered")):
            axis = axes[row, column]
            for mode, color in MODES.items():
                _patching_curves(axis, results, direction, mode, measure, color)
            axis.axhline(0.5 if measure == "flipped" else 1, color="black", ls=":", lw=1)
            axis.set_xscale("log")
            axis.xaxis.set_major_formatter(ScalarFormatter())
            axis.yaxis.set_major_formatter(PercentFormatter(1))
            if measure == "recovered":
                axis.set(xlabel="edited points, k", ylim=(-0.5, 1.5))
        axes[0, column].set_title(title)
    axes[0, 0].set_ylabel("images flipped to the other class")
    axes[1, 0].set_ylabel("logit difference recovered")
    axes[0, 0].legend(fontsize=8.5)
    figure.suptitle(f"How many points of {LAYER} decide? Points edited in the order of effect")
    return figure


def _patching_curves(
    axis: Axes, results: Results, direction: str, mode: str, measure: str, color: str
) -> None:
    for seed, table in results.interventions["patching"].items():
        chosen = (
            (table["direction"] == direction)
            & (table["mode"] == mode)
            & (table["ranking"] == "effect")
        )
        curve = table[chosen]
        first = seed == results.seed
        if first and mode == "interchange":
            axis.fill_between(
                curve["k"], curve[f"{measure}_control_low"], curve[f"{measure}_control_high"],
                color="#bbbbbb", alpha=0.7, linewidth=0,
                label="interchange of random points, middle 95%",
            )  # fmt: skip
        axis.plot(
            curve["k"], curve[measure], color=color, marker=MARKERS[mode],
            markersize=4 if first else 2.5, linewidth=2 if first else 1,
            alpha=1 if first else 0.4, label=mode if first else None,
        )  # fmt: skip


def specificity(results: Results) -> Figure:
    """Accuracy each class loses when the points with most effect on the pair are ablated."""
    k = few_points(results)
    figure, axes = plots.subplots(1, 2, figsize=(12, 4.4), sharey=True)
    titles = {"mean": "set to the mean of the pair", "zero": "set to zero"}
    for axis, (mode, title) in zip(axes[0], titles.items(), strict=True):
        lost = lost_accuracy(results, k, mode)
        colors = [
            plots.COLOR_A if label == results.params.analysis.pair[0]
            else plots.COLOR_B if label == results.params.analysis.pair[1] else "#9a9a9a"
            for label in lost.index
        ]  # fmt: skip
        places = np.arange(len(lost))
        axis.bar(places, 100 * lost.mean(axis=1), color=colors, alpha=0.75)
        for seed in lost:
            axis.plot(places, 100 * lost[seed], "o", color="black", markersize=3.5, alpha=0.7)
        names = [results.class_names[label] for label in lost.index]
        axis.set_xticks(places, names, rotation=60 if max(map(len, names)) > 2 else 0)
        axis.set(title=f"{k} points {title}", xlabel="class")
        axis.axhline(0, color="black", linewidth=0.8)
    axes[0, 0].set_ylabel("accuracy lost, percentage points\n(test; dots: networks)")
    a, b = results.names
    figure.suptitle(f"Do the points that decide {a} against {b} serve other classes?")
    return figure


def few_points(results: Results) -> int:
    """The largest tested k that claims.few_points of the first seed's live points allow."""
    points = results.points[results.seed]
    ks = results.interventions["patching"][results.seed]["k"].unique()
    within = ks[ks <= results.params.claims.few_points * int((~points["dead"]).sum())]
    return int(within.max() if len(within) else ks.min())


def lost_accuracy(results: Results, k: int, mode: str) -> pd.DataFrame:
    """Accuracy lost by each class (rows) and seed (columns) at the tested k nearest to `k`."""
    lost = {}
    for seed, table in results.interventions["specificity"].items():
        nearest = table["k"].iloc[(table["k"] - k).abs().argmin()]
        chosen = (table["k"] == nearest) & (table["mode"] == mode) & (table["ranking"] == "effect")
        rows = table[chosen].set_index("class")
        lost[seed] = rows["accuracy_before"] - rows["accuracy_after"]
    return pd.DataFrame(lost)


def explained_image(results: Results) -> pd.DataFrame:
    """The points that pushed one image the wrong way: one taken for the other class, if any is.

    Rows of `wrong_points.csv` of that image, the most misleading point first; empty where no
    image was hard.
    """
    table = results.interventions["wrong_points"][results.seed]
    wrong, of_a = table["role"] == "wrong", table["label"] == results.params.analysis.pair[0]
    towards_b = table["logit_difference"] > 0
    for chosen in (wrong & of_a & towards_b, wrong & ~of_a & ~towards_b, of_a, table["map"] >= 0):
        if chosen.any():
            return table[table["index"] == table[chosen]["index"].iloc[0]]
    return table.head(0)


def answer_to(results: Results, index: int) -> int:
    """The class the first seed's CNN answers for one of the exemplars, by its test row."""
    found = np.flatnonzero(results.exemplars["index"] == index)[0]
    return int(results.exemplars["logits"][found].argmax())


def wrong_image(results: Results) -> Figure:
    """One hard image: the picture, its conv_3 maps with the misleading points, their effects."""
    rows = explained_image(results)
    figure, axes = plots.subplots(1, 3, figsize=(14, 3.8), width_ratios=(0.7, 2.7, 1.2))
    picture, maps, bars = axes[0]
    found = np.flatnonzero(results.exemplars["index"] == rows["index"].iloc[0])[0]
    label = int(rows["label"].iloc[0])
    answer = answer_to(results, int(rows["index"].iloc[0]))
    picture.imshow(results.exemplars["image"][found], cmap="gray_r", vmin=0, vmax=255)
    plots.bare(picture)
    picture.set_title(
        f"{results.quoted(label)}, answered {results.quoted(answer)}\n"
        f"test image {rows['index'].iloc[0]}"
    )
    values = results.exemplars[LAYER][found]
    high = float(np.percentile(values, 99.5)) or 1.0
    image = plots.show_grid(
        maps, plots.map_grid(values, WIDE), results.params.report.colormap, 0, high
    )
    for point in rows.itertuples():
        frame_point(maps, point, values.shape, plots.COLOR_BOTH)
    maps.set_title(f"its maps of {LAYER}, the {len(rows)} points that pushed most framed")
    figure.colorbar(image, ax=maps, shrink=0.8, pad=0.01, label="activation")
    places = np.arange(len(rows))
    bars.barh(places, rows["effect"].abs(), color=plots.COLOR_OTHER)
    bars.set_yticks(
        places, [f"map {p.map}, ({p.row}, {p.column})" for p in rows.itertuples()], fontsize=8.5
    )
    bars.invert_yaxis()
    bars.set(
        xlabel="push of the logit difference the wrong way",
        title="against its class's mean",
    )
    figure.suptitle(f"What pushed one image the wrong way in cnn-{results.seed}?")
    return figure
