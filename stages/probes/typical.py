"""Claim B: whether all class-typical points together tell more than the best of them alone."""

from typing import NamedTuple

import numpy as np

from stages.common import discriminant
from stages.common.discriminant import Discriminant
from stages.probes.scoring import Images, Selected, balanced_error, select


def typical(
    of_class: np.ndarray, weights: np.ndarray, maximum: np.ndarray, level: float, share: float
) -> np.ndarray:
    """Which points are class-typical in each resample, bool (R, p).

    On, which is above `level` of their own `maximum` (p,), in at least `share` of the class's
    images `of_class` (n, p), `weights` (R, n). A point whose maximum is not above 0 never is.
    """
    on = (of_class > level * maximum).astype(float)
    return (weights @ on / weights.sum(axis=1, keepdims=True) >= share) & (maximum > 0)


class Stumps(NamedTuple):
    """In each of R resamples the best answer by one point: b above a threshold, or below it."""

    point: np.ndarray  # int (R,)
    threshold: np.ndarray  # float64 (R,)
    b_above: np.ndarray  # bool (R,)

    def scores(self, values: np.ndarray) -> np.ndarray:
        """1 where an image of `values` (n, p) is called b, else -1: (R, n)."""
        above = values.T[self.point] > self.threshold[:, np.newaxis]
        return np.where(above == self.b_above[:, np.newaxis], 1, -1)


def best_stumps(images: Images, allowed: np.ndarray) -> Stumps:
    """The point, direction and threshold with the least balanced error on weighted images.

    `allowed` bool (R, p) says which points are candidates; of none, the first point stands there.
    A cut lies midway between two neighbouring values that have weight. With F the shares of each
    class below it, the error is (1 - |F_b - F_a|) / 2: a decision stump, by sorted sums. They are
    of whole numbers, so that equal errors are equal; the first point, then the lowest cut, wins.
    """
    order = np.argsort(images.points, axis=0, kind="stable").T
    values = np.take_along_axis(images.points.T, order, axis=1).astype(float)
    cut, point = values[:, :-1] < values[:, 1:], np.zeros(len(allowed), int)
    threshold, b_above = np.full(len(allowed), np.inf), np.ones(len(allowed), bool)
    for row, (weights, candidates) in enumerate(zip(images.weights, allowed, strict=True)):
        size_a, size_b = (weights[of].sum() for of in (~images.is_b, images.is_b))
        signed = np.where(images.is_b, weights * size_a, -weights * size_b)
        below = signed[order[:, :-1]].cumsum(axis=1) * cut
        gain = np.abs(below)
        best = np.argmax(np.where(candidates, gain.max(axis=1, initial=0), -1))
        if not gain[best].any():  # no cut is better than none
            continue
        at, counted = gain[best].argmax() + 1, weights[order[best]] > 0
        neighbours = values[best][:at][counted[:at]][-1], values[best][at:][counted[at:]][0]
        point[row], threshold[row], b_above[row] = (
            best,
            sum(neighbours) / 2,
            below[best, at - 1] < 0,
        )
    return Stumps(point, threshold, b_above)


class Chosen(NamedTuple):
    """The answers by the best class-typical point and by all of them, of p points."""

    some: np.ndarray  # bool (R,), whether any point is typical
    stumps: Stumps
    probes: Selected


def choose(
    fitted: Discriminant, validation: Images, points: np.ndarray, ridges: tuple[float, ...]
) -> Chosen | None:
    """Of the typical `points` bool (R, p), the best alone and all together; None where p is 0.

    `fitted` to fit images; point, threshold and ridge are selected on validation images.
    """
    if not points.shape[1]:
        return None
    removed = [np.flatnonzero(~of) for of in points]
    probes = [discriminant.without(fitted, removed, ridge) for ridge in ridges]
    together = select(probes, validation, balanced_error)
    return Chosen(points.any(axis=1), best_stumps(validation, points), together)


def report(chosen: Chosen | None, test: Images, ending: str, gain: str) -> dict[str, np.ndarray]:
    """The columns of claim B, (R,) each; their names get `ending`, and `gain` is the difference's.

    Errors on test images, the mean of the two classes'; NaN where no point is typical.
    """
    best, joint = np.full((2, len(test.weights)), np.nan)
    if chosen is not None:
        best, joint = (
            np.where(chosen.some, of, np.nan)
            for of in (
                balanced_error(chosen.stumps.scores(test.points), test),
                chosen.probes.error(test, balanced_error),
            )
        )
    return {f"error_best{ending}": best, f"error_typical{ending}": joint, gain: best - joint}
