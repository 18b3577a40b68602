"""AUROC of points for every pair of classes, and the ranks of pairs."""

import numpy as np
from scipy.stats import rankdata

TAILS = (0.025, 0.975)  # of ranks over resamples
DIGITS = 12  # what is equal but for rounding has one rank


def pair_aurocs(values: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """P(B > A) + P(B = A)/2 of every point and pair of classes: float64 (p, classes, classes).

    The result is by point, b, a; from `values` (n, p) of images of all classes and `labels` int
    (n,). NaN where a class has no image. It is Mann & Whitney's (1947): one sort of a point's
    values, and how many images of each class lie below each value, give all pairs at once.
    """
    sizes, wins = np.bincount(labels, minlength=classes), []
    for of_point in values.T:
        levels, level = np.unique(of_point, return_inverse=True)
        cells = np.bincount(level * classes + labels, minlength=len(levels) * classes)
        counts = cells.reshape(len(levels), classes).astype(float)
        wins.append(counts.T @ (counts.cumsum(axis=0) - counts / 2))
    with np.errstate(invalid="ignore"):
        return np.array(wins).reshape(-1, classes, classes) / np.outer(sizes, sizes)


def weighted_auroc(values: np.ndarray, is_b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The AUROC of one point in each of R weightings of the images, float64 (R,).

    `values` (n,), `is_b` bool (n,) and `weights` (R, n). NaN where a class has no weight.
    """
    a, b = values[~is_b], values[is_b, np.newaxis]
    above = (b > a) + (b == a) / 2
    of_a, of_b = (weights[:, of].astype(float) for of in (~is_b, is_b))
    wins = np.einsum("rb,rb->r", of_b, of_a @ above.T)
    with np.errstate(invalid="ignore"):
        return wins / (of_a.sum(axis=1) * of_b.sum(axis=1))


def ranks(hardness: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each pair's rank, 1 for the hardest, and its interval over resamples: float64 (pairs,) each.

    `hardness` (1 + R, pairs) is of the images as they are, then of R resamples of them. Equal pairs
    share the lower rank. NaN stays NaN.
    """
    found = rankdata(-hardness.round(DIGITS), method="min", axis=1, nan_policy="omit").astype(float)
    known = ~np.isnan(found).all(axis=0)
    low, high = np.full((2, len(known)), np.nan)
    low[known], high[known] = np.nanquantile(found[1:, known], TAILS, axis=0)
    return found[0], low, high
