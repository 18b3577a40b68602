"""Erasure: how many directions are removed before no linear probe separates the pair.

Iterative nullspace projection (Ravfogel et al. 2020, 2004.07667): fit a probe, remove its
direction, fit another to what is left, and so on. With U the directions removed, orthonormal, an
image becomes x - U U' (x - c), with c halfway between the class means: its mean there, not 0.

The probe is the discriminant on points, w = A d with A = (C + ridge D)^-1: C the covariance within
classes, D the points' variances before anything was removed, d the difference of the class means.
Where U is removed, the probe that does not read U has the weights

    A d - A U (U'A U)^-1 U'A d

by block elimination (Golub & Van Loan 2013, 3.2). With D^-1/2 C D^-1/2 = Q L Q', A is diagonal in
the coordinates Q' D^-1/2 for every ridge, so that a refit multiplies no m x m matrix but one.

When d itself is removed, one direction, no discriminant is left: A d is then in the span of A U.
Equal class means leave nothing to any linear probe of the same images (Belrose et al. 2023,
2306.03819).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stages.common import discriminant
from stages.common.bases import COVARIANCE, MEANS, PROBE, RANDOM
from stages.common.controls import curve_ks
from stages.common.discriminant import Discriminant
from stages.common.measures import wilson_interval
from stages.directions.layer import Layer, Pair

MOST = 300  # directions
NOTHING = 1e-9  # of a probe's first weights: what is less is rounding


def chance(images: Pair) -> float:
    """The lowest balanced error that is chance: the end of the Wilson interval of a half.

    The variance of the mean of two classes' errors is that of one share of n images, with 4/n the
    sum of 1/n_a and 1/n_b.
    """
    n = 4 / sum(1 / len(of) for of in images)
    return float(wilson_interval(n / 2, n)[0])


def balanced(scores_a: np.ndarray, scores_b: np.ndarray) -> np.ndarray:
    """The mean of the two classes' errors, (...), of scores (n, ...); above 0 says b."""
    return ((scores_a > 0).mean(axis=0) + (scores_b <= 0).mean(axis=0)) / 2


class Space:
    """The points in the coordinates Q' D^-1/2, and probes at every ridge without some directions.

    For each ridge it holds a basis of what is removed that is orthonormal by A, so that each
    direction that is added corrects the weights once: conjugate directions (Hestenes & Stiefel
    1952).
    """

    def __init__(
        self, fitted: Discriminant, validation: Pair, test: Pair, ridges: Sequence[float]
    ) -> None:
        """From what is fitted to fit images; held-out images by their live points (n, m)."""
        values, vectors = np.linalg.eigh(fitted.covariance)
        self.centre = fitted.mean + fitted.midpoint * fitted.scale  # halfway between class means
        self.matrix = vectors.T / fitted.scale  # float64 (m, m)
        self.validation, self.test = (
            Pair(*((of - self.centre) / fitted.scale @ vectors for of in images))
            for images in (validation, test)
        )
        falling = np.array(sorted(ridges, reverse=True))  # of equals the largest is taken
        self.inverses = 1 / (np.maximum(values, 0)[:, np.newaxis] + falling)  # (m, ridges): A
        self.weights = self.inverses * (vectors.T @ fitted.difference)[:, np.newaxis]
        self.lengths = np.linalg.norm(self.weights, axis=0)
        self.removed = np.empty((len(falling), len(values), 0))

    def without(self, directions: np.ndarray) -> None:
        """Remove `directions` of points (m, k), one after another."""
        mapped, done = self.matrix @ directions, self.removed.shape[2]
        more = np.empty((*self.removed.shape[:2], done + mapped.shape[1]))
        more[:, :, :done] = self.removed
        for k, of in enumerate(mapped.T, done):
            for basis, inverse, weights in zip(more, self.inverses.T, self.weights.T, strict=True):
                conjugate = of
                for _ in range(2):  # the second takes the first one's rounding
                    before = basis[:, :k]
                    conjugate = conjugate - before @ (before.T @ (inverse * conjugate))
                conjugate = conjugate / np.sqrt(conjugate @ (inverse * conjugate))
                weights -= inverse * conjugate * (conjugate @ weights)
                basis[:, k] = conjugate
        self.removed = more

    def probe(self) -> tuple[np.ndarray, float]:
        """The direction of the probe that is best on validation images (m,), its error on test.

        Errors are balanced. The direction is of points, of any length; 0 where nothing is left to
        read.
        """
        errors = balanced(*(of @ self.weights for of in self.validation))
        best = np.argmin(errors)
        weights = self.weights[:, best]
        if np.linalg.norm(weights) <= NOTHING * self.lengths[best]:
            weights = np.zeros_like(weights)
        return self.matrix.T @ weights, float(balanced(*(of @ weights for of in self.test)))


def by_probes(space: Space, least: float) -> tuple[np.ndarray, np.ndarray]:
    """The directions of refitted probes (m, k), orthonormal, and errors after 0 to k, (k + 1,).

    Until an error is `least` or more, nothing is left to read, or MOST directions are removed.
    """
    removed, errors = np.empty((len(space.centre), 0)), []
    while True:
        direction, error = space.probe()
        errors.append(error)
        length, k = np.linalg.norm(direction), removed.shape[1]
        direction = direction - removed @ (removed.T @ direction)  # of rounding
        left = np.linalg.norm(direction)
        if error >= least or k == min(MOST, len(direction)) or left <= length / 2:
            return removed, np.array(errors)
        direction = direction[:, np.newaxis] / left
        removed = np.hstack([removed, direction])
        space.without(direction)


def along(space: Space, directions: np.ndarray, ks: Sequence[int]) -> list[float]:
    """Errors of refitted probes without the first k of `directions` (m, ...), for rising `ks`."""
    errors, done = [], 0
    for k in ks:
        space.without(directions[:, done:k])
        done = k
        errors.append(space.probe()[1])
    return errors


def answers(layer: Layer, centre: np.ndarray, removed: np.ndarray, ks: Sequence[int]) -> dict:
    """What the network answers to test images without the first k of `removed`, for each of `ks`.

    `right` and `other`, (K,): share answered rightly, and as the other class; mean of the classes.
    """
    shares = {"right": np.zeros(len(ks)), "other": np.zeros(len(ks))}
    written = removed.T @ layer.head.dense_kernel[layer.live]
    for side, points in enumerate(layer.test):
        hidden, done = layer.head.hidden(points).astype(float), 0
        read = (points[:, layer.live] - centre) @ removed
        for row, k in enumerate(ks):
            hidden -= read[:, done:k] @ written[done:k]
            done = k
            active = layer.head.activate(hidden)
            given = (active @ layer.head.logits_kernel + layer.head.logits_bias).argmax(axis=1)
            for name, label in (("right", side), ("other", 1 - side)):
                shares[name][row] += (given == layer.pair[label]).mean() / 2
    return shares


def on_validation(layer: Layer, removed: np.ndarray, ridge: float) -> float:
    """Balanced test error of a probe that is fitted on validation images without `removed`."""
    known, test = (
        Pair(*((of - of @ removed @ removed.T).astype(np.float32) for of in layer.of_live(split)))
        for split in ("validation", "test")
    )
    (probe,) = discriminant.on_all(*known, [ridge])
    return float(balanced(*(probe.scores(of)[0] for of in test)))


def erasure_table(
    layer: Layer, fitted: Discriminant, deviations: np.ndarray, ridges: Sequence[float],
    ridge: float, generator: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """The rows of `erasure.csv`.

    `deviations` (n, m) are of fit images from their class's mean. Probes on validation images have
    the one `ridge`: the other images have selected it.
    """

    def space() -> Space:
        return Space(fitted, layer.of_live("validation"), layer.of_live("test"), ridges)

    whole = space()
    least = chance(layer.test)
    removed, errors = by_probes(whole, least)
    most, centre = removed.shape[1], whole.centre
    few = (0, *curve_ks(most))
    uniform = generator.normal(size=(len(centre), most))
    varied = deviations.T @ generator.normal(size=(len(deviations), most))
    difference = fitted.difference * fitted.scale
    unit = difference[:, np.newaxis] / (np.linalg.norm(difference) or 1)
    random = {RANDOM: np.linalg.qr(uniform)[0], COVARIANCE: np.linalg.qr(varied)[0]}
    cases = [(PROBE, removed, np.arange(most + 1), errors), (MEANS, unit, (0, 1), np.nan)]
    cases += [(method, of, few, along(space(), of, few)) for method, of in random.items()]
    tables = []
    for method, directions, ks, of_k in cases:
        columns = {"method": method, "k": ks, "error": of_k, "chance": np.array(of_k) >= least}
        columns["error_validation"] = np.nan
        table = pd.DataFrame(columns | answers(layer, centre, directions, ks))
        for row in (0, len(table) - 1) if method in (PROBE, MEANS) else ():
            without = on_validation(layer, directions[:, : table["k"][row]], ridge)
            table.loc[row, "error_validation"] = without
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
