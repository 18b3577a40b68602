"""Images whose loop is edited, for the first screen and the section on loops."""

from itertools import product, zip_longest

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import (
    CLOSED,
    CLOSED_ELSEWHERE,
    CLOSING,
    DRAWN,
    ERASED,
    GAP,
    HALF,
    HINGED,
    LOWER,
    NARROW,
    OPENED,
    OPENED_ELSEWHERE,
    OPENING,
)  # fmt: skip
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import plots
from stages.report.exploratory import estimate

NAMES = {
    CLOSED: "closed\nby a stroke", GAP: "closed\nbut for a gap", LOWER: "closed\nlower",
    HINGED: "stroke at\none tip", DRAWN: "a stroke\nelsewhere",
    CLOSED_ELSEWHERE: "another\nloop closed", OPENED: "top\nerased", NARROW: "narrow\nopening",
    ERASED: "erased\nelsewhere", OPENED_ELSEWHERE: "another side\nerased",
}  # fmt: skip
SIZE_SHOWN = {GAP: 4, NARROW: 3, LOWER: 4}  # pixels: narrow ones that leave most without a loop
IN_PICTURE = ((CLOSED, GAP, HINGED, DRAWN, CLOSED_ELSEWHERE), OPENING)  # what it has room for
NUMBERS = ("closed", "drawn", "opened", "erased")
MOST, HARDLY = 0.9, 0.1  # of the images: nearly all; fewer are not worth a line
LABELS = {"fontsize": 15}  # legible at half of its size


def roles(run: Run) -> tuple[int, int]:
    """The class whose loops are closed, and the one whose loops are opened."""
    edited, labels = run.read(files.EDITED, split="test"), run.dataset_array("test_labels")
    closed = labels[edited["index"][edited["edit"] == CLOSED]]
    few = int(closed[0]) if len(closed) else run.pair[0]
    return few, sum(run.pair) - few


def mean_edits(run: Run) -> pd.DataFrame:
    """Means over the networks of files.EDITS: a row a model, edit and size, in that order."""
    keys = ["model", "edit", "size"]
    table = run.every(files.EDITS)
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
    return {
        "few": few,
        "most": most,
        "of": {
            name: estimate(run, files.LOOP_RESAMPLES, name)
            for name in (f"{model}_{edit}" for model, edit in product(MODELS, NUMBERS))
        },
        "at_the_top": across_the_top(run),
        "by_edit": of_cnn.to_dict("index"),
        "elsewhere": of_cnn.to_dict("index").get((OPENED_ELSEWHERE, 0)),
        "rows": table_rows(means),
    }


def across_the_top(run: Run) -> bool:
    """Whether the closing strokes lie in the upper half of the ink, in nearly all images."""
    data, images = run.read(files.EDITED, split="test"), run.dataset_array("test_images")
    rows = np.flatnonzero(data["edit"] == CLOSED)
    height = np.arange(images.shape[1])

    def middle(ink: np.ndarray) -> np.ndarray:
        by_row = ink.sum(axis=2, dtype=float)
        return by_row @ height / np.maximum(by_row.sum(axis=1), 1e-9)

    before = images[data["index"][rows]]
    above = middle(data["image"][rows] - before) < middle(before)
    return bool(len(rows)) and above.mean() >= MOST


def table_rows(means: pd.DataFrame) -> list[dict]:
    """A row an edit, with what both models read."""
    cnn, mlp = (means[means["model"] == model] for model in MODELS)
    rows = cnn.merge(mlp, "left", on=["edit", "size"], suffixes=("_cnn", "_mlp"))
    size = rows["size"].map(lambda size: f", {size} px" if size else "")
    named = {name: rows[f"{name}_cnn"] for name in ("images", "ink", "loop")}
    return rows.assign(edit=rows["edit"].map(NAMES).str.replace("\n", " ") + size, **named).to_dict(
        "records"
    )


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
    means = mean_edits(run).set_index(["model", "edit", "size"])
    figure, axes = plots.subplots(2, 6, figsize=(11, 6.1))
    figure.get_layout_engine().set(h_pad=0.12)
    for line, kinds, label in zip(axes, IN_PICTURE, roles(run), strict=True):
        images, other = example(run, kinds), sum(run.pair) - label
        for axis, kind in zip_longest(line, ("", *kinds)):
            if kind not in images:
                axis.set_visible(False)
                continue
            plots.ink(axis, images[kind])
            plots.frame(axis)
            axis.set_title(NAMES[kind] if kind else run.quoted(label), parse_math=False, **LABELS)
            if kind:
                text, cnn = shares_below(means, kind, run.quoted(other))
                color = plots.PAIR[run.pair.index(other)] if cnn > HALF else "black"
                axis.set_xlabel(text, color=color, parse_math=False, **LABELS)
    return figure


def shares_below(means: pd.DataFrame, kind: str, other: str) -> tuple[str, float]:
    """What stands below a picture: shares read as the `other` class; that of the CNN alone."""
    size, lines = SIZE_SHOWN.get(kind, 0), []
    for model, form in (("cnn", "{:.0%} read as " + other), ("mlp", "MLP {:.0%}")):
        if (model, kind, size) in means.index:
            lines.append(form.format(means["flipped"][model, kind, size]))
    cnn = means.loc[("cnn", kind, size)] if ("cnn", kind, size) in means.index else None
    if cnn is not None and cnn["third"] >= HARDLY:
        lines.insert(1, f"{cnn['third']:.0%} as a third")
    return "\n".join(lines), 0.0 if cnn is None else cnn["flipped"]
