"""The figures of maps: exemplars through the layers, common points, class means."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.common import network, plots
from stages.report.results import LAYER, Results

NARROW = 8  # maps in a row where several grids stand side by side
WIDE = 16
SHOWN = 12  # exemplars side by side: three of a, one of b, and eight other classes at most
ROLES = {
    "clear": "clear: 95th percentile of the margin",
    "typical": "typical: median margin",
    "hard": "hard: smallest margin still right",
    "contrast": "typical",
    "listed": "chosen in params.yaml",
}


class Field(NamedTuple):
    """What a point of conv_3 sees, in pixels."""

    height: int
    width: int
    stride: int  # from one point to the next


def receptive_field(results: Results) -> Field:
    """The receptive field of a point of conv_3, as measured."""
    fields = results.fields[results.fields["layer"] == LAYER].set_index(["row", "column"])
    first, below = fields.loc[(0, 0)], fields.loc[(1, 0)]
    return Field(int(first["height"]), int(first["width"]), int(below["top"] - first["top"]))


def shown_exemplars(results: Results) -> list[int]:
    """Rows of the exemplars that the figure shows: a's three, the contrasts, b's typical one.

    Where `analysis.exemplars` lists images, the first of them, as many as there is room for.
    """
    a, b = results.params.analysis.pair
    found = {
        (str(role), int(label)): row
        for row, (role, label) in enumerate(
            zip(results.exemplars["role"], results.exemplars["label"], strict=True)
        )
    }
    if any(role == "listed" for role, _ in found):
        return list(range(len(results.exemplars["role"])))[:SHOWN]
    wanted = [(role, a) for role in ("clear", "typical", "hard")]
    wanted += [("contrast", label) for label in results.params.analysis.contrast]
    wanted.append(("typical", b))
    return [found[key] for key in wanted if key in found]


def exemplars_through_layers(results: Results) -> Figure:
    """A column for each exemplar, the image on top, then its conv layers as map grids."""
    rows = shown_exemplars(results)
    heights = [0.75, 0.5, 1, 2]  # in widths of a column of NARROW maps
    figure, axes = plots.subplots(
        4, len(rows), figsize=(2.2 * len(rows) + 1.6, 2.2 * sum(heights) + 1.1),
        height_ratios=heights,
    )  # fmt: skip
    data = results.exemplars
    for column, row in enumerate(rows):
        label, role = int(data["label"][row]), str(data["role"][row])
        answer = int(data["logits"][row].argmax())
        wrong = "" if answer == label else f", answered {results.class_names[answer]}"
        what, _, why = ROLES[role].partition(": ")
        axes[0, column].imshow(data["image"][row], cmap="gray_r", vmin=0, vmax=255)
        axes[0, column].set_title(
            f"{results.class_names[label]}, {what}{wrong}\n{why or 'of its class'}\n"
            f"test image {data['index'][row]}",
            fontsize=8.5,
        )
        plots.bare(axes[0, column])
    for line, layer in enumerate(network.CONV_LAYERS, start=1):
        values = data[layer][rows]
        high = float(np.percentile(values, 99.5)) or 1.0
        for column, maps in enumerate(values):
            image = plots.show_grid(
                axes[line, column], plots.map_grid(maps, NARROW),
                results.params.report.colormap, 0, high,
            )  # fmt: skip
        size = f"{values.shape[1]} × {values.shape[2]}"
        axes[line, 0].set_title(
            f"{layer}: {values.shape[3]} maps of {size}", loc="left", fontsize=9.5, weight="bold"
        )
        bar = figure.colorbar(image, ax=axes[line, :], fraction=0.02, pad=0.01, extend="max")
        bar.set_label("activation", fontsize=9)
    shown = dict.fromkeys(results.quoted(int(data["label"][row])) for row in rows)
    figure.suptitle("What the network sees in " + ", ".join(shown))
    return figure


def common_points(results: Results) -> Figure:
    """conv_3 of a typical image of each class, with the points common to each class framed."""
    points = results.points[results.seed]
    figure, axes = plots.subplots(2, 1, figsize=(10.5, 11.2))
    for axis, (name, values) in zip(axes.flat, typical(results).items(), strict=True):
        image = plots.show_grid(
            axis, plots.map_grid(values, WIDE), results.params.report.colormap, 0,
            float(np.percentile(results.exemplars[LAYER], 99.5)) or 1.0,
        )  # fmt: skip
        for point in points[points["common_a"] | points["common_b"]].itertuples():
            color = (
                plots.COLOR_BOTH if point.common_a and point.common_b
                else plots.COLOR_A if point.common_a else plots.COLOR_B
            )  # fmt: skip
            frame_point(axis, point, values.shape, color)
        _number_maps(axis, values.shape)
        axis.set_title(name)
    figure.colorbar(image, ax=axes, shrink=0.6, pad=0.01, extend="max", label="activation")
    a, b = results.names
    counts = common_counts(results)
    handles = [
        Rectangle((0, 0), 1, 1, fill=False, lw=2, ec=color)
        for color in (plots.COLOR_A, plots.COLOR_B, plots.COLOR_BOTH)
    ]
    figure.legend(
        handles,
        [f"common to {a} alone ({counts[0]})", f"common to {b} alone ({counts[1]})",
         f"common to both ({counts[2]})"],
        loc="outside lower center", ncols=3,
    )  # fmt: skip
    figure.suptitle(f"Points of {LAYER} common to a class")
    return figure


def typical(results: Results) -> dict[str, np.ndarray]:
    """conv_3 to show for each class of the pair, under its name: its typical exemplar, else its
    first one, else, where `analysis.exemplars` lists none of it, the mean of its test images."""
    labels, roles = results.exemplars["label"], results.exemplars["role"]
    found = {}
    for label, values in zip(results.params.analysis.pair, results.pair_values, strict=True):
        of_class = np.flatnonzero(labels == label)
        rows = [*(row for row in of_class if roles[row] == "typical"), *of_class]
        if rows:
            name = f"{results.quoted(label)} (test image {results.exemplars['index'][rows[0]]})"
            found[name] = results.exemplars[LAYER][rows[0]]
        else:
            found[f"{results.quoted(label)} (mean of {len(values):,} test images)"] = values.mean(0)
    return found


def common_counts(results: Results) -> tuple[int, int, int]:
    points = results.points[results.seed]
    a, b = points["common_a"], points["common_b"]
    return int((a & ~b).sum()), int((b & ~a).sum()), int((a & b).sum())


def _number_maps(axis: Axes, shape: tuple[int, ...]) -> None:
    """Write the number of each row's first map, and what to add along the columns."""
    height, width, n = shape
    starts = range(0, n, WIDE)
    axis.set_yticks([plots.map_corner(m, WIDE, height, width)[0] + 1 for m in starts], starts)
    columns = [plots.map_corner(m, WIDE, height, width)[1] + 1 for m in range(WIDE)]
    axis.set_xticks(columns, [f"+{m}" for m in range(WIDE)])
    axis.tick_params(length=0, labelsize=8, colors=plots.COLOR_OTHER)


def frame_point(axis: Axes, point, shape: tuple[int, ...], color: str) -> None:
    """Frame one point (with map, row, column) of a grid of WIDE maps in a row."""
    top, left = plots.map_corner(point.map, WIDE, shape[0], shape[1])
    corner = (left + point.column - 0.5, top + point.row - 0.5)
    axis.add_patch(Rectangle(corner, 1, 1, fill=False, lw=3.2, ec="white"))
    axis.add_patch(Rectangle(corner, 1, 1, fill=False, lw=1.8, ec=color))


def class_means(results: Results) -> Figure:
    """Mean conv_3 of the test images of a, of b, and the difference."""
    means = [values.mean(axis=0, dtype=np.float64) for values in results.pair_values]
    difference = means[1] - means[0]
    figure, axes = plots.subplots(1, 3, figsize=(13.5, 3.5))
    a, b = results.names
    high = float(np.percentile(np.stack(means), 99.5)) or 1.0
    for axis, mean, name, values in zip(
        axes[0], means, results.names, results.pair_values, strict=False
    ):
        image = plots.show_grid(
            axis, plots.map_grid(mean, WIDE), results.params.report.colormap, 0, high
        )
        axis.set_title(f"{name}: mean of {len(values):,} test images")
    bar = {"location": "bottom", "pad": 0.03, "aspect": 40}
    figure.colorbar(image, ax=axes[0, :2], extend="max", label="mean activation", shrink=0.5, **bar)
    figure.get_layout_engine().set(wspace=0.03)
    limit = float(np.abs(difference).max()) or 1.0
    image = plots.show_grid(
        axes[0, 2], plots.map_grid(difference, WIDE), plots.DIVERGING, -limit, limit
    )
    axes[0, 2].set_title(f"{b} minus {a}")
    figure.colorbar(image, ax=axes[0, 2], label="difference of mean activation", **bar)
    rows, columns, n = difference.shape
    figure.suptitle(
        f"The {n} maps of {LAYER}, {rows} × {columns} points each, averaged over each class"
    )
    return figure
