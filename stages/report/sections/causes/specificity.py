"""Whether the points with most effect on the pair matter for other classes."""

import pandas as pd

from stages.common import files
from stages.common.run import Run
from stages.report import plots

ORDER = 60


def few_points(run: Run) -> int:
    """The largest tested k that claims.few_points of the live points of `run.seed` allow."""
    live = run.read(files.STATISTICS, seed=run.seed)["live"].iloc[0]
    ks = run.read(files.PATCHING, seed=run.seed)["k"].unique()
    within = ks[ks <= run.params.claims.few_points * live]
    return int(within.max() if len(within) else ks.min())


def lost_accuracy(run: Run, k: int, mode: str) -> pd.DataFrame:
    """Accuracy lost by each class (rows) and seed (columns) at the tested k nearest to `k`."""
    lost = {}
    for seed in run.seeds:
        table = run.read(files.SPECIFICITY, seed=seed)
        nearest = table["k"].iloc[(table["k"] - k).abs().argmin()]
        rows = table[(table["k"] == nearest) & (table["mode"] == mode)].set_index("class")
        lost[seed] = rows["accuracy_before"] - rows["accuracy_after"]
    return pd.DataFrame(lost)


def numbers(run: Run) -> dict:
    """What the ablation costs the pair, and which other class it costs most."""
    k = few_points(run)
    lost = 100 * lost_accuracy(run, k, "mean")
    others = lost.drop(list(run.pair), errors="ignore").mean(axis=1)
    worst = int(others.idxmax()) if others.max() > 0 else None
    changes = [-lost.loc[label] for label in run.pair]
    return {"k": k, "changes": changes, "lost": lost, "others": len(others), "worst": worst}


def specificity(run: Run) -> plots.Figure:
    """Accuracy each class loses when the points with most effect on the pair are ablated."""
    k = few_points(run)
    figure, axes = plots.subplots(1, 2, figsize=(12, 4.4), sharey=True)
    titles = {"mean": "set to the mean of the pair", "zero": "set to zero"}
    for axis, (mode, title) in zip(axes[0], titles.items(), strict=True):
        lost = 100 * lost_accuracy(run, k, mode)
        places, colors = range(len(lost)), plots.class_colors(lost.index, run.pair)
        axis.bar(places, lost.mean(axis=1), color=colors, alpha=0.75)
        axis.plot(places, lost, "o", color="black", markersize=3.5, alpha=0.7)
        plots.fit_names(axis, [run.class_names[label] for label in lost.index])
        axis.set(title=f"{k} points {title}", xlabel="class")
        axis.axhline(0, color="black", linewidth=0.8)
    axes[0, 0].set_ylabel("accuracy lost, percentage points\n(test; dots: networks)")
    a, b = run.names
    figure.suptitle(f"Ablation of the points with most effect on {a} against {b}, by class")
    return figure
