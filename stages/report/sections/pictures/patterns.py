"""Feature visualisation: what points of a map look for."""

import numpy as np

from stages.common import files
from stages.common.cases import DEAD, SILENT, UNREACHED
from stages.common.names import SPLITS
from stages.common.run import Run
from stages.report import plots, searched, words

ORDER = 20
IN_A_ROW = 16  # patterns
AROUND = 0.11, 0.22  # of a pattern's side, right of it and below
ON_THE_WAY = 6  # maps with the way to their pattern
KERNELS_IN_A_ROW = 8
NO_CLASS = 99  # behind all classes


def numbers(run: Run) -> dict:
    """Results of the search for maps, against real images and no training."""
    counts, whole = run.every_shown(files.PATTERN_COUNTS), ["passed", "unreached"]
    counts = counts.assign(**counts[whole].astype(int))
    last = counts[counts["layer"] == run.last]
    total = last[["maps", "active", *whole]].sum()
    starts, untrained = (counts[f"{of}success_rate"].map(words.share) for of in ("", "untrained_"))
    return {
        "of_points": searched.of_points(run),
        "networks": len(run.shown),
        "images": sum(len(run.dataset_array(f"{split}_labels")) for split in SPLITS),
        "total": total.to_dict(),
        "last": last.dropna(subset=["agreement"]),
        "ends": searched.ends_alike(run),
        "many_endings": searched.many_endings(run),
        "twins": searched.twins(run),
        "here": last[last["seed"] == run.seed].iloc[0].to_dict(),
        "after": last["success_rate"].fillna(0) @ last["active"] / max(total["active"], 1),
        "before": last["untrained_success_rate"] @ last["maps"] / total["maps"],
        "field": run.read(files.FIELD_SIZES).set_index("layer").loc[run.last],
        "shown": searched.separating_maps(run).to_dict("records"),
        "on_the_way": ON_THE_WAY,
        "ink": searched.first_patterns(run).mean(axis=(1, 2)) > 0.5,
        "best": searched.known_best(run),
        "rows": counts.assign(starts=starts, untrained=untrained),
    }


def metrics(run: Run) -> dict[str, float]:
    """Of the last layer, means over the shown networks."""
    counts = run.every_shown(files.PATTERN_COUNTS).query("layer == @run.last")
    names = {"passed": "success_rate", "agreement": "agreement", "between": "agreement_between"}
    return {key: counts[name].mean() for key, name in names.items()}


def pattern_wall(run: Run) -> plots.Figure:
    """The patterns of all maps of the last layer, a block of rows for each class they prefer."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    pictures, status = (
        patterns[f"{run.last}_pattern"],
        patterns["status"][searched.rows_of(run, run.last)],
    )
    maps = run.read(files.MAPS, seed=run.seed, layer=run.last)
    label = maps["preferred_class"].where(maps["selectivity"].notna(), NO_CLASS)
    maps = maps.assign(label=label).sort_values("selectivity", ascending=False, kind="stable")
    groups, row, side = maps.groupby("label")["map"], 0, pictures.shape[1]
    width, height = (side * (1 + around) for around in AROUND)
    lines = -(-groups.size() // IN_A_ROW)
    figure, axes = plots.subplots(figsize=(11.5, 0.71 * lines.sum() + 0.6))
    axis = axes[0, 0]
    for label, of in groups:
        name = "no class" if label == NO_CLASS else run.quoted(int(label))
        text, look = f"{name}\n{words.count(len(of), 'map')}", {"ha": "right", "va": "center"}
        axis.text(-0.2 * side, height * row + side / 2, text, fontsize=10, weight="bold", **look)
        for place, number in enumerate(of):
            corner = (width * (place % IN_A_ROW), height * (row + place // IN_A_ROW))
            _on_the_wall(axis, pictures[number], number, status[number], corner)
        row += lines[label]
    plots.bare(axis)
    ends = (height * row - 0.1 * side, -0.28 * side)
    axis.set(xlim=(-0.04 * side, width * IN_A_ROW), ylim=ends, aspect="equal")
    figure.suptitle(f"Input patterns of {run.last} (cnn-{run.seed}), by preferred class")
    return figure


def _on_the_wall(
    axis: plots.Axes, picture: np.ndarray, number: int, status: str, corner: tuple[float, float]
) -> None:
    """A pattern with its number, framed and struck out by its status."""
    (left, top), side = corner, len(picture)
    extent = (left - 0.5, left + side - 0.5, top + side - 0.5, top - 0.5)
    plots.ink(axis, picture, extent=extent)
    middle = left + side / 2 - 0.5
    axis.text(middle, top - 0.05 * side - 0.5, str(number), ha="center", fontsize=6.5)
    color = {SILENT: plots.COLOR_BOTH, DEAD: "black", UNREACHED: "black"}.get(status)
    plots.square(axis, top, left, side, ec=color or "#cccccc", lw=2 if color else 0.6)
    for ends in {UNREACHED: [(0, side - 1)], DEAD: [(0, side - 1), (side - 1, 0)]}.get(status, ()):
        axis.plot((left, left + side - 1), [top + end for end in ends], color="black", lw=1.5)


def first_layer(run: Run) -> plots.Figure:
    """The kernels of conv_1, each beside the pattern of its map."""
    kernels = run.read(files.PATTERNS, seed=run.seed)["conv_1_kernel"]
    pictures = searched.first_patterns(run)
    n, limit = len(pictures), float(np.abs(kernels).max()) or 1.0
    rows = -(-n // KERNELS_IN_A_ROW)
    figure, axes = plots.subplots(rows, 2 * KERNELS_IN_A_ROW, figsize=(12, 0.98 * rows + 0.9))
    cells = axes.reshape(-1, 2)
    for number, (left, right) in enumerate(cells[:n]):
        kernel = kernels[:, :, number]
        shown = left.imshow(kernel, cmap=plots.DIVERGING, vmin=-limit, vmax=limit)
        plots.bare(left)
        plots.ink(right, pictures[number])
        left.set_title(f"map {number}", fontsize=7.5)
        right.set_title(f"sum {kernel.sum():+z.2f}", fontsize=7.5)
        plots.frame(left, right)
    for axis in cells[n:].flat:
        axis.set_visible(False)
    figure.colorbar(shown, ax=axes, fraction=0.015, pad=0.01, label="weight of the kernel")
    what = (
        "patch that raises a point most"
        if searched.of_points(run)
        else "image that raises the mean most"
    )
    figure.suptitle(f"conv_1: the kernel of each map, and the {what}")
    return figure


def separating_patterns(run: Run) -> plots.Figure:
    """The maps that matter most for the pair: the pattern, and the closest real images."""
    maps, patterns = searched.separating_maps(run), run.read(files.PATTERNS, seed=run.seed)
    rows = searched.rows_of(run, run.last)
    top, corners = (patterns[name][rows] for name in ("top_images", "top_corner"))
    n, half = top.shape[1], max(-(-len(maps) // 2), 1)
    widths, size = ([1.25] + [1] * n + [0.35]) * 2, (12.5, 1.28 * half + 0.8)
    figure, axes = plots.subplots(half, len(widths), figsize=size, width_ratios=widths)
    for axis in axes.flat:
        axis.set_visible(False)
    places = [line[at : at + n + 1] for at in (0, n + 2) for line in axes]  # down, then right
    title = ("map {map}, ({row}, {column}), best by {by}: AUROC {value:.3f}, higher for {higher}; "
             "effect {effect:+.2f}")  # fmt: skip
    for cells, row in zip(places, maps.to_dict("records"), strict=False):
        at, picture = row["map"], patterns[f"{run.last}_pattern"][row["map"]]
        framed = corners[at] if searched.of_points(run) else None
        plots.beside(cells, picture, top[at], title.format(**row), framed)
        plots.frame(cells[0], color=plots.PAIR[run.names.index(row["higher"])], width=2.2)
    figure.get_layout_engine().set(hspace=0.22)
    versus, what = " against ".join(run.names), "patches" if searched.of_points(run) else "images"
    figure.suptitle(f"Patterns of maps that matter for {versus}, and the closest real {what}\n")
    return figure


def way_and_endings(run: Run) -> plots.Figure:
    """A few maps: from the best random start to its pattern, and the endings that differ."""
    patterns, rows = run.read(files.PATTERNS, seed=run.seed), searched.rows_of(run, run.last)
    way, ends = (patterns[f"{run.last}_{name}"] for name in ("way", "ending"))
    values, counts, r = (
        patterns[name][rows] for name in ("ending_value", "ending_count", "agreement")
    )
    maps = searched.separating_maps(run)["map"].head(ON_THE_WAY).to_list()
    frames, kept, n = way.shape[1], ends.shape[1], max(len(maps), 1)
    size = (1.08 * (frames + kept + 1), 1.3 * n + 0.9)
    widths = [1] * frames + [0.35] + [1] * kept
    figure, axes = plots.subplots(n, frames + kept + 1, figsize=size, width_ratios=widths)
    for axis in axes.flat:
        axis.set_visible(False)
    look = {"fontsize": 8.5, "pad": 3}
    for number, line in zip(maps, axes, strict=False):
        for axis, picture in zip(line, way[number], strict=False):
            axis.set_visible(True)
            plots.ink(axis, picture)
            plots.frame(axis)
        line[0].set_ylabel(f"map {number}", fontsize=9)
        known = counts[number] > 0
        for place in np.flatnonzero(known):
            axis = line[frames + 1 + place]
            axis.set_visible(True)
            plots.ink(axis, ends[number, place])
            plots.frame(axis)
            times = f"{counts[number, place]} ×" if counts[number, place] > 1 else "once"
            axis.set_title(f"{values[number, place]:.2f}, {times}", **look)
        agree = "" if np.isnan(r[number]) else f", r {r[number]:z.2f}"
        line[0].set_title("start", **look)
        line[frames - 1].set_title(f"pattern{agree}", **look)
    figure.suptitle("From a random start to the pattern; then the endings that differ")
    return figure
