"""The same images through all conv layers, and the points that images of a class share."""

import numpy as np
import pandas as pd

from stages.common import cases, files
from stages.common.run import Run
from stages.report import plots
from stages.report.points import shown_exemplars

ORDER = 10
IN_A_ROW = 3  # images
PANEL = 4.0  # inches, the width of an image's maps
LOWEST = 0.12  # height of a grid over its width, with room for a colour bar
ROLES = {
    "clear": "95th percentile of the margin", "typical": "median margin",
    "hard": "smallest margin still right", "contrast": "median margin",
    "listed": "chosen in params.yaml",
}  # fmt: skip


def numbers(run: Run) -> dict:
    """What is shown, and how many points of the last layer these and random images share."""
    rows, data = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    listed, every = run.params.analysis.exemplars, run.every(files.SHARED_POINTS)
    here = every[every["seed"] == run.seed]
    by_case = {case: of.to_dict("records") for case, of in here.groupby("case")}
    own, same = by_case.get(cases.EXEMPLARS, [None]), by_case[cases.SAME_CLASS]
    labels = [int(row["label"]) for row in same[1:]]
    return {
        "shown": [run.quoted(label) for label in data["label"][rows]],
        "listed": 0 if listed == "auto" else len(listed),
        "field": run.read(files.FIELD_SIZES).set_index("layer").loc[run.last],
        "live": int(run.read(files.STATISTICS, seed=run.seed)["live"].iloc[0]),
        "own": own[0],
        "separating": len(run.read(files.POINTS, seed=run.seed).query("shared and separating")),
        "further": [(run.one(int(row["label"])), int(row["points"])) for row in own[1:]],
        "same": same[0],
        "different": by_case.get(cases.DIFFERENT_CLASSES, [None])[0],
        "also": [(run.one(of), share) for of, share in zip(labels, shares(same), strict=True)],
        "networks": [network(of) | {"seed": seed} for seed, of in every.groupby("seed")],
        "columns": {f"of these in {run.one(of)}": f"{{also_{of}:.0%}}" for of in labels},
    }


def shares(rows: list[dict]) -> list[float]:
    """Of the points that the images of one case share, how many are on in one more image."""
    shared = rows[0]["points"]
    return [row["points"] / shared if shared else np.nan for row in rows[1:]]


def network(table: pd.DataFrame) -> dict:
    """One network's row: points that images share, and how many of them are on in one more."""
    alone = table[table["label"].isna()].set_index("case")["points"].to_dict()
    same = table[table["case"] == cases.SAME_CLASS].to_dict("records")
    also = {f"also_{int(row['label'])}": s for row, s in zip(same[1:], shares(same), strict=True)}
    return {case.replace(" ", "_"): alone.get(case, np.nan) for case in cases.SHARED} | also


def metrics(run: Run) -> dict[str, float]:
    """Points that random images of a share, and those of different classes; mean over networks."""
    table = pd.DataFrame([network(of) for _, of in run.every(files.SHARED_POINTS).groupby("seed")])
    return {"shared_a": table["same_class"].mean(), "shared": table["different_classes"].mean()}


def exemplars(run: Run) -> plots.Figure:
    """Blocks of three images: the image on top, then its conv layers as map grids.

    In the last layer the points that are on in all exemplars of a are framed.
    """
    rows, data = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    points = run.read(files.POINTS, seed=run.seed).query("shared")
    counts = [data[layer].shape[3] for layer in run.conv_layers]
    heights = [0.26, *(max(plots.grid_ratio(count, plots.WIDE), LOWEST) for count in counts)]
    blocks = [rows[at : at + IN_A_ROW] for at in range(0, len(rows), IN_A_ROW)]
    size = (PANEL * IN_A_ROW + 1.0, len(blocks) * (PANEL * sum(heights) + 0.3 * len(heights)) + 0.6)
    lines, options = len(heights) * len(blocks), {"height_ratios": heights * len(blocks)}
    figure, axes = plots.subplots(lines, IN_A_ROW, figsize=size, **options)
    for number, block in enumerate(blocks):
        cells = axes[number * len(heights) : (number + 1) * len(heights)]
        for column in range(len(block), IN_A_ROW):
            for axis in cells[:, column]:
                axis.set_visible(False)
        for axis, row in zip(cells[0], block, strict=False):
            plots.ink(axis, data["image"][row])
            axis.set_title(title(run, data, row), fontsize=9.5)
        for line, layer in zip(cells[1:], run.conv_layers, strict=True):
            values = data[layer][rows]
            high, shape = plots.scale(values), values.shape[1:]
            for axis, row in zip(line, block, strict=False):
                image = plots.show_maps(
                    axis, data[layer][row], plots.WIDE, run.params.report.colormap, high
                )
                plots.number_maps(axis, shape)
                for point in points.itertuples() if layer == run.last else ():
                    plots.frame_point(axis, point, shape, plots.COLOR_B, width=1)
            line[0].set_title(f"{layer}: {shape[2]} maps of {shape[0]} × {shape[1]}", loc="left")
            options = {"fraction": 0.02, "pad": 0.01, "extend": "max"}
            figure.colorbar(image, ax=line, **options)
    shown = dict.fromkeys(run.quoted(int(label)) for label in data["label"][rows])
    figure.suptitle("Conv layers of images of " + ", ".join(shown))
    return figure


def title(run: Run, data: dict[str, np.ndarray], row: int) -> str:
    """What an exemplar is."""
    label, answer = data["label"][row], data["logits"][row].argmax()
    wrong = "" if answer == label else f", answered {run.class_names[answer]}"
    number, role = data["index"][row], ROLES[data["role"][row]]
    return f"{run.class_names[label]}{wrong} (test image {number})\n{role}"
