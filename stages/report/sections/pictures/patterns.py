"""Feature visualisation: input patterns of maps and of the pair's logits."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import DEAD, SILENT, UNREACHED
from stages.common.names import SPLITS
from stages.common.run import Run
from stages.report import plots, words
from stages.report.points import towards

ORDER = 100
IN_A_ROW = 16  # patterns
AROUND = 3, 6  # pixels right of and below a pattern
SHOWN = 12  # maps beside the images that come closest
KERNELS_IN_A_ROW = 8
NO_CLASS = 99  # behind all classes


def numbers(run: Run) -> dict:
    """Results of the search for maps and for classes, against real images and no training."""
    patterns, counts = run.read(files.PATTERNS, seed=run.seed), run.every(files.PATTERN_COUNTS)
    total = counts[counts["layer"] == run.last][["silent", "dead", "proven"]].sum()
    counts = counts[counts["seed"].isin(run.shown)]
    whole = ["passed", "unreached"]
    counts = counts.assign(**counts[whole].astype(int))
    last = counts[counts["layer"] == run.last]
    shown = last[["maps", "active", *whole]].sum()
    (a, b), values = run.pair, class_patterns_table(run)
    meant = patterns["class_logits"].argmax(axis=1) == [a, b, b, a]
    ink = patterns["pattern"][patterns["layer"] == "conv_1"].mean(axis=(1, 2))
    starts, untrained = (counts[f"{of}success_rate"].map(words.share) for of in ("", "untrained_"))
    return {
        "networks": len(run.shown),
        "images": sum(len(run.dataset_array(f"{split}_labels")) for split in SPLITS),
        "total": {**total, **shown},
        "here": last[last["seed"] == run.seed].iloc[0].to_dict(),
        "after": last["success_rate"].fillna(0) @ last["active"] / max(shown["active"], 1),
        "before": last["untrained_success_rate"] @ last["maps"] / shown["maps"],
        "classes": values,
        "as_meant": int((meant & (values["value"] > values["natural"])).sum()),
        "field": run.read(files.FIELD_SIZES).set_index("layer").loc[run.last],
        "fields": run.read(files.RECEPTIVE_FIELD).query("layer == @run.last"),
        "side": run.design.side,
        "shown": separating_maps(run).to_dict("records"),
        "ink": ink > 0.5,
        "rows": counts.assign(starts=starts, untrained=untrained),
    }


def class_patterns_table(run: Run) -> pd.DataFrame:
    """Of each class pattern: title, value, highest on real images (natural), rate, answer."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    a, b = (f"logit of {name}" for name in run.names)
    names = {"value": "class_value", "natural": "class_natural_max", "rate": "class_success_rate"}
    table = pd.DataFrame({column: patterns[name] for column, name in names.items()})
    answers = [run.quoted(int(answer)) for answer in patterns["class_logits"].argmax(axis=1)]
    return table.assign(title=[a, b, f"{b} minus {a}", f"{a} minus {b}"], answer=answers)


def separating_maps(run: Run) -> pd.DataFrame:
    """Maps of the last layer for the pair: half by AUROC, half by effect, each map once.

    Rows of `files.POINTS`: the map's best live point, on validation images, by its distance from
    0.5 or by `effect`, the mean change of the logit difference in both directions. `by` says which.
    """
    table = run.read(files.POINTS, seed=run.seed)
    table = table.merge(run.read(files.EFFECTS, seed=run.seed), validate="one_to_one")
    table = towards(run, table[~table["dead"]])
    table["effect"] = (table["effect_a_to_b"] + table["effect_b_to_a"]) / 2
    table["AUROC"] = (table["auroc"] - 0.5).abs()
    chosen = table.head(0)
    for by, how_many in (("AUROC", SHOWN // 2), ("effect", SHOWN)):
        best = table.sort_values(by, ascending=False, kind="stable").drop_duplicates("map")
        best = best[~best["map"].isin(chosen["map"])].head(how_many - len(chosen))
        chosen = pd.concat([chosen, best.assign(by=by)])
    return chosen


def pattern_wall(run: Run) -> plots.Figure:
    """The patterns of all maps of the last layer, a block of rows for each class they prefer."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    first = np.flatnonzero(patterns["layer"] == run.last)[0]
    maps = run.read(files.MAPS, seed=run.seed, layer=run.last)
    label = maps["preferred_class"].where(maps["selectivity"].notna(), NO_CLASS)
    maps = maps.assign(label=label).sort_values("selectivity", ascending=False, kind="stable")
    groups, row, side = maps.groupby("label")["map"], 0, patterns["pattern"].shape[1]
    width, height = (side + around for around in AROUND)
    lines = -(-groups.size() // IN_A_ROW)
    figure, axes = plots.subplots(figsize=(11.5, 0.71 * lines.sum() + 0.6))
    axis = axes[0, 0]
    for label, of in groups:
        name = "no class" if label == NO_CLASS else run.quoted(int(label))
        text, look = f"{name}\n{words.count(len(of), 'map')}", {"ha": "right", "va": "center"}
        axis.text(-6, height * row + side / 2, text, fontsize=10, weight="bold", **look)
        for place, number in enumerate(of):
            corner = (width * (place % IN_A_ROW), height * (row + place // IN_A_ROW))
            _on_the_wall(axis, patterns, first + number, corner)
        row += lines[label]
    plots.bare(axis)
    axis.set(xlim=(-1, width * IN_A_ROW), ylim=(height * row - 3, -8), aspect="equal")
    figure.suptitle(f"Input patterns of {run.last} (cnn-{run.seed}), by preferred class")
    return figure


def _on_the_wall(axis: plots.Axes, patterns: dict, index: int, corner: tuple[int, int]) -> None:
    """A pattern with its number, framed and struck out by its status."""
    (left, top), status = corner, patterns["status"][index]
    side = patterns["pattern"].shape[1]
    extent = (left - 0.5, left + side - 0.5, top + side - 0.5, top - 0.5)
    plots.ink(axis, patterns["pattern"][index], extent=extent)
    axis.text(
        left + side / 2 - 0.5, top - 1.5, str(patterns["map"][index]), ha="center", fontsize=6.5
    )
    color = {SILENT: plots.COLOR_BOTH, DEAD: "black", UNREACHED: "black"}.get(status)
    plots.square(axis, top, left, side, ec=color or "#cccccc", lw=2 if color else 0.6)
    for ends in {UNREACHED: [(0, side - 1)], DEAD: [(0, side - 1), (side - 1, 0)]}.get(status, ()):
        axis.plot((left, left + side - 1), [top + end for end in ends], color="black", lw=1.5)


def first_layer(run: Run) -> plots.Figure:
    """The kernels of conv_1, each beside the pattern of its map."""
    patterns = run.read(files.PATTERNS, seed=run.seed)
    kernels, images = patterns["conv_1_kernel"], patterns["pattern"][patterns["layer"] == "conv_1"]
    n, limit = len(images), float(np.abs(kernels).max()) or 1.0
    rows = -(-n // KERNELS_IN_A_ROW)
    figure, axes = plots.subplots(rows, 2 * KERNELS_IN_A_ROW, figsize=(12, 0.98 * rows + 0.9))
    cells = axes.reshape(-1, 2)
    for number, (left, right) in enumerate(cells[:n]):
        kernel = kernels[:, :, number]
        shown = left.imshow(kernel, cmap=plots.DIVERGING, vmin=-limit, vmax=limit)
        plots.bare(left)
        plots.ink(right, images[number])
        left.set_title(f"map {number}", fontsize=7.5)
        right.set_title(f"sum {kernel.sum():+z.2f}", fontsize=7.5)
        plots.frame(left, right)
    for axis in cells[n:].flat:
        axis.set_visible(False)
    figure.colorbar(shown, ax=axes, fraction=0.015, pad=0.01, label="weight of the kernel")
    figure.suptitle("conv_1: each kernel, and the image that raises its map's mean most")
    return figure


def _row(cells: np.ndarray, pattern: np.ndarray, images: np.ndarray, title: str) -> None:
    """A pattern beside the images that come closest, under a title as wide as all of them."""
    for axis, picture in zip(cells, [pattern, *images], strict=True):
        axis.set_visible(True)
        plots.ink(axis, picture)
    plots.frame(*cells)
    above = {"xytext": (0, 4), "textcoords": "offset points", "xycoords": "axes fraction"}
    text = cells[0].annotate(title, (0, 1), fontsize=8.5, va="bottom", **above)
    text.set_in_layout(False)  # the layout must not widen the first picture for it


def separating_patterns(run: Run) -> plots.Figure:
    """The maps that matter most for the pair: the pattern, and the closest real images."""
    maps, patterns = separating_maps(run), run.read(files.PATTERNS, seed=run.seed)
    first, top = np.flatnonzero(patterns["layer"] == run.last)[0], patterns["top_images"]
    n, half = top.shape[1], -(-len(maps) // 2)
    widths, size = ([1.25] + [1] * n + [0.35]) * 2, (12.5, 1.28 * half + 0.8)
    figure, axes = plots.subplots(half, len(widths), figsize=size, width_ratios=widths)
    for axis in axes.flat:
        axis.set_visible(False)
    places = [line[at : at + n + 1] for at in (0, n + 2) for line in axes]  # down, then right
    title = ("map {map}, ({row}, {column}), best by {by}: AUROC {value:.3f}, higher for {higher}; "
             "effect {effect:+.2f}")  # fmt: skip
    for cells, row in zip(places, maps.to_dict("records"), strict=False):
        index = first + row["map"]
        _row(cells, patterns["pattern"][index], top[index], title.format(**row))
        plots.frame(cells[0], color=plots.PAIR[run.names.index(row["higher"])], width=2.2)
    figure.get_layout_engine().set(hspace=0.22)
    versus = " against ".join(run.names)
    figure.suptitle(f"Patterns of maps that matter for {versus}, and the closest real images\n")
    return figure


def class_patterns(run: Run) -> plots.Figure:
    """The patterns that raise the pair's logits and their difference, and all their logits."""
    patterns, table = run.read(files.PATTERNS, seed=run.seed), class_patterns_table(run)
    top = patterns["class_top_images"]
    widths, classes = [1.25] + [1] * top.shape[1] + [2.6], range(len(run.class_names))
    figure, axes = plots.subplots(len(top), len(widths), figsize=(11.5, 6.9), width_ratios=widths)
    short = [name if len(name) <= 2 else str(k) for k, name in enumerate(run.class_names)]
    for row, facts in enumerate(table.to_dict("records")):
        title = "{title}: {value:.1f} for the pattern; real images reach {natural:.1f}"
        _row(axes[row, :-1], patterns["class_pattern"][row], top[row], title.format(**facts))
        bars, colors = axes[row, -1], plots.class_colors(classes, run.pair)
        bars.bar(classes, patterns["class_logits"][row], color=colors)
        bars.axhline(0, color="black", linewidth=0.8)
        bars.set_xticks(classes, short)
        bars.tick_params(labelsize=7.5, length=0)
        bars.grid(visible=False, axis="x")
    axes[0, -1].set_title("logits of the pattern, by class", fontsize=9)
    figure.get_layout_engine().set(hspace=0.1)
    figure.suptitle(f"Patterns that raise logits of cnn-{run.seed}, and the closest real images")
    return figure
