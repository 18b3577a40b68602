"""Whether the CNN confuses the pair less than the MLP, in place and translated."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from stages.common import files
from stages.common.names import MODELS
from stages.common.run import Run
from stages.report import plots, words

ORDER = 30
SCOPES = {"all": "all test images", "pair": "images of the pair"}


def numbers(run: Run) -> dict:
    """Confusions of the pair, McNemar's test, and accuracy by distance of translation."""
    pair, mcnemar = run.read(files.PAIR), run.read(files.MCNEMAR)
    translation = run.read(files.TRANSLATION)
    errors = pair.pivot_table(index="seed", columns="model", values="errors", sort=False)
    ahead = mcnemar[mcnemar["scope"] == "pair"]
    won = (ahead["p_value"] < 0.05) & (ahead["only_cnn_right"] > ahead["only_mlp_right"])
    by_pixels = translation.pivot_table(
        index="pixels", columns=["model", "seed"], values="accuracy"
    )
    lost = 100 * (by_pixels.iloc[0] - by_pixels.iloc[-1])
    return {
        "images": int(pair["n"].iloc[0]),
        "errors": errors,
        "fewer": int((errors["cnn"] < errors["mlp"]).sum()),
        "ahead": int(won.sum()),
        "sample": int(translation["images"].iloc[0]),
        "far": int(by_pixels.index[-1]),
        "lost": {model: lost[model] for model in MODELS},
        "ends": {m: by_pixels[m].iloc[[0, -1]].mean(axis=1).to_list() for m in MODELS},
        "shift": (run.params.cnn.augment_shift, run.params.mlp.augment_shift),
        "pair": pair.assign(share=pair["errors"] / pair["n"]),
        "mcnemar": mcnemar.assign(images=mcnemar["scope"].map(SCOPES)),
        "by_pixels": [
            {m: words.mean_and_reach(row[m], ".2%") for m in MODELS} | {"pixels": pixels}
            for pixels, row in by_pixels.iterrows()
        ],
    }


def confusion(run: Run) -> Figure:
    """Confusion matrices of both models, test images, with the pair's cells marked."""
    figure, axes = plots.subplots(1, 2, figsize=(12, 5.9))
    table, seeds = run.read(files.CONFUSION), len(run.seeds)
    for axis, (model, name) in zip(axes[0], MODELS.items(), strict=True):
        counts = table[table["model"] == model].pivot_table(
            index="actual", columns="predicted", values="count", aggfunc="sum"
        )
        counts = counts.to_numpy() / seeds
        _matrix(axis, counts, run)
        axis.set_title(f"{name}: {counts.trace() / counts.sum():.2%} right")
    per = f"mean of {seeds} networks" if seeds > 1 else "1 network"
    figure.suptitle(f"Test images by actual class and answer ({per}); the pair is framed")
    return figure


def _matrix(axis: Axes, counts: np.ndarray, run: Run) -> None:
    errors = np.where(np.eye(len(counts), dtype=bool), np.nan, counts)
    highest = max(np.nanmax(errors), 1)
    axis.imshow(errors, cmap="Oranges", vmin=0, vmax=highest)
    for (row, column), count in np.ndenumerate(counts):
        if count > 0:
            text = f"{count:,.0f}" if row == column or count >= 9.95 else f"{count:.2g}"
            dark = {"color": "white" if count > 0.6 * highest else "black"}
            look = {"weight": "bold", "color": "#333333"} if row == column else dark
            axis.text(column, row, text, ha="center", va="center", fontsize=8.5, **look)
    a, b = run.pair
    for row, column in ((a, b), (b, a)):
        corner = (column - 0.5, row - 0.5)
        frame = Rectangle(corner, 1, 1, fill=False, lw=2.4, ec=plots.COLOR_A, clip_on=False)
        axis.add_patch(frame)
    long = max(map(len, run.class_names)) > 2
    axis.set_xticks(range(len(counts)), run.class_names, rotation=60 if long else 0)
    axis.set_yticks(range(len(counts)), run.class_names)
    axis.set(xlabel="answer of the network", ylabel="actual class")
    axis.grid(visible=False)


def translation(run: Run) -> Figure:
    """Accuracy of every network on images translated by 0 and more pixels."""
    figure, axes = plots.subplots(figsize=(7.5, 4))
    axis, table = axes[0, 0], run.read(files.TRANSLATION)
    looks = dict(zip(MODELS, ((plots.COLOR_A, "o"), (plots.COLOR_B, "s")), strict=True))
    for (model, seed), curve in table.groupby(["model", "seed"], sort=False):
        color, marker = looks[model]
        axis.plot(
            curve["pixels"], curve["accuracy"], color=color, marker=marker, markersize=5,
            alpha=0.75, label=MODELS[model] if seed == run.seed else None,
        )  # fmt: skip
    axis.set(xlabel="translation (pixels)", ylabel="accuracy, all classes (test)")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.yaxis.set_major_formatter(PercentFormatter(1))
    axis.legend(loc="lower left")
    several = ": a line a network" if len(run.seeds) > 1 else ""
    figure.suptitle(f"Accuracy on translated images{several}")
    return figure


FIGURES = {"confusion": confusion, "translation": translation}
