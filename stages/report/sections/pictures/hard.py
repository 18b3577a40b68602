"""One image that the network got wrong or nearly wrong, point by point."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import EXPLAINED
from stages.common.run import Run
from stages.report import plots, words

ORDER = 80


def explained_image(run: Run) -> pd.DataFrame:
    """Rows of `files.WRONG_POINTS` of one hard image, most effect first; empty without any.

    An image taken for the other class comes before one answered rightly, and a before b.
    """
    table = run.read(files.WRONG_POINTS, seed=run.seed)
    wrong, of_a = table["role"] == "wrong", table["label"] == run.pair[0]
    towards_b = table["logit_difference"] > 0
    for chosen in (wrong & of_a & towards_b, wrong & ~of_a & ~towards_b, of_a, ~of_a):
        if chosen.any():
            return table[table["index"] == table["index"][chosen].iloc[0]]
    return table


def numbers(run: Run) -> dict:
    """The points of the image, its number, class, answer and place among the exemplars (`at`)."""
    rows, data = explained_image(run), run.read(files.EXEMPLARS, seed=run.seed)
    explained = np.isin(data["label"], run.pair) & np.isin(data["role"], EXPLAINED)
    like = {"like": resemblance(run)}
    if rows.empty:
        return {"rows": rows, "explained": int(explained.sum())} | like
    index, label = rows["index"].iloc[0], int(rows["label"].iloc[0])
    at = np.flatnonzero(data["index"] == index)[0]
    answer = run.quoted(int(data["logits"][at].argmax()))
    image = {"rows": rows, "at": at, "index": str(index), "label": label, "answer": answer}
    return image | like


def compared_images(run: Run) -> list[int]:
    """Rows of three exemplars: a typical a, the a whose logits are most for b, a typical b.

    Where none is called typical, the one whose logits are most for its class. Empty where the
    exemplars lack one of the three.
    """
    data, (a, b) = run.read(files.EXEMPLARS, seed=run.seed), run.pair
    difference, index = data["logits"][:, b] - data["logits"][:, a], data["index"]
    of_a, of_b = (np.flatnonzero(data["label"] == label) for label in run.pair)
    if not (of_a.size and of_b.size):
        return []
    like = of_a[difference[of_a].argmax()]
    of_a = of_a[index[of_a] != index[like]]

    def typical(rows: np.ndarray, sign: int) -> int:
        first = rows[data["role"][rows] == "typical"]
        return int(first[0] if first.size else rows[(sign * difference[rows]).argmax()])

    return [typical(of_a, -1), int(like), typical(of_b, 1)] if of_a.size else []


def resemblance(run: Run) -> dict | None:
    """Of the second of these: rows of `files.RESEMBLANCE`, its answer; None where there is none."""
    if not (compared := compared_images(run)):
        return None
    data, table = (run.read(file, seed=run.seed) for file in (files.EXEMPLARS, files.RESEMBLANCE))
    table = table[table["index"] == data["index"][compared[1]]].set_index("layer")
    answer, index = (int(of[compared[1]]) for of in (data["logits"].argmax(axis=1), data["index"]))
    layers = {"pixels": table.loc["pixels"], "last": table.loc[run.last]}
    typical = "listed" not in data["role"]
    return {"index": str(index), "answer": run.quoted(answer), "typical": typical, **layers}


def lookalike(run: Run) -> plots.Figure:
    """A typical a, the a that is most like a b, a typical b: through all conv and pool layers."""
    rows, data = compared_images(run), run.read(files.EXEMPLARS, seed=run.seed)
    layers, colormap = run.params.network.cnn.names, run.params.report.colormap
    width = 3.6
    ratios = [plots.grid_ratio(data[layer].shape[3], plots.WIDE) for layer in layers]
    heights = [0.3, *(max(ratio, 0.12) for ratio in ratios)]
    size = (3 * width + 0.9, width * sum(heights) + 0.3 * len(heights) + 0.5)
    figure, axes = plots.subplots(len(heights), 3, figsize=size, height_ratios=heights)
    for axis, row in zip(axes[0], rows, strict=True):
        actual, answer = run.quoted(int(data["label"][row])), int(data["logits"][row].argmax())
        said = f"{actual}, answered {run.quoted(answer)}\ntest image {data['index'][row]}"
        plots.ink(axis, data["image"][row])
        axis.set_title(said, fontsize=12)
    for line, layer in zip(axes[1:], layers, strict=True):
        values = data[layer][rows]
        high, (side, _, n) = plots.scale(values), values.shape[1:]
        for axis, maps in zip(line, values, strict=True):
            image = plots.show_maps(axis, maps, plots.WIDE, colormap, high)
        title = f"{layer}: {n} maps of {side} × {side}"
        line[0].set_title(title, loc="left", weight="bold", fontsize=12)
        figure.colorbar(image, ax=line, fraction=0.02, pad=0.01, extend="max", aspect=10)
    a, b = run.names[0], run.one(run.pair[1])
    figure.suptitle(f"Of the exemplars of {a}, the one most like {b} to cnn-{run.seed}")
    return figure


def wrong_image(run: Run) -> plots.Figure:
    """One hard image: the picture, its last maps with the points framed, their effects."""
    values, data = numbers(run), run.read(files.EXEMPLARS, seed=run.seed)
    rows, at = values["rows"], values["at"]
    maps, colormap = data[run.last][at], run.params.report.colormap
    size = (14, max(3.8, 7.6 * plots.grid_ratio(maps.shape[2], plots.WIDE)))
    figure, axes = plots.subplots(1, 3, figsize=size, width_ratios=(0.7, 2.7, 1.2))
    picture, grid, bars = axes[0]
    plots.ink(picture, data["image"][at])
    actual = run.quoted(values["label"])
    gap = " " if actual.isdigit() else "\n"  # words need a line
    picture.set_title(f"{actual},{gap}answered {values['answer']}\ntest image {values['index']}")
    shown = plots.show_maps(grid, maps, plots.WIDE, colormap, plots.scale(maps))
    for point in rows.itertuples():
        plots.frame_point(grid, point, maps.shape, plots.COLOR_BOTH)
    grid.set_title(f"its maps of {run.last}, framed: {words.count(len(rows), 'point')}")
    figure.colorbar(shown, ax=grid, shrink=0.8, pad=0.01, label="activation")
    names = [f"map {p.map}, ({p.row}, {p.column})" for p in rows.itertuples()]
    bars.barh(range(len(rows)), rows["effect"].abs(), color=plots.COLOR_OTHER)
    bars.set_yticks(range(len(rows)), names, fontsize=8.5)
    bars.invert_yaxis()
    bars.set(xlabel="effect on the logit difference", title="against its class's mean")
    figure.suptitle(f"Points of one image with an effect in the wrong direction (cnn-{run.seed})")
    return figure
