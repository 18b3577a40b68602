"""The verdict rule, by hand and over all orders of cases."""

import itertools
import math

import pytest

from stages.common.verdicts import Value, clears, of_claims, opposes, verdict, whole

SIDES = ("at least", "above", "at most", "below")
ABOVE, BELOW, ASTRIDE = Value(0.8, 0.7, 0.9), Value(0.2, 0.1, 0.3), Value(0.5, 0.4, 0.6)
NAN = Value(math.nan, math.nan, math.nan)
NO_INTERVAL = Value(0.8, math.nan, math.nan)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([ABOVE] * 3, "supported"),
        ([BELOW] * 3, "not supported"),
        ([ASTRIDE] * 3, "undecided"),
        ([ABOVE, ABOVE, ASTRIDE], "undecided"),
        ([ABOVE, BELOW, ABOVE], "undecided"),
        ([ABOVE, ABOVE, NAN], "undecided"),
        ([ABOVE, ABOVE, NO_INTERVAL], "undecided"),
        ([NAN] * 3, "undecided"),
        ([ABOVE] * 2, "undecided"),
        ([BELOW], "undecided"),
        ([], "undecided"),
        ([ABOVE] * 20, "supported"),
    ],
)
def test_the_rule_by_hand(values, expected):
    for order in set(itertools.permutations(values)) if len(values) < 4 else [values]:
        assert verdict(order, "above", 0.5) == expected
    turned = {"supported": "not supported", "not supported": "supported"}
    assert verdict(values, "below", 0.5) == turned.get(expected, expected)


@pytest.mark.parametrize(
    ("side", "at_threshold"),
    list(zip(SIDES, ("supported", "not supported") * 2, strict=True)),
)
def test_an_interval_that_is_the_threshold_is_on_the_side_named(side, at_threshold):
    assert verdict([Value(0.5, 0.5, 0.5)] * 3, side, 0.5) == at_threshold


@pytest.mark.parametrize("side", SIDES)
def test_no_interval_is_on_both_sides_and_one_that_straddles_is_on_neither(side):
    grid = [0.3, 0.5, 0.7]
    for low, high in itertools.combinations_with_replacement(grid, 2):
        value = Value((low + high) / 2, low, high)
        assert not (clears(value, side, 0.5) and opposes(value, side, 0.5))
        assert (clears(value, side, 0.5) or opposes(value, side, 0.5)) == (
            not low < 0.5 < high
            and not (low < high == 0.5 and side in ("at least", "below"))
            and not (0.5 == low < high and side in ("above", "at most"))
        )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Value(5, 5, 5), "supported"),
        (Value(4, 4, 4), "not supported"),
        (Value(6, 5.5, 7), "not supported"),
        (Value(5, 4, 6), "undecided"),
        (Value(5, 5, 6), "undecided"),
        (NAN, "undecided"),
    ],
)
def test_exactly_the_threshold_is_one_number_and_no_other(value, expected):
    assert verdict([value], "exactly", 5, needed=1) == expected
    assert verdict([value], "exactly", 5) == "undecided"


def test_a_claim_holds_where_all_its_parts_do():
    yes, no, open_ = "supported", "not supported", "undecided"
    assert whole([yes]) == whole([yes, yes]) == yes
    assert whole([yes, no]) == whole([open_, no]) == whole([no]) == no
    assert whole([yes, open_]) == whole([open_]) == whole([]) == open_
    rows = [("A", yes), ("A", open_), ("B", no), ("C", yes), ("B", yes)]
    expected = {"A": open_, "B": no, "C": yes}
    assert of_claims({"id": name, "verdict": found} for name, found in rows) == expected
