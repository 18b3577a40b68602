"""Errors of probes on weighted images, and the ridge that each probe takes.

A probe is fitted at every ridge. Which of these counts is selected on validation images, anew in
each resample, and reported on test images.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from stages.common.discriminant import Probes

Measure = Callable[[np.ndarray, "Images"], np.ndarray]


class Images(NamedTuple):
    """Images of two classes, or of a class and all others, with their weights in resamples."""

    points: np.ndarray  # float32 (n, p), activations
    is_b: np.ndarray  # bool (n,), whether an image is of the second class
    weights: np.ndarray  # float64 (R, n), how often it is in each resample

    def take(self, points: np.ndarray) -> "Images":
        """The same images, by `points` int (m,) alone."""
        return self._replace(points=self.points[:, points])

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """The values of class a and of class b."""
        return self.points[~self.is_b], self.points[self.is_b]

    @property
    def as_they_are(self) -> "Images":
        """The same images, each once."""
        return self._replace(weights=np.ones((1, len(self.is_b))))


def error(scores: np.ndarray, images: Images) -> np.ndarray:
    """Share of the images answered wrongly, float64 (R,); a score above 0 says b.

    `scores` (R, n) are of another probe in each resample, (1, n) of the same one in all. NaN where
    no image has weight. Sums are of whole numbers, so that equal errors are equal.
    """
    return _wrong(scores, images, np.ones(len(images.is_b), bool))


def balanced_error(scores: np.ndarray, images: Images) -> np.ndarray:
    """As `error`, the mean of the two classes' shares."""
    return (_wrong(scores, images, ~images.is_b) + _wrong(scores, images, images.is_b)) / 2


def _wrong(scores: np.ndarray, images: Images, of: np.ndarray) -> np.ndarray:
    """`error` among the images where `of` bool (n,) is true."""
    wrong = ((scores > 0) != images.is_b) & of
    with np.errstate(invalid="ignore"):
        return np.einsum("rn,rn->r", wrong, images.weights) / images.weights[:, of].sum(axis=1)


def by_ridge(scores: Iterable[np.ndarray], images: Images, measure: Measure = error) -> np.ndarray:
    """The error at each of G ridges, (R, G), from the scores at each."""
    return np.stack([measure(of_ridge, images) for of_ridge in scores], axis=1)


def least(errors: np.ndarray) -> np.ndarray:
    """The position of each resample's ridge, int (R,), from `errors` (R, G) by falling ridge.

    Of equally good ones it is the first: the largest.
    """
    return errors.argmin(axis=1)


class Selected(NamedTuple):
    """Probes at each of G ridges, and the ridge selected in each of R resamples."""

    probes: list[Probes]  # by ridge, each of one probe for all resamples or of R
    ridge: np.ndarray  # int (R,), position among the ridges

    def error(self, images: Images, measure: Measure = error) -> np.ndarray:
        """On images that selected nothing, (R,)."""
        errors = by_ridge((of.scores(images.points) for of in self.probes), images, measure)
        return np.take_along_axis(errors, self.ridge[:, np.newaxis], axis=1)[:, 0]


def select(probes: list[Probes], images: Images, measure: Measure = error) -> Selected:
    """Select the ridge with the least error on `images`; `probes` by falling ridge."""
    errors = by_ridge((of.scores(images.points) for of in probes), images, measure)
    return Selected(probes, least(errors))
