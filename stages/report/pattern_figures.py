"""The figures of input patterns: what makes maps and logits answer, beside real images."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from stages.common import plots
from stages.report.results import LAYER, Results

INK = "gray_r"
IN_A_ROW = 16
TELLING = 12
KERNELS_IN_A_ROW = 8
COLOR_SILENT = "#CC79A7"


def of_layer(found: dict[str, np.ndarray], layer: str) -> dict[str, np.ndarray]:
    """The rows of one layer in the patterns `found` of a network, a row a map."""
    chosen = found["layer"] == layer
    return {
        name: values[chosen]
        for name, values in found.items()
        if len(values) == len(chosen) and not name.startswith("class_")
    }


def served_class(results: Results) -> pd.DataFrame:
    """The maps of conv_3 in the order shown: by the class they prefer, most selective first.

    Columns map and preferred_class; -1, at the end, for maps that no test image fires.
    """
    maps = results.maps[results.seed][LAYER].copy()
    maps.loc[maps["selectivity"].isna(), ["preferred_class", "selectivity"]] = -1
    maps["last"] = maps["preferred_class"] < 0
    order = ["last", "preferred_class", "selectivity"]
    maps = maps.sort_values(order, ascending=[True, True, False], kind="stable")
    return maps[["map", "preferred_class"]].reset_index(drop=True)


def pattern_wall(results: Results) -> Figure:
    """The patterns of all maps of conv_3, a block of rows for each class that they prefer."""
    order, found = served_class(results), of_layer(results.patterns[results.seed], LAYER)
    groups = [(label, group["map"].to_numpy()) for label, group in order.groupby("preferred_class")]
    groups.sort(key=lambda group: (group[0] < 0, group[0]))
    rows = sum(-(-len(maps) // IN_A_ROW) for _, maps in groups)
    figure, axes = plots.subplots(figsize=(11.5, 0.71 * rows + 0.6))
    axis, height = axes[0, 0], 34  # cells in a row of patterns, with the numbers above them
    row = 0
    for label, maps in groups:
        name = "no class" if label < 0 else results.quoted(int(label))
        axis.text(
            -6, height * row + 14, f"{name}\n{len(maps)} map{'s' * (len(maps) > 1)}",
            ha="right", va="center", fontsize=10, weight="bold",
        )  # fmt: skip
        for place, number in enumerate(maps):
            top, left = height * (row + place // IN_A_ROW), 31 * (place % IN_A_ROW)
            _small_pattern(axis, found, number, top, left)
        row += -(-len(maps) // IN_A_ROW)
    axis.set(xlim=(-1, 31 * IN_A_ROW), ylim=(height * rows - 3, -8), aspect="equal")
    plots.bare(axis)
    figure.suptitle(
        f"What makes each map of {LAYER} answer most (cnn-{results.seed}), by the class for which "
        "it is most active"
    )
    return figure


def _small_pattern(axis: Axes, found: dict, number: int, top: int, left: int) -> None:
    extent = (left - 0.5, left + 27.5, top + 27.5, top - 0.5)
    axis.imshow(found["pattern"][number], cmap=INK, vmin=0, vmax=1, extent=extent)
    status = found["status"][number]
    axis.text(left + 13.5, top - 1.5, str(number), ha="center", fontsize=6.5)
    known = {"silent": COLOR_SILENT, "dead": "black", "unreached": "black"}
    color, width = (known[status], 2) if status in known else ("#cccccc", 0.6)
    axis.add_patch(Rectangle((left - 0.5, top - 0.5), 28, 28, fill=False, ec=color, lw=width))
    strokes = {"unreached": [(top, top + 27)], "dead": [(top, top + 27), (top + 27, top)]}
    for start, end in strokes.get(status, ()):
        ends = [(left, start), (left + 27, end)]
        axis.add_patch(Polygon(ends, closed=False, ec="black", lw=1.5))


def first_layer(results: Results) -> Figure:
    """The kernels of conv_1, each beside the pattern of its map."""
    found = of_layer(results.patterns[results.seed], "conv_1")
    kernels = results.patterns[results.seed]["conv_1_kernel"]
    n = kernels.shape[2]
    rows = -(-n // KERNELS_IN_A_ROW)
    figure, axes = plots.subplots(rows, 2 * KERNELS_IN_A_ROW, figsize=(12, 0.98 * rows + 0.9))
    limit = float(np.abs(kernels).max()) or 1.0
    for number in range(n):
        row, place = divmod(number, KERNELS_IN_A_ROW)
        left, right = axes[row, 2 * place], axes[row, 2 * place + 1]
        shown = left.imshow(
            kernels[:, :, number], cmap=plots.DIVERGING, vmin=-limit, vmax=limit
        )  # fmt: skip
        right.imshow(found["pattern"][number], cmap=INK, vmin=0, vmax=1)
        left.set_title(f"map {number}", fontsize=7.5)
        right.set_title(f"sum {kernels[:, :, number].sum():+z.2f}", fontsize=7.5)
        for axis in (left, right):
            _framed(axis)
    for axis in axes.flat[2 * n :]:
        axis.set_visible(False)
    bar = figure.colorbar(shown, ax=axes, fraction=0.015, pad=0.01)
    bar.set_label("weight of the kernel", fontsize=8.5)
    figure.suptitle("conv_1: each kernel, and the image that raises its map's mean most")
    return figure


def _framed(axis: Axes) -> None:
    plots.bare(axis)
    for spine in axis.spines.values():
        spine.set(visible=True, color="#bbbbbb", linewidth=0.8)


def _title(axis: Axes, text: str) -> None:
    """A title over a whole row of pictures: the layout must not widen the first one for it."""
    above = {"xytext": (0, 4), "textcoords": "offset points", "xycoords": "axes fraction"}
    axis.annotate(text, (0, 1), fontsize=8.5, va="bottom", **above).set_in_layout(False)


def telling_maps(results: Results) -> pd.DataFrame:
    """The maps of conv_3 that tell the pair apart most: half by AUROC, half by effect.

    Of each map the best live point counts: `auroc`, on validation, by its distance from 0.5, and
    `effect`, the mean change of the logit difference in both directions. Columns map, row,
    column, auroc_test, effect (of these points), by; maps that are among both are chosen once.
    """
    points = results.points[results.seed]
    table = points.merge(results.interventions["effects"][results.seed], validate="one_to_one")
    table = table[~table["dead"]].copy()
    table["effect"] = (table["effect_a_to_b"] + table["effect_b_to_a"]) / 2
    table["distance"] = (table["auroc"] - 0.5).abs()
    chosen: list[pd.DataFrame] = []
    for by, how_many in (("distance", TELLING // 2), ("effect", TELLING)):
        best = table.sort_values(by, ascending=False, kind="stable").drop_duplicates("map")
        taken = pd.concat(chosen)["map"] if chosen else []
        best = best[~best["map"].isin(taken)].head(how_many - len(taken))
        chosen.append(best.assign(by="AUROC" if by == "distance" else "effect"))
    columns = ["map", "row", "column", "auroc_test", "effect", "by"]
    return pd.concat(chosen)[columns].reset_index(drop=True)


def telling_patterns(results: Results) -> Figure:
    """The most telling maps: the pattern, and the real images that come closest."""
    maps, found = telling_maps(results), of_layer(results.patterns[results.seed], LAYER)
    images = found["top_images"].shape[1]
    half = -(-len(maps) // 2)
    widths = ([1.25] + [1] * images + [0.35]) * 2
    figure, axes = plots.subplots(
        half, len(widths), figsize=(12.5, 1.28 * half + 0.8), width_ratios=widths
    )
    for axis in axes.flat:
        axis.set_visible(False)
    a, b = results.names
    for place, row in enumerate(maps.itertuples()):
        first = (images + 2) * (place // half)
        cells = axes[place % half, first : first + images + 1]
        pictures = [found["pattern"][row.map], *(found["top_images"][row.map] / 255)]
        for axis, picture in zip(cells, pictures, strict=True):
            axis.set_visible(True)
            axis.imshow(picture, cmap=INK, vmin=0, vmax=1)
            _framed(axis)
        higher, color = (b, plots.COLOR_B) if row.auroc_test > 0.5 else (a, plots.COLOR_A)
        for spine in cells[0].spines.values():
            spine.set(color=color, linewidth=2.2)
        _title(
            cells[0],
            f"map {row.map}, ({row.row}, {row.column}), best by {row.by}: AUROC "
            f"{row.auroc_test:.3f}, higher for {higher}; effect {row.effect:+.2f}",
        )
    figure.get_layout_engine().set(hspace=0.22)
    figure.suptitle(
        f"What the {len(maps)} maps that tell {a} from {b} most look for: pattern (framed), and "
        "the images that come closest\n"
    )
    return figure


def class_titles(results: Results) -> list[str]:
    """What each class pattern raises."""
    a, b = results.names
    return [
        f"logit of {a}",
        f"logit of {b}",
        f"logit of {b} minus that of {a}",
        f"logit of {a} minus that of {b}",
    ]


def class_patterns(results: Results) -> Figure:
    """The patterns that raise the pair's logits and their difference, and what is answered."""
    found = results.patterns[results.seed]
    images = found["class_top_images"].shape[1]
    widths = [1.25] + [1] * images + [2.6]
    figure, axes = plots.subplots(
        len(found["class_target"]), len(widths), figsize=(11.5, 6.9), width_ratios=widths
    )
    pair = results.params.analysis.pair
    for row, title in enumerate(class_titles(results)):
        cells, bars = axes[row, :-1], axes[row, -1]
        pictures = [found["class_pattern"][row], *(found["class_top_images"][row] / 255)]
        for axis, picture in zip(cells, pictures, strict=True):
            axis.imshow(picture, cmap=INK, vmin=0, vmax=1)
            _framed(axis)
        _title(
            cells[0],
            f"{title}: {found['class_value'][row]:.1f} for the pattern; real images reach "
            f"{found['class_natural_max'][row]:.1f}",
        )
        logits = found["class_logits"][row]
        colors = [
            plots.COLOR_A if k == pair[0] else plots.COLOR_B if k == pair[1] else "#b5b5b5"
            for k in range(len(logits))
        ]
        bars.bar(range(len(logits)), logits, color=colors)
        bars.axhline(0, color="black", linewidth=0.8)
        short = [name if len(name) <= 2 else str(k) for k, name in enumerate(results.class_names)]
        bars.set_xticks(range(len(logits)), short)
        bars.tick_params(labelsize=7.5, length=0)
        bars.set_xlabel("class", fontsize=7.5)
        bars.grid(visible=False, axis="x")
        if row == 0:
            bars.set_title("logits of the pattern, by class", fontsize=9)
    figure.get_layout_engine().set(hspace=0.1)
    figure.suptitle(
        f"What raises the logits of cnn-{results.seed}: pattern, then the real images that come "
        "closest"
    )
    return figure
