"""Whether the CNN confuses the pair less than the MLP, in place and translated."""

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from stages.common import files
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import plots, words

ORDER = 20
SCOPES = {"all": "all test images", "pair": "images of the pair"}


def numbers(run: Run) -> dict:
    """Confusions of the pair, McNemar's test, and accuracy by distance of translation."""
    pair, mcnemar, translated = map(run.read, (files.PAIR, files.MCNEMAR, files.TRANSLATION))
    accuracy = translated.pivot_table(index="pixels", columns=["model", "seed"], values="accuracy")
    in_words = {m: accuracy[m].apply(words.mean_and_reach, axis=1, form=".2%") for m in MODELS}
    return {
        "pair": pair.assign(share=pair["errors"] / pair["n"]),
        "images": int(pair["n"].iloc[0]),
        "errors": pair.pivot_table(index="seed", columns="model", values="errors", sort=False),
        "mcnemar": mcnemar.assign(images=mcnemar["scope"].map(SCOPES)),
        "sample": int(translated["images"].iloc[0]),
        "far": int(accuracy.index[-1]),
        "accuracy": accuracy,
        "shift": (run.params.cnn.augment_shift, run.params.mlp.augment_shift),
        "by_pixels": pd.DataFrame(in_words).reset_index(),
    }


def confusion(run: Run) -> plots.Figure:
    """Confusion matrices of both models, test images, with the pair's cells marked."""
    figure, axes = plots.subplots(1, 2, figsize=(12, 5.9))
    table, seeds = run.read(files.CONFUSION), len(run.seeds)
    for axis, (model, name) in zip(axes[0], MODELS.items(), strict=True):
        of = table[table["model"] == model]
        counts = of.pivot_table(index="actual", columns="predicted", values="count").to_numpy()
        _matrix(axis, counts, run)
        axis.set_title(f"{name}: {counts.trace() / counts.sum():.2%} right")
    per = f"mean of {seeds} networks" if seeds > 1 else "1 network"
    figure.suptitle(f"Test images by actual class and answer ({per}); the pair is framed")
    return figure


def _matrix(axis: plots.Axes, counts: np.ndarray, run: Run) -> None:
    errors = np.where(np.eye(len(counts), dtype=bool), np.nan, counts)
    highest = max(np.nanmax(errors), 1)
    axis.imshow(errors, cmap="Oranges", vmin=0, vmax=highest)
    for (row, column), count in np.ndenumerate(counts):
        if count > 0:
            text = f"{count:,.0f}" if row == column or count >= 9.95 else f"{count:.2g}"
            color = "white" if row != column and count > 0.6 * highest else "black"
            look = {"color": color, "weight": "bold" if row == column else "normal"}
            axis.text(column, row, text, ha="center", va="center", fontsize=8.5, **look)
    for row, column in (run.pair, run.pair[::-1]):
        plots.square(axis, row, column, lw=2.4, ec=plots.COLOR_A, clip_on=False)
    plots.fit_names(axis, run.class_names)
    axis.set_yticks(range(len(counts)), run.class_names)
    axis.set(xlabel="answer of the network", ylabel="actual class")
    axis.grid(visible=False)


def translation(run: Run) -> plots.Figure:
    """Accuracy of every network on images translated by 0 and more pixels."""
    figure, axes = plots.subplots(figsize=(11, 4))
    axis, looks = axes[0, 0], dict(zip(MODELS, zip(plots.PAIR, "os", strict=True), strict=True))
    for (model, seed), curve in run.read(files.TRANSLATION).groupby(["model", "seed"], sort=False):
        (color, marker), label = looks[model], MODELS[model] if seed == run.seed else None
        look = {"color": color, "marker": marker, "markersize": 5, "alpha": 0.75, "label": label}
        axis.plot(curve["pixels"], curve["accuracy"], **look)
    axis.set(xlabel="translation (pixels)", ylabel="accuracy, all classes (test)")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    plots.share_axis(axis)
    axis.legend(loc="lower left")
    figure.suptitle("Accuracy of each network on translated images")
    return figure
