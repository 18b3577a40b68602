"""Claim C: whether maps that are silent in a class are silent in others, and tell the class."""

from typing import NamedTuple

import numpy as np

MAP_DRAWS = 10  # random choices of as many maps of a layer as the one with fewer has
RIDGE = 0.1  # of the probe for the class, on maps of variance 1


class Silence(NamedTuple):
    """Which maps of a layer are nowhere above 0 in the images of a split."""

    silent: np.ndarray  # bool (n, maps)
    labels: np.ndarray  # int (n,)
    weights: np.ndarray  # float64 (R, n), how often each image is in each resample

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray], layer: str, weights: np.ndarray) -> "Silence":
        """From the arrays of files.MAP_ACTIVITY or files.SAMPLE."""
        return cls(arrays[f"{layer}_max"] <= 0, arrays["labels"], weights)


def mostly_silent(images: Silence, label: int, share: float) -> np.ndarray:
    """Maps silent in at least `share` of a class's images, bool (R, maps); all where it has none."""
    weights = images.weights[:, images.labels == label]
    silent = weights @ images.silent[images.labels == label].astype(float)
    size = weights.sum(axis=1, keepdims=True)
    return (size == 0) | (silent / np.maximum(size, 1) >= share)


def shared(
    maps: np.ndarray, test: Silence, contrast: tuple[int, ...], share: float
) -> dict[str, np.ndarray]:
    """Of the `maps` bool (R, maps) silent in a, the share silent in every class of `contrast`.

    Beside it the same share of all maps: what maps drawn at random would have. NaN where there is
    no such map, or no image of these classes.
    """
    count = maps.sum(axis=1)
    there = [label for label in contrast if label in test.labels]
    everywhere = [mostly_silent(test, label, share) for label in there]
    in_all = np.all(everywhere, axis=0) if there else np.full(maps.shape, np.nan)
    with np.errstate(invalid="ignore"):
        observed = np.where(maps, in_all, 0).sum(axis=1) / count
    expected = np.where(count > 0, in_all.mean(axis=1), np.nan)
    gain = {"silent_expected": expected, "silent_gain": observed - expected}
    return {"silent_maps": count, "silent_shared": observed} | gain


def draws(maps: int, fewer: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """`count` random choices of `fewer` maps, int (count, fewer); one of all where there are no more."""
    if maps == fewer:
        return np.arange(maps)[np.newaxis]
    return generator.permuted(np.tile(np.arange(maps), (count, 1)), axis=1)[:, :fewer]


def class_probe(known: Silence, row: int) -> tuple[np.ndarray, ...]:
    """Mean (maps,), class means (classes, maps) and covariance of silence, in one resample.

    Standardised, within classes, from the images as resample `row` weighs them; with the classes
    that occur in it.
    """
    weights, silent = known.weights[row], known.silent.astype(float)
    total = weights.sum()
    mean = weights @ silent / total
    scale = np.sqrt(mean * (1 - mean))
    scale = np.where(scale > 0, scale, 1)
    classes = np.unique(known.labels[weights > 0])
    member = (known.labels == classes[:, np.newaxis]) * weights
    sizes = member.sum(axis=1)
    means = (member @ silent / sizes[:, np.newaxis] - mean) / scale
    deviations = (silent - mean) / scale - means[np.searchsorted(classes, known.labels) % len(sizes)]
    covariance = (deviations.T * weights) @ deviations / max(total - len(classes), 1)
    return mean, scale, means, covariance, classes


def class_accuracy(known: Silence, scored: Silence, row: int, maps: np.ndarray) -> float:
    """Accuracy for the class from which maps are silent, in one resample, mean over choices.

    A linear discriminant with a ridge for all classes at once, each as likely, fitted on `known`,
    scored on `scored` (Hastie et al., Elements, 4.3); `maps` int (choices, maps).
    """
    mean, scale, means, covariance, classes = class_probe(known, row)
    values, weights = (scored.silent - mean) / scale, scored.weights[row]
    accuracies = []
    for chosen in maps:
        ridged = covariance[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))
        directions = np.linalg.solve(ridged, means[:, chosen].T)
        constants = (means[:, chosen].T * directions).sum(axis=0) / 2
        answers = classes[np.argmax(values[:, chosen] @ directions - constants, axis=1)]
        accuracies.append(weights @ (answers == scored.labels) / weights.sum())
    return float(np.mean(accuracies))


def accuracies(
    known: list[Silence], scored: list[Silence], rows: int, generator: np.random.Generator
) -> np.ndarray:
    """`class_accuracy` (rows, layers), by as many maps of each layer as the one with fewer has.

    Resample 0 takes the mean over choices of maps; each of the others chooses anew.
    """
    fewer = min(of.silent.shape[1] for of in known)
    table = np.empty((rows, len(known)))
    for layer, of in enumerate(zip(known, scored, strict=True)):
        for row in range(rows):
            count = 1 if row else MAP_DRAWS
            chosen = draws(of[0].silent.shape[1], fewer, count, generator)
            table[row, layer] = class_accuracy(*of, row, chosen)
    return table
