"""The numbers that experiments are compared by: `metrics.json` and the tables of `dvc plots`."""

from collections import Counter
from collections.abc import Callable
from typing import get_args

import numpy as np
import pandas as pd

from stages.common import files, inference
from stages.common.cases import DIRECTIONS, MODES, TRAINED, UNTRAINED
from stages.common.names import MODELS
from stages.common.run import Run

BINS = 40
RANKINGS = {"forward": "chosen together (forward)", "auroc": "best alone (AUROC)",
            "effect": "most effect on the logits"}  # fmt: skip
PANELS = dict(zip(DIRECTIONS, ("a given b", "b given a"), strict=True))


def outcome_counts(run: Run) -> dict[str, int]:
    """How many whole claims have each outcome."""
    counts = Counter(claim["outcome"] for claim in run.read(files.CLAIMS))
    return {outcome: counts[outcome] for outcome in get_args(inference.Outcome)}


def observed(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of resamples that are of the images as they are."""
    return table[table["resample"] == 0]


def measured() -> dict[str, Callable[[Run], dict[str, float]]]:
    """What sections measure: a function for each group of metrics."""
    from stages.report import page  # draws, which metrics alone do without

    modules = [module for _, parts in page.chapters() for module in parts]
    return {
        module.__name__.rpartition(".")[2]: module.metrics
        for module in modules
        if hasattr(module, "metrics")
    }


def every_metric(run: Run) -> dict[str, dict[str, float]]:
    """The content of `metrics.json`: what sections measure, a group each, and `metrics`."""
    return {name: rounded(of(run)) for name, of in measured().items()} | metrics(run)


def metrics(run: Run) -> dict:
    """Short, stable names; means over the seeds unless the name says otherwise.

    `patch_k` is of the direction that takes more points. A number that a run does not have is left
    out, and `dvc metrics diff` shows a dash: `maps` with one seed, `patch_k` where the networks
    answer no image of a class rightly.
    """
    accuracy = run.read(files.ACCURACY).query("split == 'test'").groupby("model")["accuracy"]
    test = accuracy.agg(accuracy="mean", lowest="min", highest="max")
    test["confused"] = run.read(files.PAIR).groupby("model")["errors"].mean()
    points, probes = run.every(files.STATISTICS), observed(run.every(files.PROBE_RESAMPLES))
    few = points[["live", "separating", "only_a", "only_b"]].mean()
    few["best_auroc"] = points["best_distance"].mean()
    few["probe_error_few"], few["probe_error_all"] = probes[["error_few", "error_all"]].mean()
    half = run.every(files.HALF_FLIPPED).pivot_table("k", "seed", "direction", dropna=False)
    few["patch_k"] = half.max(axis=1, skipna=False).mean()
    last = run.read(files.MATCHING).query("layer == @run.last")
    groups = {model: test.loc[model] for model in MODELS}
    groups |= {"points": few, "maps": last[["matched_r", "identity_r"]].mean()}
    known = {group: rounded(values) for group, values in groups.items()}
    claims = {outcome.replace(" ", "_"): n for outcome, n in outcome_counts(run).items()}
    return {group: values for group, values in known.items() if values} | {"claims": claims}


def rounded(values: pd.Series | dict[str, float]) -> dict[str, float]:
    """Numbers to five digits, without those that do not exist."""
    return {name: round(float(x), 5) for name, x in values.items() if np.isfinite(x)}


def histories(run: Run) -> pd.DataFrame:
    """Every epoch of every network: a model, seed and `files.HISTORY`."""
    tables = (run.every(files.HISTORY, model=model).assign(model=model) for model in MODELS)
    return pd.concat(tables, ignore_index=True)


def plot_tables(run: Run) -> dict[str, pd.DataFrame]:
    """The tables that `dvc plots` draws, by file name.

    All but `confusions` have a curve for each `panel` and `seed`, and no empty cell. Panels are
    named alike in every experiment, so that the curves of two experiments lie in the same panel.
    """
    training, probes = histories(run), run.every(files.PROBE_CURVE)
    patching, translation = run.every(files.PATCHING), run.read(files.TRANSLATION)
    panels = [f"{direction}, {mode}" for direction in PANELS.values() for mode in MODES]
    names = patching["direction"].map(PANELS) + ", " + patching["mode"]
    patching = patching.assign(panel=pd.Categorical(names, panels)).dropna(subset="flipped")
    panel = translation["model"].map(MODELS)
    translation = translation.assign(panel=panel).sort_values("panel", kind="stable")
    training["panel"] = training["model"].map(MODELS)
    probes["panel"], probes["error"] = probes["ranking"].map(RANKINGS), 1 - probes["accuracy"]

    def curves(table: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
        return table[["panel", "seed", x, y]].round(6)

    return {
        "curves": training[["panel", "seed", "epoch", "val_accuracy", "val_loss"]],
        "probe_curve": curves(probes, "k", "error"),
        "patching": curves(patching.sort_values("panel", kind="stable"), "k", "flipped"),
        "auroc": _auroc(run),
        "translation": curves(translation, "pixels", "accuracy"),
        "layers": _layers(run),
        "confusions": _confusions(run),
    }


def _auroc(run: Run) -> pd.DataFrame:
    """The share of a network's live points in each bin of AUROC on test images."""
    edges, tables = np.linspace(0, 1, BINS + 1), []
    for seed, live in run.every(files.POINTS).query("not dead").groupby("seed", sort=False):
        shares = np.histogram(live["auroc_test"], edges)[0] / len(live)
        columns = {"auroc": (edges[:-1] + edges[1:]) / 2, "live_points": shares}
        tables.append(pd.DataFrame({"panel": "last conv layer", "seed": seed, **columns}))
    return pd.concat(tables, ignore_index=True).round(6)


def _layers(run: Run) -> pd.DataFrame:
    """Errors of the linear probes for the pair, of the networks looked at closely."""
    table = run.every_shown(files.LAYER_PROBES).query("task == 'pair'")
    panel = table["network"].map({TRAINED: "after training", UNTRAINED: "before training"})
    table = table.assign(panel=panel, error=(1 - table["accuracy"]).round(6))
    return table.sort_values("panel", kind="stable")[["panel", "seed", "layer", "error"]]


def _confusions(run: Run) -> pd.DataFrame:
    """How many test images of each class get each wrong answer, mean over the seeds."""
    table = run.read(files.CONFUSION).query("actual != predicted")
    means = table.groupby(["model", "actual", "predicted"])["count"].mean().round(2).reset_index()
    named = {name: means[name].map(run.class_names.__getitem__) for name in ("actual", "predicted")}
    return pd.DataFrame({"panel": means["model"].map(MODELS), **named, "images": means["count"]})
