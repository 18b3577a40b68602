"""The images of one set that are nearest to those of another, by correlation of features."""

import numpy as np

from stages.similarity.correlations import standardised


def nearest(queries: np.ndarray, known: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of `known` (n, ...) that correlate most with each of `queries` (m, ...).

    Rows int (m, k) and their r float32 (m, k), nearest first; k is n where that is less. Where one
    of the two images is constant, r is NaN and comes last.
    """
    (rows, constant), (others, constant_known) = standardised(queries), standardised(known)
    distance = -(rows @ others.T)
    distance[constant], distance[:, constant_known] = np.nan, np.nan
    k = min(k, len(known))
    near = np.argpartition(distance, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(distance, near, axis=1), axis=1, kind="stable")
    near = np.take_along_axis(near, order, axis=1)
    return near, -np.take_along_axis(distance, near, axis=1)


def neighbour_shares(
    labels: np.ndarray, near: np.ndarray, r: np.ndarray, classes: int
) -> np.ndarray:
    """Of what is nearest to the images of a class, the share of each class; a row a class.

    `labels` (m,) are of the images, `near` (m, k) of the nearest, whose r is (m, k). What has no r
    is left out. NaN where nothing is left.
    """
    shares = np.full((classes, classes), np.nan)
    for label in np.unique(labels):
        of_class = labels == label
        found = near[of_class][~np.isnan(r[of_class])]
        if len(found):
            shares[label] = np.bincount(found, minlength=classes) / len(found)
    return shares
