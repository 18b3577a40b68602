"""What n networks show of the expected value for a new network of the recipe, on new images.

The estimate T is the mean over replicates, which are networks or pairs of them. It varies with the
networks that were trained, and with the images, which all networks share:

    SE^2 = J + V        J = (n - 1)/n * sum over networks of (T without it - T)^2
                        V = mean covariance, over resamples, of replicates without a common network

J is the jackknife over networks (Efron & Stein 1981). For single networks it is s^2 / n. V comes
from images resampled jointly for all networks (`resampling`), in g groups, times g/(g - 1). The
interval is Student's t with the degrees of freedom of Satterthwaite 1946. A loss made of few images
has skewed errors: t is taken after Hall's transformation, which removes the skewness that the
resamples show (Hall 1992, J. R. Stat. Soc. B 54). No difference that matters: two one-sided tests
within +-margin (Schuirmann 1987), which is a 90 % interval inside it.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy import stats

Outcome = Literal["supported", "refuted", "no difference", "open", "does not apply"]
Side = Literal["at least", "above", "at most", "below", "exactly"]
SIGN = {"at least": 1, "above": 1, "at most": -1, "below": -1}  # of the claim's side
NETWORKS = 5  # fewer decide nothing
LEVEL = 0.05
MOST = 1000  # networks that "would settle it" are counted up to this


class Estimate(NamedTuple):
    """Of the expected value for a new network; NaN where there are too few values."""

    value: float
    networks: int
    by_network: float  # J
    by_images: float  # V
    spread: float  # standard deviation of the replicates
    groups: int  # of images
    third: float = 0.0  # cumulant of the value over images

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.by_network + self.by_images))

    @property
    def skewness(self) -> float:
        """Of the value's error: the images' part."""
        return self.third / self.error**3 if self.error > 0 else 0.0

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the standard error. Satterthwaite 1946."""
        of_networks = self.by_network**2 / (self.networks - 1) if self.networks > 1 else np.nan
        squares = of_networks + self.by_images**2 / (self.groups - 1)
        return self.error**4 / squares if squares > 0 else self.networks - 1.0

    def t(self, limit: float) -> float:
        """Student's t of the expected value against `limit`, its skewness removed."""
        t, skew = (self.value - limit) / self.error, self.skewness
        return t + skew / 6 + skew * t**2 / 3 + skew**2 * t**3 / 27

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The central 1 - `level` interval of the expected value: where `t` is not far from 0."""
        t, skew = stats.t.isf(level / 2, self.freedom), self.skewness
        ends = np.array([t, -t])
        if abs(skew) > 1e-6:
            ends = 3 / skew * (np.cbrt(1 + skew * (ends - skew / 6)) - 1)
        low, high = self.value - ends * self.error
        return float(low), float(high)

    def prediction(self) -> tuple[float, float]:
        """The 95 % interval of the expected value of one new replicate."""
        half = stats.t.isf(LEVEL / 2, self.networks - 1) * np.hypot(self.spread, self.error)
        return self.value - half, self.value + half

    def with_networks(self, count: int) -> "Estimate":
        """What `count` networks would give at the same value and spread."""
        share = self.networks / count
        return self._replace(networks=count, by_network=self.by_network * share)


def estimate(values: np.ndarray, seeds: Sequence[tuple[int, ...]], groups: int) -> Estimate:
    """From `values` float (m, 1 + R): of m replicates, on the images as they are, then resampled.

    `seeds` are the networks of each replicate; the resamples are of `groups` of images. Resamples
    without a number for every replicate are left out, if they are not more than half.
    """
    networks = sorted({seed for of in seeds for seed in of})
    of_network = np.array([[seed in of for of in seeds] for seed in networks])
    observed, n = values[:, 0], len(networks)
    resampled = values[:, 1:][:, np.isfinite(values[:, 1:]).all(axis=0)]
    without = np.array([observed[~rows].mean() if (~rows).any() else np.nan for rows in of_network])
    by_network = (n - 1) / n * ((without - observed.mean()) ** 2).sum() if n > 1 else np.nan
    by_images = third = np.nan
    if resampled.shape[1] >= max(2, (values.shape[1] - 1) / 2):
        apart = of_network.T.astype(int) @ of_network == 0  # replicates without a common network
        means = resampled.mean(axis=0)
        of_pairs = np.cov(resampled)[apart] if apart.any() else means.var(ddof=1)
        by_images = max(0.0, np.mean(of_pairs) * groups / (groups - 1))
        third = ((means - means.mean()) ** 3).mean()
    spread = observed.std(ddof=1) if len(observed) > 1 else np.nan
    parts = map(float, (by_network, by_images, spread))
    return Estimate(float(observed.mean()), n, *parts, groups, float(third))


def judge(of: Estimate, side: Side, threshold: float, margin: float | None = None) -> Outcome:
    """The outcome, however few the networks are; `margin` where a difference from 0 is judged.

    A difference that does not matter comes first: it may well be different from 0.
    """
    if margin is not None:
        low, high = of.interval(2 * LEVEL)
        if -margin < low and high < margin:
            return "no difference"
    low, high = (end - threshold for end in of.interval())
    if SIGN[side] < 0:
        low, high = -high, -low
    return "supported" if low > 0 else "refuted" if high < 0 else "open"


def p_values(
    of: Estimate, side: Side, threshold: float, margin: float | None = None
) -> tuple[float, float]:
    """p for the claim and against it; below 0.05 just where `judge` says so.

    Against it speaks the other side, or a difference within +-margin.
    """
    if of.error == 0:
        outcome = judge(of, side, threshold, margin)
        return float(outcome != "supported"), float(outcome not in ("refuted", "no difference"))
    t = SIGN[side] * of.t(threshold)
    upper, lower = (float(np.minimum(1, 2 * stats.t.sf(end, of.freedom))) for end in (t, -t))
    if margin is None:
        return upper, lower
    ends = -of.t(margin), of.t(-margin)
    within = float(max(stats.t.sf(end, of.freedom) for end in ends))
    # A difference that does not matter may well be different from 0: p would say so.
    return (1.0 if within < LEVEL else upper), min(lower, within)


def settling(of: Estimate, side: Side, threshold: float, margin: float | None = None) -> str:
    """What would settle an open part at today's value and spread."""
    if np.isnan(of.error):
        return "too few resamples have a value"
    most, today = of.with_networks(10**9), "at today's mean and spread"
    if judge(most, side, threshold, margin) == "open":
        return f"{today}, more images would settle it, more networks would not"
    if judge(of.with_networks(MOST), side, threshold, margin) == "open":
        return f"{today}, more than {MOST:,} networks would settle it"
    low, high = of.networks, MOST
    while high - low > 1:
        middle = (low + high) // 2
        undecided = judge(of.with_networks(middle), side, threshold, margin) == "open"
        low, high = (middle, high) if undecided else (low, middle)
    return f"{today}, {high} networks would settle it"


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, NaN set aside. Holm 1979."""
    given = np.array(p, float)
    order = [row for row in np.argsort(given) if not np.isnan(given[row])]
    adjusted, highest = np.full(len(given), np.nan), 0.0
    for rank, row in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * given[row]))
        adjusted[row] = highest
    return adjusted.tolist()


def whole(parts: Sequence[Outcome], holm_p: float, holm_p_against: float) -> Outcome:
    """The outcome of a claim from those of its parts; one that does not apply is left out.

    All parts must be supported, and together survive Holm's adjustment. One part that comes out
    otherwise refutes the claim if that survives it. p is NaN for a claim of counts or proofs.
    """
    judged = [outcome for outcome in parts if outcome != "does not apply"]
    if not judged:
        return "does not apply"
    met, against = set(judged) == {"supported"}, not set(judged) <= {"supported", "open"}
    for decided, p, outcome in (met, holm_p, "supported"), (against, holm_p_against, "refuted"):
        if decided and not p >= LEVEL:
            return outcome
    return "open"
