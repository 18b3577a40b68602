"""download: the dataset named in `params.yaml`, verified and split, as one file.

In:  `dataset.*` of params.yaml; the files of that dataset, from the first source that has them.
Out: `data/raw/dataset.npz`: images, labels and source rows of the three splits.

Of the training images, `fit` is what the weights see and `validation` is held out: points are
selected there. `test` is the dataset's own test set: findings are reported there, once. The
source changes no byte of the output, so that nothing behind it runs again for another mirror.

With `--check`, nothing is written: one line says whether a source has the dataset now, and the
exit code is 0 or 1. Without that line, an error stands in its place.
"""

import argparse
import sys

import numpy as np

from stages.common import artifacts, console, files
from stages.common.names import SPLITS
from stages.common.params import read_params
from stages.download import digits
from stages.download.check import check
from stages.download.datasets import DIGIT_NAMES, PUBLISHED
from stages.download.sources import obtain


def split(labels: np.ndarray, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `size` of the rows for validation, each class in its share; the rest is for the fit.

    `labels` is (n,), of any integer type. Class shares are rounded by largest remainder (the
    lower class first where remainders tie), so that they add up to `size`. Returns the rows of
    the fit and of validation: int32, ascending.
    """
    generator = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    classes, counts = np.unique(labels, return_counts=True)
    shares, remainders = np.divmod(counts * size, len(labels))
    largest = np.argsort(-remainders, kind="stable")
    shares[largest[: size - shares.sum()]] += 1
    for label, share in zip(classes, shares, strict=True):
        held[generator.choice(np.flatnonzero(labels == label), share, replace=False)] = True
    return np.flatnonzero(~held).astype(np.int32), np.flatnonzero(held).astype(np.int32)


def assemble(source: dict[str, np.ndarray], size: int, seed: int) -> dict[str, np.ndarray]:
    """The images, labels and rows of each split; `size` training images go to validation.

    `source` holds `train_images`, `test_images` (uint8, (n, 28, 28)) and `train_labels`,
    `test_labels` (uint8, (n,)).
    """
    fit, validation = split(source["train_labels"], size, seed)
    test = np.arange(len(source["test_labels"]), dtype=np.int32)
    origins = ("train", "train", "test")
    arrays = {}
    for part, rows, origin in zip(SPLITS, (fit, validation, test), origins, strict=True):
        arrays[f"{part}_images"] = source[f"{origin}_images"][rows]
        arrays[f"{part}_labels"] = source[f"{origin}_labels"][rows]
        arrays[f"{part}_index"] = rows
    return arrays


def main() -> None:
    """Get the dataset, split it, write it; or only check that it can be had."""
    description = "Download the dataset named in params.yaml, verify it and split it."
    parser = argparse.ArgumentParser(prog="python -m stages.download", description=description)
    only_say = "only say, within 10 s, whether a source has it now"
    parser.add_argument("--check", action="store_true", help=only_say)
    only_check = parser.parse_args().check
    settings = read_params().dataset
    if only_check:
        possible, why = check(settings.name)
        console.say(why)
        sys.exit(0 if possible else 1)

    console.say(f"dataset     {settings.name}")
    if settings.name in PUBLISHED:
        class_names = PUBLISHED[settings.name].class_names
        source, label = obtain(PUBLISHED[settings.name])
    else:
        source, class_names, label = digits.load(), DIGIT_NAMES, "scikit-learn"
    console.say(f"source      {label}")

    images = len(source["train_labels"])
    size = min(settings.validation_size, images // 4)
    if size < settings.validation_size:
        console.say(
            f"held out    {size:,}, not {settings.validation_size:,}: "
            f"at most a quarter of {images:,} training images"
        )
    arrays = assemble(source, size, settings.split_seed)
    arrays |= {"class_names": np.array(class_names), "name": np.array(settings.name)}
    artifacts.write(files.DATASET, arrays)
    for part in SPLITS:
        console.say(f"{part:<10}  {len(arrays[f'{part}_labels']):>6,} images")
    console.say(f"written     {files.DATASET.path}")


if __name__ == "__main__":
    console.run(main)
