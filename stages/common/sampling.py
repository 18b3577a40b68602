"""Which images stand for a whole split. `train` depends on it: a change retrains every network."""

import numpy as np


def balanced_rows(labels: np.ndarray, count: int) -> np.ndarray:
    """Rows of at most `count` images, as many of each class, in ascending order.

    `labels` is int (n,), the result int32 (m,). Each class that occurs gives its share of
    `count`, or fewer where the smallest class has fewer. They are spread evenly over the
    class's rows, since a split can drift: the second half of MNIST's test images was written
    by other people than the first. Nothing is drawn, so every network gets the same images.
    """
    rows_of = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    each = min([count // max(1, len(rows_of)), *map(len, rows_of)])
    chosen = [rows[np.arange(each) * len(rows) // max(1, each)] for rows in rows_of]
    return np.sort(np.concatenate([np.empty(0, int), *chosen])).astype(np.int32)
