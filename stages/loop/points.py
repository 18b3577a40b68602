"""Which points of the last conv layer have to do with a loop, and which carry the edit's effect."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import edits, measures
from stages.common.controls import control_columns, controlled, stand_ins
from stages.common.trained import Head

BEST = 20  # points by AUROC on validation images


class Images(NamedTuple):
    """Points float32 (n, p) of n images before and after an edit, and the class they become."""

    before: np.ndarray
    after: np.ndarray
    label: int
    other: int


def loop_auroc(points: np.ndarray, loop: np.ndarray) -> np.ndarray:
    """AUROC of each point, (p,), for images (n, p) with a `loop` bool (n,) against those without.

    NaN where there are none of either.
    """
    if loop.all() or not loop.any():
        return np.full(points.shape[1], np.nan)
    return measures.auroc(points[~loop], points[loop]).value


def best_points(auroc: np.ndarray, live: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """AUROC on test images, (m,), of the BEST of `live` by `auroc` (p,) on validation images.

    `tested` (p,). Turned so that above 0.5 means as on validation images.
    """
    distance = auroc[live] - 0.5
    chosen = live[np.argsort(-np.abs(distance), kind="stable")[:BEST]]
    return np.where(auroc[chosen] >= 0.5, tested[chosen], 1 - tested[chosen])


def mean_effects(head: Head, images: Images) -> np.ndarray:
    """The effect of each point's change by the edit alone, mean over images: float64 (p,).

    It is on the logit difference towards the other class.
    """
    towards = images.label, images.other
    effects = edits.single_point_effects(head, images.before, images.after, towards)
    return effects.mean(axis=1, dtype=float)


def flipped_along(head: Head, images: Images, order: np.ndarray, ks: tuple[int, ...]) -> np.ndarray:
    """Share of the rightly answered images flipped by the first k points of `order`, (K,)."""
    right = head(images.before).argmax(axis=1) == images.label
    if not right.any():
        return np.full(len(ks), np.nan)
    prepared = edits.prepare(head, images.before[right], images.after[right])
    answer = edits.logits_along(head, prepared, order, ks).argmax(axis=1)
    return (answer == images.other).mean(axis=1)


def carried_table(
    head: Head, images: Images, order: np.ndarray, ks: tuple[int, ...], means: np.ndarray,
    controls: int, generator: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Rows of files.CARRIED but for the edit; `means` (p,) is each point's activation."""
    random = np.full((controls, len(ks)), np.nan)
    few = controlled(ks, len(order))
    for row, stand_in in enumerate(stand_ins(means, np.sort(order), controls, generator)):
        random[row, : len(few)] = flipped_along(head, images, stand_in[order], few)
    columns = {"k": np.array(ks, int), "flipped": flipped_along(head, images, order, ks)}
    return pd.DataFrame(columns | control_columns("flipped_control", random))
