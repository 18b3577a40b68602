"""Do searches from different starts end alike? Correlation, and the endings that differ."""

import math
from typing import NamedTuple

import numpy as np

ALIKE = 0.7  # Pearson r from which two endings count as one
KEPT = 4  # different endings of each target


class Endings(NamedTuple):
    """Where the random starts of each of t targets end."""

    agreement: np.ndarray  # float32 (t,), mean r over pairs that activate; NaN with fewer than two
    different: np.ndarray  # int32 (t,), how many; 0 where none activates
    images: np.ndarray  # float32 (t, KEPT, side, side), highest value first, then zeros
    values: np.ndarray  # float32 (t, KEPT), NaN where there is none
    counts: np.ndarray  # int32 (t, KEPT), starts that end alike


def correlations(images: np.ndarray) -> np.ndarray:
    """Pearson r between all images (n, side, side), (n, n); 0 where one is constant."""
    flat = images.reshape(len(images), math.prod(images.shape[1:])).astype(float)
    flat -= flat.mean(axis=1, keepdims=True)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = np.divide(flat, size, out=np.zeros_like(flat), where=size > 1e-6)
    return unit @ unit.T


def groups(r: np.ndarray) -> list[list[int]]:
    """Which of n endings are alike, from their correlations (n, n), best ending first.

    Greedy: an ending joins the first group whose best one it correlates with by ALIKE, else it
    opens the next.
    """
    found: list[list[int]] = []
    for number in range(len(r)):
        near = (group for group in found if r[number, group[0]] >= ALIKE)
        if (group := next(near, None)) is not None:
            group.append(number)
        else:
            found.append([number])
    return found


def endings(images: np.ndarray, values: np.ndarray, activates: np.ndarray) -> Endings:
    """Compare the endings (t, s, side, side) that activate their target, bool (t, s)."""
    t = len(images)
    result = Endings(
        np.full(t, np.nan, np.float32), np.zeros(t, np.int32),
        np.zeros((t, KEPT, *images.shape[2:]), np.float32),
        np.full((t, KEPT), np.nan, np.float32), np.zeros((t, KEPT), np.int32),
    )  # fmt: skip
    for row in range(t):
        order = np.argsort(-values[row], kind="stable")
        order = order[activates[row][order]]
        r = correlations(images[row][order])
        if len(order) > 1:
            result.agreement[row] = r[np.triu_indices(len(r), 1)].mean()
        found = groups(r)
        result.different[row] = len(found)
        for place, group in enumerate(found[:KEPT]):
            result.images[row, place] = images[row][order[group[0]]]
            result.values[row, place] = values[row][order[group[0]]]
            result.counts[row, place] = len(group)
    return result


def between(images: np.ndarray) -> float:
    """Mean r between images (n, side, side) of different targets; NaN with fewer than two."""
    r = correlations(images)
    return float(r[np.triu_indices(len(r), 1)].mean()) if len(r) > 1 else np.nan
