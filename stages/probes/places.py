"""Claims H and I: whether places and levels of points carry more than map means and on or off."""

from collections.abc import Callable, Iterable

import numpy as np

from stages.common import discriminant
from stages.common.discriminant import Probes
from stages.probes.scoring import Images, by_ridge, least

Feature = Callable[[np.ndarray, int], np.ndarray]


def levels(points: np.ndarray, maps: int) -> np.ndarray:  # noqa: ARG001
    """Every point's activation, (n, points)."""
    return points


def map_means(points: np.ndarray, maps: int) -> np.ndarray:
    """The mean of every map, (n, maps), in float64: of equal values exactly that."""
    return points.reshape(len(points), maps, -1).mean(axis=2, dtype=float)


def active(points: np.ndarray, maps: int) -> np.ndarray:  # noqa: ARG001
    """Which points are above 0, 0 or 1, (n, points)."""
    return (points > 0).astype(np.float32)


FEATURES = {"points": levels, "means": map_means, "active": active}


def probes(
    fit: Images, maps: int, names: Iterable[str], ridges: tuple[float, ...]
) -> dict[str, list[Probes]]:
    """By feature, the probes on all of it at each ridge, fitted on images of all points."""
    return {
        name: discriminant.on_all(*(FEATURES[name](part, maps) for part in fit.parts), ridges)
        for name in names
    }


def scores(
    fitted: dict[str, list[Probes]], batches: Iterable[np.ndarray], maps: int
) -> dict[str, list[np.ndarray]]:
    """Scores (1, n) by feature and ridge, of images that come in batches (m, points)."""
    found = {name: [[] for _ in of] for name, of in fitted.items()}
    for batch in batches:
        for name, of in fitted.items():
            values = FEATURES[name](batch, maps)
            for part, probe in zip(found[name], of, strict=True):
                part.append(probe.scores(values))
    return {name: [np.concatenate(of, axis=1) for of in parts] for name, parts in found.items()}


def errors(
    of_validation: dict[str, list[np.ndarray]], validation: Images,
    of_test: dict[str, list[np.ndarray]], test: Images,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Errors on test images (R,) by feature, at the ridges that are best on validation images."""
    found = {}
    for name, known in of_validation.items():
        chosen = least(by_ridge(known, validation))
        reported = by_ridge(of_test[name], test)
        found[name] = reported[np.arange(len(chosen)), chosen]
    return found
