"""Whether a closed loop in the image makes the difference: images with one, strokes, erasures."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import (
    CLOSED,
    CLOSED_ELSEWHERE,
    DIRECTIONS,
    GAP,
    HINGED,
    LOWER,
    NARROW,
)  # fmt: skip
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import loops, plots
from stages.report.exploratory import estimate

ORDER = 5
WIDTHS = (3, 6)  # pixels: of openings that are compared in a sentence
STYLE = {"cnn": "-", "mlp": ":"}


def numbers(run: Run) -> dict:
    """Loops in the images of the pair, edits, and unedited images with and without a loop."""
    found = run.read(files.LOOPS).query("split == 'test'")
    within = run.every_shown(files.WITHIN_CLASS)
    order = {name: number for number, name in enumerate(("cnn", "mlp", "probe", "points"))}
    within = within.sort_values(
        ["seed", "label", "reader"], key=lambda of: of.map(order) if of.name == "reader" else of
    )
    return {
        "loops": loops.main_numbers(run),
        "carried": carried(run),
        "common": common_points(run),
        "shares": [found.loc[found["label"] == label, "loop"].mean() for label in run.pair],
        "within": within.assign(name=within["label"].map(run.quoted)),
        "differences": [estimate(run, files.LOOP_RESAMPLES, f"cnn_within_{name}") for name in "ab"],
        "gap": (GAP, loops.SIZE_SHOWN[GAP]),
        "lower": (LOWER, loops.SIZE_SHOWN[LOWER]),
        "other_loop": (CLOSED_ELSEWHERE, 0),
        "hinged": (HINGED, 0),
        "openings": [(NARROW, width) for width in WIDTHS],
    }


def carried(run: Run) -> pd.DataFrame:
    """The first tested k that flips half as many as all points, by seed and edit.

    With `live`, how many points there are, and what random points of that k flip. None where all
    points flip nothing.
    """
    table = run.every(files.CARRIED)
    groups = table.groupby(["seed", "edit"])
    table["whole"], table["live"] = (
        groups["flipped"].transform("last"),
        groups["k"].transform("max"),
    )
    reached = table[(table["flipped"] >= table["whole"] / 2) & (table["whole"] > 0)]
    return reached.drop_duplicates(["seed", "edit"])


def common_points(run: Run) -> pd.DataFrame:
    """How many of the points with most effect are the same: a row a network.

    By the closed loop (`closed`) and by the opened one, and by patching the point alone from the
    mean of the class that the image becomes. As many of each as the claims call few points.
    """
    few, most = loops.roles(run)
    ways = {"closed": few, "opened": most}
    rows = []
    for seed in run.seeds:
        live = ~run.read(files.POINTS, seed=seed)["dead"]
        by_loop, alone = (
            run.read(of, seed=seed)[live] for of in (files.LOOP_POINTS, files.EFFECTS)
        )
        count = round(run.params.claims.few_points * live.sum())
        best = {edit: set(by_loop[f"effect_{edit}"].nlargest(count).index) for edit in ways}
        row = {"count": count, "chance": count**2 / max(1, live.sum())}
        for edit, label in ways.items():
            direction = DIRECTIONS[run.pair.index(label)]
            row[edit] = in_common(
                best[edit], set(alone[f"effect_{direction}"].nlargest(count).index)
            )
        rows.append(row | {"both": in_common(*best.values())})
    return pd.DataFrame(rows)


def in_common(first: set, second: set) -> float:
    """How many are in both; NaN where one is empty, since no image was edited."""
    return len(first & second) if first and second else np.nan


def metrics(run: Run) -> dict[str, float]:
    """What is flipped by a closed and by an opened loop, and more than by the controls."""
    table = run.every(files.LOOP_RESAMPLES).query("resample == 0")
    names = ("cnn_closed", "cnn_closed_gain", "cnn_opened", "cnn_opened_gain")
    return {name.removeprefix("cnn_"): table[name].mean() for name in names}


def loop_sizes(run: Run) -> plots.Figure:
    """Images flipped by the width of the gap in the stroke, and of the opening, all networks."""
    figure, axes = plots.subplots(1, 2, figsize=(9, 3.8), sharey=True)
    every = run.every(files.EDITS)
    every.loc[every["edit"] == CLOSED, "edit"] = GAP  # of no width
    parts = ((GAP, "gap in the stroke"), (NARROW, "opening"))
    for axis, label, (part, what) in zip(axes[0], loops.roles(run), parts, strict=True):
        other = sum(run.pair) - label
        table = every[every["edit"] == part].sort_values("size", kind="stable")
        for (model, seed), curve in table.groupby(["model", "seed"]):
            look = plots.bold(seed == run.seed, MODELS[model])
            look |= {"color": plots.PAIR[run.pair.index(other)], "linestyle": STYLE[model]}
            axis.plot(curve["size"], curve["flipped"], **look)
        with_loop = table.groupby("size")["loop"].mean()
        axis.plot(with_loop, color=plots.COLOR_OTHER, label="images with a loop")
        plots.share_axis(axis)
        axis.set(xlabel=f"width of the {what}, pixels", ylim=(-0.03, 1.03))
        axis.set_title(f"{run.many(label)} read as {run.quoted(other)}", parse_math=False)
        axis.legend()
    axes[0, 0].set_ylabel("share of the images")
    return figure
