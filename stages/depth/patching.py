"""Activation patching of maps and of places of one layer; the rest of the network runs on.

Values of a layer are (n, rows, columns, maps). A base image takes some of them from a source image:
one of the other class, or as a control one of its own class. The effect of a patch is how far it
takes the logit difference towards the other class, as a share of the way from the base images to
the sources of the other class (Zhang & Nanda 2024, 2309.16042).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

GRID = 13  # places along each axis at most; where a layer has more, neighbours are patched together
Rest = Callable[[np.ndarray], np.ndarray]  # logits (n, classes) from a layer's values


class Patches(NamedTuple):
    """Base images, the images that they take values from, and the class that they should become."""

    base: np.ndarray  # float32 (n, rows, columns, maps)
    source: np.ndarray  # the same of the other class
    same: np.ndarray  # the same of the own class
    own: np.ndarray  # int (n,), class of the base images
    other: np.ndarray  # int (n,), class of the sources
    difference: np.ndarray  # float32 (n,), logits: the other class minus the own, base images
    whole: float  # mean difference of the sources minus that of the base images


def block(side: int) -> int:
    """How many neighbours along each axis are patched together."""
    return -(-side // GRID)


def map_masks(maps: int) -> np.ndarray:
    """Each map at all places: bool (maps, 1, 1, maps), which broadcast to a layer's values."""
    return np.eye(maps, dtype=bool)[:, np.newaxis, np.newaxis]


def place_masks(rows: int, columns: int) -> np.ndarray:
    """Each block of places in all maps, row by row: bool (blocks, rows, columns, 1)."""
    size = block(rows)
    of_rows, of_columns = np.arange(rows) // size, np.arange(columns) // size
    number = of_rows[:, np.newaxis] * (of_columns[-1] + 1) + of_columns
    return (number == np.arange(number.max() + 1)[:, None, None])[..., np.newaxis]


def towards(logits: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The logit of the `other` class minus that of the `own`, (n,), of logits (n, classes)."""
    rows = np.arange(len(logits))
    return logits[rows, other] - logits[rows, own]


def effects(rest: Rest, patches: Patches, masks: np.ndarray, source: np.ndarray) -> np.ndarray:
    """The effect of each of `masks` (parts, ...) on each image, float32 (parts, n)."""
    found = np.empty((len(masks), len(patches.base)), np.float32)
    for row, mask in zip(found, masks, strict=True):
        logits = rest(np.where(mask, source, patches.base))
        row[:] = towards(logits, patches.own, patches.other) - patches.difference
    return found / np.float32(patches.whole)


def flipped(rest: Rest, patches: Patches, order: np.ndarray, ks: tuple[int, ...]) -> np.ndarray:
    """Share of the images that the first k maps of `order` turn into the other class, (K,)."""
    shares, mask = [], np.zeros(patches.base.shape[-1], bool)
    for k in ks:
        mask[order[:k]] = True
        answers = rest(np.where(mask, patches.source, patches.base)).argmax(axis=1)
        shares.append((answers == patches.other).mean())
    return np.array(shares)
