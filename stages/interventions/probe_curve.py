"""Linear probes on k points: a linear discriminant on the k best of a ranking."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import discriminant, measures
from stages.common.cases import RANKINGS
from stages.common.controls import control_columns, controlled
from stages.common.discriminant import Discriminant
from stages.interventions.rankings import FORWARD_MOST, Study, rank


class Curve(NamedTuple):
    """One ranking's curve over K sets of points; images of class a stand before those of b."""

    ks: tuple[int, ...]
    cv_right: np.ndarray  # bool (K, validation images): answers out of fold
    cv_accuracy: np.ndarray  # (K, folds)
    chosen: int  # the position of the set that the one-standard-error rule chooses
    right: np.ndarray  # bool (K, test images)
    control_accuracy: np.ndarray  # (controls, K); NaN where none are drawn

    @property
    def chosen_k(self) -> int:
        """How many points the chosen set has; 0 where no point is live."""
        return self.ks[self.chosen] if self.ks else 0


def ranking_ks(ranking: str, ks: tuple[int, ...]) -> tuple[int, ...]:
    """The `ks` of a ranking. `forward` ends early; all live points are the same set in each."""
    return tuple(k for k in ks if ranking != "forward" or k <= FORWARD_MOST or k == ks[-1])


def nested_scores(
    fitted: Discriminant, values: np.ndarray, order: np.ndarray, ks: tuple[int, ...]
) -> np.ndarray:
    """Scores (K, n) of images (n, points) by the first k points of `order`, for each k."""
    scores = [discriminant.scores(fitted, values, order[np.newaxis, :k])[0] for k in ks]
    return np.reshape(scores, (len(ks), len(values)))


def cross_validated(study: Study, folds: np.ndarray, ridge: float) -> dict[str, np.ndarray]:
    """Right answers out of fold, bool (K, validation images), for each ranking.

    The points are ranked anew in each fold: ranked on all images, those held out would have
    had a say in which points their probe reads.
    """

    def answer(a: np.ndarray, b: np.ndarray, held: np.ndarray) -> dict[str, np.ndarray]:
        fitted, _, orders = rank(study.head, study.pair, a, b, study.live, ridge)
        return {
            name: nested_scores(fitted, held, orders[name], ranking_ks(name, study.ks)) > 0
            for name in RANKINGS
        }

    return discriminant.cross_validate(*study.validation, folds, answer)


def control_accuracies(study: Study, order: np.ndarray, ks: tuple[int, ...]) -> np.ndarray:
    """Accuracy (controls, K) on test images by the stand-ins of `order`'s first k points.

    NaN where no controls are drawn.
    """
    values = np.concatenate(study.test)
    accuracy = np.full((len(study.stand_ins), len(ks)), np.nan)
    for column, k in enumerate(controlled(ks, len(study.live))):
        says_b = discriminant.scores(study.fitted, values, study.stand_ins[:, order[:k]]) > 0
        accuracy[:, column] = (says_b == study.is_b).mean(axis=1)
    return accuracy


def curves(study: Study, folds: np.ndarray, ridge: float) -> dict[str, Curve]:
    """The curve of each ranking, scored on the test images."""
    of_rankings = {}
    for ranking, cv_right in cross_validated(study, folds, ridge).items():
        ks, order = ranking_ks(ranking, study.ks), study.orders[ranking]
        cv_accuracy = discriminant.fold_accuracy(cv_right, folds)
        chosen = discriminant.one_standard_error(cv_accuracy) if ks else 0
        right = (
            nested_scores(study.fitted, np.concatenate(study.test), order, ks) > 0
        ) == study.is_b
        controls = control_accuracies(study, order, ks)
        of_rankings[ranking] = Curve(ks, cv_right, cv_accuracy, chosen, right, controls)
    return of_rankings


def curve_table(ranking: str, curve: Curve) -> pd.DataFrame:
    """One row for each k: accuracy out of fold, on test with its interval, and of controls."""
    successes, n = curve.right.sum(axis=1), curve.right.shape[1]
    low, high = measures.wilson_interval(successes, n)
    columns = {
        "ranking": ranking,
        "k": np.array(curve.ks, int),
        "cv_accuracy": curve.cv_accuracy.mean(axis=1),
        "accuracy": successes / n,
        "low": low,
        "high": high,
    }
    return pd.DataFrame(columns | control_columns("control", curve.control_accuracy))
