"""Mean correlation of two images, by class and layer, and how far apart it puts two classes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

See = Callable[[np.ndarray], dict[str, np.ndarray]]  # (n, side, side) to (n, ...), by layer


class ClassCorrelations(NamedTuple):
    """Of one layer: mean r by class, float64 (classes, classes); units; images left out."""

    r: np.ndarray
    units: int
    constant: int


def standardised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, units) of mean 0 and length 1, float32, whose products are Pearson's r.

    `values` are (n, ...). Also which rows are constant, bool (n,): they have no r and become 0.
    """
    rows = values.reshape(len(values), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True, dtype=float)  # exact for equal values
    length = np.linalg.norm(rows, axis=1)
    constant = length == 0
    rows /= np.where(constant, 1, length)[:, np.newaxis]
    return rows, constant


def mean_products(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean product of two different rows of two classes, (classes, classes), rows of length 1.

    From each class's sum of rows, (classes, units), and their number, int (classes,). Within a
    class the n products of a row with itself, each 1, are left out: (|S|^2 - n) / (n^2 - n).
    NaN where there are no two rows.
    """
    itself = np.diag(counts)
    products, pairs = sums @ sums.T - itself, np.outer(counts, counts) - itself
    return np.where(pairs > 0, products, np.nan) / np.maximum(pairs, 1)


def class_correlations(
    see: See, images: np.ndarray, labels: np.ndarray, classes: int
) -> dict[str, ClassCorrelations]:
    """By layer, over images (n, side, side) of the classes `labels`, int (n,), one at a time."""
    sums: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    for label in np.unique(labels):
        for layer, values in see(images[labels == label]).items():
            rows, constant = standardised(values)
            empty = np.zeros((classes, rows.shape[1]))
            sums.setdefault(layer, empty)[label] = rows.sum(axis=0, dtype=float)
            counts.setdefault(layer, np.zeros(classes, int))[label] = (~constant).sum()
    found = {}
    for layer, of_layer in sums.items():
        r, constant = mean_products(of_layer, counts[layer]), len(labels) - counts[layer].sum()
        found[layer] = ClassCorrelations(r, of_layer.shape[1], int(constant))
    return found


def separations(r: np.ndarray) -> np.ndarray:
    """How far apart each two classes are, (classes, classes), from their mean correlations `r`.

    1 - (1 - within) / (1 - between): the share by which two images of the same class, mean of the
    two classes, are closer than two of different ones, in the distance 1 - r. 0 is no closer, 1 is
    alike. What all images share, r -> c + (1 - c) r, leaves it as it is. NaN where between is 1.
    """
    within = np.add.outer(np.diag(r), np.diag(r)) / 2
    return 1 - (1 - within) / np.where(r < 1, 1 - r, np.nan)


def _mean(values: np.ndarray) -> float:
    """The mean of what is not NaN; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def summary(r: np.ndarray, pair: tuple[int, int]) -> dict[str, float]:
    """What a row of `layers.csv` says of mean correlations by class, (classes, classes)."""
    (a, b), apart = pair, separations(r)
    others = np.triu(np.ones(r.shape, bool), 1)
    others[min(pair), max(pair)] = False
    closer = (apart[others] < apart[a, b]).sum()
    return {
        "same": (r[a, a] + r[b, b]) / 2,
        "between": r[a, b],
        "other": _mean(r[others]),
        "separation": apart[a, b],
        "other_separation": _mean(apart[others]),
        "place": np.nan if np.isnan(apart[a, b]) else 1.0 + closer,
        "pairs": 1 + int(others.sum()),
    }


def layers_table(
    by_network: dict[str, dict[str, ClassCorrelations]], images: int, pair: tuple[int, int]
) -> pd.DataFrame:
    """`layers.csv`, from the correlations of `images` images in each network."""
    rows = []
    for name, layers in by_network.items():
        for layer, (r, units, constant) in layers.items():
            row = {"layer": layer, "network": name, "units": units, "images": images}
            rows.append(row | {"constant": constant, **summary(r, pair)})
    return pd.DataFrame(rows)
