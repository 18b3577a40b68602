"""Linear probes on one layer: ridge regression on the indicators of the classes.

With X the standardised units of n images (n, p) and Y their classes (n, c), 1 for the own class and
-1 for the others, the weights are those of two equal forms, of which the smaller matrix is taken:

    (X'X + r I)^-1 X'Y  =  X' (XX' + r I)^-1 Y

(Hastie et al., The Elements of Statistical Learning, 4.2 and 18.3.5). The class with the highest
value is the answer; for two classes this is the linear discriminant of equal classes. r is the
ridge times the mean eigenvalue of the matrix.
"""

from typing import NamedTuple

import numpy as np
from scipy import linalg

RIDGES = (1.0, 1e-1, 1e-2)  # the largest first: of equally good ones it is chosen


class Probe(NamedTuple):
    """From units (n, p) to values (n, c) of the classes."""

    classes: np.ndarray  # int (c,)
    weights: np.ndarray  # float32 (p, c), on units as they are
    offsets: np.ndarray  # float32 (c,)
    ridge: float

    def answers(self, units: np.ndarray) -> np.ndarray:
        """The class of each image, (n,)."""
        return self.classes[(units @ self.weights + self.offsets).argmax(axis=1)]


def fit(
    units: np.ndarray, labels: np.ndarray, held_units: np.ndarray, held_labels: np.ndarray
) -> Probe:
    """The probe on float32 units (n, p), whose ridge errs least on held-out images (m, p)."""
    classes = np.unique(labels)
    mean = units.mean(axis=0, dtype=float).astype(np.float32)
    x = units - mean
    deviation = np.sqrt(np.einsum("np,np->p", x, x, dtype=float) / len(x))
    scale = np.where(deviation > 0, deviation, 1).astype(np.float32)
    x /= scale
    y = np.where(labels[:, np.newaxis] == classes, 1, -1).astype(np.float32)
    centre = y.mean(axis=0)
    by_images = len(x) < x.shape[1]
    matrix, target = (x @ x.T, y - centre) if by_images else (x.T @ x, x.T @ (y - centre))
    level = np.trace(matrix) / len(matrix) or np.float32(1)  # a constant layer has no other
    best, least = None, np.inf
    for ridge in RIDGES:
        ridged = matrix.copy().T  # symmetric: in the order of LAPACK, which then copies nothing
        ridged[np.diag_indices_from(ridged)] += np.float32(ridge) * level
        factor = linalg.cho_factor(ridged, lower=True, overwrite_a=True, check_finite=False)
        solved = linalg.cho_solve(factor, target, check_finite=False)
        weights = (x.T @ solved if by_images else solved) / scale[:, np.newaxis]
        probe = Probe(classes, weights, centre - mean @ weights, ridge)
        errors = (probe.answers(held_units) != held_labels).sum()
        if errors < least:
            best, least = probe, errors
    return best
