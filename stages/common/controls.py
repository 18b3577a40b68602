"""Growing sets of points or units, and the random sets that stand beside them as a control."""

import numpy as np

from stages.common import measures

DECILES = 10


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


def deciles(mean_activation: np.ndarray, parts: int = DECILES) -> np.ndarray:
    """The decile of each point, int (m,) from 0: tenths of the points by rising mean (m,).

    Or another number of equal `parts`.
    """
    places = np.argsort(np.argsort(mean_activation, kind="stable"))
    return places * parts // max(1, len(places))


def stand_ins(
    mean_activation: np.ndarray, live: np.ndarray, count: int, generator: np.random.Generator,
    parts: int = DECILES,
) -> np.ndarray:  # fmt: skip
    """For each control and point, the point that stands in for it: int32 (count, points).

    Each control permutes the live points within deciles of their mean activation (points,), or
    within another number of equal `parts`.
    What stands in for a set is thus a random set of as many points with as many in each
    decile, and the sets for k and for more than k points lie in each other, as the ranked
    ones do. Had the ranking nothing to do with the outcome, its set would be one more such
    draw. Dead points stand in for themselves.
    """
    drawn = np.tile(np.arange(len(mean_activation), dtype=np.int32), (count, 1))
    decile = deciles(mean_activation[live], parts)
    for value in range(parts):
        members = live[decile == value]
        drawn[:, members] = generator.permuted(drawn[:, members], axis=1)
    return drawn


def control_columns(name: str, controls: np.ndarray) -> dict[str, np.ndarray]:
    """`name`_mean, _low and _high: the mean and the middle 95 % of `controls`, (controls, K)."""
    band = measures.control_band(controls)
    return {f"{name}_{part}": of for part, of in zip(("mean", "low", "high"), band, strict=True)}


def pairing(n: int, others: int, sources: int, generator: np.random.Generator) -> np.ndarray:
    """Rows of `others` source images for each of n base images, each once: int (n, m).

    m is `sources`, or `others` where that is less.
    """
    return np.argsort(generator.random((n, others)), axis=1)[:, :sources]
