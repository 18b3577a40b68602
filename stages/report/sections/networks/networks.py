"""Which images, which networks, how accurate, and how they learned."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from stages.common import files, trained
from stages.common.names import MODELS, SPLITS
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import histories

ORDER = 10


def numbers(run: Run) -> dict:
    """Sizes, test accuracy of every network, and the last epoch's validation error."""
    test = run.read(files.ACCURACY).query("split == 'test'")
    last = histories(run).groupby(["model", "seed"]).last()["val_accuracy"]
    weights = {model: run.path(files.WEIGHTS, model=model, seed=run.seed) for model in MODELS}
    return {
        "side": run.design.side,
        "cnn": run.params.network.cnn,
        "hidden": [str(units) for units in run.params.network.mlp.hidden],
        "layers": layers_table(run),
        "images": {split: len(run.dataset_array(f"{split}_labels")) for split in SPLITS},
        "parameters": {m: trained.parameter_count(path) for m, path in weights.items()},
        "rows": test,
        "test": dict(list(test.groupby("model"))),
        "ends": {model: 1 - last[model] for model in MODELS},
    }


def layers_table(run: Run) -> pd.DataFrame:
    """The CNN's conv and pool layers: sizes, parameters, and what a point sees of the image."""
    cnn = run.params.network.cnn
    fields = run.read(files.FIELD_SIZES)[["size", "stride"]]
    shapes = {"side": cnn.sides(run.design.side), "parameters": cnn.parameters}
    layers = pd.DataFrame(cnn.layers).rename(columns={"stride": "step"})
    return pd.concat([layers.assign(**shapes), fields], axis=1)


def training_curves(run: Run) -> plots.Figure:
    """Error and loss of every network over the epochs, on fit and validation images."""
    figure, axes = plots.subplots(1, 2, figsize=(11, 4.2))
    error, loss = axes[0]
    runs, thin = histories(run), {"alpha": 0.45, "linewidth": 1}
    curves = [(model, of, thin) for (model, _), of in runs.groupby(["model", "seed"], sort=False)]
    for model, of in runs.groupby("model", sort=False):
        means = of.groupby("epoch", as_index=False).mean(numeric_only=True)
        curves.append((model, means, {"linewidth": 2.2, "marker": "o", "markersize": 3.5}))
    for model, curve, width in curves:
        color = plots.PAIR[list(MODELS).index(model)]
        for split, prefix, dashes in (("fit", "", "--"), ("validation", "val_", "-")):
            label = None if width is thin else f"{MODELS[model]}, {split}"
            look = {"color": color, "linestyle": dashes, "label": label, **width}
            error.plot(curve["epoch"], 1 - curve[f"{prefix}accuracy"], **look)
            loss.plot(curve["epoch"], curve[f"{prefix}loss"], **look)
    error.set(title="Error rate", ylabel="share of images with a wrong answer")
    loss.set(title="Loss", ylabel="cross-entropy (nats), penalties included")
    for axis in axes[0]:
        axis.set(xlabel="epoch", yscale="log")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    plots.share_axis(error)
    loss.legend(handlelength=3.5)  # a dash and a gap
    seeds = len(run.seeds)
    figure.suptitle(f"Training: mean (bold) and {seeds} seeds" if seeds > 1 else "Training")
    return figure
