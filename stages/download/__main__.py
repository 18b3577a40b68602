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
    """Draw `size` rows for validation, each class in its share; the others are for the fit.

    `labels` is (n,), of any integer type. Class shares are rounded by largest remainder (the
    lower class first where remainders tie), so that they add up to `size`. Returns the rows of
    the fit and of validation: int32, ascending. Raises ValueError unless 0 <= size <= n.
    """
    if not 0 <= size <= len(labels):
        raise ValueError(f"cannot hold out {size} of {len(labels)} rows")
    generator = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    classes, counts = np.unique(labels, return_counts=True)
    for label, share in zip(classes, _shares(counts, size), strict=True):
        held[generator.choice(np.flatnonzero(labels == label), share, replace=False)] = True
    return np.flatnonzero(~held).astype(np.int32), np.flatnonzero(held).astype(np.int32)


def _shares(counts: np.ndarray, size: int) -> np.ndarray:
    """`size` shared out in proportion to `counts`, in whole numbers, by largest remainder."""
    shares, remainders = np.divmod(counts * size, counts.sum())
    largest = np.argsort(-remainders, kind="stable")
    shares[largest[: size - shares.sum()]] += 1
    return shares


def assemble(
    source: dict[str, np.ndarray], size: int, seed: int, class_names: tuple[str, ...], name: str
) -> dict[str, np.ndarray]:
    """The arrays of the dataset file, from those of the source.

    `source` holds `train_images`, `test_images` (uint8, (n, 28, 28)) and `train_labels`,
    `test_labels` (uint8, (n,)). `size` training images go to validation.
    """
    fit, validation = split(source["train_labels"], size, seed)
    test = np.arange(len(source["test_labels"]), dtype=np.int32)
    origins = ("train", "train", "test")
    arrays = {}
    for part, rows, origin in zip(SPLITS, (fit, validation, test), origins, strict=True):
        arrays[f"{part}_images"] = source[f"{origin}_images"][rows]
        arrays[f"{part}_labels"] = source[f"{origin}_labels"][rows]
        arrays[f"{part}_index"] = rows
    return arrays | {"class_names": np.array(class_names), "name": np.array(name)}


def _load(name: str) -> tuple[dict[str, np.ndarray], tuple[str, ...], str]:
    """A dataset's arrays and class names, and where they came from."""
    if name in PUBLISHED:
        arrays, label = obtain(PUBLISHED[name])
        return arrays, PUBLISHED[name].class_names, label
    return digits.load(), DIGIT_NAMES, "scikit-learn"


def main() -> None:
    """Get the dataset, split it, write it; or only check that it can be had."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.download",
        description="Download the dataset named in params.yaml, verify it and split it.",
    )
    parser.add_argument(
        "--check", action="store_true", help="only say, within 10 s, whether a source has it now"
    )
    only_check = parser.parse_args().check
    settings = read_params().dataset
    if only_check:
        possible, why = check(settings.name)
        console.say(why)
        sys.exit(0 if possible else 1)

    console.say(f"dataset     {settings.name}")
    source, class_names, label = _load(settings.name)
    console.say(f"source      {label}")

    images = len(source["train_labels"])
    size = min(settings.validation_size, images // 4)
    if size < settings.validation_size:
        console.say(
            f"held out    {size:,}, not {settings.validation_size:,}: "
            f"at most a quarter of {images:,} training images"
        )
    arrays = assemble(source, size, settings.split_seed, class_names, settings.name)
    artifacts.write(files.DATASET, arrays)
    for part in SPLITS:
        console.say(f"{part:<10}  {len(arrays[f'{part}_labels']):>6,} images")
    console.say(f"written     {files.DATASET.path}")


if __name__ == "__main__":
    console.run(main)
