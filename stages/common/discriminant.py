"""A linear discriminant on k points, for many sets of points at once.

All sets share one fit: the class means and the within-class covariance of all standardised
points. A set takes its rows and columns out of it, so one k x k solve makes its classifier:

    w = (S[set, set] + ridge I)^-1 (mean_b - mean_a)[set]      score = w . (x - midpoint)[set]

A score above 0 answers class b: both classes count as equally likely, however many images of
each there are. Hastie et al., The Elements of Statistical Learning, 4.3; the ridge is their
regularised discriminant analysis, 4.3.1. Arrays are float64, images in rows, points in columns.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Answer = Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, np.ndarray]]
FOLDS = 5
SOLVE_VALUES = 4_000_000  # numbers in a stack of matrices solved at once: 32 MB


class Discriminant(NamedTuple):
    """What every set of points takes its classifier from; p is the number of points."""

    mean: np.ndarray  # (p,) over the images of both classes, what standardising subtracts
    scale: np.ndarray  # (p,) standard deviation over them; 1 for a point that never varies
    covariance: np.ndarray  # (p, p) within classes, of standardised points, plus the ridge
    difference: np.ndarray  # (p,) class means, b minus a, of standardised points
    midpoint: np.ndarray  # (p,) halfway between the class means


def fit(a: np.ndarray, b: np.ndarray, ridge: float) -> Discriminant:
    """Fit to the images of class a, (n_a, p), and of class b, (n_b, p); `ridge` is above 0."""
    mean, scale, difference, midpoint, deviations = _standardised(a, b)
    covariance = deviations.T @ deviations / max(len(deviations) - 2, 1)
    covariance[np.diag_indices_from(covariance)] += ridge
    return Discriminant(mean, scale, covariance, difference, midpoint)


def _standardised(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
    """Fields of Discriminant but the covariance, and the deviations (n, p) from class means."""
    both = np.concatenate([a, b]).astype(np.float64)
    mean, scale = both.mean(axis=0), both.std(axis=0)
    # The deviation of a constant from its mean is rounding: it would be blown up to 1.
    scale[both.min(axis=0) == both.max(axis=0)] = 1
    both = (both - mean) / scale
    means = [part.mean(axis=0) for part in (both[: len(a)], both[len(a) :])]
    deviations = both - np.repeat(means, (len(a), len(b)), axis=0)
    return mean, scale, means[1] - means[0], (means[0] + means[1]) / 2, deviations


def scores(fitted: Discriminant, values: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Scores (R, n) of images `values` (n, p) by each of `sets` int (R, k); above 0 says b."""
    count, k = sets.shape
    weights = np.zeros((count, len(fitted.mean)))  # of all points: 0 outside a set
    step = max(1, SOLVE_VALUES // max(1, k * k))
    for start in range(0, count, step):
        some = sets[start : start + step]
        covariance = fitted.covariance[some[:, :, None], some[:, None, :]]
        solved = np.linalg.solve(covariance, fitted.difference[some][..., None])
        np.put_along_axis(weights[start : start + step], some, solved[..., 0], axis=1)
    standardised = (values - fitted.mean) / fitted.scale - fitted.midpoint
    return weights @ standardised.T


def scores_by_all(a: np.ndarray, b: np.ndarray, values: np.ndarray, ridge: float) -> np.ndarray:
    """Scores (m,) of images `values` (m, p) by all p points of images a and b; above 0 says b.

    The same as by `fit` and `scores`, without a p x p matrix, for more points than images:
    with X the deviations (n, p) from the class means and v = n - 2 their degrees of freedom,

        (X'X / v + ridge I)^-1 d = (d - X' (X X' + v ridge I)^-1 X d) / ridge

    the Woodbury identity (Golub & Van Loan 2013, 2.1.4).
    """
    mean, scale, difference, midpoint, deviations = _standardised(a, b)
    gram = deviations @ deviations.T
    gram[np.diag_indices_from(gram)] += max(len(deviations) - 2, 1) * ridge
    explained = deviations.T @ np.linalg.solve(gram, deviations @ difference)
    return ((values - mean) / scale - midpoint) @ (difference - explained) / ridge


def forward_order(fitted: Discriminant, candidates: np.ndarray, most: int) -> np.ndarray:
    """Of `candidates` int (m,), the `most` best, greedily: int (min(m, most),).

    Each step takes the point that most raises the squared Mahalanobis distance between the
    class means, d' S^-1 d: by (the part of its mean difference that those before do not explain)^2
    over (that part of its variance), the Schur complement, which one column of a Cholesky factor
    updates. Stepwise discriminant analysis (Rencher & Christensen 2012, 8.9) in O(m k^2).
    """
    most = min(most, len(candidates))
    covariance = fitted.covariance[np.ix_(candidates, candidates)]
    variance = np.diag(covariance).copy()
    difference = fitted.difference[candidates]
    factor = np.zeros((len(candidates), most))
    order = np.zeros(most, int)
    left = np.ones(len(candidates), bool)
    for step in range(most):
        best = np.argmax(np.where(left, difference**2 / variance, -1))
        explained = factor[:, :step] @ factor[best, :step]
        factor[:, step] = (covariance[:, best] - explained) / np.sqrt(variance[best])
        difference = difference - factor[:, step] * difference[best] / np.sqrt(variance[best])
        # The ridge keeps a point that is left above 0; one that is taken is exactly used up.
        left[best] = False
        variance = np.where(left, variance - factor[:, step] ** 2, 1)
        order[step] = best
    return candidates[order]


def stratified_folds(n_a: int, n_b: int, generator: np.random.Generator) -> np.ndarray:
    """The fold of each image, int8 (n_a + n_b,), class a first; a fold has its share of both."""
    count = min(FOLDS, n_a, n_b)
    parts = [generator.permutation(np.arange(n) % max(count, 1)) for n in (n_a, n_b)]
    return np.concatenate(parts).astype(np.int8)


def cross_validate(
    a: np.ndarray, b: np.ndarray, folds: np.ndarray, answer: Answer
) -> dict[str, np.ndarray]:
    """Which images are answered rightly by classifiers that never saw them, bool (K, n_a + n_b).

    `answer(a, b, held_out)` makes K classifiers of each name from training images alone, selection
    by class included (Hastie et al., 7.10.2): is each held-out image of b, bool (K, images)?
    """
    is_b = np.arange(len(a) + len(b)) >= len(a)
    both = np.concatenate([a, b])
    right: dict[str, np.ndarray] = {}
    for fold in np.unique(folds):
        held = folds == fold
        answers = answer(both[~held & ~is_b], both[~held & is_b], both[held])
        for name, says_b in answers.items():
            whole = right.setdefault(name, np.zeros((len(says_b), len(both)), bool))
            whole[:, held] = says_b == is_b[held]
    return right


def fold_accuracy(right: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Accuracy in each fold, (K, folds), from `right` bool (K, n) and each image's fold (n,)."""
    return np.stack([right[:, folds == fold].mean(axis=1) for fold in np.unique(folds)], axis=1)


def one_standard_error(accuracy: np.ndarray) -> int:
    """Position of the first of K ever larger sets that is good enough; `accuracy` (K, folds).

    Its mean over folds is at most one standard error below that of the last set, all points. The
    rule of Hastie et al., 7.10, takes the best of many sets there, whose luck would count.
    """
    mean = accuracy.mean(axis=1)
    error = accuracy[-1].std(ddof=1) / np.sqrt(accuracy.shape[1])
    # The slack keeps equal accuracies equal: means of folds are rounded.
    return int(np.argmax(mean >= mean[-1] - error - 1e-12))
