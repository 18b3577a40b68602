"""Linear probes on few points and on all, for many pairs of classes that share their fit."""

from typing import NamedTuple

import numpy as np

from stages.common import discriminant
from stages.common.discriminant import Discriminant, Probes

SELECTION_RIDGE = 0.3  # of the forward selection, as in stage `probes`


class Images(NamedTuple):
    """Images of two classes."""

    points: np.ndarray  # float32 (n, p)
    is_b: np.ndarray  # bool (n,), whether an image is of the second class

    def take(self, points: np.ndarray) -> "Images":
        """The same images, by `points` int (m,) alone."""
        return self._replace(points=self.points[:, points])


class Fitted(NamedTuple):
    """What a class's fit images give to the probes of all its pairs."""

    points: np.ndarray  # float32 (n, p)
    mean: np.ndarray  # float64 (p,)
    scatter: np.ndarray | None  # float64 (p, p), products of deviations from it; None: not shared

    @classmethod
    def of(cls, points: np.ndarray, shared: bool) -> "Fitted":
        """From a class's points, float32 (n, p); without the scatter where it is not `shared`."""
        mean = points.mean(axis=0, dtype=float) if len(points) else np.zeros(points.shape[1])
        if not shared:
            return cls(points, mean, None)
        deviations = points - mean
        return cls(points, mean, deviations.T @ deviations)


def of_both(a: Fitted, b: Fitted, points: np.ndarray) -> Discriminant:
    """The discriminant of two classes on `points` int (m,), from their scatters.

    It is that of `discriminant.fit` on their images. With n images, d the difference of the class
    means and W the sum of the scatters, a point's variance over both classes, with which it is
    standardised, is (W_ii + n_a n_b d_i^2 / n) / n.
    """
    counts, cells = (len(a.points), len(b.points)), np.ix_(points, points)
    n, within = sum(counts), a.scatter[cells] + b.scatter[cells]
    of_a, of_b = a.mean[points], b.mean[points]
    variance = (within.diagonal() + np.prod(counts) / n * (of_b - of_a) ** 2) / n
    parts = [of.points[:, points] for of in (a, b)]
    constant = np.minimum(*(x.min(0) for x in parts)) == np.maximum(*(x.max(0) for x in parts))
    scale = np.where(constant, 1, np.sqrt(variance))
    mean = (counts[0] * of_a + counts[1] * of_b) / n
    covariance = within / max(n - 2, 1) / scale / scale[:, np.newaxis]
    midpoint = ((of_a + of_b) / 2 - mean) / scale
    return Discriminant(mean, scale, covariance, (of_b - of_a) / scale, midpoint)


def best_together(images: Images, few: int) -> np.ndarray:
    """The `few` points that separate the classes best together, greedily: int (few,)."""
    once = np.ones((1, len(images.is_b)))
    return discriminant.forward_orders(*images, once, SELECTION_RIDGE, few)[0]


def at_ridges(fitted: Discriminant, ridges: tuple[float, ...]) -> list[Probes]:
    """The probe on all points of `fitted` at each of `ridges`."""
    points = np.arange(len(fitted.mean))
    return [discriminant.on_first(fitted, points, [len(points)], ridge) for ridge in ridges]


def wrong(probes: list[Probes], validation: Images, test: Images) -> np.ndarray:
    """Which test images a probe answers wrongly, bool (n,).

    It is the first of `probes`, by falling ridge, with the fewest errors on validation images.
    """
    every = Probes(*(np.concatenate(parts) for parts in zip(*probes, strict=True)))
    errors = ((every.scores(validation.points) > 0) != validation.is_b).sum(axis=1)
    return (probes[errors.argmin()].scores(test.points)[0] > 0) != test.is_b


def wrong_on_few_and_all(
    a: Fitted, b: Fitted, validation: Images, test: Images, few: int, live: np.ndarray,
    ridges: tuple[float, ...],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Which test images probes answer wrongly, bool (n,): on `few` of the points `live`, on all.

    All images have all points; `live` is int (m,), `ridges` fall.
    """
    best = live[best_together(validation.take(live), few)]
    on_few = at_ridges(discriminant.fit(a.points[:, best], b.points[:, best]), ridges)
    if a.scatter is None:
        on_all = discriminant.on_all(a.points[:, live], b.points[:, live], ridges)
    else:
        on_all = at_ridges(of_both(a, b, live), ridges)
    return (
        wrong(on_few, validation.take(best), test.take(best)),
        wrong(on_all, validation.take(live), test.take(live)),
    )
