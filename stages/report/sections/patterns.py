"""Feature visualisation: input patterns of maps and of the pair's logits."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from stages.common import files, network
from stages.common.names import DEAD, SILENT, UNREACHED
from stages.common.run import Run
from stages.report import plots, words
from stages.report.sections.networks import image_counts
from stages.report.sections.typical import higher_for

ORDER = 100
INK = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
IN_A_ROW = 16
SHOWN = 12  # maps beside the images that come closest
KERNELS_IN_A_ROW = 8
NO_CLASS = 99  # behind all classes
ALIKE = 0.9  # of the trained networks' rate: as good as the same


def of_layer(patterns: dict[str, np.ndarray], layer: str) -> dict[str, np.ndarray]:
    """What `files.PATTERNS` holds of the maps of one layer."""
    chosen, names = patterns["layer"] == layer, ("pattern", "status", "top_images")
    return {name: patterns[name][chosen] for name in names}


def numbers(run: Run) -> dict:
    """What the search found for maps and for classes, against real images and no training."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    counts = run.every(files.PATTERN_COUNTS)
    last = counts[counts["layer"] == network.LAST]
    after = (last["success_rate"].fillna(0) * last["active"]).sum() / max(last["active"].sum(), 1)
    before = (last["untrained_success_rate"] * last["maps"]).sum() / last["maps"].sum()
    fields = run.read(files.RECEPTIVE_FIELD).query("layer == @network.LAST")
    shown = separating_maps(run)
    conv_1 = of_layer(patterns, "conv_1")["pattern"].mean(axis=(1, 2))
    a, b = run.pair
    meant = patterns["class_logits"].argmax(axis=1) == [a, b, b, a]
    beyond = patterns["class_value"] > patterns["class_natural_max"]
    size = run.read(files.FIELD_SIZES).set_index("layer").loc[network.LAST]
    return {
        "images": sum(image_counts(run).values()),
        "total": last.sum(numeric_only=True).astype(int).to_dict(),
        "here": last.iloc[0].to_dict(),
        "after": after,
        "before": before,
        "untrained": bool(last["active"].sum() and before >= ALIKE * after),
        "classes": class_facts(run),
        "as_meant": int((meant & beyond).sum()),
        "field": size,
        "bottom": int((fields["top"] + fields["height"]).max()),
        "right": int((fields["left"] + fields["width"]).max()),
        "shown": len(shown),
        "best": _best(run, shown),
        "conv_1": len(conv_1),
        "ink": int((conv_1 > 0.5).sum()),
        "rows": counts.assign(
            starts=counts["success_rate"].map(words.share),
            untrained=counts["untrained_success_rate"].map(words.share),
        ),
    }


def class_titles(run: Run) -> list[str]:
    """What each class pattern raises."""
    a, b = (f"logit of {name}" for name in run.names)
    return [a, b, f"{b} minus {a}", f"{a} minus {b}"]


def class_facts(run: Run) -> list[tuple]:
    """Of each class pattern: title, value, highest on real images, success rate, answer."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    names = ("class_value", "class_natural_max", "class_success_rate")
    answers = map(run.quoted, patterns["class_logits"].argmax(axis=1).tolist())
    numbers = (patterns[name].tolist() for name in names)
    return list(zip(class_titles(run), *numbers, answers, strict=True))


def separating_maps(run: Run) -> pd.DataFrame:
    """Maps of the last layer for the pair: half by AUROC, half by effect, each map once.

    Rows of `files.POINTS`: the map's best live point, on validation images, by its distance from
    0.5 or by `effect`, the mean change of the logit difference in both directions. `by` says which.
    """
    points = run.read(files.POINTS, seed=run.seed)
    table = points.merge(run.read(files.EFFECTS, seed=run.seed), validate="one_to_one")
    table = table[~table["dead"]].copy()
    table["effect"] = (table["effect_a_to_b"] + table["effect_b_to_a"]) / 2
    table["AUROC"] = (table["auroc"] - 0.5).abs()
    chosen = table.head(0)
    for by, how_many in (("AUROC", SHOWN // 2), ("effect", SHOWN)):
        best = table.sort_values(by, ascending=False, kind="stable").drop_duplicates("map")
        best = best[~best["map"].isin(chosen["map"])].head(how_many - len(chosen))
        chosen = pd.concat([chosen, best.assign(by=by)])
    return chosen.reset_index(drop=True)


def _best(run: Run, maps: pd.DataFrame) -> str:
    higher, values = higher_for(run, maps.iloc[0])
    return f"map {maps['map'].iloc[0]}, has a point of AUROC {values[0]:.3f}, higher for {higher}"


def pattern_wall(run: Run) -> Figure:
    """The patterns of all maps of the last layer, a block of rows for each class they prefer."""
    found = of_layer(run.read(files.PATTERNS, seed=run.seed), network.LAST)
    maps = run.read(files.MAPS, seed=run.seed, layer=network.LAST)
    label = maps["preferred_class"].where(maps["selectivity"].notna(), NO_CLASS)
    maps = maps.assign(preferred_class=label).sort_values(
        "selectivity", ascending=False, kind="stable"
    )
    groups = [(label, of["map"].to_numpy()) for label, of in maps.groupby("preferred_class")]
    rows = sum(-(-len(numbers) // IN_A_ROW) for _, numbers in groups)
    figure, axes = plots.subplots(figsize=(11.5, 0.71 * rows + 0.6))
    axis, height, row = axes[0, 0], 34, 0  # cells in a row of patterns, with the numbers above
    for label, numbers in groups:
        name = "no class" if label == NO_CLASS else run.quoted(int(label))
        text = f"{name}\n{words.count(len(numbers), 'map')}"
        look = {"ha": "right", "va": "center", "fontsize": 10, "weight": "bold"}
        axis.text(-6, height * row + 14, text, **look)
        for place, number in enumerate(numbers):
            corner = (height * (row + place // IN_A_ROW), 31 * (place % IN_A_ROW))
            _small_pattern(axis, found["pattern"][number], number, corner)
            _status(axis, found["status"][number], corner)
        row += -(-len(numbers) // IN_A_ROW)
    axis.set(xlim=(-1, 31 * IN_A_ROW), ylim=(height * rows - 3, -8), aspect="equal")
    plots.bare(axis)
    figure.suptitle(
        f"Input patterns of the maps of {network.LAST} (cnn-{run.seed}), by the class for which a "
        "map is most active"
    )
    return figure


def _small_pattern(axis: Axes, pattern: np.ndarray, number: int, corner: tuple) -> None:
    top, left = corner
    axis.imshow(pattern, **INK, extent=(left - 0.5, left + 27.5, top + 27.5, top - 0.5))
    axis.text(left + 13.5, top - 1.5, str(number), ha="center", fontsize=6.5)


def _status(axis: Axes, status: str, corner: tuple[int, int]) -> None:
    """Frame a pattern, and cross it out once or twice."""
    top, left = corner
    colors = {SILENT: plots.COLOR_BOTH, DEAD: "black", UNREACHED: "black"}
    look = {"ec": colors.get(status, "#cccccc"), "lw": 2 if status in colors else 0.6}
    axis.add_patch(Rectangle((left - 0.5, top - 0.5), 28, 28, fill=False, **look))
    strokes = {UNREACHED: [(top, top + 27)], DEAD: [(top, top + 27), (top + 27, top)]}
    for start, end in strokes.get(status, ()):
        line = [(left, start), (left + 27, end)]
        axis.add_patch(Polygon(line, closed=False, ec="black", lw=1.5))


def first_layer(run: Run) -> Figure:
    """The kernels of conv_1, each beside the pattern of its map."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    kernels, found = patterns["conv_1_kernel"], of_layer(patterns, "conv_1")["pattern"]
    n, limit = kernels.shape[2], float(np.abs(kernels).max()) or 1.0
    rows = -(-n // KERNELS_IN_A_ROW)
    figure, axes = plots.subplots(rows, 2 * KERNELS_IN_A_ROW, figsize=(12, 0.98 * rows + 0.9))
    cells = axes.reshape(-1, 2)
    for number, (left, right) in enumerate(cells[:n]):
        kernel = kernels[:, :, number]
        shown = left.imshow(kernel, cmap=plots.DIVERGING, vmin=-limit, vmax=limit)
        right.imshow(found[number], **INK)
        left.set_title(f"map {number}", fontsize=7.5)
        right.set_title(f"sum {kernel.sum():+z.2f}", fontsize=7.5)
        plots.framed(left, right)
    for axis in cells[n:].flat:
        axis.set_visible(False)
    bar = figure.colorbar(shown, ax=axes, fraction=0.015, pad=0.01)
    bar.set_label("weight of the kernel", fontsize=8.5)
    figure.suptitle("conv_1: each kernel, and the image that raises its map's mean most")
    return figure


def _row(cells: np.ndarray, pattern: np.ndarray, images: np.ndarray, title: str) -> None:
    """A pattern beside the images that come closest, under a title as wide as all of them."""
    for axis, picture in zip(cells, [pattern, *(images / 255)], strict=True):
        axis.set_visible(True)
        axis.imshow(picture, **INK)
    plots.framed(*cells)
    above = {"xytext": (0, 4), "textcoords": "offset points", "xycoords": "axes fraction"}
    text = cells[0].annotate(title, (0, 1), fontsize=8.5, va="bottom", **above)
    text.set_in_layout(False)  # the layout must not widen the first picture for it


def separating_patterns(run: Run) -> Figure:
    """The maps that matter most for the pair: the pattern, and the closest real images."""
    maps, found = (
        separating_maps(run),
        of_layer(run.read(files.PATTERNS, seed=run.seed), network.LAST),
    )
    images = found["top_images"].shape[1]
    half = -(-len(maps) // 2)
    widths = ([1.25] + [1] * images + [0.35]) * 2
    size = (12.5, 1.28 * half + 0.8)
    figure, axes = plots.subplots(half, len(widths), figsize=size, width_ratios=widths)
    for axis in axes.flat:
        axis.set_visible(False)
    colors = dict(zip(run.names, (plots.COLOR_A, plots.COLOR_B), strict=True))
    for place, row in maps.iterrows():
        first, number = (images + 2) * (place // half), row["map"]
        cells = axes[place % half, first : first + images + 1]
        higher, values = higher_for(run, row)
        title = (
            f"map {number}, ({row['row']}, {row['column']}), best by {row['by']}: AUROC "
            f"{values[0]:.3f}, higher for {higher}; effect {row['effect']:+.2f}"
        )
        _row(cells, found["pattern"][number], found["top_images"][number], title)
        for spine in cells[0].spines.values():
            spine.set(color=colors[higher], linewidth=2.2)
    figure.get_layout_engine().set(hspace=0.22)
    figure.suptitle(
        f"Input patterns (framed) of {len(maps)} maps that matter for {run.names[0]} against "
        f"{run.names[1]}, and the closest real images\n"
    )
    return figure


def class_patterns(run: Run) -> Figure:
    """The patterns that raise the pair's logits and their difference, and all their logits."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    top = patterns["class_top_images"]
    widths = [1.25] + [1] * top.shape[1] + [2.6]
    size = (11.5, 6.9)
    figure, axes = plots.subplots(len(top), len(widths), figsize=size, width_ratios=widths)
    short = [name if len(name) <= 2 else str(k) for k, name in enumerate(run.class_names)]
    colors = plots.class_colors(range(len(short)), run.pair, "#b5b5b5")
    for row, (title, value, natural, *_) in enumerate(class_facts(run)):
        cells, bars = axes[row, :-1], axes[row, -1]
        title = f"{title}: {value:.1f} for the pattern; real images reach {natural:.1f}"
        _row(cells, patterns["class_pattern"][row], top[row], title)
        bars.bar(range(len(short)), patterns["class_logits"][row], color=colors)
        bars.axhline(0, color="black", linewidth=0.8)
        bars.set_xticks(range(len(short)), short)
        bars.tick_params(labelsize=7.5, length=0)
        bars.set_xlabel("class", fontsize=7.5)
        bars.grid(visible=False, axis="x")
    axes[0, -1].set_title("logits of the pattern, by class", fontsize=9)
    figure.get_layout_engine().set(hspace=0.1)
    figure.suptitle(
        f"What raises the logits of cnn-{run.seed}: pattern, then the closest real images"
    )
    return figure


FIGURES = {
    "pattern_wall": pattern_wall,
    "separating_patterns": separating_patterns,
    "class_patterns": class_patterns,
    "first_layer": first_layer,
}
