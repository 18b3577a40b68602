"""What n networks show of the expected value for a new network of the recipe, on new images.

The estimate T is the mean over replicates, which are networks or pairs of them. It varies with the
networks that were trained, and with the images, which all networks share:

    SE^2 = J + V        J = (n - 1)/n * sum over networks of (T without it - T)^2
                        V = mean covariance, over resamples, of replicates without a common network

J is the jackknife over networks (Efron & Stein 1981). For single networks it is s^2 / n. V comes
from images resampled jointly for all networks (`resampling`). The interval is Student's t with the
degrees of freedom of Satterthwaite 1946. No difference that matters: two one-sided tests within
+-margin (Schuirmann 1987), which is a 90 % interval inside it.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy import stats

from stages.common.intervals import GROUPS

Outcome = Literal["supported", "refuted", "no difference", "open", "does not apply"]
Side = Literal["at least", "above", "at most", "below", "exactly"]
SIGN = {"at least": 1, "above": 1, "at most": -1, "below": -1}  # of the claim's side
NETWORKS = 5  # fewer decide nothing
LEVEL = 0.05
MOST = 1000  # networks that "would settle it" are counted up to this


class Estimate(NamedTuple):
    """Of the expected value for a new network; NaN where there are too few networks."""

    value: float
    networks: int
    by_network: float  # J
    by_images: float  # V
    spread: float  # standard deviation of the replicates

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.by_network + self.by_images))

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the standard error. Satterthwaite 1946."""
        of_networks = self.by_network**2 / (self.networks - 1) if self.networks > 1 else np.nan
        squares = of_networks + self.by_images**2 / (GROUPS - 1)
        return self.error**4 / squares if squares > 0 else self.networks - 1.0

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The central 1 - `level` interval of the expected value."""
        half = stats.t.isf(level / 2, self.freedom) * self.error
        return self.value - half, self.value + half

    def prediction(self) -> tuple[float, float]:
        """The 95 % interval of the value of one new replicate."""
        half = stats.t.isf(LEVEL / 2, self.networks - 1) * np.hypot(self.spread, self.error)
        return self.value - half, self.value + half

    def with_networks(self, count: int) -> "Estimate":
        """What `count` networks would give at the same value and spread."""
        share = self.networks / count
        return self._replace(networks=count, by_network=self.by_network * share)


def estimate(values: np.ndarray, seeds: Sequence[tuple[int, ...]]) -> Estimate:
    """From `values` float (m, 1 + R): of m replicates, on the images as they are, then resampled.

    `seeds` are the networks of each replicate. Resamples without a number are left out.
    """
    networks = sorted({seed for of in seeds for seed in of})
    of_network = np.array([[seed in of for of in seeds] for seed in networks])
    observed, n = values[:, 0], len(networks)
    resampled = values[:, 1:][:, np.isfinite(values[:, 1:]).all(axis=0)]
    without = np.array([observed[~rows].mean() if (~rows).any() else np.nan for rows in of_network])
    by_network = (n - 1) / n * ((without - observed.mean()) ** 2).sum() if n > 1 else np.nan
    apart = of_network.T.astype(int) @ of_network == 0  # replicates without a common network
    if resampled.shape[1] < 2:
        by_images = np.nan
    elif apart.any():
        by_images = max(0.0, np.cov(resampled)[apart].mean())
    else:
        by_images = resampled.mean(axis=0).var(ddof=1)
    spread = observed.std(ddof=1) if len(observed) > 1 else np.nan
    return Estimate(float(observed.mean()), n, float(by_network), float(by_images), float(spread))


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


def p_supported(of: Estimate, side: Side, threshold: float) -> float:
    """Below 0.05 just where the 95 % interval lies on the claim's side of the threshold."""
    distance = SIGN[side] * (of.value - threshold)
    if of.error == 0:
        return float(distance <= 0)
    return float(np.minimum(1, 2 * stats.t.sf(distance / of.error, of.freedom)))


def settling(of: Estimate, side: Side, threshold: float, margin: float | None = None) -> str:
    """What would settle an open part at today's value and spread."""
    most = of.with_networks(10**9)
    if judge(most, side, threshold, margin) == "open":
        return "more images would settle it, more networks would not"
    if judge(of.with_networks(MOST), side, threshold, margin) == "open":
        return f"more than {MOST:,} networks would settle it"
    low, high = of.networks, MOST
    while high - low > 1:
        middle = (low + high) // 2
        undecided = judge(of.with_networks(middle), side, threshold, margin) == "open"
        low, high = (middle, high) if undecided else (low, middle)
    return f"{high} networks would settle it"


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, NaN set aside. Holm 1979."""
    given = np.array(p, float)
    order = [row for row in np.argsort(given) if not np.isnan(given[row])]
    adjusted, highest = np.full(len(given), np.nan), 0.0
    for rank, row in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * given[row]))
        adjusted[row] = highest
    return adjusted.tolist()


def whole(parts: Sequence[tuple[Outcome, Outcome]], holm_p: float) -> Outcome:
    """The outcome of a claim from its parts': each beside the outcome that makes the claim true.

    One part that comes out otherwise refutes the claim. All parts must make it true, and
    together survive Holm's adjustment, which is NaN for a claim of counts or proofs.
    """
    judged = [(outcome, true_if) for outcome, true_if in parts if outcome != "does not apply"]
    if not judged:
        return "does not apply"
    if any(outcome not in (true_if, "open") for outcome, true_if in judged):
        return "refuted"
    survives = np.isnan(holm_p) or holm_p < LEVEL
    met = all(outcome == true_if for outcome, true_if in judged)
    return "supported" if met and survives else "open"
