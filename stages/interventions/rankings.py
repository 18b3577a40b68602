"""Which points to edit first."""

from typing import NamedTuple

import numpy as np

from stages.common import discriminant, measures
from stages.common.discriminant import Discriminant
from stages.common.trained import Head
from stages.interventions.edits import single_point_effects

FORWARD_MOST = 144  # points that are chosen together; the rest follows in any order


class Study(NamedTuple):
    """One network, the pair's images, and the points in the orders in which they are edited."""

    head: Head
    pair: tuple[int, int]
    validation: tuple[np.ndarray, np.ndarray]  # float32 (n, points), of class a and of class b
    test: tuple[np.ndarray, np.ndarray]
    live: np.ndarray  # int (m,)
    ks: tuple[int, ...]
    fitted: Discriminant  # this and the next two from `rank`, of validation images
    effects: dict[str, np.ndarray]
    orders: dict[str, np.ndarray]
    stand_ins: np.ndarray  # int16 (controls, points)

    @property
    def is_b(self) -> np.ndarray:
        """Of which class each test image is, bool (n_a + n_b,): a first."""
        return np.repeat([False, True], [len(points) for points in self.test])


def rank(
    head: Head, pair: tuple[int, int], a: np.ndarray, b: np.ndarray, live: np.ndarray, ridge: float
) -> tuple[Discriminant, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Rank `live` int (m,) by images of class a and of class b, float32 (n, points) each.

    Returns the discriminant; by direction, the mean change of the logit difference towards the
    other class when a point alone takes that class's mean, float64 (points,); and the live
    points, best first, by ranking and by direction.
    """
    fitted = discriminant.fit(a, b, ridge)
    effects = {}
    for direction, base, other, sign in (("a_to_b", a, b, 1), ("b_to_a", b, a, -1)):
        change = single_point_effects(head, base, other.mean(axis=0), pair)
        effects[direction] = sign * change.mean(axis=1, dtype=float)
    values = {
        "auroc": np.abs(measures.auroc(a, b).value - 0.5),
        "effect": (effects["a_to_b"] + effects["b_to_a"]) / 2,
        **effects,
    }
    orders = {name: live[np.argsort(-of[live], kind="stable")] for name, of in values.items()}
    forward = discriminant.forward_order(fitted, live, FORWARD_MOST)
    orders["forward"] = np.concatenate([forward, np.setdiff1d(live, forward)])
    return fitted, effects, orders
