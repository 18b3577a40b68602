"""Which images, which networks, how accurate, and how they learned."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from stages.common import files, network
from stages.common.names import MODELS, SPLITS
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import histories

ORDER = 20


def image_counts(run: Run) -> dict[str, int]:
    """Images by split."""
    names = [f"{split}_labels" for split in SPLITS]
    labels = run.read(files.DATASET, *names)
    return {split: len(labels[name]) for split, name in zip(SPLITS, names, strict=True)}


def numbers(run: Run) -> dict:
    """Sizes, test accuracy of every network, and the last epoch's validation error."""
    test = run.read(files.ACCURACY).query("split == 'test'")
    runs = histories(run)
    last = runs[runs["epoch"] == runs.groupby(["model", "seed"])["epoch"].transform("max")]
    weights = {m: run.path(files.WEIGHTS, model=m, seed=run.seed) for m in MODELS}
    return {
        "images": image_counts(run),
        "parameters": {m: network.parameter_count(path) for m, path in weights.items()},
        "test": dict(list(test.groupby("model"))),
        "ends": {model: 1 - rows["val_accuracy"] for model, rows in last.groupby("model")},
        "rows": test,
    }


def training_curves(run: Run) -> Figure:
    """Error and loss of every network over the epochs, on fit and validation images."""
    figure, axes = plots.subplots(1, 2, figsize=(11, 4.2))
    colors = dict(zip(MODELS, (plots.COLOR_A, plots.COLOR_B), strict=True))
    runs = histories(run)

    def draw(curve: pd.DataFrame, model: str, thin: bool) -> None:
        for split, prefix, style in (("fit", "", "--"), ("validation", "val_", "-")):
            bold = {"lw": 2.2, "marker": "o", "ms": 3.5, "label": f"{MODELS[model]}, {split}"}
            look = {
                "color": colors[model],
                "ls": style,
                **({"alpha": 0.45, "lw": 1} if thin else bold),
            }
            axes[0, 0].plot(curve["epoch"], 1 - curve[f"{prefix}accuracy"], **look)
            axes[0, 1].plot(curve["epoch"], curve[f"{prefix}loss"], **look)

    for (model, _), curve in runs.groupby(["model", "seed"], sort=False):
        draw(curve, model, thin=True)
    for model, curves in runs.groupby("model", sort=False):
        draw(curves.groupby("epoch").mean(numeric_only=True).reset_index(), model, thin=False)
    axes[0, 0].set(title="Error rate", ylabel="share of images with a wrong answer")
    axes[0, 1].set(title="Loss", ylabel="cross-entropy (nats), penalties included")
    for axis in axes[0]:
        axis.set(xlabel="epoch", yscale="log")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1))
    axes[0, 1].legend()
    seeds = len(run.seeds)
    which = f"mean (bold) and each of {seeds} seeds" if seeds > 1 else "one seed"
    figure.suptitle(f"Training: {which}")
    return figure


FIGURES = {"training_curves": training_curves}
