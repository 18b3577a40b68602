"""How alike images of a class are in every layer, and which images are nearest to a few."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.run import Run
from stages.report import plots, words

ORDER = 40
PIXELS, TRAINED, UNTRAINED = FEATURES = ("pixels", "trained", "untrained")
SHORT = 12  # letters of a name in a figure
GAP = 0.12  # between two groups of small images, in widths of one


def known(
    values: Iterable[float], form: str = "z.2f", show: Callable = words.mean_and_reach
) -> str:
    """Those networks' numbers that exist, in words; a dash without any."""
    values = [value for value in values if not np.isnan(value)]
    return show(values, form) if values else words.NOTHING


def _mean(values: np.ndarray) -> float:
    """The mean of what is not NaN; NaN where nothing is."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else np.nan


def tables(run: Run) -> dict[str, pd.DataFrame]:
    """Rows of `files.LAYER_CORRELATIONS` of all shown networks, by FEATURES.

    Pixels are the same for all: one row. The others have a row a network and layer.
    """
    every = run.every_shown(files.LAYER_CORRELATIONS)
    in_pixels = every["layer"] == PIXELS
    found = {name: every[(every["network"] == name) & ~in_pixels] for name in FEATURES[1:]}
    return {PIXELS: every[in_pixels].head(1), **found}


def last_rows(run: Run) -> dict[str, pd.DataFrame]:
    """Of `tables`, the rows of the last conv layer, one a network, beside that of the pixels."""
    return {
        name: of[of["layer"].isin((PIXELS, run.last))].reset_index(drop=True)
        for name, of in tables(run).items()
    }


def shares(run: Run) -> dict[str, np.ndarray]:
    """Of the images nearest to images of a class (rows), the share of each class, by FEATURES.

    Float (networks, classes, classes); pixels have one network.
    """
    every = np.stack([run.read(files.NEIGHBOURS, seed=seed)["shares"] for seed in run.shown])
    return {name: every[: 1 if name == PIXELS else None, at] for at, name in enumerate(FEATURES)}


def layer_rows(run: Run) -> list[dict[str, str]]:
    """A row a layer, its separation before training too."""
    found, columns = tables(run), ("same", "between", "other", "separation", "other_separation")
    before, rows = found[UNTRAINED], []
    for layer, of in pd.concat([found[PIXELS], found[TRAINED]]).groupby("layer", sort=False):
        row = {column: known(of[column]) for column in columns}
        untrained = known(before[before["layer"] == layer]["separation"])
        rows.append({"layer": layer, **row, "untrained": untrained})
    return rows


def numbers(run: Run) -> dict:
    """Correlations on the last conv layer, in pixels and before training; nearest images."""
    last, (a, b), first = last_rows(run), run.pair, run.read(files.NEIGHBOURS, seed=run.seed)
    apart = {name: of["separation"] for name, of in last.items()}
    level = {name: of["same"] for name, of in last.items()}
    own = {name: np.diagonal(of, axis1=1, axis2=2) for name, of in shares(run).items()}
    return {
        "last": {
            name: {column: known(of[column]) for column in of.select_dtypes("number")}
            for name, of in last.items()
        },
        "place": {name: known(of["place"], ".0f", words.reach) for name, of in last.items()},
        "pairs": int(last[PIXELS]["pairs"].iloc[0]),
        "networks": len(run.shown),
        "gained": int((apart[TRAINED] > apart[UNTRAINED]).sum()),
        "by_layers": int((apart[UNTRAINED] > apart[PIXELS].iloc[0]).sum()),
        "levelled": bool((level[UNTRAINED] > level[TRAINED]).all()),
        "images": int(first["images"]),
        "constant": int(max(of["constant"].max() for of in tables(run).values())),
        "rows": layer_rows(run),
        "searched": int(first["searched"]),
        "k": int(first["k"]),
        "a_in_a": {name: known(of[:, a], ".1%") for name, of in own.items()},
        "b_in_a": {name: known(of[:, a, b], ".1%") for name, of in shares(run).items()},
        "own": {name: known(map(_mean, of), ".1%") for name, of in own.items()},
        "chance": f"{1 / len(run.class_names):.0%}",
        "exemplars": len(first["label"]),
        "shown": list(dict.fromkeys(run.quoted(label) for label in first["label"])),
        "top": first["near_r"].shape[2],
    }


def metrics(run: Run) -> dict[str, float]:
    """Mean over the shown networks, of the last conv layer unless the name says otherwise."""
    last, near = last_rows(run), shares(run)
    values = {
        "same": last[TRAINED]["same"],
        "between": last[TRAINED]["between"],
        "separation": last[TRAINED]["separation"],
        "separation_untrained": last[UNTRAINED]["separation"],
        "neighbours": near[TRAINED][:, run.pair[0], run.pair[0]],
        "neighbours_pixels": near[PIXELS][:, run.pair[0], run.pair[0]],
    }
    return {name: np.mean(of) for name, of in values.items()}


def matrices(run: Run) -> dict[tuple[str, str], np.ndarray]:
    """Mean correlation by class, (classes, classes), mean over the shown networks.

    By network and layer; in both directions classes a and b come first.
    """
    every = [run.read(files.CLASS_CORRELATIONS, seed=seed) for seed in run.shown]
    classes = np.ix_(*[ordered_classes(run)] * 2)
    return {
        (name, layer): np.mean([of[name][at] for of in every], axis=0)[classes]
        for name in FEATURES[1:]
        for at, layer in enumerate(every[0]["layer"].tolist())
    }


def ordered_classes(run: Run) -> list[int]:
    """All classes, a and b first."""
    return [*run.pair, *(label for label in range(len(run.class_names)) if label not in run.pair)]


def short_name(run: Run, label: int) -> str:
    """The first letters of a class's name."""
    name = run.class_names[label]
    return name if len(name) <= SHORT else f"{name[: SHORT - 1]}…"


def class_correlations(run: Run) -> plots.Figure:
    """Class against class for pixels and every conv layer, after training and before."""
    names = [short_name(run, label) for label in ordered_classes(run)]
    found, layers = matrices(run), (PIXELS, *run.conv_layers)
    shown = {key: found[key] for key in found if key[1] in layers}
    low, high = (end(list(shown.values())) for end in (np.nanmin, np.nanmax))
    look = {"vmin": low, "vmax": high, "cmap": run.params.report.colormap}
    room = 1 if max(map(len, names)) > 2 else 0  # inches for words
    size = (max(1.8 * len(layers), 4.6) + 0.5 + room, 5.2 + room)
    figure, axes = plots.subplots(2, len(layers), figsize=size)
    for line, (network, when) in zip(axes, ((TRAINED, ""), (UNTRAINED, " untrained")), strict=True):
        for axis, layer in zip(line, layers, strict=True):
            if (network, layer) == (UNTRAINED, PIXELS):
                continue
            matrix = shown[network, layer]
            image = axis.imshow(matrix, **look)
            plots.bare(axis)
            for width, color in ((3.2, "white"), (1.4, "black")):
                plots.square(axis, 0, 0, side=2, lw=width, ec=color)
            same = (matrix[0, 0] + matrix[1, 1]) / 2
            text = f"same {same:z.2f}, between {matrix[0, 1]:z.2f}"
            axis.set_title(f"{layer}{when}\n{text}", fontsize=9)
    _name_classes(axes, names)
    corner = axes[1, 0]
    plots.bare(corner)
    bar = corner.inset_axes((0.02, 0.62, 0.9, 0.09))
    figure.colorbar(image, cax=bar, orientation="horizontal", label="mean r of two images")
    of = f"{len(run.shown)} networks" if len(run.shown) > 1 else f"cnn-{run.seed}"
    figure.get_layout_engine().set(h_pad=0.08, hspace=0.06)
    figure.suptitle(f"Mean correlation of two images ({of})")
    return figure


def _name_classes(axes: np.ndarray, names: list[str]) -> None:
    """Names of classes left of the first picture and below each column; a and b in colour."""
    many, size = len(names), min(9, 100 / len(names))
    turn = 90 if max(map(len, names)) > 2 or many > 10 else 0
    axes[0, 0].set_yticks(range(many), names, fontsize=size)
    for axis in axes[1, 1:]:
        axis.set_xticks(range(many), names, rotation=turn, fontsize=size)
    for labels in (axes[0, 0].get_yticklabels(), *(of.get_xticklabels() for of in axes[1, 1:])):
        for label, color in zip(labels, plots.PAIR, strict=False):
            label.set(color=color, weight="bold")


def nearest_images(run: Run) -> plots.Figure:
    """A few test images, each beside the fit images nearest on the last conv layer, in pixels."""
    data = run.read(files.NEIGHBOURS, seed=run.seed)
    lines, top = data["near_r"].shape[1:]
    widths = [1.25, *([GAP] + [1] * top) * 2]
    size = (0.8 * sum(widths) + 0.5, 1.28 * lines + 0.5)
    figure, axes = plots.subplots(lines, len(widths), figsize=size, width_ratios=widths)
    axes[0, 2].set_title(f"nearest by {run.last}", loc="left", weight="bold")
    axes[0, 3 + top].set_title("nearest by pixels", loc="left", weight="bold")
    for at, (query, *others) in enumerate(axes):
        role, number = data["role"][at], data["index"][at]
        _image(run, query, data["image"][at], data["label"][at])
        query.set_title(role, fontsize=9.5)
        query.set_ylabel(f"test image {number}", fontsize=8)
        for cells, name in ((others[: top + 1], TRAINED), (others[top + 1 :], PIXELS)):
            feature = data["features"].tolist().index(name)
            near = zip(
                *(data[f"near_{of}"][feature, at] for of in ("image", "label", "r")), strict=True
            )
            cells[0].set_visible(False)
            for axis, (image, label, r) in zip(cells[1:], near, strict=True):
                if np.isnan(r):
                    plots.bare(axis)
                else:
                    _image(run, axis, image, label)
    figure.suptitle(f"Test images and the fit images nearest to them (cnn-{run.seed})")
    return figure


def _image(run: Run, axes: plots.Axes, image: np.ndarray, label: int) -> None:
    """An image above the name of its class, framed in the colour of that."""
    name = short_name(run, label)
    plots.ink(axes, image)
    (color,) = plots.class_colors([label], run.pair)
    plots.frame(axes, color=color, width=2.4)
    axes.set_xlabel(name, fontsize=9.5 if len(name) <= 2 else 7, labelpad=2)
