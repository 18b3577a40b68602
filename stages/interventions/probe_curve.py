"""Linear probes on k points: a linear discriminant on the k best of a ranking."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import discriminant, measures
from stages.common.discriminant import Discriminant
from stages.common.names import RANKINGS
from stages.interventions.rankings import FORWARD_MOST, Study, controlled, effects_of, rank


class Curve(NamedTuple):
    """One ranking's curve over K sets of points; images of class a stand before those of b."""

    ks: tuple[int, ...]
    cv_right: np.ndarray  # bool (K, validation images): answers out of fold
    cv_accuracy: np.ndarray  # (K, folds)
    chosen: int  # the position of the set that the one-standard-error rule chooses
    right: np.ndarray  # bool (K, test images)
    control_accuracy: np.ndarray  # (controls, K'), of the first K' sets

    @property
    def chosen_k(self) -> int:
        """How many points the chosen set has; 0 where no point is live."""
        return self.ks[self.chosen] if self.ks else 0


def ranking_ks(ranking: str, ks: tuple[int, ...]) -> tuple[int, ...]:
    """The `ks` of a ranking. `forward` ends early; all live points are the same set in each."""
    if ranking == "forward":
        return tuple(k for k in ks if k <= FORWARD_MOST or k == ks[-1])
    return ks


def nested_scores(
    fitted: Discriminant,
    values: np.ndarray,
    order: np.ndarray,
    live: np.ndarray,
    ks: tuple[int, ...],
) -> np.ndarray:
    """Scores (K, n) of images (n, points) by the first k points of `order`, for each k.

    An order shorter than a k, as the greedy one, is followed by the rest of `live`.
    """
    whole = np.concatenate([order, np.setdiff1d(live, order)])
    found = [discriminant.scores(fitted, values, whole[np.newaxis, :k])[0] for k in ks]
    return np.stack(found) if found else np.empty((0, len(values)))


def cross_validated(study: Study, folds: np.ndarray, ridge: float) -> dict[str, np.ndarray]:
    """Right answers out of fold, bool (K, validation images), for each ranking.

    The points are ranked anew in each fold: ranked on all images, those held out would have
    had a say in which points their probe reads.
    """

    def answer(a: np.ndarray, b: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
        fitted = discriminant.fit(a, b, ridge)
        orders = rank(fitted, effects_of(study.head, a, b, study.pair), a, b, study.live)
        scores = {
            name: nested_scores(
                fitted, held, getattr(orders, name), study.live, ranking_ks(name, study.ks)
            )
            for name in RANKINGS
        }
        return {name: values > 0 for name, values in scores.items()}

    return discriminant.cross_validate(*study.validation, folds, answer)


def control_accuracies(
    fitted: Discriminant,
    values: np.ndarray,
    is_b: np.ndarray,
    order: np.ndarray,
    stand_ins: np.ndarray,
    ks: tuple[int, ...],
) -> np.ndarray:
    """Accuracy (controls, K) on images (n, points) by the stand-ins of `order`'s first k points."""
    found = np.empty((len(stand_ins), len(ks)))
    for column, k in enumerate(ks):
        says_b = discriminant.scores(fitted, values, stand_ins[:, order[:k]]) > 0
        found[:, column] = (says_b == is_b).mean(axis=1)
    return found


def curves(study: Study, folds: np.ndarray, ridge: float) -> dict[str, Curve]:
    """The curve of each ranking, scored on the test images."""
    cv_right = cross_validated(study, folds, ridge)
    values, is_b = np.concatenate(study.test), study.is_b
    found = {}
    for ranking in RANKINGS:
        ks = ranking_ks(ranking, study.ks)
        order = getattr(study.orders, ranking)
        scores = nested_scores(study.fitted, values, order, study.live, ks)
        cv_accuracy = discriminant.fold_accuracy(cv_right[ranking], folds)
        controls = controlled(ks, len(study.live))
        found[ranking] = Curve(
            ks=ks,
            cv_right=cv_right[ranking],
            cv_accuracy=cv_accuracy,
            chosen=discriminant.one_standard_error(cv_accuracy) if ks else 0,
            right=(scores > 0) == is_b,
            control_accuracy=control_accuracies(
                study.fitted, values, is_b, order, study.stand_ins, controls
            ),
        )
    return found


def curve_table(ranking: str, curve: Curve) -> pd.DataFrame:
    """One row for each k: accuracy out of fold, on test with its interval, and of controls."""
    n = curve.right.shape[1]
    successes = curve.right.sum(axis=1)
    low, high = measures.wilson_interval(successes, n)
    blank = [np.nan] * (len(curve.ks) - curve.control_accuracy.shape[1])
    mean, control_low, control_high = measures.control_band(curve.control_accuracy)
    return pd.DataFrame(
        {
            "ranking": ranking,
            "k": np.array(curve.ks, int),
            "cv_accuracy": curve.cv_accuracy.mean(axis=1),
            "accuracy": successes / n,
            "low": low,
            "high": high,
            "control_mean": [*mean, *blank],
            "control_low": [*control_low, *blank],
            "control_high": [*control_high, *blank],
        }
    )
