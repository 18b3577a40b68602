"""Which points to edit first, and which random points to hold against them."""

from typing import NamedTuple

import numpy as np

from stages.common import discriminant, measures
from stages.common.discriminant import Discriminant
from stages.common.network import Head
from stages.interventions.edits import single_point_effects

FORWARD_MOST = 144  # points the greedy ranking goes to
DECILES = 10


class Effects(NamedTuple):
    """The mean effect of each point alone on the logit difference, float64 (points,)."""

    a_to_b: np.ndarray  # in images of a, towards b
    b_to_a: np.ndarray  # in images of b, towards a


class Rankings(NamedTuple):
    """Live points, best first, as int arrays of their numbers; all from validation images."""

    auroc: np.ndarray
    forward: np.ndarray
    effect: np.ndarray
    a_to_b: np.ndarray  # by effect in one direction, as the next
    b_to_a: np.ndarray


class Study(NamedTuple):
    """One network, the pair's images, and the points in the orders in which they are edited."""

    head: Head
    pair: tuple[int, int]
    validation: tuple[np.ndarray, np.ndarray]  # float32 (n, points), of class a and of class b
    test: tuple[np.ndarray, np.ndarray]
    live: np.ndarray  # int (m,)
    ks: tuple[int, ...]
    fitted: Discriminant  # of the validation images
    effects: Effects
    orders: Rankings
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


def effects_of(head: Head, a: np.ndarray, b: np.ndarray, pair: tuple[int, int]) -> Effects:
    """What each point does when it takes the other class's mean, in float32 (n, points) each."""
    return Effects(
        single_point_effects(head, a, b.mean(axis=0), pair).mean(axis=1, dtype=float),
        -single_point_effects(head, b, a.mean(axis=0), pair).mean(axis=1, dtype=float),
    )


def rank(
    fitted: Discriminant, effects: Effects, a: np.ndarray, b: np.ndarray, live: np.ndarray
) -> Rankings:
    """Rank `live` int (m,) by images of class a and of class b, float32 (n, points) each.

    `fitted` and `effects` are of the same images.
    """
    towards_b, towards_a = effects
    return Rankings(
        auroc=_best_first(np.abs(measures.auroc(a, b).value - 0.5), live),
        forward=discriminant.forward_order(fitted, live, FORWARD_MOST),
        effect=_best_first((towards_b + towards_a) / 2, live),
        a_to_b=_best_first(towards_b, live),
        b_to_a=_best_first(towards_a, live),
    )


def _best_first(value: np.ndarray, live: np.ndarray) -> np.ndarray:
    return live[np.argsort(-value[live], kind="stable")]


def deciles(mean_activation: np.ndarray) -> np.ndarray:
    """The decile of each point, int (m,) from 0: tenths of the points by rising mean (m,)."""
    places = np.empty(len(mean_activation), int)
    places[np.argsort(mean_activation, kind="stable")] = np.arange(len(mean_activation))
    return places * DECILES // max(1, len(mean_activation))


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
    found = np.tile(np.arange(len(mean_activation), dtype=np.int16), (count, 1))
    decile = deciles(mean_activation[live])
    for value in range(DECILES):
        members = live[decile == value]
        found[:, members] = generator.permuted(found[:, members], axis=1)
    return found


def controlled(ks: tuple[int, ...], live: int) -> tuple[int, ...]:
    """Those of `ks` that get controls: beyond a quarter of the live points sets overlap much."""
    return tuple(k for k in ks if k <= live / 4)
