"""One image that the network got wrong or nearly wrong, point by point."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots, words

ORDER = 120
EXPLAINED = ("hard", "wrong", "listed")  # roles of images whose points are looked at


def explained_image(run: Run) -> pd.DataFrame:
    """The points of one hard image: one taken for the other class, if any is.

    Rows of `files.WRONG_POINTS` of that image, the one with most effect first; empty where there
    is none.
    """
    table = run.read(files.WRONG_POINTS, seed=run.seed)
    wrong, of_a = table["role"] == "wrong", table["label"] == run.pair[0]
    towards_b = table["logit_difference"] > 0
    for chosen in (wrong & of_a & towards_b, wrong & ~of_a & ~towards_b, of_a, table["map"] >= 0):
        if chosen.any():
            return table[table["index"] == table[chosen]["index"].iloc[0]]
    return table.head(0)


def exemplar(run: Run, index: int) -> dict[str, np.ndarray]:
    """One of the exemplars, by its row of the test images."""
    exemplars = run.read(files.EXEMPLARS, seed=run.seed)
    row = np.flatnonzero(exemplars["index"] == index)[0]
    return {name: values[row] for name, values in exemplars.items()}


def numbers(run: Run) -> dict:
    """The image, its answer, its points, and the logit difference with these corrected."""
    rows = explained_image(run)
    exemplars = run.read(files.EXEMPLARS, seed=run.seed)
    looked_at = np.isin(exemplars["label"], run.pair) & np.isin(exemplars["role"], EXPLAINED)
    if rows.empty:
        return {"points": 0, "looked_at": int(looked_at.sum())}
    first, last = rows.iloc[0], rows.iloc[-1]
    return {
        "points": len(rows),
        "index": str(first["index"]),
        "image": run.one(int(first["label"])),
        "answer": run.quoted(int(exemplar(run, first["index"])["logits"].argmax())),
        "difference": first["logit_difference"],
        "corrected": last["corrected_difference"],
        "effects": (abs(first["effect"]), abs(last["effect"])),
    }


def wrong_image(run: Run) -> Figure:
    """One hard image: the picture, its last maps with the points framed, their effects."""
    rows = explained_image(run)
    index, label = int(rows["index"].iloc[0]), int(rows["label"].iloc[0])
    image = exemplar(run, index)
    figure, axes = plots.subplots(1, 3, figsize=(14, 3.8), width_ratios=(0.7, 2.7, 1.2))
    picture, maps, bars = axes[0]
    plots.digit(picture, image["image"])
    answer = run.quoted(int(image["logits"].argmax()))
    picture.set_title(f"{run.quoted(label)}, answered {answer}\ntest image {index}")
    values = image[network.LAST]
    grid = plots.map_grid(values, plots.WIDE)
    shown = plots.show_grid(maps, grid, run.params.report.colormap, 0, plots.scale(values))
    for point in rows.itertuples():
        plots.frame_point(maps, point, values.shape, plots.COLOR_BOTH)
    maps.set_title(f"its maps of {network.LAST}, framed: {words.count(len(rows), 'point')}")
    figure.colorbar(shown, ax=maps, shrink=0.8, pad=0.01, label="activation")
    places = np.arange(len(rows))
    bars.barh(places, rows["effect"].abs(), color=plots.COLOR_OTHER)
    bars.set_yticks(
        places, [f"map {p.map}, ({p.row}, {p.column})" for p in rows.itertuples()], fontsize=8.5
    )
    bars.invert_yaxis()
    bars.set(xlabel="effect on the logit difference", title="against its class's mean")
    figure.suptitle(f"Points of one image with an effect in the wrong direction (cnn-{run.seed})")
    return figure


FIGURES = {"wrong_image": wrong_image}
