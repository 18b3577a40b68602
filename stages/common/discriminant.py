"""Linear probes for two classes: a linear discriminant on sets of points, many sets at once.

All sets share one fit: the class means and the within-class covariance S of all standardised
points. A set takes its rows and columns out of it:

    w = (S[set, set] + ridge I)^-1 (mean_b - mean_a)[set]      score = w . (x - midpoint)[set]

A score above 0 answers class b: both classes count as equally likely, however many images of
each there are. Hastie et al., The Elements of Statistical Learning, 4.3; the ridge is their
regularised discriminant analysis, 4.3.1. Images stand in rows, points in columns.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import linalg

SOLVE_VALUES = 4_000_000  # numbers in a stack of matrices solved at once: 32 MB
FACTOR_VALUES = 16_000_000  # numbers in the factors of resamples ordered at once: 128 MB
NO_VARIANCE = 1e-9  # of a point of variance 1 over all images: what is less is rounding


class Discriminant(NamedTuple):
    """What every set of points takes its classifier from; float64, p is the number of points."""

    mean: np.ndarray  # (p,) over the images of both classes, what standardising subtracts
    scale: np.ndarray  # (p,) standard deviation over them; 1 for a point that never varies
    covariance: np.ndarray  # (p, p) within classes, of standardised points
    difference: np.ndarray  # (p,) class means, b minus a, of standardised points
    midpoint: np.ndarray  # (p,) halfway between the class means

    def ridged(self, ridge: float) -> np.ndarray:
        """The covariance with `ridge`, above 0, added to its diagonal."""
        return self.covariance + ridge * np.eye(len(self.mean))

    def subset(self, points: np.ndarray) -> "Discriminant":
        """The same of `points` int (m,) alone."""
        mean, scale, covariance, difference, midpoint = self
        covariance = covariance[np.ix_(points, points)]
        return Discriminant(
            mean[points], scale[points], covariance, difference[points], midpoint[points]
        )

    def probes(self, weights: np.ndarray) -> "Probes":
        """Those with `weights` (P, p) on standardised points, as they act on activations."""
        on_activations = weights / self.scale
        return Probes(on_activations, -on_activations @ self.mean - weights @ self.midpoint)


class Probes(NamedTuple):
    """P linear functions of p points."""

    weights: np.ndarray  # float64 (P, p)
    offsets: np.ndarray  # float64 (P,)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Scores (P, n) of images `values` (n, p); above 0 says b."""
        return self.weights @ values.T.astype(float) + self.offsets[:, np.newaxis]


def fit(a: np.ndarray, b: np.ndarray) -> Discriminant:
    """Fit to the images of class a, (n_a, p), and of class b, (n_b, p)."""
    mean, scale, difference, midpoint, deviations = _standardised(a, b, np.float64)
    covariance = deviations.T @ deviations / _freedom(len(deviations))
    return Discriminant(mean, scale, covariance, difference, midpoint)


def _freedom(images: float | np.ndarray) -> np.ndarray:
    """Degrees of freedom of a covariance within two classes."""
    return np.maximum(images - 2, 1)


def _standardised(a: np.ndarray, b: np.ndarray, dtype: type) -> tuple[np.ndarray, ...]:
    """Fields of Discriminant but the covariance, and the deviations (n, p) from class means."""
    both = np.concatenate([a, b]).astype(dtype, copy=False)
    mean = both.mean(axis=0, dtype=float)
    # The deviation of a constant from its mean is rounding: it would be blown up to 1.
    constant = both.min(axis=0) == both.max(axis=0)
    both -= mean.astype(dtype)
    variance = np.einsum("np,np->p", both, both, dtype=float) / len(both)  # with no copy
    scale = np.where(constant, 1, np.sqrt(variance))
    both /= scale.astype(dtype)
    parts = both[: len(a)], both[len(a) :]
    means = [part.mean(axis=0, dtype=float) for part in parts]
    for part, of_class in zip(parts, means, strict=True):
        part -= of_class.astype(dtype)
    return mean, scale, means[1] - means[0], (means[0] + means[1]) / 2, both


def on_sets(fitted: Discriminant, sets: np.ndarray, ridge: float) -> Probes:
    """A probe on each of `sets` int (P, k)."""
    count, k = sets.shape
    weights = np.zeros((count, len(fitted.mean)))  # of all points: 0 outside a set
    step = max(1, SOLVE_VALUES // max(1, k * k))
    for start in range(0, count, step):
        some = sets[start : start + step]
        covariance = fitted.covariance[some[:, :, None], some[:, None, :]] + ridge * np.eye(k)
        solved = np.linalg.solve(covariance, fitted.difference[some][..., None])
        np.put_along_axis(weights[start : start + step], some, solved[..., 0], axis=1)
    return fitted.probes(weights)


def on_first(fitted: Discriminant, order: np.ndarray, ks: Sequence[int], ridge: float) -> Probes:
    """A probe on the first k points of `order` int (p,), for each of `ks`.

    One Cholesky factor has those of all k in its corner.
    """
    factor = np.linalg.cholesky(fitted.ridged(ridge)[np.ix_(order, order)])
    weights = np.zeros((len(ks), len(fitted.mean)))
    for row, k in zip(weights, ks, strict=True):
        first = order[:k]
        row[first] = linalg.cho_solve((factor[:k, :k], True), fitted.difference[first])
    return fitted.probes(weights)


def without(fitted: Discriminant, removed: Sequence[np.ndarray], ridge: float) -> Probes:
    """A probe on all points but those of each of `removed`, int arrays of any length.

    With B the inverse of the ridged covariance and w = B d the probe on all points, the probe
    on all but S is w - B[:, S] B[S, S]^-1 w[S]: block elimination (Golub & Van Loan 2013, 3.2).
    """
    inverse = linalg.inv(fitted.ridged(ridge))
    on_all = inverse @ fitted.difference
    weights = np.tile(on_all, (len(removed), 1))
    for row, out in zip(weights, removed, strict=True):
        row -= np.linalg.solve(inverse[np.ix_(out, out)], on_all[out]) @ inverse[out]
        row[out] = 0
    return fitted.probes(weights)


def on_all(a: np.ndarray, b: np.ndarray, ridges: Sequence[float]) -> list[Probes]:
    """A probe on all p points for each of `ridges`; a (n_a, p) and b (n_b, p), float32.

    With more points than images the p x p matrix is avoided. With X the deviations (n, p) from
    the class means and v = n - 2 their degrees of freedom,

        (X'X / v + ridge I)^-1 d = (d - X' (X X' + v ridge I)^-1 X d) / ridge

    the Woodbury identity (Golub & Van Loan 2013, 2.1.4), in float32: an n x n matrix of
    thousands of images takes seconds as it is.
    """
    if len(a) + len(b) >= a.shape[1]:
        fitted, points = fit(a, b), np.arange(a.shape[1])
        return [on_first(fitted, points, [len(points)], ridge) for ridge in ridges]
    mean, scale, difference, midpoint, deviations = _standardised(a, b, np.float32)
    nothing = np.empty((0, 0))
    fitted = Discriminant(mean, scale, nothing, difference, midpoint)
    gram, freedom = deviations @ deviations.T, _freedom(len(deviations))
    right = deviations @ difference.astype(np.float32)
    probes = []
    for ridge in ridges:
        ridged = gram.copy().T  # symmetric: in the order of LAPACK, which then copies nothing
        ridged[np.diag_indices_from(ridged)] += np.float32(freedom * ridge)
        factor = linalg.cho_factor(ridged, lower=True, overwrite_a=True, check_finite=False)
        explained = deviations.T @ linalg.cho_solve(factor, right, check_finite=False)
        probes.append(fitted.probes((difference - explained)[np.newaxis] / ridge))
    return probes


def forward_orders(
    values: np.ndarray, is_b: np.ndarray, weights: np.ndarray, ridge: float, most: int
) -> np.ndarray:
    """The `most` best points, greedily, on each of R weightings: int (R, min(most, p)).

    `values` (n, p) are images, `is_b` bool (n,) their class, `weights` (R, n), where both classes
    have some. Means, scales and covariance are of the weighted images. Each step takes the point
    that most raises the squared Mahalanobis distance between the class means, d' S^-1 d: by (the
    part of its mean difference that those before do not explain)^2 over (that part of its
    variance), the Schur complement, which one column of a Cholesky factor updates. Stepwise
    discriminant analysis (Rencher & Christensen 2012, 8.9). All weightings go in step, so that
    a column of all their covariances is one product and none is made whole.
    """
    points = values.astype(np.float64)
    constant = points.min(axis=0) == points.max(axis=0)
    points -= points.mean(axis=0)  # for the rounding of squares alone
    points[:, constant] = 0
    points /= np.where(constant, 1, points.std(axis=0))
    most = min(most, points.shape[1])
    step = max(1, FACTOR_VALUES // max(1, most * points.shape[1]))
    parts = (weights[at : at + step].astype(float) for at in range(0, len(weights), step))
    return np.concatenate([_forward(points, is_b, of, ridge, most) for of in parts])


def _forward(
    points: np.ndarray, is_b: np.ndarray, weights: np.ndarray, ridge: float, most: int
) -> np.ndarray:
    """`forward_orders` of standardised points (n, p), for as many weightings as fit in memory."""
    rows, images = np.arange(len(weights)), weights.sum(axis=1, keepdims=True)
    sizes = [weights[:, of].sum(axis=1, keepdims=True) for of in (~is_b, is_b)]
    sums = [weights[:, of] @ points[of] for of in (~is_b, is_b)]
    means = [total / size for total, size in zip(sums, sizes, strict=True)]
    squares = weights @ points**2
    variance = squares / images - (sum(sums) / images) ** 2
    scale = np.sqrt(np.where(variance > NO_VARIANCE, variance, 1))
    within = squares - sum(size * mean**2 for size, mean in zip(sizes, means, strict=True))
    freedom = _freedom(images)
    left_variance = np.maximum(within, 0) / freedom / scale**2 + ridge
    difference = (means[1] - means[0]) / scale
    factor = np.empty((len(weights), most, points.shape[1]))
    left = np.ones(difference.shape, bool)
    order = np.empty((len(weights), most), int)
    for step in range(most):
        best = np.argmax(np.where(left, difference**2 / left_variance, -1), axis=1)
        column = (weights * points[:, best].T) @ points
        for size, mean in zip(sizes, means, strict=True):
            column -= size * mean * mean[rows, best, np.newaxis]
        column /= freedom * scale * scale[rows, best, np.newaxis]
        column -= (factor[rows, np.newaxis, :step, best] @ factor[:, :step])[:, 0]
        column /= np.sqrt(left_variance[rows, best, np.newaxis])
        factor[:, step] = column
        part = difference[rows, best] / np.sqrt(left_variance[rows, best])
        difference = difference - column * part[:, np.newaxis]
        # The ridge keeps a point that is left above 0; one that is taken is exactly used up.
        left[rows, best] = False
        left_variance = np.where(left, left_variance - column**2, 1)
        order[:, step] = best
    return order
