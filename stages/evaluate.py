"""How well both networks do, and how often they take one class of the pair for the other.

In:  labels from `data/raw/dataset.npz`; logits and histories of every network in
     `data/models`, for the seeds that `params.yaml` names.
Out: `data/evaluation/`: accuracy, pair, McNemar and confusion tables, one row a network; their
     mean and spread over the seeds; the mean training curves of both models.
"""

import numpy as np
import pandas as pd

from stages.common import artifacts, console, measures
from stages.common.params import read_params

MODELS = ("cnn", "mlp")
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")


def accuracy_row(answers: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy of ten-way answers (n,) with its Wilson interval."""
    n, errors = len(labels), int((answers != labels).sum())
    low, high = measures.wilson_interval(n - errors, n)
    return {"n": n, "errors": errors, "accuracy": (n - errors) / n, "low": low, "high": high}


def pair_row(answers: np.ndarray, labels: np.ndarray, pair: tuple[int, int]) -> dict:
    """Images of the pair whose ten-way answer is the other member, and their rate's interval."""
    a, b = pair
    n = int(np.isin(labels, pair).sum())
    a_as_b = int(((labels == a) & (answers == b)).sum())
    b_as_a = int(((labels == b) & (answers == a)).sum())
    low, high = measures.wilson_interval(a_as_b + b_as_a, n)
    errors = a_as_b + b_as_a
    return {
        "n": n, "a_as_b": a_as_b, "b_as_a": b_as_a, "errors": errors, "low": low, "high": high,
    }  # fmt: skip


def mcnemar_row(cnn_right: np.ndarray, mlp_right: np.ndarray) -> dict:
    """Where the two networks agree and differ, from boolean (n,), and the exact p."""
    only_cnn, only_mlp = int((cnn_right & ~mlp_right).sum()), int((mlp_right & ~cnn_right).sum())
    return {
        "both_right": int((cnn_right & mlp_right).sum()),
        "only_cnn_right": only_cnn,
        "only_mlp_right": only_mlp,
        "both_wrong": int((~cnn_right & ~mlp_right).sum()),
        "p_value": measures.mcnemar_p(only_cnn, only_mlp),
    }


def confusion_table(answers: np.ndarray, labels: np.ndarray, classes: int) -> pd.DataFrame:
    """Counts of every (actual, predicted) pair of classes, in that order."""
    counts = np.bincount(labels * classes + answers, minlength=classes**2)
    actual, predicted = np.divmod(np.arange(classes**2), classes)
    return pd.DataFrame({"actual": actual, "predicted": predicted, "count": counts})


def summary_table(accuracy: pd.DataFrame, pair: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread over the seeds of test accuracy and of the pair's confusions."""
    test = accuracy[accuracy["split"] == "test"]
    columns = {"test_accuracy": (test, "accuracy"), "pair_errors": (pair, "errors")}
    tables = []
    for measure, (table, column) in columns.items():
        spread = table.groupby("model", sort=False)[column].agg(
            seeds="count", mean="mean", standard_deviation="std", lowest="min", highest="max"
        )
        tables.append(spread.reset_index().assign(measure=measure))
    return pd.concat(tables, ignore_index=True)


def mean_curves(histories: pd.DataFrame) -> pd.DataFrame:
    """Mean, lowest and highest of every curve over the seeds, one row a model and epoch."""
    spread = histories.groupby(["model", "epoch"], sort=False)[list(CURVES)].agg(
        ["mean", "min", "max"]
    )
    endings = {"mean": "", "min": "_lowest", "max": "_highest"}
    spread.columns = [f"{curve}{endings[statistic]}" for curve, statistic in spread.columns]
    return spread.reset_index()


def read_logits(model: str, seed: int, labels: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Both splits' logits (n, 10) of one network; StageError where they are not as many."""
    path = artifacts.model_folder(model, seed) / "logits.npz"
    arrays = artifacts.read_npz(path, *(f"{split}_logits" for split in labels))
    for split, truth in labels.items():
        if len(arrays[f"{split}_logits"]) != len(truth):
            raise console.StageError(
                f"{path} is of another dataset: it has {len(arrays[f'{split}_logits']):,} rows "
                f"for {len(truth):,} {split} images. Run `dvc repro`, which trains anew."
            )
    return {split: arrays[f"{split}_logits"] for split in labels}


def main() -> None:
    params = read_params()
    seeds, pair = params.train.seeds, params.analysis.pair
    splits = ("validation", "test")
    data = artifacts.read_npz(artifacts.DATASET, *(f"{split}_labels" for split in splits))
    labels = {split: data[f"{split}_labels"].astype(int) for split in splits}
    in_pair = np.isin(labels["test"], pair)

    accuracy, pairs, mcnemar, confusion, histories = [], [], [], [], []
    for seed in seeds:
        right = {}
        for model in MODELS:
            network = {"model": model, "seed": seed}
            logits = read_logits(model, seed, labels)
            answers = {split: logits[split].argmax(axis=1) for split in splits}
            accuracy += [
                {**network, "split": split, **accuracy_row(answers[split], labels[split])}
                for split in splits
            ]
            pairs.append({**network, **pair_row(answers["test"], labels["test"], pair)})
            table = confusion_table(answers["test"], labels["test"], logits["test"].shape[1])
            confusion.append(table.assign(**network))
            history = artifacts.read_csv(
                artifacts.model_folder(model, seed) / "history.csv", ("epoch", *CURVES)
            )
            histories.append(history.assign(**network))
            right[model] = answers["test"] == labels["test"]
        for scope, images in {"all": np.ones_like(in_pair), "pair": in_pair}.items():
            row = mcnemar_row(right["cnn"][images], right["mlp"][images])
            mcnemar.append({"seed": seed, "scope": scope, **row})

    columns = ["model", "seed", "actual", "predicted", "count"]
    tables = {
        "accuracy": pd.DataFrame(accuracy),
        "pair": pd.DataFrame(pairs),
        "mcnemar": pd.DataFrame(mcnemar),
        "confusion": pd.concat(confusion, ignore_index=True)[columns],
        "curves": mean_curves(pd.concat(histories, ignore_index=True)),
    }
    tables["summary"] = summary_table(tables["accuracy"], tables["pair"])
    for name, table in tables.items():
        artifacts.write_csv(artifacts.EVALUATION / f"{name}.csv", table)
    for row in tables["summary"].itertuples():
        show = "{:.2%}".format if row.measure == "test_accuracy" else "{:.1f}".format
        seeds = f"{row.seeds} seeds" if row.seeds > 1 else "1 seed"
        console.say(
            f"{row.model.upper()}  {row.measure.replace('_', ' '):<13}  mean {show(row.mean)}, "
            f"from {show(row.lowest)} to {show(row.highest)} over {seeds}"
        )


if __name__ == "__main__":
    console.run(main)
