"""The verdict rule, by hand and over all orders of cases."""

import itertools
import math

import pytest

from stages.common.intervals import Value
from stages.common.verdicts import clears, of_claims, opposes, verdict, whole

SIDES = ("at least", "above", "at most", "below")
NAN = Value(math.nan, math.nan, math.nan)
VALUES = {
    "+": Value(0.8, 0.7, 0.9),
    "-": Value(0.2, 0.1, 0.3),
    "?": Value(0.5, 0.4, 0.6),
    "i": Value(0.8, math.nan, math.nan),
    "n": NAN,
}
OPEN = ("???", "++?", "+-+", "++n", "++i", "nnn", "++", "-", "")


@pytest.mark.parametrize(
    ("values", "expected"),
    [("+++", "supported"), ("+" * 20, "supported"), ("---", "not supported")]
    + [(values, "undecided") for values in OPEN],
)
def test_the_rule_by_hand(values, expected):
    turned = {"supported": "not supported", "not supported": "supported"}
    for order in set(itertools.permutations(values)) if len(values) < 4 else [values]:
        replicates = [VALUES[value] for value in order]
        assert verdict(replicates, "above", 0.5) == expected
        assert verdict(replicates, "below", 0.5) == turned.get(expected, expected)


@pytest.mark.parametrize("side", SIDES)
def test_an_interval_that_is_the_threshold_is_on_the_side_named(side):
    expected = "supported" if side.startswith("at") else "not supported"
    assert verdict([Value(0.5, 0.5, 0.5)] * 3, side, 0.5) == expected


@pytest.mark.parametrize("side", SIDES)
def test_no_interval_is_on_both_sides_and_one_that_straddles_is_on_neither(side):
    for low, high in itertools.combinations_with_replacement([0.3, 0.5, 0.7], 2):
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
    assert of_claims({"id": name, "verdict": part} for name, part in rows) == expected
