"""What is said of a part of a claim, and its numbers in short.

It is put together from the outcome and the numbers, so it cannot contradict them.
"""

import math
import re
from collections.abc import Callable, Iterable
from string import Formatter
from typing import Any, NamedTuple

import numpy as np

from stages.claims.parts import Part
from stages.common.inference import Outcome
from stages.common.intervals import NOTHING, Value


class Evidence(NamedTuple):
    """What a part is judged by. A replicate is a network, a pair, or all where none matters."""

    kind: str  # of replicate, as `pair of networks`
    seeds: list[tuple[int, ...]]  # of each replicate
    values: np.ndarray  # float (replicates, 1 + R), on the images as they are, then on resamples
    rows: list[dict[str, Any]]  # of its file, of each replicate, on the images as they are

    def count(self, n: int) -> str:
        """`one network`, `3 networks`, `3 pairs of networks`."""
        return f"one {self.kind}" if n == 1 else f"{n} " + re.sub(r"^\w+", r"\g<0>s", self.kind)


class Judged(NamedTuple):
    """What comes out, on the scale on which it is shown."""

    outcome: Outcome
    reason: str  # why it is open or does not apply
    values: list[Value]  # of each replicate, with its interval over images
    mean: Value = NOTHING  # with the interval of the expected value for a new network
    prediction: tuple[float, float] = (math.nan, math.nan)  # of the value of a new network
    p: tuple[float, float] = (math.nan, math.nan)  # for the claim, against it
    alone: int = 0  # replicates that clear the threshold by themselves


def short(part: Part, evidence: Evidence, judged: Judged) -> dict[str, str]:
    """The numbers for a table: empty where there is none."""
    scale, known = part.scale, [of.value for of in judged.values if not math.isnan(of.value)]
    side = {"above": "more than", "below": "less than"}.get(part.side, part.side)
    matters = "" if part.margin is None else f"; matters beyond ±{scale.limit(part.margin)}"
    estimated = part.rule == "estimate" and not math.isnan(judged.mean.value)
    return {
        "mean": scale.number(judged.mean.value) + scale.word if estimated else "",
        "interval": span(judged.mean[1:], scale.number, both=True),
        "prediction": span(judged.prediction, scale.number, both=True),
        "values": span(known, scale.number) + scale.word * bool(known),
        "replicates": evidence.count(len(known)) if known else "",
        "alone": f"{judged.alone} of {len(known)}" if known else "",
        "asked": f"{side} {scale.limit(part.threshold)}{matters}",
    }


def span(numbers: Iterable[float], write: Callable[[float], str], *, both: bool = False) -> str:
    """`3` or `3 to 5`, with `both` `3 to 3`; NaN does not count; empty where there is no other."""
    finite = [number for number in numbers if math.isfinite(number)]
    ends = [write(min(finite)), write(max(finite))] if finite else []
    return " to ".join(ends if both else dict.fromkeys(ends))


def result(part: Part, judged: Judged) -> str:
    """What comes out, in plain language."""
    statement = f"{part.holds[0].lower()}{part.holds[1:]}"
    return {
        "supported": part.holds,
        "refuted": part.fails,
        "no difference": part.same,
        "open": f"Open: {statement}",
        "does not apply": f"Does not apply: {statement}",
    }[judged.outcome]


def because(part: Part, evidence: Evidence, judged: Judged) -> str:
    """What the replicates show; where a part is open or does not apply, why."""
    if judged.outcome == "does not apply":
        return judged.reason
    texts = short(part, evidence, judged)
    beside = texts["replicates"]
    if texts["interval"]:
        beside += f", 95% interval {texts['interval']}"
    values = f"{texts['mean'] or texts['values']} ({beside})"
    rows = [row for row in evidence.rows if not math.isnan(row[part.value])]
    measured = part.measured.replace("{values}", values).split("; ")
    clauses = [fill(clause, rows) for clause in measured]
    clauses.append(f"the claim asks for {texts['asked'].replace('; ', ', ')}")
    return "; ".join(filter(None, [*clauses, judged.reason]))


def fill(clause: str, rows: list[dict[str, Any]]) -> str:
    """`clause` with the range of each column in it; empty where one has no number."""
    texts = []
    for text, name, spec, _ in Formatter().parse(clause):
        plus, _, minus = (name or "").partition("-")
        numbers = [row[plus] - (row[minus] if minus else 0) for row in rows] if name else []
        shown = span(numbers, f"{{:{spec}}}".format)
        if name and not shown:
            return ""
        texts += [text, shown]
    return "".join(texts)
