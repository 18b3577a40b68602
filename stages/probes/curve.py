"""The probe curve: probes on the k best points of a ranking, against random points."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import discriminant, measures
from stages.common.controls import control_columns, controlled, curve_ks
from stages.common.discriminant import Discriminant
from stages.probes.scoring import Images, Selected, error, select

FORWARD_MOST = 144  # points that are chosen together, or the few; the rest follows in any order


def ks_with(few: int, live: int) -> tuple[int, ...]:
    """The k of a curve on `live` points: those of every curve, and the `few`."""
    return tuple(sorted({*curve_ks(live), few}))


def ranking_ks(ranking: str, ks: tuple[int, ...], together: int) -> tuple[int, ...]:
    """The `ks` of a ranking. `forward` ends early; all live points are the same set in each."""
    return tuple(k for k in ks if ranking != "forward" or k <= together or k == ks[-1])


def orders(auroc: np.ndarray, effect: np.ndarray, forward: np.ndarray) -> dict[str, np.ndarray]:
    """All p points, best first, int (p,), by ranking.

    From each point's AUROC and effect, float (p,), and the points chosen together, best first.
    """
    values = {"auroc": np.abs(auroc - 0.5), "effect": effect}
    by_value = {name: np.argsort(-of, kind="stable") for name, of in values.items()}
    others = np.setdiff1d(np.arange(len(auroc)), forward)
    return by_value | {"forward": np.concatenate([forward, others])}


def select_first(
    fitted: Discriminant, held: Images, order: np.ndarray, ks: tuple[int, ...],
    ridges: tuple[float, ...],
) -> Selected:  # fmt: skip
    """Probes on the first k points of `order`, each k at the ridge that is best on `held`."""
    probes = [discriminant.on_first(fitted, order, ks, ridge) for ridge in ridges]
    return select(probes, held.as_they_are)


def control_accuracies(
    fitted: Discriminant, test: Images, sets: np.ndarray, ks: tuple[int, ...],
    ridges: list[float],
) -> np.ndarray:  # fmt: skip
    """Accuracy (controls, K) on test images of probes on the first k of `sets` int (controls, p).

    At the ridge that stands in `ridges` for each k. NaN where no controls are drawn.
    """
    accuracy = np.full((len(sets), len(ks)), np.nan)
    for column, k in enumerate(controlled(ks, sets.shape[1])):
        probes = discriminant.on_sets(fitted, sets[:, :k], ridges[column])
        accuracy[:, column] = 1 - error(probes.scores(test.points), test.as_they_are)
    return accuracy


class Study(NamedTuple):
    """Images of the live points of one network, and what is fitted to them."""

    fit: Images
    validation: Images
    test: Images
    fitted: Discriminant  # to fit images
    fitted_validation: Discriminant
    ridges: tuple[float, ...]  # the largest first


def curve(
    study: Study, ranking: str, order: np.ndarray, ks: tuple[int, ...], stand_ins: np.ndarray
) -> pd.DataFrame:
    """The rows of `probe_curve.csv` of one ranking, for `order` int (p,) and all p points.

    `accuracy` is of probes fitted on fit images with the ridge of validation images,
    `accuracy_validation` the other way round. `stand_ins` int (controls, p), see `controls`.
    """
    _, validation, test, fitted, fitted_validation, ridges = study
    selected = select_first(fitted, validation, order, ks, ridges)
    other_way = select_first(fitted_validation, study.fit, order, ks, ridges)
    n = len(test.is_b)
    accuracy = 1 - selected.error(test.as_they_are)
    low, high = measures.wilson_interval(np.round(accuracy * n), np.array(n))
    chosen = [ridges[position] for position in selected.ridge]
    controls = control_accuracies(fitted, test, stand_ins[:, order], ks, chosen)
    columns = {"ranking": ranking, "k": np.array(ks), "accuracy": accuracy, "low": low}
    columns |= {"high": high, "accuracy_validation": 1 - other_way.error(test.as_they_are)}
    return pd.DataFrame(columns | control_columns("control", controls))
