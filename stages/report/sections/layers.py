"""The same images through all conv layers."""

from matplotlib.figure import Figure

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots, words

ORDER = 40
NARROW = 8  # maps in a row of a grid
SHOWN = 12  # exemplars side by side: three of a, one of b, and eight other classes at most
ROLES = {
    "clear": "clear: 95th percentile of the margin",
    "typical": "typical: median margin",
    "hard": "hard: smallest margin still right",
    "contrast": "typical",
    "listed": "chosen in params.yaml",
}


def shown_exemplars(run: Run) -> list[int]:
    """Rows of the exemplars that the figure shows: a's three, the contrasts, b's typical one.

    Where `analysis.exemplars` lists images, the first of them, as many as there is room for.
    """
    a, b = run.pair
    exemplars = run.read(files.EXEMPLARS, seed=run.seed)
    roles, labels = exemplars["role"].tolist(), exemplars["label"].tolist()
    if "listed" in roles:
        return list(range(len(roles)))[:SHOWN]
    wanted = [(role, a) for role in ("clear", "typical", "hard")]
    wanted += [("contrast", label) for label in run.params.analysis.contrast]
    row_of = {key: row for row, key in enumerate(zip(roles, labels, strict=True))}
    return [row_of[key] for key in (*wanted, ("typical", b)) if key in row_of]


def numbers(run: Run) -> dict:
    """What is shown, how many maps of each layer show anything, and what a point sees."""
    rows, exemplars = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    layers = {layer: exemplars[layer][rows] for layer in network.CONV_LAYERS}
    field = run.read(files.FIELD_SIZES).set_index("layer").loc[network.LAST]
    labels, listed = exemplars["label"][rows], run.params.analysis.exemplars
    active = {layer: maps.any(axis=(1, 2)) for layer, maps in layers.items()}
    return {
        "three": (labels == run.pair[0]).sum() == 3,
        "shown": [run.quoted(label) for label in labels],
        "listed": 0 if listed == "auto" else len(listed),
        "sides": [" × ".join(map(str, maps.shape[1:3])) for maps in layers.values()],
        "field": field["size"],
        "stride": field["stride"],
        "active": ", ".join(
            f"{words.reach(on.sum(axis=1))} of {on.shape[1]} maps of {layer}"
            for layer, on in active.items()
        ),
    }


def exemplars_through_layers(run: Run) -> Figure:
    """A column for each exemplar, the image on top, then its conv layers as map grids."""
    rows, data = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    heights = [0.75, 0.5, 1, 2]  # in widths of a column of NARROW maps
    figure, axes = plots.subplots(
        4, len(rows), figsize=(2.2 * len(rows) + 1.6, 2.2 * sum(heights) + 1.1),
        height_ratios=heights,
    )  # fmt: skip
    for axis, row in zip(axes[0], rows, strict=True):
        label, answer = int(data["label"][row]), int(data["logits"][row].argmax())
        wrong = "" if answer == label else f", answered {run.class_names[answer]}"
        what, _, why = ROLES[str(data["role"][row])].partition(": ")
        plots.digit(axis, data["image"][row])
        axis.set_title(
            f"{run.class_names[label]}, {what}{wrong}\n{why or 'of its class'}\n"
            f"test image {data['index'][row]}",
            fontsize=8.5,
        )
    for line, layer in zip(axes[1:], network.CONV_LAYERS, strict=True):
        values = data[layer][rows]
        high = plots.scale(values)
        for axis, maps in zip(line, values, strict=True):
            grid = plots.map_grid(maps, NARROW)
            image = plots.show_grid(axis, grid, run.params.report.colormap, 0, high)
        _, height, width, n = values.shape
        title = f"{layer}: {n} maps of {height} × {width}"
        line[0].set_title(title, loc="left", fontsize=9.5, weight="bold")
        bar = figure.colorbar(image, ax=line, fraction=0.02, pad=0.01, extend="max")
        bar.set_label("activation", fontsize=9)
    shown = dict.fromkeys(run.quoted(int(data["label"][row])) for row in rows)
    figure.suptitle("Conv layers of images of " + ", ".join(shown))
    return figure


FIGURES = {"exemplars": exemplars_through_layers}
