"""Which points to edit first, and which random points to compare them with."""

from typing import NamedTuple

import numpy as np

from stages.common import discriminant, measures
from stages.common.discriminant import Discriminant
from stages.common.trained import Head
from stages.interventions.edits import single_point_effects

FORWARD_MOST = 144  # points that are chosen together; the rest follows in any order
DECILES = 10


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


def curve_ks(live: int) -> tuple[int, ...]:
    """1, 2, 3, 5, 8, ... each the sum of the two before, then `live` itself; none where 0."""
    ks, following = [], [1, 2]
    while following[0] < live:
        ks.append(following[0])
        following = [following[1], sum(following)]
    return (*ks, live) if live else ()


def controlled(ks: tuple[int, ...], live: int) -> tuple[int, ...]:
    """Those of `ks` that get controls: beyond a quarter of the live points sets overlap much."""
    return tuple(k for k in ks if k <= live / 4)


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


def deciles(mean_activation: np.ndarray) -> np.ndarray:
    """The decile of each point, int (m,) from 0: tenths of the points by rising mean (m,)."""
    places = np.argsort(np.argsort(mean_activation, kind="stable"))
    return places * DECILES // max(1, len(places))


def stand_ins(
    mean_activation: np.ndarray, live: np.ndarray, count: int, generator: np.random.Generator
) -> np.ndarray:
    """For each control and point, the point that stands in for it: int16 (count, points).

    Each control permutes the live points within deciles of their mean activation (points,).
    What stands in for a set is thus a random set of as many points with as many in each
    decile, and the sets for k and for more than k points lie in each other, as the ranked
    ones do. Had the ranking nothing to do with the outcome, its set would be one more such
    draw. Dead points stand in for themselves.
    """
    drawn = np.tile(np.arange(len(mean_activation), dtype=np.int16), (count, 1))
    decile = deciles(mean_activation[live])
    for value in range(DECILES):
        members = live[decile == value]
        drawn[:, members] = generator.permuted(drawn[:, members], axis=1)
    return drawn


def control_columns(name: str, controls: np.ndarray) -> dict[str, np.ndarray]:
    """`name`_mean, _low and _high: the mean and the middle 95 % of `controls`, (controls, K)."""
    band = measures.control_band(controls)
    return {f"{name}_{part}": of for part, of in zip(("mean", "low", "high"), band, strict=True)}
