"""The rows of the stage's files, from images, their changes and what networks answer."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from stages.common import measures, sampling
from stages.common.cases import DIRECTIONS
from stages.smallest_change import placement

QUANTILE = 0.1  # of the margins of images of the target class: the margin to be reached
BOUNDARY = 0.1  # logits: the margin of an image that just crosses the decision boundary
TOP = 20  # points with most change, and with most effect, that are compared


class Changes(NamedTuple):
    """Images, n of class a and of class b, and the smallest change that was found for each."""

    index: np.ndarray  # int32 (n,), row of the test images
    label: np.ndarray  # int (n,)
    target: np.ndarray  # int (n,), the other class of the pair
    image: np.ndarray  # float32 (n, side, side), 0 to 1
    changed: np.ndarray  # the same, changed
    succeeded: np.ndarray  # bool (n,), whether the margin is reached
    random: np.ndarray  # float32 (n, draws, side, side), the change at random places

    @property
    def change(self) -> np.ndarray:
        """What is added, float32 (n, side, side)."""
        return self.changed - self.image

    def of(self, label: int) -> np.ndarray:
        """Which images of a class the search succeeded for, bool (n,)."""
        return self.succeeded & (self.label == label)


def chosen_rows(
    logits: np.ndarray, labels: np.ndarray, pair: tuple[int, int], each: int
) -> np.ndarray:
    """At most `each` rightly answered images of a, then as many of b, spread evenly; int32 (n,)."""
    right = logits.argmax(axis=1) == labels
    rows = (np.flatnonzero(right & (labels == label)) for label in pair)
    chosen = [of[sampling.balanced_rows(labels[of], each)] for of in rows]
    return np.concatenate(chosen).astype(np.int32)


def wanted_margin(logits: np.ndarray, labels: np.ndarray, target: int) -> float:
    """The margin that nine in ten rightly answered images of `target` have.

    With this margin the network is as sure of an image as of real ones. It is BOUNDARY where the
    network answers no such image rightly, or hardly.
    """
    margins = measures.margin(logits[labels == target], labels[labels == target].astype(int))
    right = margins[margins > 0]
    return max(float(np.quantile(right, QUANTILE)), BOUNDARY) if len(right) else BOUNDARY


def nearest(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The L1 distance of each image (n, side, side) to the nearest of `others`, float (n,)."""
    if not len(images):
        return np.empty(0)
    flat = (of.reshape(len(of), -1) for of in (images, others))
    return cdist(*flat, "cityblock").min(axis=1)


def images_table(
    changes: Changes, inside: np.ndarray, points: tuple, distance: np.ndarray, pair: tuple[int, int]
) -> pd.DataFrame:
    """The rows of files.CHANGED: one an image.

    `inside` bool (side, side) is where the classes differ most, `points` (n, points) the last conv
    layer before and after the change, `distance` (n,) that to the nearest image of the target.
    """
    change, (before, after) = changes.change, (of > 0 for of in points)
    return pd.DataFrame({
        "index": changes.index,
        "direction": np.where(changes.label == pair[0], *DIRECTIONS),
        "succeeded": changes.succeeded,
        "l1": np.abs(change).sum(axis=(1, 2), dtype=float),
        "added": np.maximum(change, 0).sum(axis=(1, 2), dtype=float),
        "pixels": (np.abs(change) > placement.LEAST).sum(axis=(1, 2)),
        "ink": changes.image.sum(axis=(1, 2), dtype=float),
        "nearest": distance,
        "region": placement.share_in(inside, change),
        "region_random": placement.share_in(inside, changes.random).mean(axis=1),
        "joined": placement.share_joined(change),
        "joined_random": placement.share_joined(changes.random).mean(axis=1),
        "turned_on": (after & ~before).sum(axis=1), "turned_off": (before & ~after).sum(axis=1),
    })  # fmt: skip


def transfer_rows(
    changes: Changes, pair: tuple[int, int], answers: tuple[np.ndarray, ...]
) -> list[dict]:
    """What one network answers, a row a direction: columns of files.CHANGE_TRANSFER.

    `answers` int (n,) are those to images and to changed images, and (n, draws) to the control's.
    Counted are images that this network, too, answers rightly as they are.
    """
    as_they_are, changed, at_random = answers
    flips = {"flipped": changed == changes.target,
             "flipped_random": at_random == changes.target[:, np.newaxis]}  # fmt: skip
    rows = []
    for direction, label in zip(DIRECTIONS, pair, strict=True):
        known = changes.of(label) & (as_they_are == changes.label)
        shares = {name: of[known].mean() if known.any() else np.nan for name, of in flips.items()}
        rows.append({"direction": direction, **shares})
    return rows


def points_table(
    effects: pd.DataFrame, changes: Changes, points: tuple, pair: tuple[int, int]
) -> pd.DataFrame:
    """The rows of files.CHANGED_POINTS; `effects` has the points in the order of `points`."""
    table = effects[["map", "row", "column"]].copy()
    before, after = points
    for direction, label in zip(DIRECTIONS, pair, strict=True):
        here = changes.of(label)
        change = (after[here].astype(float) - before[here]).mean(axis=0) if here.any() else np.nan
        table[f"change_{direction}"] = change
    return table


def summary_table(
    changes: Changes, margins: dict[int, float], points: pd.DataFrame, effects: pd.DataFrame,
    pair: tuple[int, int],
) -> pd.DataFrame:  # fmt: skip
    """The rows of files.SMALLEST_CHANGE; `margins` by target, `points` as of `points_table`."""
    rows = []
    for direction, label, target in zip(DIRECTIONS, pair, pair[::-1], strict=True):
        change, effect = points[f"change_{direction}"], effects[f"effect_{direction}"]
        rows.append({"direction": direction, "margin": margins[target],
                     "images": (changes.label == label).sum(),
                     **agreement(change.to_numpy(), effect.to_numpy())})  # fmt: skip
    return pd.DataFrame(rows)


def agreement(change: np.ndarray, effect: np.ndarray) -> dict[str, float]:
    """How many of the points with the largest change are among those with most effect.

    `change` and `effect`, (points,), that on the logit difference towards the target. Expected is
    k^2/m, the mean of the hypergeometric distribution: k of m points are drawn. m are those with an
    effect.
    """
    live = np.flatnonzero(effect != 0)
    k = min(TOP, len(live))
    if not k or np.isnan(change).any():
        return {"top": k, "both": np.nan, "both_expected": np.nan}
    most = (live[np.argsort(-of[live], kind="stable")[:k]] for of in (np.abs(change), effect))
    return {"top": k, "both": float(len(np.intersect1d(*most))), "both_expected": k * k / len(live)}
