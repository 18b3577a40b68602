"""The numbers that experiments are compared by: `metrics.json` and the tables of `dvc plots`."""

import numpy as np
import pandas as pd

from stages.report.causes import half_flipped
from stages.report.figures import telling_points
from stages.report.results import LAYER, Results
from stages.report.verdicts import verdict_counts

BINS = 40


def metrics(results: Results) -> dict:
    """Short, stable names; means over the seeds unless the name says otherwise."""
    summary = results.evaluation["summary"].set_index(["model", "measure"])
    found: dict[str, dict] = {}
    for model in ("cnn", "mlp"):
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
    found["points"]["to_flip"] = _mean(points_to_flip(results))
    if len(results.correlations["seeds"]):
        matching = results.replicates["matching"].groupby("layer").mean().loc[LAYER]
        found["maps"] = {
            "matched_r": _round(matching["matched_r"]),
            "identity_r": _round(matching["identity_r"]),
        }
    counts = verdict_counts(results)
    found["claims"] = {verdict.replace(" ", "_"): n for verdict, n in counts.items()}
    return found


def points_to_flip(results: Results) -> list[int]:
    """The k whose interchange flips half of the images, for each network and direction.

    Where none does, the number of live points: all of them are not enough.
    """
    found = []
    for seed, table in results.interventions["patching"].items():
        for direction in ("a_to_b", "b_to_a"):
            row = half_flipped(table, direction, "interchange")
            live = int((~results.points[seed]["dead"]).sum())
            found.append(live if row is None else int(row["k"]))
    return found


def _mean(values) -> float:
    return _round(np.mean([float(value) for value in values]))


def _round(value: float) -> float:
    return round(float(value), 5)


def plot_tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables that `dvc plots` draws, by file name.

    `curves`: a row a network and epoch. `confusion_{model}`: a row a test image of the first
    seed, since the template counts rows. `auroc`: the share of live points in each bin of
    AUROC on test images, mean over the seeds.
    """
    curves = results.histories[["model", "seed", "epoch", "val_accuracy", "val_loss"]]
    tables = {"curves": curves}
    names = np.array(results.class_names)
    for model, answers in results.answers.groupby("model"):
        tables[f"confusion_{model}"] = pd.DataFrame(
            {"actual": names[answers["actual"]], "predicted": names[answers["predicted"]]}
        )
    edges = np.linspace(0, 1, BINS + 1)
    shares = []
    for table in results.points.values():
        values = table.loc[~table["dead"], "auroc_test"]
        shares.append(np.histogram(values, edges)[0] / max(len(values), 1))
    tables["auroc"] = pd.DataFrame(
        {"auroc": (edges[:-1] + edges[1:]) / 2, "live_points": np.mean(shares, axis=0)}
    ).round(6)
    return tables
