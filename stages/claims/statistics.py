"""The statistics that only the claims need, of one network or of two.

`counts`, float64 (R, n), are bootstrap samples as in `intervals`.
"""

from typing import NamedTuple

import numpy as np

from stages.claims.intervals import NOTHING, from_samples
from stages.common import discriminant
from stages.common.verdicts import Value

HALF = 0.5  # of the images, flipped


def telling_share(
    right: np.ndarray, folds: np.ndarray, ks: np.ndarray, live: int, counts: np.ndarray
) -> Value:
    """How many points the one-standard-error rule chooses, as a share of the live ones.

    `right` bool (K, n), out of fold; `folds` (n,), the strata of `counts`; `ks` int (K,).
    """
    if not len(ks):
        return NOTHING
    members = [folds == fold for fold in np.unique(folds)]
    accuracy = [counts[:, fold] @ right[:, fold].T / fold.sum() for fold in members]
    chosen = [discriminant.one_standard_error(of_sets) for of_sets in np.stack(accuracy, axis=2)]
    observed = discriminant.one_standard_error(discriminant.fold_accuracy(right, folds))
    return from_samples(ks[observed] / live, ks[chosen] / live)


def first_crossing(share: np.ndarray, ks: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The k at which `share` (R, K) first reaches a half where `allowed`, (R,); NaN if nowhere.

    Between the sets tested, which are 1.6 times as large each, the share is taken to be
    linear in log k: the gaps of the grid must not decide a verdict.
    """
    reached = (share >= HALF) & allowed
    at = reached.argmax(axis=1)
    rows, before = np.arange(len(share)), np.maximum(at - 1, 0)
    low, high = share[rows, before], share[rows, at]
    between = (low < HALF) & (at > 0)
    part = np.where(between, (HALF - low) / np.where(between, high - low, 1), 1)
    logs = np.log(ks)
    crossing = np.exp(logs[before] + part * (logs[at] - logs[before]))
    return np.where(reached.any(axis=1), crossing, np.nan)


class Deciding(NamedTuple):
    """How many points flip half of both classes' images answered rightly; NaN where none does."""

    share: Value  # of the live points; 1 where no number does
    points: float
    by_class: tuple[float, float]  # of the images of class a alone, of class b alone


def deciding_share(
    flips: np.ndarray,
    right: np.ndarray,
    is_b: np.ndarray,
    ks: np.ndarray,
    control_high: np.ndarray,
    live: int,
    counts: np.ndarray,
) -> Deciding:
    """How many points, best first, flip half of either class's images, beyond chance.

    The class that needs more of them counts: a mean over both would hide one that resists.

    `flips` float (K, n), share of sources that flip an image, 0 where it was not answered
    rightly; `right` bool (n,); `control_high` (K, 2), what 97.5 % of random sets stay below in
    the direction from a and from b, NaN where none were drawn. `counts` resamples the images
    within each class.
    """
    if not len(ks) or not right.any():
        return Deciding(NOTHING, np.nan, (np.nan, np.nan))

    def flipped(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return weights @ flips.T / (weights @ right)[:, np.newaxis]

    def crossings(weights: np.ndarray) -> np.ndarray:
        of_classes = []
        for of_class, high in zip((~is_b, is_b), control_high.T, strict=True):
            share = flipped(weights * of_class)
            of_classes.append(first_crossing(share, ks, np.isnan(high) | (share > high)))
        return np.stack(of_classes)

    by_class = crossings(np.ones((1, len(right))))[:, 0]
    points = float(by_class.max())  # NaN if either is
    of_samples = np.nan_to_num(crossings(counts).max(axis=0) / live, nan=1)
    value = 1.0 if np.isnan(points) else points / live
    of_a, of_b = by_class
    return Deciding(from_samples(value, of_samples), points, (float(of_a), float(of_b)))


def silence_right(
    known: np.ndarray, known_labels: np.ndarray, asked: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Whether a classifier that sees only which maps are silent is right, bool (n,).

    `known` and `asked` bool (images, maps), True for silent; multinomial logistic regression.
    """
    from sklearn.linear_model import LogisticRegression  # seconds of import

    classifier = LogisticRegression(max_iter=2000).fit(known.astype(float), known_labels)
    return classifier.predict(asked.astype(float)) == labels


def pair_right(
    validation: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], ridge: float
) -> np.ndarray:
    """Whether the linear discriminant of all features is right, bool (n_a + n_b,), a first.

    Both are the images of class a and of class b, (images, features); fitted on `validation`,
    asked of `test`. Empty where a class has no image to learn from.
    """
    if not all(map(len, validation)):
        return np.zeros(0, bool)
    scores = discriminant.scores_by_all(*validation, np.concatenate(test), ridge)
    return (scores > 0) == (np.arange(len(scores)) >= len(test[0]))


class Maps(NamedTuple):
    """What each map of one network shares with maps of another: Pearson r, (maps,) each."""

    matched: np.ndarray  # with the map that the matching gives it
    identity: np.ndarray  # with the one of the same number
    random: np.ndarray  # with all, on average: what a random order gives
    untrained: np.ndarray  # matched, both networks as they were before training


def maps_of(
    correlation: np.ndarray,
    assignment: np.ndarray,
    untrained: np.ndarray,
    untrained_assignment: np.ndarray,
) -> Maps:
    """From r of all maps, (maps, maps), and the map given to each, int (maps,)."""
    rows = np.arange(len(correlation))
    correlation, untrained = correlation.astype(float), untrained.astype(float)
    return Maps(
        correlation[rows, assignment],
        np.diagonal(correlation),
        correlation.mean(axis=1),
        untrained[rows, untrained_assignment],
    )


def order_kept(maps: Maps, counts: np.ndarray) -> Value:
    """r in the same order over r in the best order, both above a random order's r.

    0 where the order tells nothing, 1 where it is the best one. Nothing where the best order
    is no better than a random one.
    """
    kept, most = maps.identity - maps.random, maps.matched - maps.random
    of_samples = counts @ most
    if most.sum() <= 0 or (of_samples <= 0).any():
        return NOTHING
    return from_samples(kept.sum() / most.sum(), counts @ kept / of_samples)


def changes_by_shift(right: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """What the farthest shifts change for each image, (m,), from -1 (lost) to 1 (won).

    `right` bool (s, m) under each of `shifts` int (s, 2), pixels; the mean over the farthest
    ones minus what the image is at 0, 0.
    """
    distance = np.abs(shifts).max(axis=1)
    return right[distance == distance.max()].mean(axis=0) - right[distance == 0].mean(axis=0)
