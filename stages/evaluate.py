"""How well both networks do, on the pair, on all classes, and on translated images.

In:  labels from `data/raw/dataset.npz`; logits of the networks of train.seeds in `data/models`.
Out: `data/evaluation/`: accuracy, pair, McNemar, confusion and translation tables; which images
     networks answer wrongly together; what claims read, on resamples of the test images.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, measures, resampling
from stages.common.files import File
from stages.common.names import HELD_OUT, MODELS
from stages.common.params import check_classes, read_params
from stages.common.run import Run

BY_SEED = (
    files.ACCURACY, files.PAIR, files.MCNEMAR, files.CONFUSION, files.TRANSLATION,
    files.EVALUATION_RESAMPLES,
)  # fmt: skip


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
    return row | {"p_value": measures.mcnemar_p(row["only_cnn_right"], row["only_mlp_right"])}


def confusion_table(answers: np.ndarray, labels: np.ndarray, classes: int) -> pd.DataFrame:
    """Counts of every (actual, predicted) pair of classes, in that order."""
    counts = np.bincount(labels * classes + answers, minlength=classes**2)
    actual, predicted = np.divmod(np.arange(classes**2), classes)
    return pd.DataFrame({"actual": actual, "predicted": predicted, "count": counts})


def errors_together(wrong: np.ndarray) -> pd.DataFrame:
    """A row for 0 to m networks, from `wrong` bool (m, n), which images each answers wrongly.

    What is expected is the distribution of a sum of independent errors, each network's as frequent
    as its own (Poisson binomial; Hodges & Le Cam 1960).
    """
    networks, images = wrong.shape
    observed = np.bincount(wrong.sum(axis=0), minlength=networks + 1)
    chance = np.ones(1)
    for rate in wrong.mean(axis=1):
        chance = np.convolve(chance, (1 - rate, rate))
    expected = images * chance
    return pd.DataFrame({"networks": range(networks + 1), "images": observed, "expected": expected})


def shared_errors(run: Run) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of files.WRONG_IMAGES and of files.SHARED_ERRORS."""
    labels, images, together = run.dataset_array("test_labels"), [], []
    rows = np.flatnonzero(np.isin(labels, run.pair))
    for model in MODELS:
        logits = (
            run.read(files.LOGITS, model=model, seed=seed)["test_logits"] for seed in run.seeds
        )
        wrong = np.stack([of[rows].argmax(axis=1) != labels[rows] for of in logits])
        together.append(errors_together(wrong).assign(model=model))
        table = pd.DataFrame({"index": rows, "label": labels[rows], "networks": wrong.sum(axis=0)})
        images.append(table[table["networks"] > 0].assign(model=model))
    return pd.concat(images), pd.concat(together)


def accuracy_by_distance(right: np.ndarray, shifts: np.ndarray) -> pd.DataFrame:
    """A row for each distance, from `right` bool (s, m) under `shifts` int (s, 2), pixels."""
    distance = np.abs(shifts).max(axis=1)
    pixels = np.unique(distance)
    accuracy = [right[distance == far].mean() for far in pixels]
    return pd.DataFrame({"pixels": pixels, "images": right.shape[1], "accuracy": accuracy})


def won_columns(
    cnn_right: np.ndarray, mlp_right: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """What the CNN has of the images that one network alone answers rightly, float64 (1 + R,).

    From boolean (n,) and `weights` (1 + R, n). Half an image is added to each network's, so that
    the share and its odds are finite (Haldane 1956).
    """
    only_cnn, only_mlp = (
        weights.astype(float) @ alone for alone in (cnn_right & ~mlp_right, mlp_right & ~cnn_right)
    )
    won = (only_cnn + 0.5) / (only_cnn + only_mlp + 1)
    return {"only_cnn_right": only_cnn, "only_mlp_right": only_mlp, "won": won}


def translation_columns(
    right: dict[str, np.ndarray], shifts: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """What the farthest of `shifts` int (s, 2), pixels, changes for `cnn` and `mlp`, (1 + R,).

    `right` bool (s, m) for each model; `weights` (1 + R, m). Accuracy is the mean over shifts.
    """
    distance = np.abs(shifts).max(axis=1)
    columns, change = {"pixels": np.full(len(weights), distance.max())}, {}
    for model, by_shift in right.items():
        in_place, translated = (
            resampling.mean(by_shift[distance == pixels].mean(axis=0), weights)
            for pixels in (0, distance.max())
        )
        columns |= {f"{model}_in_place": in_place, f"{model}_translated": translated}
        change[model] = translated - in_place
    return columns | {"change": change["cnn"], "spared": change["cnn"] - change["mlp"]}


def rows_of_seed(run: Run, seed: int, weights: np.ndarray) -> dict[File, list[dict]]:
    """The rows of one seed's two networks in every file of the stage.

    `weights` (1 + R, n) are those of all test images in `resampling`.
    """
    labels = {split: run.dataset_array(f"{split}_labels") for split in HELD_OUT}
    rows: dict[File, list[dict]] = {file: [] for file in BY_SEED}
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
    of_pair = np.isin(labels["test"], run.pair)
    for scope, images in (("all", slice(None)), ("pair", of_pair)):
        row = mcnemar_row(right["cnn"][images], right["mlp"][images])
        rows[files.MCNEMAR].append({"seed": seed, "scope": scope, **row})
    of_sample = weights[:, shifted["cnn"]["index"]]
    columns = {"seed": seed, "resample": np.arange(len(weights))}
    columns |= won_columns(right["cnn"][of_pair], right["mlp"][of_pair], weights[:, of_pair])
    columns |= translation_columns(translated, shifted["cnn"]["shifts"], of_sample)
    rows[files.EVALUATION_RESAMPLES] = pd.DataFrame(columns).to_dict("records")
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
    weights = resampling.of_split(run, "test").weights
    of_seeds = [rows_of_seed(run, seed, weights) for seed in run.seeds]
    tables = dict(zip((files.WRONG_IMAGES, files.SHARED_ERRORS), shared_errors(run), strict=True))
    for file in BY_SEED:
        rows = [row for of_seed in of_seeds for row in of_seed[file]]
        tables[file] = pd.DataFrame(rows)
    for file, table in tables.items():
        artifacts.write(file, table.reindex(columns=list(artifacts.forms(file))))
    for line in story(tables[files.ACCURACY], tables[files.PAIR]):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
