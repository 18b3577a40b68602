"""At which layer the classes separate, and which maps and places of each layer the answer needs."""

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter

from stages.common import files
from stages.common.cases import CLOSED, DRAWN, ERASED, HALF, OPENED, TRAINED, UNTRAINED
from stages.common.run import Run
from stages.report import plots

ORDER = 7
EDITS = {CLOSED: ("loop closed", plots.COLOR_B), OPENED: ("loop opened", plots.COLOR_A),
         DRAWN: ("stroke elsewhere", plots.COLOR_C),
         ERASED: ("erased elsewhere", plots.COLOR_BOTH)}  # fmt: skip
TASKS = {"pair": ("the pair", plots.COLOR_B), "all": ("all classes", plots.COLOR_A)}
WIDE = 3  # layers in a row
OUTLINES = ("white", "#ff5a36")
STYLES = {TRAINED: "-", UNTRAINED: ":"}


def parts_that_matter(run: Run) -> pd.DataFrame:
    """Of each layer the map and the place with most effect on validation images: a row a network.

    Beside it the largest effect that the same-class control has in any part of the kind.
    """
    table = run.every_shown(files.LAYER_PARTS)
    if table.empty:
        return table.assign(control=[], count=[])
    keys = ["seed", "layer", "kind"]
    groups = table.groupby(keys, sort=False)
    best = table.loc[groups["known"].idxmax()]
    control = groups["same_class"].agg(lambda values: values.abs().max()).rename("control")
    several = pd.concat([control, groups.size().rename("count")], axis=1)
    return best.merge(several.reset_index(), on=keys)


def half_sets(run: Run) -> pd.DataFrame:
    """The first tested number of maps that flips half, in order of effect and at random; or NaN."""
    rows = []
    for (seed, layer), of in run.every_shown(files.LAYER_SETS).groupby(["seed", "layer"]):
        row = {"seed": seed, "layer": layer, "maps": of["maps"].iloc[0]}
        for name, column in (("k", "flipped"), ("random_k", "random")):
            row[name] = of.loc[of[column] >= HALF, "k"].min()
        rows.append(row)
    return pd.DataFrame(rows, columns=["seed", "layer", "maps", "k", "random_k"])


def numbers(run: Run) -> dict:
    """Errors of probes, edited images by layer, and the parts of each layer that matter most."""
    table = run.every_shown(files.LAYER_PROBES)
    table = table.assign(error=1 - table["accuracy"])
    layers, parts = table["layer"].unique().tolist(), parts_that_matter(run)
    edits = run.every_shown(files.LAYER_EDITS)
    errors = {
        (network, task): {layer: of["error"] for layer, of in rows.groupby("layer")}
        for (network, task), rows in table.groupby(["network", "task"])
    }
    return {
        "layers": layers,
        "errors": errors,
        "edits": {
            key: of["flipped"].dropna() for key, of in edits.groupby(["layer", "edit", "network"])
        },
        "fitted": table["fitted"].max(),
        "parts": parts,
        "rows": rows_by_layer(run, errors, parts),
        "half": half_sets(run),
        "trained": TRAINED,
        "untrained": UNTRAINED,
        "names_of": {"closed": CLOSED, "opened": OPENED, "drawn": DRAWN},
    }


def rows_by_layer(run: Run, errors: dict, parts: pd.DataFrame) -> list[dict]:
    """A row a layer: means over the networks shown; NaN where a layer has no such number."""
    rows, half = [], half_sets(run).groupby("layer")[["k", "random_k"]].mean()
    effects = parts.groupby(["layer", "kind"])[["effect", "control", "count"]].mean()
    for layer in errors[TRAINED, "pair"]:
        row = {"layer": layer}
        row |= {f"{network}_{task}": of[layer].mean() for (network, task), of in errors.items()}
        for kind in ("map", "place"):
            for name in ("effect", "control", "count"):
                known = (layer, kind) in effects.index
                row[f"{kind}_{name}"] = effects[name][layer, kind] if known else np.nan
        for name in ("k", "random_k"):
            row[name] = half[name].get(layer, np.nan)
        rows.append(row)
    order = run.every_shown(files.LAYER_PROBES)["layer"].unique().tolist()
    return sorted(rows, key=lambda row: order.index(row["layer"]))


def metrics(run: Run) -> dict[str, float]:
    """Errors of probes for the pair on test images, means over the networks shown."""
    table = run.every_shown(files.LAYER_PROBES).query("task == 'pair'")
    errors = (1 - table["accuracy"]).groupby([table["network"], table["layer"]]).mean()
    return {
        "pixels": errors[TRAINED, "pixels"],
        "last": errors[TRAINED, run.last],
        "last_untrained": errors[UNTRAINED, run.last],
        "dense": errors[TRAINED, "dense"],
    }


def probes_by_layer(run: Run) -> plots.Figure:
    """Errors of probes by layer, after and before training; edited images that probes flip."""
    edits = run.every_shown(files.LAYER_EDITS)
    edits = edits[(edits["network"] == TRAINED) | (edits["seed"] == run.seed)]
    figure, axes = plots.subplots(1, 2 if len(edits) else 1, figsize=(10, 4))
    table = run.every_shown(files.LAYER_PROBES)
    layers, left = table["layer"].unique().tolist(), axes[0, 0]
    for (seed, network, task), of in table.groupby(["seed", "network", "task"], sort=False):
        label = TASKS[task][0] + (", untrained" if network == UNTRAINED else "")
        look = plots.bold(seed == run.seed, label) | {"color": TASKS[task][1], "marker": "o"}
        left.plot(of["layer"], 1 - of["accuracy"], linestyle=STYLES[network], **look)
    left.set(yscale="log", title="errors of linear probes, test images")
    for (seed, network, edit), of in edits.groupby(["seed", "network", "edit"], sort=False):
        label, color = EDITS[edit]
        look = plots.bold(seed == run.seed, label) | {"color": color, "marker": "o"}
        look |= {"linewidth": 1, "label": None} if network == UNTRAINED else {}
        axes[0, 1].plot(of["layer"], of["flipped"], linestyle=STYLES[network], **look)
    if len(edits):
        axes[0, 1].set(title="edited images read as the other class", ylim=(-0.03, 1.03))
    for axis in axes[0]:
        axis.set_xticks(range(len(layers)), layers, rotation=40, ha="right")
        plots.share_axis(axis)
        axis.legend(fontsize=9)
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_minor_formatter(NullFormatter())
    return figure


def place_grid(run: Run, layer: str) -> tuple[np.ndarray, tuple[float, float]]:
    """The mean effect of each block of places, (rows, columns), and where its field lies.

    The middle of the first block's field and that of the last, in pixels from the image's top; the
    same along the other axis, since images and layers are square.
    """
    table, fields = run.every_shown(files.LAYER_PARTS), run.read(files.RECEPTIVE_FIELD)
    table = table[(table["kind"] == "place") & (table["layer"] == layer)]
    grid = table.pivot_table("effect", "row", "column")
    fields = fields[fields["layer"] == layer].set_index(["row", "column"])
    most, size = fields.index.max()[0], int(table["size"].iloc[0])

    def middle(first: int, last: int) -> float:
        ends = fields.loc[(first, first)], fields.loc[(last, last)]
        return (ends[0]["top"] + ends[1]["top"] + ends[1]["height"] - 1) / 2

    start = grid.index.max()
    return grid.to_numpy(), (middle(0, min(size - 1, most)), middle(start, most))


def patched_places(run: Run) -> plots.Figure:
    """The effect of patching each place of every layer, drawn where its field is in the image."""
    layers = run.every_shown(files.LAYER_PARTS)["layer"].unique()
    lines = -(-len(layers) // WIDE)
    figure, axes = plots.subplots(lines, WIDE, figsize=(7.4, 2.9 * lines))
    for axis in axes.flat[len(layers) :]:
        axis.set_visible(False)
    images, labels = (run.dataset_array(f"test_{part}") for part in ("images", "labels"))
    means = [images[labels == label].mean(axis=0) for label in run.pair]
    for axis, layer in zip(axes.flat, layers, strict=False):
        grid, (first, last) = place_grid(run, layer)
        half = (last - first) / (len(grid) - 1) / 2 if len(grid) > 1 else run.design.side / 2
        ends = first - half, last + half
        high = max(float(grid.max()), 1e-6)
        look = {"cmap": run.params.report.colormap, "vmin": 0, "vmax": high}
        image = axis.imshow(grid, extent=(*ends, *ends[::-1]), **look)
        for mean, color in zip(means, OUTLINES, strict=True):
            axis.contour(mean, levels=[mean.max() / 2], colors=[color], linewidths=1)
        axis.set(xlim=(-0.5, run.design.side - 0.5), ylim=(run.design.side - 0.5, -0.5))
        plots.bare(axis)
        plots.frame(axis)
        axis.set_title(layer)
        bar = {"location": "bottom", "aspect": 14, "pad": 0.03, "ticks": [0, high]}
        figure.colorbar(image, ax=axis, format=plots.PercentFormatter(1, decimals=0), **bar)
    return figure
