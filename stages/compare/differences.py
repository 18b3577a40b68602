"""Whether a metric differs between two experiments.

A network is the unit of replication. Networks of equal seeds are paired where one experiment has
all seeds of the other: Student's t of their differences. Else it is Welch's t (Welch 1947,
Biometrika 34). Its degrees of freedom find too much, far in the tails, where an experiment has
fewer than FEW networks: there they are one fewer than these. A difference does not matter where it
lies within a margin: two one-sided tests (Schuirmann 1987).

Many metrics are whole numbers, or shares of few images. A few networks may then differ by the same
number by chance, and their spread would be 0. So the variance of rounding, g^2 / 12 (Sheppard
1898), is added for every value, which is conservative: g is the smallest step between two values of
the metric, 1 at most where all are whole.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from stages.common.inference import LEVEL, holm

Mark = Literal["higher", "lower", "no difference", "open", "same"]
DIGITS = 9  # beyond these, values are the same
FEW = 6  # networks
MOST = 1000  # networks that would settle an open difference are counted up to this


class Difference(NamedTuple):
    """The mean of one experiment minus that of another, over the networks that are compared."""

    means: tuple[float, float]  # of the first and of the other
    spreads: tuple[float, ...]  # variance of the paired differences, or of each one's values
    counts: tuple[int, ...]  # of pairs, or of each experiment's networks

    @property
    def value(self) -> float:
        """How much higher the other is."""
        return self.means[1] - self.means[0]

    @property
    def paired(self) -> bool:
        """Whether networks of equal seeds are paired."""
        return len(self.counts) == 1

    @property
    def same(self) -> bool:
        """Whether the values are the same in each pair, or all of them: nothing is tested."""
        return not any(self.spreads)

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(sum(self._parts)))

    @property
    def freedom(self) -> float:
        """Degrees of freedom: n - 1 of pairs, or of the smaller of two with FEW; else Welch's."""
        if self.paired or min(self.counts) < FEW:
            return min(self.counts) - 1
        squares = sum(part**2 / (n - 1) for part, n in zip(self._parts, self.counts, strict=True))
        return sum(self._parts) ** 2 / squares

    @property
    def _parts(self) -> list[float]:
        return [spread / n for spread, n in zip(self.spreads, self.counts, strict=True)]

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The central 1 - `level` interval; the value itself where all is the same."""
        half = 0.0 if self.same else stats.t.isf(level / 2, self.freedom) * self.error
        return self.value - half, self.value + half

    def p_differs(self) -> float:
        """Two-sided p of no difference; NaN where all is the same."""
        return 2 * self._tail(abs(self.value))

    def p_within(self, margin: float) -> float:
        """p of a difference of `margin` or more, either way: the larger of two one-sided tests."""
        return self._tail(margin - abs(self.value))

    def _tail(self, distance: float) -> float:
        return np.nan if self.same else float(stats.t.sf(distance / self.error, self.freedom))

    def settled_with(self, margin: float, tests: int) -> int | None:
        """Networks of each experiment that would settle it, at today's value and spread.

        At `LEVEL` over `tests`, Bonferroni's adjustment, which is Holm's at its strictest. None
        where more than MOST would be needed.
        """
        for n in range(2, MOST + 1):
            of = self._replace(counts=(n,) * len(self.counts))
            if min(of.p_differs(), of.p_within(margin)) < LEVEL / tests:
                return n
        return None


def difference(here: pd.Series, there: pd.Series) -> Difference | None:
    """What `there` has more than `here`: float by seed, NaN where a network has no value.

    None where it takes more networks.
    """
    here, there = here.dropna().round(DIGITS), there.dropna().round(DIGITS)
    shared = here.index.intersection(there.index)
    rounding = _step(here, there) ** 2 / 12
    if len(shared) == min(len(here), len(there)) > 1:
        pairs = (there[shared] - here[shared]).round(DIGITS)
        spread = _variance(pairs) + 2 * rounding if pairs.any() else 0.0
        return Difference((here[shared].mean(), there[shared].mean()), (spread,), (len(pairs),))
    if min(len(here), len(there)) < 2:
        return None
    spreads = _variance(here) + rounding, _variance(there) + rounding
    return Difference((here.mean(), there.mean()), spreads, (len(here), len(there)))


def _variance(values: pd.Series) -> float:
    """Of a sample; 0 where all values are one."""
    return float(values.var(ddof=1)) if np.ptp(values) else 0.0


def _step(*values: pd.Series) -> float:
    """The smallest difference between two values that differ, 1 at most of whole numbers.

    0 where no two differ.
    """
    known = np.unique(np.concatenate(values))
    if len(known) < 2:
        return 0.0
    step = float(np.diff(known).min())
    return min(step, 1.0) if (known == np.round(known)).all() else step


def margin(form: str, reference: float) -> float:
    """Up to which a difference does not matter: see `common/files/metrics.py` for the forms."""
    return {"accuracy": 0.1 * (1 - reference), "amount": 0.1 * abs(reference), "share": 0.05}[form]


def tests(differences: Sequence[Difference]) -> int:
    """How many of them are tested: those that are not the same."""
    return sum(not of.same for of in differences)


def marks(differences: Sequence[Difference], margins: Sequence[float]) -> list[Mark]:
    """Each difference's mark, adjusted for how many are tested, by Holm 1979.

    Both families of tests are adjusted apart: at most once in twenty tables is a difference found
    where there is none, and at most once in twenty is one called too small that is not. A
    difference that does not matter comes first: it may well be different from 0.
    """
    within = holm([of.p_within(most) for of, most in zip(differences, margins, strict=True)])
    differs = holm([of.p_differs() for of in differences])
    return [
        "same" if of.same else
        "no difference" if equal < LEVEL else
        ("higher" if of.value > 0 else "lower") if p < LEVEL else "open"
        for of, equal, p in zip(differences, within, differs, strict=True)
    ]  # fmt: skip


def mean_interval(values: pd.Series) -> tuple[float, float, float]:
    """Mean and 95 % t interval over networks; NaN ends with fewer than two."""
    values = values.dropna()
    mean, n = float(values.mean()), len(values)
    half = stats.t.isf(LEVEL / 2, n - 1) * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return mean, mean - half, mean + half
