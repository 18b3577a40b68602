"""When what several networks show is a verdict on a claim."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from stages.common.intervals import Value

Verdict = Literal["supported", "not supported", "undecided"]
Side = Literal["at least", "above", "at most", "below", "exactly"]
OTHER: dict[Side, Side] = {
    "at least": "below", "above": "at most", "at most": "above", "below": "at least",
}  # fmt: skip
REPLICATES = 3  # fewer give no verdict


def clears(value: Value, side: Side, threshold: float) -> bool:
    """Whether the whole interval lies on the claim's `side` of `threshold`; NaN does not."""
    return {
        "at least": value.low >= threshold,
        "above": value.low > threshold,
        "at most": value.high <= threshold,
        "below": value.high < threshold,
        "exactly": value.low == value.high == threshold,
    }[side]


def opposes(value: Value, side: Side, threshold: float) -> bool:
    """Whether the whole interval lies on the other side of `threshold`; NaN does not."""
    if side == "exactly":
        return value.low > threshold or value.high < threshold
    return clears(value, OTHER[side], threshold)


def verdict(
    values: Sequence[Value], side: Side, threshold: float, needed: int = REPLICATES
) -> Verdict:
    """Judge one part of a claim by all its replicates: a mean over them could hide one.

    With fewer than `needed` it is undecided; what no training changes needs but one.
    """
    if len(values) >= needed:
        if all(clears(value, side, threshold) for value in values):
            return "supported"
        if all(opposes(value, side, threshold) for value in values):
            return "not supported"
    return "undecided"


def whole(parts: Iterable[Verdict]) -> Verdict:
    """The verdict on a claim from those on its parts: it holds where all of them do."""
    verdicts = set(parts)
    if verdicts == {"supported"}:
        return "supported"
    return "not supported" if "not supported" in verdicts else "undecided"


def of_claims(rows: Iterable[Mapping]) -> dict[str, Verdict]:
    """The verdict on each whole claim by its id, from the rows of `claims.json`."""
    parts: dict[str, list[Verdict]] = {}
    for row in rows:
        parts.setdefault(row["id"], []).append(row["verdict"])
    return {claim: whole(verdicts) for claim, verdicts in parts.items()}
