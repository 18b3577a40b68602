"""Numbers for which no claim was fixed in advance, by the rule of judgement all the same."""

from typing import NamedTuple

import numpy as np

from stages.common import inference, resampling
from stages.common.files import File
from stages.common.run import Run


class Estimate(NamedTuple):
    """A mean over networks with its ends: NaN where no network has the number."""

    mean: float
    low: float
    high: float
    interval: bool  # 95 % for a new network; else the lowest and highest of the networks

    def show(self, form: str) -> str:
        """`60.5% (58.0% to 62.9%)`."""
        return f"{self.mean:{form}} ({self.low:{form}} to {self.high:{form}})"


def estimate(run: Run, file: File, column: str) -> Estimate:
    """The expected value of a `column` of resamples for a new network, as claims are judged.

    With fewer networks than decide a claim, their mean, lowest and highest.
    """
    table = run.every(file).pivot(index="seed", columns="resample", values=column)
    table = table[table[0].notna()]
    values = table.to_numpy(float)
    if not len(values):
        return Estimate(np.nan, np.nan, np.nan, False)
    if len(values) < inference.NETWORKS:
        return Estimate(values[:, 0].mean(), values[:, 0].min(), values[:, 0].max(), False)
    groups = resampling.of_split(run, "test").counts.shape[1]
    of = inference.estimate(values, [(seed,) for seed in table.index], groups)
    return Estimate(of.value, *of.interval(), True)
