"""Whether a closed loop in the image makes the difference: images with one, strokes, erasures."""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import (
    CLOSED,
    CLOSING,
    DIRECTIONS,
    DRAWN,
    ERASED,
    GAP,
    HALF,
    NARROW,
    OPENED,
    OPENING,
)
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import plots
from stages.report.exploratory import estimate

ORDER = 5
NAMES = {
    CLOSED: "closed\nby a stroke", GAP: "closed\nbut for a gap", DRAWN: "a stroke\nelsewhere",
    CLOSING[3]: "another\nloop closed", OPENED: "top\nerased", NARROW: "narrow\nopening",
    ERASED: "erased\nelsewhere", OPENING[3]: "another side\nerased",
}  # fmt: skip
SIZE_SHOWN = {GAP: 4, NARROW: 3}  # pixels: narrow ones that leave most images without a loop
WIDTHS = (3, 6)  # pixels: of openings that are compared in a sentence
NUMBERS = ("closed", "drawn", "opened", "erased")
FEW = 0.05  # of the images: hardly any
LABELS = {"fontsize": 14}  # legible at half of its size
STYLE = {"cnn": "-", "mlp": ":"}


def edits(run: Run) -> pd.DataFrame:
    """files.EDITS of all networks."""
    return run.every(files.EDITS)


def roles(run: Run) -> tuple[int, int]:
    """The class whose loops are closed, and the one whose loops are opened."""
    edited, labels = run.read(files.EDITED, split="test"), run.dataset_array("test_labels")
    closed = labels[edited["index"][edited["edit"] == CLOSED]]
    few = int(closed[0]) if len(closed) else run.pair[0]
    return few, sum(run.pair) - few


def mean_edits(run: Run) -> pd.DataFrame:
    """Means over the networks of files.EDITS: a row a model, edit and size, in that order."""
    keys = ["model", "edit", "size"]
    table = edits(run)
    table["kind"] = pd.Categorical(table["edit"], (*CLOSING, *OPENING))
    means = table.groupby([*keys, "kind"], observed=True)[["images", "ink", "loop", "flipped",
                                                          "third", "change"]].mean()  # fmt: skip
    return means.reset_index().sort_values(["model", "kind", "size"], kind="stable")


def main_numbers(run: Run) -> dict | None:
    """What the edits do, as estimates over networks and means; None where no image is edited."""
    means = mean_edits(run)
    of_cnn = means[means["model"] == "cnn"].set_index(["edit", "size"])
    if of_cnn.empty:
        return None
    few, most = roles(run)
    elsewhere = [of_cnn["flipped"].get((edit, 0)) for edit in (CLOSING[3], OPENING[3])]
    turned = [of_cnn["flipped"].get((edit, 0), 0) for edit in (CLOSED, OPENED)]
    return {
        "few": few,
        "most": most,
        "of": {
            name: estimate(run, files.LOOP_RESAMPLES, name)
            for name in (f"{model}_{edit}" for model, edit in product(MODELS, NUMBERS))
        },
        "closed_elsewhere": elsewhere[0],
        "opened_elsewhere": elsewhere[1],
        "at_the_top": None not in elsewhere and min(turned) > HALF and max(elsewhere) < FEW,
        "by_size": {(edit, size): row for (edit, size), row in of_cnn.to_dict("index").items()},
        "rows": table_rows(means),
        "carried": carried(run),
        "common": common_points(run),
    }


def numbers(run: Run) -> dict:
    """Loops in the images of the pair, edits, and unedited images with and without a loop."""
    loops = run.read(files.LOOPS).query("split == 'test'")
    within = run.every_shown(files.WITHIN_CLASS)
    return {
        "loops": main_numbers(run),
        "shares": [loops.loc[loops["label"] == label, "loop"].mean() for label in run.pair],
        "within": within.assign(name=within["label"].map(run.quoted)),
        "differences": [estimate(run, files.LOOP_RESAMPLES, f"cnn_within_{name}") for name in "ab"],
        "gap": (GAP, SIZE_SHOWN[GAP]),
        "openings": [(NARROW, width) for width in WIDTHS],
    }


def table_rows(means: pd.DataFrame) -> list[dict]:
    """A row an edit, with what both models read."""
    cnn, mlp = (means[means["model"] == model] for model in MODELS)
    rows = cnn.merge(mlp, on=["edit", "size"], suffixes=("_cnn", "_mlp"))
    size = rows["size"].map(lambda size: f", {size} px" if size else "")
    named = {name: rows[f"{name}_cnn"] for name in ("images", "ink", "loop")}
    return rows.assign(edit=rows["edit"].map(NAMES).str.replace("\n", " ") + size, **named).to_dict(
        "records"
    )


def carried(run: Run) -> pd.DataFrame:
    """The first tested k that flips half as many as all points, by seed and edit."""
    table = run.every(files.CARRIED)
    if table.empty:
        return table
    whole = table.groupby(["seed", "edit"])["flipped"].transform("last")
    reached = table[table["flipped"] >= whole / 2]
    return reached.drop_duplicates(["seed", "edit"]).assign(live=table["k"].max())


def common_points(run: Run) -> pd.DataFrame:
    """How many of the points with most effect are the same: a row a network.

    By the closed loop (`closed`) and by the opened one, and by patching the point alone from the
    mean of the class that the image becomes. As many of each as the claims call few points.
    """
    few, most = roles(run)
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
            row[edit] = len(best[edit] & set(alone[f"effect_{direction}"].nlargest(count).index))
        rows.append(row | {"both": len(best["closed"] & best["opened"])})
    return pd.DataFrame(rows)


def metrics(run: Run) -> dict[str, float]:
    """What is flipped by a closed and by an opened loop, and more than by the controls."""
    table = run.every(files.LOOP_RESAMPLES).query("resample == 0")
    names = ("cnn_closed", "cnn_closed_gain", "cnn_opened", "cnn_opened_gain")
    return {name.removeprefix("cnn_"): table[name].mean() for name in names}


def example(run: Run, kinds: tuple[str, ...]) -> dict[str, np.ndarray]:
    """A test image before (under no name) and after each of `kinds`, uint8 (side, side) each.

    Of the images that have most of these, the one of median ink; nothing where there is none.
    """
    data, images = run.read(files.EDITED, split="test"), run.dataset_array("test_images")
    sizes = np.array([SIZE_SHOWN.get(kind, 0) for kind in data["edit"]])
    shown = np.isin(data["edit"], kinds) & (data["size"] == sizes)
    table = pd.DataFrame({"index": data["index"], "edit": data["edit"]})[shown]
    table = table.drop_duplicates()
    if table.empty:
        return {}
    count = table["index"].value_counts().sort_index()
    complete = count.index[count == count.max()]
    ink = images[complete].sum(axis=(1, 2), dtype=int)
    index = complete[np.argsort(ink, kind="stable")[len(ink) // 2]]
    rows = table[table["index"] == index]
    edited = {edit: data["image"][row] for row, edit in rows["edit"].items()}
    return {"": images[index]} | edited


def loop_edits(run: Run) -> plots.Figure:
    """An image of each class before and after each edit, and the share of images it flips."""
    means = mean_edits(run).set_index(["model", "edit", "size"])["flipped"]
    figure, axes = plots.subplots(2, 5, figsize=(9.2, 5.6))
    figure.get_layout_engine().set(h_pad=0.12)
    for line, kinds, label in zip(axes, (CLOSING, OPENING), roles(run), strict=True):
        images, other = example(run, kinds), sum(run.pair) - label
        for axis, kind in zip(line, ("", *kinds), strict=True):
            if kind not in images:
                axis.set_visible(False)
                continue
            plots.ink(axis, images[kind])
            plots.frame(axis)
            axis.set_title(NAMES[kind] if kind else run.quoted(label), parse_math=False, **LABELS)
            if kind:
                cnn, mlp = (means[model, kind, SIZE_SHOWN.get(kind, 0)] for model in MODELS)
                text = f"{cnn:.0%} read as {run.quoted(other)}\nMLP {mlp:.0%}"
                color = plots.PAIR[run.pair.index(other)] if cnn > HALF else "black"
                axis.set_xlabel(text, color=color, parse_math=False, **LABELS)
    return figure


def loop_sizes(run: Run) -> plots.Figure:
    """Images flipped by the width of the gap in the stroke, and of the opening, all networks."""
    figure, axes = plots.subplots(1, 2, figsize=(9, 3.8), sharey=True)
    every = edits(run)
    every.loc[every["edit"] == CLOSED, "edit"] = GAP  # of no width
    parts = ((GAP, "gap in the stroke"), (NARROW, "opening"))
    for axis, label, (part, what) in zip(axes[0], roles(run), parts, strict=True):
        other = sum(run.pair) - label
        table = every[every["edit"] == part].sort_values("size", kind="stable")
        for (model, seed), curve in table.groupby(["model", "seed"]):
            look = plots.bold(seed == run.seed, MODELS[model])
            look |= {"color": plots.PAIR[run.pair.index(other)], "linestyle": STYLE[model]}
            axis.plot(curve["size"], curve["flipped"], **look)
        loops = table.groupby("size")["loop"].mean()
        axis.plot(loops.index, loops, color=plots.COLOR_OTHER, label="images with a loop")
        plots.share_axis(axis)
        axis.set(xlabel=f"width of the {what}, pixels", ylim=(-0.03, 1.03))
        axis.set_title(f"{run.many(label)} read as {run.quoted(other)}", parse_math=False)
        axis.legend()
    axes[0, 0].set_ylabel("share of the images")
    return figure
