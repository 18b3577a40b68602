"""The numbers that experiments are compared by: `metrics.json` and the tables of `dvc plots`."""

from collections import Counter

import numpy as np
import pandas as pd

from stages.common import files, network, verdicts
from stages.common.names import DIRECTIONS, MODELS, MODES
from stages.common.run import Run

BINS = 40
VERDICTS = ("supported", "not supported", "undecided")
RANKINGS = {
    "forward": "chosen together (forward)",
    "auroc": "best alone (AUROC)",
    "effect": "most effect on the logits",
}
PANELS = dict(zip(DIRECTIONS, ("a given b", "b given a"), strict=True))


def verdict_counts(run: Run) -> dict[str, int]:
    """How many whole claims have each verdict."""
    counts = Counter(verdicts.of_claims(run.read(files.CLAIMS)).values())
    return {verdict: counts[verdict] for verdict in VERDICTS}


def metrics(run: Run) -> dict:
    """Short, stable names; means over the seeds unless the name says otherwise.

    A number that a run does not have is left out, and `dvc metrics diff` shows a dash: `maps`
    with one seed, `patch_k` where the networks answer no image of the pair rightly.
    """
    groups: dict[str, dict] = {}
    accuracy = run.read(files.ACCURACY).query("split == 'test'").set_index("model")["accuracy"]
    pair = run.read(files.PAIR).set_index("model")["errors"]
    for model in MODELS:
        values = accuracy.loc[[model]]
        groups[model] = {
            "accuracy": values.mean(),
            "lowest": values.min(),
            "highest": values.max(),
            "confused": pair.loc[[model]].mean(),
        }
    points, found = run.every(files.STATISTICS), run.every(files.INTERVENTIONS)
    groups["points"] = {
        **{name: points[name].mean() for name in ("live", "separating", "only_a", "only_b")},
        "best_auroc": points["best_distance"].mean(),
        "probe_k": found["probe_k_forward"].mean(),
        "patch_k": found["patch_k"].fillna(found["patch_none"]).mean(),
    }
    matching = run.read(files.MATCHING)
    last = matching[matching["layer"] == network.LAST]
    groups["maps"] = {name: last[name].mean() for name in ("matched_r", "identity_r")}
    known = {
        group: {name: round(float(x), 5) for name, x in values.items() if not np.isnan(x)}
        for group, values in groups.items()
    }
    counts = {verdict.replace(" ", "_"): n for verdict, n in verdict_counts(run).items()}
    return {group: values for group, values in known.items() if values} | {"claims": counts}


def histories(run: Run) -> pd.DataFrame:
    """Every epoch of every network: a model, seed and `files.HISTORY`."""
    tables = (
        run.read(files.HISTORY, model=model, seed=seed).assign(model=model, seed=seed)
        for model in MODELS
        for seed in run.seeds
    )
    return pd.concat(tables, ignore_index=True)


def plot_tables(run: Run) -> dict[str, pd.DataFrame]:
    """The tables that `dvc plots` draws, by file name.

    All but `confusions` have a curve for each `panel` and `seed`, and no empty cell. Panels
    have the same names in every experiment, whatever its pair or dataset, so that the curves
    of two experiments lie in the same panel.
    """
    training = histories(run)
    translation = run.read(files.TRANSLATION).sort_values("model", kind="stable")
    probes = run.every(files.PROBE_CURVE)
    return {
        "curves": training.assign(panel=training["model"].map(MODELS))[
            ["panel", "seed", "epoch", "val_accuracy", "val_loss"]
        ],
        "probe_curve": probes.assign(
            panel=probes["ranking"].map(RANKINGS), error=(1 - probes["accuracy"]).round(6)
        )[["panel", "seed", "k", "error"]],
        "patching": _patching(run),
        "auroc": _auroc(run),
        "translation": translation.assign(panel=translation["model"].map(MODELS))[
            ["panel", "seed", "pixels", "accuracy"]
        ].round(6),
        "confusions": _confusions(run),
    }


def _patching(run: Run) -> pd.DataFrame:
    """The share of images that flip when k points are patched in the order of effect."""
    curves = run.every(files.PATCHING)
    curves["panel"] = curves["direction"].map(PANELS) + ", " + curves["mode"]
    panels = [f"{direction}, {mode}" for direction in PANELS.values() for mode in MODES]
    order = curves["panel"].map(panels.index)
    curves = curves.loc[order.sort_values(kind="stable").index]
    return curves[["panel", "seed", "k", "flipped"]].dropna().round(6).reset_index(drop=True)


def _auroc(run: Run) -> pd.DataFrame:
    """The share of a network's live points in each bin of AUROC on test images."""
    edges = np.linspace(0, 1, BINS + 1)
    points = run.every(files.POINTS)
    tables = []
    for seed, live in points[~points["dead"]].groupby("seed", sort=False):
        shares = np.histogram(live["auroc_test"], edges)[0] / len(live)
        columns = {"auroc": (edges[:-1] + edges[1:]) / 2, "live_points": shares}
        tables.append(pd.DataFrame({"panel": network.LAST, "seed": seed, **columns}))
    return pd.concat(tables, ignore_index=True).round(6)


def _confusions(run: Run) -> pd.DataFrame:
    """How many test images of each class get each wrong answer, mean over the seeds."""
    table = run.read(files.CONFUSION).query("actual != predicted")
    means = table.groupby(["model", "actual", "predicted"])["count"].mean().reset_index()
    named = {name: means[name].map(run.class_names.__getitem__) for name in ("actual", "predicted")}
    return pd.DataFrame(
        {"panel": means["model"].map(MODELS), **named, "images": means["count"].round(2)}
    )
