"""A value and its ends as columns."""

import math

from stages.common.intervals import NOTHING, Value


def test_a_value_is_three_columns():
    columns = Value(0.5, 0.25, 0.75).columns("share")
    assert columns == {"share": 0.5, "share_low": 0.25, "share_high": 0.75}
    assert all(map(math.isnan, NOTHING.columns("share").values()))
