"""A value with the two ends of its interval, as three columns of a table."""

from typing import NamedTuple

import numpy as np


class Value(NamedTuple):
    """A statistic with its interval; NaN where it cannot be computed."""

    value: float
    low: float
    high: float

    def columns(self, name: str) -> dict[str, float]:
        """As the three columns of a table: `name`, `name_low`, `name_high`."""
        return dict(zip((name, f"{name}_low", f"{name}_high"), self, strict=True))


NOTHING = Value(np.nan, np.nan, np.nan)
