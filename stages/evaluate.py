"""How well both networks do, on the pair, on all classes, and on translated images.

In:  labels from `data/raw/dataset.npz`; logits of the networks of train.seeds in `data/models`.
Out: `data/evaluation/`: accuracy, pair, McNemar, confusion and translation tables.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, intervals, measures
from stages.common.files import File
from stages.common.names import HELD_OUT, MODELS
from stages.common.params import check_classes, read_params
from stages.common.run import Run

WRITTEN = tuple(file for file in files.FILES if file.stage == "evaluate")


def accuracy_row(answers: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy of answers (n,) with its Wilson interval."""
    n, errors = len(labels), int((answers != labels).sum())
    low, high = measures.wilson_interval(n - errors, n)
    return {"n": n, "errors": errors, "accuracy": (n - errors) / n, "low": low, "high": high}


def pair_row(answers: np.ndarray, labels: np.ndarray, pair: tuple[int, int]) -> dict:
    """Images of the pair whose answer, of all classes, is the other one; their rate's interval."""
    a, b = pair
    n = np.isin(labels, pair).sum()
    a_as_b = ((labels == a) & (answers == b)).sum()
    b_as_a = ((labels == b) & (answers == a)).sum()
    low, high = measures.wilson_interval(a_as_b + b_as_a, n)
    counts = {"n": n, "a_as_b": a_as_b, "b_as_a": b_as_a, "errors": a_as_b + b_as_a}
    return counts | {"low": low, "high": high}


def mcnemar_row(cnn_right: np.ndarray, mlp_right: np.ndarray) -> dict:
    """Where the two networks agree and differ, from boolean (n,), and the exact p."""
    cases = ("both_wrong", "only_mlp_right", "only_cnn_right", "both_right")
    counts = np.bincount(2 * cnn_right + mlp_right, minlength=4).tolist()
    row = dict(zip(cases, counts, strict=True))
    only = (row["only_cnn_right"], row["only_mlp_right"])
    return row | {"p_value": measures.mcnemar_p(*only)} | intervals.share_won(*only).columns("won")


def confusion_table(answers: np.ndarray, labels: np.ndarray, classes: int) -> pd.DataFrame:
    """Counts of every (actual, predicted) pair of classes, in that order."""
    counts = np.bincount(labels * classes + answers, minlength=classes**2)
    actual, predicted = np.divmod(np.arange(classes**2), classes)
    return pd.DataFrame({"actual": actual, "predicted": predicted, "count": counts})


def accuracy_by_distance(right: np.ndarray, shifts: np.ndarray) -> pd.DataFrame:
    """A row for each distance, from `right` bool (s, m) under `shifts` int (s, 2), pixels."""
    distance = np.abs(shifts).max(axis=1)
    pixels = np.unique(distance)
    accuracy = [right[distance == far].mean() for far in pixels]
    return pd.DataFrame({"pixels": pixels, "images": right.shape[1], "accuracy": accuracy})


def translation_cost(
    right: dict[str, np.ndarray], shifts: np.ndarray, labels: np.ndarray, resamples: int,
    generator: np.random.Generator,
) -> dict:  # fmt: skip
    """What the farthest of `shifts` int (s, 2), pixels, changes for `cnn` and `mlp`.

    `right` bool (s, m) for each model; `labels` (m,) are resampled within classes. An image's
    change, from -1 (lost) to 1 (won), is the mean over the farthest shifts minus at 0, 0.
    """
    distance = np.abs(shifts).max(axis=1)
    row: dict[str, object] = {"pixels": distance.max()}
    changes = {}
    for model, by_shift in right.items():
        in_place, translated = by_shift[distance == 0], by_shift[distance == distance.max()]
        changes[model] = translated.mean(axis=0) - in_place.mean(axis=0)
        row |= {f"{model}_in_place": in_place.mean(), f"{model}_translated": translated.mean()}
    counts = intervals.resample_counts(labels, resamples, generator)
    row |= intervals.mean(changes["cnn"], counts).columns("change")
    return row | intervals.mean(changes["cnn"] - changes["mlp"], counts).columns("spared")


def rows_of_seed(run: Run, seed: int) -> dict[File, list[dict]]:
    """The rows of one seed's two networks in every file of the stage."""
    labels = {split: run.dataset_array(f"{split}_labels") for split in HELD_OUT}
    rows: dict[File, list[dict]] = {file: [] for file in WRITTEN}
    right, shifted, translated = {}, {}, {}
    for model in MODELS:
        network = {"model": model, "seed": seed}
        logits = run.read(files.LOGITS, **network)
        answers = {split: logits[f"{split}_logits"].argmax(axis=1) for split in HELD_OUT}
        classes = logits["test_logits"].shape[1]
        for split in HELD_OUT:
            row = accuracy_row(answers[split], labels[split])
            rows[files.ACCURACY].append({**network, "split": split, **row})
        rows[files.PAIR].append({**network, **pair_row(answers["test"], labels["test"], run.pair)})
        right[model] = answers["test"] == labels["test"]
        shifted[model] = run.read(files.SHIFT_LOGITS, **network)
        sample = labels["test"][shifted[model]["index"]]
        translated[model] = shifted[model]["logits"].argmax(axis=2) == sample
        counts = confusion_table(answers["test"], labels["test"], classes).assign(**network)
        rows[files.CONFUSION] += counts.to_dict("records")
        by_distance = accuracy_by_distance(translated[model], shifted[model]["shifts"])
        rows[files.TRANSLATION] += by_distance.assign(**network).to_dict("records")
    for scope, images in (("all", slice(None)), ("pair", np.isin(labels["test"], run.pair))):
        row = mcnemar_row(right["cnn"][images], right["mlp"][images])
        rows[files.MCNEMAR].append({"seed": seed, "scope": scope, **row})
    generator = intervals.generator(run.params.claims.seed, seed, "translation")
    resamples = run.params.claims.resamples
    cost = translation_cost(translated, shifted["cnn"]["shifts"], sample, resamples, generator)
    rows[files.TRANSLATION_COST].append({"seed": seed, **cost})
    return rows


def story(accuracy: pd.DataFrame, pair: pd.DataFrame) -> Iterator[str]:
    """Two lines a model: the mean and the range of its seeds."""
    test = accuracy[accuracy["split"] == "test"]
    shown = (("test accuracy", test, "accuracy", ".2%"), ("pair errors", pair, "errors", ".1f"))
    for (what, table, column, form), model in product(shown, MODELS):
        values = table.loc[table["model"] == model, column]
        over = f"over {len(values)} seeds" if len(values) > 1 else "of 1 seed"
        yield (
            f"{MODELS[model]}  {what:<13}  mean {values.mean():{form}}, from "
            f"{values.min():{form}} to {values.max():{form}} {over}"
        )


def main() -> None:
    run = Run(read_params())
    check_classes(run.params, run.class_names)
    of_seeds = [rows_of_seed(run, seed) for seed in run.seeds]
    tables = {}
    for file in WRITTEN:
        rows = [row for of_seed in of_seeds for row in of_seed[file]]
        tables[file] = pd.DataFrame(rows, columns=list(artifacts.forms(file)))
        artifacts.write(file, tables[file])
    for line in story(tables[files.ACCURACY], tables[files.PAIR]):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
