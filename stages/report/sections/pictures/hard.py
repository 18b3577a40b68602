"""One image that the network got wrong or nearly wrong, point by point."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import EXPLAINED
from stages.common.run import Run
from stages.report import plots, words

ORDER = 120


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
    if rows.empty:
        return {"rows": rows, "explained": int(explained.sum())}
    index, label = rows["index"].iloc[0], int(rows["label"].iloc[0])
    at = np.flatnonzero(data["index"] == index)[0]
    answer = run.quoted(int(data["logits"][at].argmax()))
    return {"rows": rows, "at": at, "index": str(index), "label": label, "answer": answer}


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
