"""The sentence on a part of a claim, and its numbers in short.

A sentence is put together from the verdict and the numbers, so it cannot contradict them.
"""

import math
import re
from collections.abc import Callable, Iterable
from string import Formatter
from typing import Any, NamedTuple

from stages.claims.parts import Part
from stages.common import verdicts
from stages.common.intervals import Value
from stages.common.verdicts import Verdict


class Evidence(NamedTuple):
    """What a part is judged by: a value and a row of its file for each replicate.

    A replicate is a network, a pair of them, or all where no training changes the value.
    """

    kind: str  # of replicate, as `pair of networks`
    needed: int  # for a verdict
    ids: list[dict[str, Any]]  # `seed` or `seeds` of each
    values: list[Value]
    rows: list[dict[str, Any]]

    def count(self, n: int) -> str:
        """`one network`, `3 networks`, `3 pairs of networks`."""
        return f"one {self.kind}" if n == 1 else f"{n} " + re.sub(r"^\w+", r"\g<0>s", self.kind)


def short(part: Part, evidence: Evidence) -> dict[str, str]:
    """The numbers of the sentence, for a table: empty where there is none."""
    scale, known = part.scale, [value for value in evidence.values if not math.isnan(value.value)]
    ends = [end for value in known for end in (value.low, value.high) if part.interval]
    side = {"above": "more than", "below": "less than"}.get(part.side, part.side)
    return {
        "values": span((value.value for value in known), scale.number) + scale.word * bool(known),
        "intervals": span(ends, scale.number, both=True),
        "replicates": evidence.count(len(known)) if known else "",
        "asked": f"{side} {scale.limit(part.threshold)}",
    }


def span(numbers: Iterable[float], write: Callable[[float], str], *, both: bool = False) -> str:
    """`3` or `3 to 5`, with `both` `3 to 3`; NaN does not count; empty where there is no other."""
    finite = [number for number in numbers if math.isfinite(number)]
    ends = [write(min(finite)), write(max(finite))] if finite else []
    return " to ".join(ends if both else dict.fromkeys(ends))


def sentence(part: Part, evidence: Evidence, verdict: Verdict) -> str:
    """What the replicates show, in plain language; where it is undecided, why."""
    leads = {"supported": part.holds, "not supported": part.fails}
    lead = leads.get(verdict, f"It is undecided whether {part.holds[0].lower()}{part.holds[1:]}")
    values, intervals, count, limit = short(part, evidence).values()
    if not values:
        return f"{lead}: {part.obstacle or part.lacking}."
    beside = f"{count}, {part.interval} {intervals}" if intervals else count
    measured = part.measured.replace("{values}", f"{values} ({beside})")
    rows = [row for row in evidence.rows if not math.isnan(row[part.value])]
    clauses = [fill(clause, rows) for clause in measured.split("; ")]
    clauses.append(f"the claim asks for {limit}")
    if verdict == "undecided":
        clauses.append(part.obstacle or openness(part, evidence))
    return f"{lead}: {'; '.join(filter(None, clauses))}."


def fill(clause: str, rows: list[dict[str, Any]]) -> str:
    """`clause` with the range of each column in it; empty where one has no number."""
    texts = []
    for text, name, spec, _ in Formatter().parse(clause):
        numbers = [sum(row[column] for column in name.split("+")) for row in rows] if name else []
        shown = span(numbers, f"{{:{spec}}}".format)
        if name and not shown:
            return ""
        texts += [text, shown]
    return "".join(texts)


def openness(part: Part, evidence: Evidence) -> str:
    """Why the values give no verdict."""
    values = evidence.values
    if len(values) < evidence.needed:
        return f"a verdict takes at least {evidence.count(evidence.needed)}"
    met = sum(verdicts.clears(value, part.side, part.threshold) for value in values)
    missed = sum(verdicts.opposes(value, part.side, part.threshold) for value in values)
    empty = sum(math.isnan(value.low) for value in values)
    rest = len(values) - met - missed - empty
    counts = {"met by": met, "missed by": missed, "open for": rest, "not to be computed for": empty}
    counted = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
    return f"that is {counted} of the {evidence.count(len(values))}"
