"""The same images through all conv layers."""

from stages.common import files
from stages.common.run import Run
from stages.report import plots

ORDER = 40
NARROW = 8  # maps in a row of a grid
LOWEST = 0.4  # height of a grid over its width, with room for a colour bar
SHOWN = 12  # exemplars side by side: three of a, one of b, and eight other classes at most
ROLES = {
    "clear": "clear\n95th percentile of the margin", "typical": "typical\nmedian margin",
    "hard": "hard\nsmallest margin still right", "contrast": "typical\nof its class",
    "listed": "chosen in\nparams.yaml",
}  # fmt: skip


def shown_exemplars(run: Run) -> list[int]:
    """Rows of the exemplars that the figure shows: a's three, the contrasts, b's typical one.

    Where `analysis.exemplars` lists images, the first of them, as many as there is room for.
    """
    (a, b), data = run.pair, run.read(files.EXEMPLARS, seed=run.seed)
    keys = list(zip(data["role"].tolist(), data["label"].tolist(), strict=True))
    if "listed" in data["role"]:
        return list(range(len(keys)))[:SHOWN]
    wanted = [(role, a) for role in ("clear", "typical", "hard")]
    wanted += [("contrast", label) for label in run.params.analysis.contrast]
    return [keys.index(key) for key in (*wanted, ("typical", b)) if key in keys]


def numbers(run: Run) -> dict:
    """What is shown, how many maps of each layer show anything, and what a point sees."""
    rows, data = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    labels, listed = data["label"][rows], run.params.analysis.exemplars
    return {
        "three": (labels == run.pair[0]).sum() == 3,
        "shown": [run.quoted(label) for label in labels],
        "listed": 0 if listed == "auto" else len(listed),
        "layers": {layer: data[layer][rows] for layer in run.conv_layers},
        "field": run.read(files.FIELD_SIZES).set_index("layer").loc[run.last],
    }


def exemplars(run: Run) -> plots.Figure:
    """A column for each exemplar, the image on top, then its conv layers as map grids."""
    rows, data = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    # In widths of a column of NARROW maps.
    counts = [data[layer].shape[3] for layer in run.conv_layers]
    heights = [0.75, *(max(plots.grid_ratio(count, NARROW), LOWEST) for count in counts)]
    size = (2.2 * len(rows) + 1.6, 2.2 * sum(heights) + 1.1)
    figure, axes = plots.subplots(len(heights), len(rows), figsize=size, height_ratios=heights)
    for axis, row in zip(axes[0], rows, strict=True):
        label, answer = data["label"][row], data["logits"][row].argmax()
        name, role = run.class_names[label], ROLES[data["role"][row]]
        wrong = "" if answer == label else f", answered {run.class_names[answer]}"
        plots.ink(axis, data["image"][row])
        axis.set_title(f"{name}{wrong}, {role}\ntest image {data['index'][row]}", fontsize=8.5)
    for line, layer in zip(axes[1:], run.conv_layers, strict=True):
        values, colormap = data[layer][rows], run.params.report.colormap
        high, (height, width, n) = plots.scale(values), values.shape[1:]
        for axis, maps in zip(line, values, strict=True):
            image = plots.show_maps(axis, maps, NARROW, colormap, high)
        title = f"{layer}: {n} maps of {height} × {width}"
        line[0].set_title(title, loc="left", fontsize=9.5, weight="bold")
        figure.colorbar(image, ax=line, fraction=0.02, pad=0.01, extend="max", label="activation")
    shown = dict.fromkeys(run.quoted(int(label)) for label in data["label"][rows])
    figure.suptitle("Conv layers of images of " + ", ".join(shown))
    return figure
