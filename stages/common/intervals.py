"""Values with their 95 % intervals, of images or maps.

Intervals of single images' answers are closed formulas. The others are percentiles of
bootstrap samples (Efron & Tibshirani 1993, 13.3), which stand here as `counts`, float64
(R, n): how often each of n images, or maps, is in each of R samples.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

from stages.common import measures


class Value(NamedTuple):
    """A statistic of one replicate with its 95 % interval; NaN where it cannot be computed."""

    value: float
    low: float
    high: float

    def columns(self, name: str) -> dict[str, float]:
        """As the three columns of a table: `name`, `name_low`, `name_high`."""
        return dict(zip((name, f"{name}_low", f"{name}_high"), self, strict=True))


NOTHING = Value(np.nan, np.nan, np.nan)
TAIL = (1 - measures.CONFIDENCE) / 2
DRAWS = ("points", "silence", "translation")  # a stream each: none moves another's numbers


def generator(base: int, seed: int, draw: str) -> np.random.Generator:
    """The random numbers of one of DRAWS, for `claims.seed` and a network's seed."""
    return np.random.default_rng((base, seed)).spawn(len(DRAWS))[DRAWS.index(draw)]


def resample_counts(
    strata: np.ndarray, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    """Bootstrap samples that keep the size of every stratum; `strata` (n,), any labels."""
    counts = np.empty((resamples, len(strata)))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        share = np.full(len(members), 1 / len(members))
        counts[:, members] = generator.multinomial(len(members), share, size=resamples)
    return counts


def from_samples(value: float, samples: np.ndarray) -> Value:
    """`value` with the central 95 % of what it is in the bootstrap samples, (R,)."""
    if np.isnan(value) or np.isnan(samples).any():
        return Value(float(value), np.nan, np.nan)
    low, high = np.quantile(samples, (TAIL, 1 - TAIL))
    return Value(float(value), float(low), float(high))


def mean(values: np.ndarray, counts: np.ndarray) -> Value:
    """The mean over images or maps of `values` (n,)."""
    if not len(values):
        return NOTHING
    return from_samples(values.mean(), counts @ values / len(values))


def auroc(scores: np.ndarray, is_b: np.ndarray) -> Value:
    """AUROC of `scores` (n,) with DeLong's interval; nothing where the scores are NaN.

    Classes that never overlap have no spread to estimate: as for a proportion of n out of n,
    n of the smaller class, the bound is then 0.05^(1/n) (Clopper & Pearson 1934).
    """
    if np.isnan(scores).any() or is_b.all() or not is_b.any():
        return NOTHING
    with_interval = measures.auroc(scores[~is_b, np.newaxis], scores[is_b, np.newaxis])
    value, low, high = (float(part[0]) for part in with_interval)
    bound = 0.05 ** (1 / min(is_b.sum(), (~is_b).sum()))
    if value == 1:
        return Value(value, bound, 1.0)
    return Value(value, low, high) if value > 0 else Value(value, 0.0, 1 - bound)


def accuracy(right: np.ndarray) -> Value:
    """Accuracy from `right` (n,) in [0, 1], with Wilson's interval.

    Where `right` is a mean over several classifiers the interval is on the safe side.
    """
    low, high = measures.wilson_interval(right.sum(), len(right))
    return Value(float(right.mean()), float(low), float(high))


def share_won(only_first: int, only_second: int) -> Value:
    """Share of two classifiers' disagreements that the first wins, with its exact interval.

    It leaves 1/2 out just where the exact McNemar test has p < 0.05. Clopper & Pearson 1934.
    """
    if not only_first + only_second:
        return NOTHING
    test = stats.binomtest(only_first, only_first + only_second)
    interval = test.proportion_ci(measures.CONFIDENCE, method="exact")
    return Value(float(test.statistic), float(interval.low), float(interval.high))


def accuracy_difference(first: np.ndarray, second: np.ndarray) -> Value:
    """Accuracy of the first minus that of the second on the same images, from bool (n,) each.

    One image is added to each kind of disagreement, or two that never disagree would have an
    interval without width. Bonett & Price 2012 (J. Educ. Behav. Stat. 37), adjusted Wald.
    """
    n = len(first)
    wins, losses = (first & ~second).sum(), (second & ~first).sum()
    won, lost = (wins + 1) / (n + 2), (losses + 1) / (n + 2)
    half = measures.Z * np.sqrt((won + lost - (won - lost) ** 2) / (n + 2))
    low, high = max(-1.0, won - lost - half), min(1.0, won - lost + half)
    return Value(float((wins - losses) / n), float(low), float(high))
