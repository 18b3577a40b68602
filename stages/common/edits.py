"""The edit, and what the network answers after it.

An intervention is one operation on the points of the last conv layer, (n, points):

    edit(x, m, r) = x (1 - m) + r m

    | intervention | mask m              | replacement r                          |
    |--------------|---------------------|----------------------------------------|
    | keep         | 0                   | anything                               |
    | zero         | 1 at chosen points  | 0                                      |
    | mean         | 1 at chosen points  | the mean of a reference class          |
    | interchange  | 1 at chosen points  | the values of a source image           |

The dense layer is linear before its activation, so an edit changes it by (r - x) times the rows of
the first matrix that belong to the chosen points, and only these are multiplied. Sets grow
along an order, so each k pays for the points it adds.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from stages.common.trained import Head

CHUNK = 8  # points changed one at a time, side by side: 8 x 500 images x 100 units take 1.6 MB


class Edit(NamedTuple):
    """Base images about to be edited, points first: what is chosen is a run of memory."""

    hidden: np.ndarray  # float32 (units, n): the dense layer before its activation, unedited
    change: np.ndarray  # float32 (points, n): what each point changes by where its mask is 1


def edit(points: np.ndarray, mask: np.ndarray, replacement: np.ndarray) -> np.ndarray:
    """x (1 - m) + r m: points (n, p), mask of 0 and 1 and replacement broadcast to it."""
    return points * (1 - mask) + replacement * mask


def prepare(head: Head, base: np.ndarray, replacement: np.ndarray) -> Edit:
    """The edit of `base` float32 (n, points) by `replacement`, (n, points) or (points,)."""
    change = edit(base, np.float32(1), replacement) - base
    return Edit(np.ascontiguousarray(head.hidden(base).T), np.ascontiguousarray(change.T))


def each_k(
    head: Head, prepared: Edit, order: np.ndarray, ks: Iterable[int]
) -> Iterator[np.ndarray]:
    """For each of rising `ks`, logits with the first k points of `order` edited: (classes, n)."""
    hidden = prepared.hidden.copy()
    active = np.empty_like(hidden)
    for done, k in pairwise((0, *ks)):
        added = order[done:k]
        hidden += head.dense_kernel[added].T @ prepared.change[added]
        head.activate(hidden, out=active)
        yield head.logits_kernel.T @ active + head.logits_bias[:, None]


def logits_along(head: Head, prepared: Edit, order: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """Logits with the first k points of `order` edited, for K rising `ks`: (K, classes, n)."""
    logits = np.empty((len(ks), len(head.logits_bias), prepared.hidden.shape[1]), np.float32)
    for row, of_k in enumerate(each_k(head, prepared, order, ks)):
        logits[row] = of_k
    return logits


def single_point_effects(
    head: Head, base: np.ndarray, replacement: np.ndarray, pair: tuple[int, int]
) -> np.ndarray:
    """Change of the logit difference when one point alone is edited, float32 (points, n).

    `base` float32 (n, points), `replacement` (n, points) or (points,).
    """
    hidden = head.hidden(base)
    unedited = head.activate(hidden)
    change = prepare(head, base, replacement).change
    a, b = pair
    contrast = head.logits_kernel[:, b] - head.logits_kernel[:, a]
    effects = np.empty(change.shape, np.float32)
    for start in range(0, len(change), CHUNK):
        some = slice(start, start + CHUNK)
        edited = change[some, :, None] * head.dense_kernel[some, None, :]
        edited += hidden
        head.activate(edited, out=edited)
        # Subtracted before the product: a point that does not change has an effect of exactly 0.
        edited -= unedited
        effects[some] = edited @ contrast
    return effects
