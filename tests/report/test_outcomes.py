"""On which part of a claim its outcome rests."""

import pytest

from stages.report.outcomes import deciding


def part(name: str, outcome: str, p=None, against=None) -> dict:
    return {"part": name, "outcome": outcome, "p": p, "p_against": against}


@pytest.mark.parametrize(("outcome", "parts", "name"), [
    ("supported", [part("a", "supported", 0.001), part("b", "supported", 0.02)], "b"),
    ("supported", [part("a", "supported", 0.02), part("b", "does not apply")], "a"),
    ("refuted", [part("a", "refuted", 1, 0.01), part("b", "no difference", 1, 0.001),
                 part("c", "supported", 0, 1)], "b"),
    ("refuted", [part("a", "supported"), part("b", "refuted")], "b"),
    ("open", [part("a", "supported", 0.3), part("b", "open", 0.1)], "b"),
    ("open", [part("a", "open", 0.3), part("b", "refuted", 1, 0.04),
              part("c", "no difference", 1, 0.03)], "c"),
    ("open", [part("a", "supported", 0.01), part("b", "supported", 0.04)], "b"),
    ("does not apply", [part("a", "does not apply")], "a"),
])  # fmt: skip
def test_an_outcome_rests_on_the_weakest_part_or_the_one_most_against_it(outcome, parts, name):
    assert deciding({"outcome": outcome, "parts": parts})["part"] == name
