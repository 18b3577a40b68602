"""Claim C: whether maps that are silent in a class are silent in others, and tell the class."""

from typing import NamedTuple

import numpy as np

MAP_DRAWS = 10  # random choices of as many maps of a layer as the one with fewer has
RIDGE = 0.1  # of the probe for the class, on maps of variance 1


class Silence(NamedTuple):
    """Which maps of a layer are nowhere above 0 in the images of a split."""

    silent: np.ndarray  # float64 (n, maps), 1 or 0
    labels: np.ndarray  # int (n,)
    weights: np.ndarray  # float64 (R, n), how often each image is in each resample

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray], layer: str, weights: np.ndarray) -> "Silence":
        """From the arrays of files.MAP_ACTIVITY or files.SAMPLE."""
        return cls((arrays[f"{layer}_max"] <= 0).astype(float), arrays["labels"], weights)


def mostly_silent(images: Silence, label: int, share: float) -> np.ndarray:
    """Maps silent in at least `share` of a class's images, bool (R, maps); all where none is."""
    weights = images.weights[:, images.labels == label]
    silent = weights @ images.silent[images.labels == label]
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
    if not there:
        observed[:] = np.nan
    expected = np.where(count > 0, in_all.mean(axis=1), np.nan)
    gain = {"silent_expected": expected, "silent_gain": observed - expected}
    return {"silent_maps": count, "silent_shared": observed} | gain


def draws(maps: int, fewer: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """`count` choices of `fewer` maps at random, int (count, fewer); all where it is no choice."""
    if maps == fewer:
        return np.arange(maps)[np.newaxis]
    return generator.permuted(np.tile(np.arange(maps), (count, 1)), axis=1)[:, :fewer]


class Classes(NamedTuple):
    """What a linear discriminant for all classes at once is made from, in one resample."""

    label: np.ndarray  # int (C,), the classes that occur in it
    means: np.ndarray  # (C, maps), of silence
    scale: np.ndarray  # (maps,) standard deviation; 1 where it is always the same
    covariance: np.ndarray  # (maps, maps) within classes, of standardised silence

    @classmethod
    def of(cls, known: Silence, row: int) -> "Classes":
        """From the images as resample `row` weighs them."""
        weights, silent = known.weights[row], known.silent
        label = np.unique(known.labels[weights > 0])
        member = (known.labels == label[:, np.newaxis]) * weights
        sizes, total = member.sum(axis=1, keepdims=True), weights.sum()
        means, share = member @ silent / sizes, weights @ silent / total
        scale = np.sqrt(np.where((share > 0) & (share < 1), share * (1 - share), 1))
        # Sums of 0 and 1: no mean need be subtracted first for the rounding.
        within = (silent.T * weights) @ silent - (means.T * sizes[:, 0]) @ means
        within /= max(total - len(label), 1) * np.outer(scale, scale)
        return cls(label, means, scale, within)

    def functions(self, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A linear function of silence for each class, the highest of which answers.

        Weights (all maps, C), 0 outside `maps` int (m,), and offsets (C,). Every class is as
        likely (Hastie et al., Elements, 4.3).
        """
        means = (self.means / self.scale)[:, maps].T
        ridged = self.covariance[np.ix_(maps, maps)] + RIDGE * np.eye(len(maps))
        solved, weights = np.linalg.solve(ridged, means), np.zeros(self.means.T.shape)
        weights[maps] = solved / self.scale[maps, np.newaxis]
        return weights, -(means * solved).sum(axis=0) / 2


def class_accuracy(known: Silence, scored: Silence, row: int, maps: np.ndarray) -> float:
    """Accuracy for the class from which maps are silent, in one resample.

    Fitted on `known`, of `scored`; the mean over the choices of `maps` int (choices, m).
    """
    classes, weights, found = Classes.of(known, row), scored.weights[row], []
    for chosen in maps:
        directions, offsets = classes.functions(chosen)
        answers = classes.label[np.argmax(scored.silent @ directions + offsets, axis=1)]
        found.append(weights @ (answers == scored.labels) / weights.sum())
    return float(np.mean(found))


def accuracies(
    known: list[Silence], scored: list[Silence], generator: np.random.Generator
) -> np.ndarray:
    """`class_accuracy` (R, layers), by as many maps of each layer as the one with fewer has.

    Resample 0 takes the mean over choices of maps; each of the others chooses anew.
    """
    fewer = min(of.silent.shape[1] for of in known)
    table = np.empty((len(known[0].weights), len(known)))
    for layer, of in enumerate(zip(known, scored, strict=True)):
        for row in range(len(table)):
            count = 1 if row else MAP_DRAWS
            chosen = draws(of[0].silent.shape[1], fewer, count, generator)
            table[row, layer] = class_accuracy(*of, row, chosen)
    return table
