"""Whether a closed loop in the image makes the difference: images with one, strokes, erasures."""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import CLOSED, CLOSING, DRAWN, ERASED, GAP, NARROW, OPENED, OPENING
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import plots
from stages.report.exploratory import estimate

ORDER = 5
NAMES = {
    CLOSED: "closed by a stroke", GAP: "with a gap", DRAWN: "stroke elsewhere",
    CLOSING[3]: "another loop closed", OPENED: "top erased", NARROW: "narrow opening",
    ERASED: "erased elsewhere", OPENING[3]: "opened elsewhere",
}  # fmt: skip
SIZE_SHOWN = {GAP: 4, NARROW: 3}  # pixels: narrow ones that leave most images without a loop
WIDTHS = (3, 6)  # pixels: of openings that are compared in a sentence
NUMBERS = ("closed", "drawn", "opened", "erased", "within_a", "within_b")
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


def numbers(run: Run) -> dict:
    """Loops in the images of the pair, what edits flip, and which points carry that."""
    loops = run.read(files.LOOPS).query("split == 'test'")
    (few, most), means = roles(run), mean_edits(run)
    of_cnn = means[means["model"] == "cnn"]
    elsewhere = of_cnn[of_cnn["edit"].isin((CLOSING[3], OPENING[3]))]
    within = run.every_shown(files.WITHIN_CLASS)

    def row(edit: str, size: int) -> dict | None:
        rows = of_cnn[(of_cnn["edit"] == edit) & (of_cnn["size"] == size)]
        return rows.iloc[0].to_dict() if len(rows) else None

    return {
        "edited": len(means) > 0,
        "few": few,
        "most": most,
        "share": {label: loops.loc[loops["label"] == label, "loop"].mean() for label in run.pair},
        "of": {
            (model, name): estimate(run, files.LOOP_RESAMPLES, f"{model}_{name}")
            for model, name in product(MODELS, NUMBERS)
        },
        "elsewhere": elsewhere["flipped"].max() if len(elsewhere) else None,
        "gap": row(GAP, SIZE_SHOWN[GAP]),
        "narrow": row(NARROW, WIDTHS[0]),
        "wide": row(NARROW, WIDTHS[1]),
        "rows": table_rows(means),
        "within": within.assign(name=within["label"].map(run.quoted)),
        "carried": carried(run),
    }


def table_rows(means: pd.DataFrame) -> list[dict]:
    """A row an edit, with what both models read."""
    cnn, mlp = (means[means["model"] == model] for model in MODELS)
    rows = cnn.merge(mlp, on=["edit", "size"], suffixes=("_cnn", "_mlp"))
    size = rows["size"].map(lambda size: f", {size} px" if size else "")
    named = {name: rows[f"{name}_cnn"] for name in ("images", "ink", "loop")}
    return rows.assign(edit=rows["edit"].map(NAMES) + size, **named).to_dict("records")


def carried(run: Run) -> pd.DataFrame:
    """The first tested k that flips half as many as all points, by seed and edit."""
    table = run.every(files.CARRIED)
    if table.empty:
        return table
    whole = table.groupby(["seed", "edit"])["flipped"].transform("last")
    reached = table[table["flipped"] >= whole / 2]
    return reached.drop_duplicates(["seed", "edit"]).assign(live=table["k"].max())


def metrics(run: Run) -> dict[str, float]:
    """What is flipped by a closed and by an opened loop, and more than by the controls."""
    table = run.every(files.LOOP_RESAMPLES).query("resample == 0")
    names = ("cnn_closed", "cnn_closed_gain", "cnn_opened", "cnn_opened_gain")
    return {name.removeprefix("cnn_"): table[name].mean() for name in names}


def example(run: Run, kinds: tuple[str, ...]) -> list[tuple[str, np.ndarray]]:
    """An image before and after each of `kinds`: of those that have all, the one of median ink."""
    data, images = run.read(files.EDITED, split="test"), run.dataset_array("test_images")
    wanted = {kind: (data["edit"] == kind) & (data["size"] == SIZE_SHOWN.get(kind, 0))
              for kind in kinds}  # fmt: skip
    complete = [index for index in np.unique(data["index"])
                if all((data["index"][of] == index).any() for of in wanted.values())]  # fmt: skip
    if not complete:
        return []
    ink = images[complete].sum(axis=(1, 2), dtype=int)
    index = complete[int(np.argsort(ink, kind="stable")[len(ink) // 2])]
    first = {kind: np.flatnonzero(of & (data["index"] == index))[0] for kind, of in wanted.items()}
    return [("", images[index]), *((kind, data["image"][row]) for kind, row in first.items())]


def loop_edits(run: Run) -> plots.Figure:
    """An image of each class before and after each edit, and the share of images it flips."""
    means = mean_edits(run).set_index(["model", "edit", "size"])["flipped"]
    shown = [of for of in (example(run, CLOSING), example(run, OPENING)) if of]
    figure, axes = plots.subplots(max(1, len(shown)), 5, figsize=(9.2, 2.5 * max(1, len(shown))))
    for axis in axes.flat:
        plots.bare(axis)
    for line, images, label in zip(axes, shown, roles(run), strict=False):
        other = sum(run.pair) - label
        for axis, (kind, image) in zip(line, images, strict=True):
            plots.ink(axis, image)
            plots.frame(axis)
            if not kind:
                axis.set_title(run.quoted(label), parse_math=False)
                continue
            size = SIZE_SHOWN.get(kind, 0)
            axis.set_title(NAMES[kind] + (f", {size} px" if size else ""))
            cnn, mlp = (means[model, kind, size] for model in MODELS)
            color = plots.PAIR[run.pair.index(other)]
            look = {"parse_math": False, "color": color if cnn >= 0.5 else "black"}
            axis.set_xlabel(f"{cnn:.0%} read as {run.quoted(other)}\nMLP {mlp:.0%}", **look)
    return figure


def loop_sizes(run: Run) -> plots.Figure:
    """Images flipped by the width of the gap in the stroke, and of the opening, all networks."""
    figure, axes = plots.subplots(1, 2, figsize=(9, 3.8), sharey=True)
    every, labels = edits(run), roles(run)
    for axis, label, whole, part in zip(
        axes[0], labels, (CLOSED, OPENED), (GAP, NARROW), strict=True
    ):
        other = sum(run.pair) - label
        for model, name in MODELS.items():
            table = every[(every["model"] == model) & every["edit"].isin((part, whole))]
            for seed, curve in table.groupby("seed", sort=False):
                curve = curve[(curve["edit"] == part) | (part == GAP)].sort_values("size")
                look = {"color": plots.PAIR[run.pair.index(other)], "linestyle": STYLE[model]}
                look |= {"linewidth": 1, "alpha": 0.6}
                if seed == run.seed:
                    look |= {"linewidth": 2.2, "alpha": 1, "label": name}
                axis.plot(curve["size"], curve["flipped"], marker="o", markersize=3, **look)
        loops = every[(every["edit"] == part)].groupby("size")["loop"].mean()
        if part == GAP:
            loops = pd.concat([pd.Series([1.0], [0]), loops])
        axis.plot(loops.index, loops, color=plots.COLOR_OTHER, label="with a loop")
        plots.share_axis(axis)
        what = "gap in the stroke" if part == GAP else "opening"
        axis.set(xlabel=f"width of the {what}, pixels", ylim=(-0.03, 1.03))
        axis.set_title(f"{run.many(label)} read as {run.quoted(other)}", parse_math=False)
        axis.legend()
    axes[0, 0].set_ylabel("share of the images")
    return figure
