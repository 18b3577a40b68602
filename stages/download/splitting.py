"""Which rows of a dataset go where, each class in its share."""

from collections.abc import Sequence

import numpy as np

from stages.common.names import SPLITS


def split(
    labels: np.ndarray, size: int, seed: int | Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `size` of the rows, each class in its share, to be held out; the others are kept.

    `labels` is (n,), of any integer type. Class shares are rounded by largest remainder (the
    lower class first where remainders tie), so that they add up to `size`. Returns the rows
    kept and those held out: int32, ascending.
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

    `source` holds `train_images`, `test_images` (uint8, (n, side, side)) and `train_labels`,
    `test_labels` (uint8, (n,)). Where it was split before, it also holds `train_rows` and
    `test_rows` (int32, (n,)): where these images stand in what they come from.
    """
    fit, validation = split(source["train_labels"], size, seed)
    test = np.arange(len(source["test_labels"]), dtype=np.int32)
    origins = ("train", "train", "test")
    arrays = {}
    for part, rows, origin in zip(SPLITS, (fit, validation, test), origins, strict=True):
        arrays[f"{part}_images"] = source[f"{origin}_images"][rows]
        arrays[f"{part}_labels"] = source[f"{origin}_labels"][rows]
        arrays[f"{part}_index"] = source[f"{origin}_rows"][rows] if "test_rows" in source else rows
    return arrays
