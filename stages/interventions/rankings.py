"""Which points to edit first."""

from typing import NamedTuple

import numpy as np

from stages.common.edits import single_point_effects
from stages.common.trained import Head


class Study(NamedTuple):
    """One network, the pair's images, and the points in the orders in which they are edited."""

    head: Head
    pair: tuple[int, int]
    validation: tuple[np.ndarray, np.ndarray]  # float32 (n, points), of class a and of class b
    test: tuple[np.ndarray, np.ndarray]
    live: np.ndarray  # int (m,)
    ks: tuple[int, ...]
    changes: dict[str, np.ndarray]  # this and the next two from `rank`, of validation images
    effects: dict[str, np.ndarray]
    orders: dict[str, np.ndarray]
    stand_ins: np.ndarray  # int16 (controls, points)


def rank(
    head: Head, pair: tuple[int, int], a: np.ndarray, b: np.ndarray, live: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Rank `live` int (m,) by images of class a and of class b, float32 (n, points) each.

    Returns, by direction, the change of each image's logit difference towards the other class when
    a point alone takes that class's mean, float32 (points, n); its mean over images, float64
    (points,); and the live points, best first, by direction and by `effect`, their mean.
    """
    changes, effects = {}, {}
    for direction, base, other, sign in (("a_to_b", a, b, 1), ("b_to_a", b, a, -1)):
        change = single_point_effects(head, base, other.mean(axis=0), pair)
        changes[direction] = sign * change
        effects[direction] = sign * change.mean(axis=1, dtype=float)
    values = {"effect": (effects["a_to_b"] + effects["b_to_a"]) / 2, **effects}
    return changes, effects, {name: best_first(of[live], live) for name, of in values.items()}


def best_first(effects: np.ndarray, live: np.ndarray) -> np.ndarray:
    """The points `live` (m,) by falling `effects` (m, ...), along the first axis."""
    return live[np.argsort(-effects, axis=0, kind="stable")]


def resampled_orders(changes: np.ndarray, live: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The order by effect in each resample of the validation images, int (R, m).

    `changes` (points, n) are those of `rank`, `weights` (R, n). Only the mean over images is
    weighted, as one product for all resamples; its order is that of the weighted sum. What a point
    takes stays the plain class mean: to redo that, too, would take R times the work.
    """
    return best_first(changes[live].astype(float) @ weights.T.astype(float), live).T
