"""The numbers that experiments are compared by: `metrics.json` and the tables of `dvc plots`."""

import numpy as np
import pandas as pd

from stages.report.figures import telling_points
from stages.report.intervention_figures import RANKINGS
from stages.report.results import LAYER, Results
from stages.report.verdicts import verdict_counts

BINS = 40
MODELS = {"cnn": "CNN", "mlp": "MLP"}
MODES = ("interchange", "mean", "zero")
DIRECTIONS = {"a_to_b": "a given b", "b_to_a": "b given a"}


def metrics(results: Results) -> dict:
    """Short, stable names; means over the seeds unless the name says otherwise.

    A number that a run does not have is left out, and `dvc metrics diff` shows a dash: `maps`
    with one seed, `to_flip` where the networks answer no image of the pair rightly.
    """
    summary = results.evaluation["summary"].set_index(["model", "measure"])
    found: dict[str, dict] = {}
    for model in MODELS:
        accuracy = summary.loc[(model, "test_accuracy")]
        found[model] = {
            "accuracy": _round(accuracy["mean"]),
            "lowest": _round(accuracy["lowest"]),
            "highest": _round(accuracy["highest"]),
            "confused": _round(summary.loc[(model, "pair_errors"), "mean"]),
        }
    tables = results.points.values()
    live = [table[~table["dead"]] for table in tables]
    best = [telling_points(table, 1)["auroc_test"].iloc[0] for table in tables]
    found["points"] = {
        "live": _mean(len(table) for table in live),
        "telling": _mean(((table["auroc_test"] - 0.5).abs() > 0.2).sum() for table in live),
        "only_a": _mean((t["common_a"] & ~t["common_b"]).sum() for t in tables),
        "only_b": _mean((t["common_b"] & ~t["common_a"]).sum() for t in tables),
        "best_auroc": _mean(0.5 + abs(value - 0.5) for value in best),
    }
    found["points"]["to_tell"] = _mean(k["forward"] for k in results.chosen_k.values())
    if counted := points_to_flip(results):
        found["points"]["to_flip"] = _mean(counted)
    if len(results.correlations["seeds"]):
        matching = results.replicates["matching"].groupby("layer").mean().loc[LAYER]
        found["maps"] = {
            "matched_r": _round(matching["matched_r"]),
            "identity_r": _round(matching["identity_r"]),
        }
    counts = verdict_counts(results)
    found["claims"] = {verdict.replace(" ", "_"): n for verdict, n in counts.items()}
    return found


def points_to_flip(results: Results) -> list[float]:
    """How many points decide in each network, as claim A counts them, where it could.

    The claim gives them as a share of the live points: 1 where no tested number flips half.
    """
    rows = (row for row in results.claims if (row["id"], row["part"]) == ("A", "decide"))
    return [
        found["value"] * (~results.points[found["seed"]]["dead"]).sum()
        for found in next(rows)["values"]
        if found["value"] is not None
    ]


def _mean(values) -> float:
    return _round(np.mean([float(value) for value in values]))


def _round(value: float) -> float:
    return round(float(value), 5)


def plot_tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables that `dvc plots` draws, by file name.

    All but `confusions` have a curve for each `panel` and `seed`, and no empty cell. Panels
    have the same names in every experiment, whatever its pair or dataset, so that the curves
    of two experiments lie in the same panel.
    """
    return {
        "curves": results.histories.assign(panel=results.histories["model"].map(MODELS))[
            ["panel", "seed", "epoch", "val_accuracy", "val_loss"]
        ],
        "point_curve": _point_curve(results),
        "patching": _patching(results),
        "auroc": _auroc(results),
        "shifts": results.shifts.assign(panel=results.shifts["model"].map(MODELS))[
            ["panel", "seed", "pixels", "accuracy"]
        ].round(6),
        "confusions": _confusions(results),
    }


def _point_curve(results: Results) -> pd.DataFrame:
    """The share of the pair's test images that a linear classifier of k points tells wrongly."""
    curves = _of_seeds(results.interventions["point_curve"])
    curves["panel"] = curves["ranking"].map(RANKINGS)
    curves["error"] = (1 - curves["accuracy"]).round(6)
    return curves[["panel", "seed", "k", "error"]]


def _patching(results: Results) -> pd.DataFrame:
    """The share of images that flip when k points are edited in the order of effect."""
    curves = _of_seeds(results.interventions["patching"])
    order = pd.MultiIndex.from_product([DIRECTIONS, MODES], names=["direction", "mode"])
    curves = curves[curves["ranking"] == "effect"].set_index(["direction", "mode"])
    curves = pd.concat([curves.loc[[panel]] for panel in order]).reset_index()
    curves["panel"] = curves["direction"].map(DIRECTIONS) + ", " + curves["mode"]
    return curves[["panel", "seed", "k", "flipped"]].round(6)


def _auroc(results: Results) -> pd.DataFrame:
    """The share of a network's live points in each bin of AUROC on test images."""
    edges = np.linspace(0, 1, BINS + 1)
    tables = []
    for seed, points in results.points.items():
        values = points.loc[~points["dead"], "auroc_test"]
        shares = np.histogram(values, edges)[0] / len(values)
        columns = {"auroc": (edges[:-1] + edges[1:]) / 2, "live_points": shares}
        tables.append(pd.DataFrame({"panel": LAYER, "seed": seed, **columns}))
    return pd.concat(tables, ignore_index=True).round(6)


def _confusions(results: Results) -> pd.DataFrame:
    """How many test images of each class get each wrong answer, mean over the seeds."""
    table = results.evaluation["confusion"]
    wrong = table[table["actual"] != table["predicted"]]
    means = wrong.groupby(["model", "actual", "predicted"])["count"].mean().reset_index()
    names = dict(enumerate(results.class_names))
    return pd.DataFrame(
        {
            "panel": means["model"].map(MODELS),
            "actual": means["actual"].map(names),
            "predicted": means["predicted"].map(names),
            "images": means["count"].round(2),
        }
    )


def _of_seeds(tables: dict[int, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table.assign(seed=seed) for seed, table in tables.items()], ignore_index=True)
