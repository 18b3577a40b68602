"""From the evidence on a part of a claim to its row: values, verdict and sentence.

A sentence is put together from the verdict and the numbers, so it cannot contradict them.
"""

import math
from collections.abc import Iterable
from string import Formatter
from typing import NamedTuple

from stages.common import verdicts
from stages.common.verdicts import Side, Value, Verdict


class Scale(NamedTuple):
    """How a statistic is written: its value times `factor` in the form `spec`, then `unit`."""

    spec: str
    factor: float = 1
    unit: str = ""

    def short(self, value: float) -> str:
        """Without a unit that is a word."""
        return f"{value * self.factor:{self.spec}}{'' if ' ' in self.unit else self.unit}"

    def limit(self, threshold: float) -> str:
        """A threshold: no more digits than it has."""
        return f"{threshold * self.factor:.6g}{self.unit}"


SHARE = Scale(".1f", 100, "%")
NUMBER = Scale("z.3f")
DIFFERENCE = Scale("+z.2f", 100, " percentage points")
PIXELS = Scale(".0f", 1, " px")
SIDES = {
    "at least": "at least",
    "above": "more than",
    "at most": "at most",
    "below": "less than",
    "exactly": "exactly",
}


class Part(NamedTuple):
    """One part of a claim, before any evidence."""

    id: str
    part: str
    claim: str
    statistic: str
    side: Side  # of the threshold, where the claim is
    threshold: float
    scale: Scale
    holds: str  # what is so where it is supported
    fails: str  # what is so where it is not
    measured: str  # a clause with {values} and facts
    details: tuple[str, ...] = ()  # clauses with facts; one that has no number is left out
    lacking: str = "there is no image to judge by"  # where there is no number
    replicate: str = "network"
    needed: int = verdicts.REPLICATES  # for a verdict
    interval: str = "95% intervals"  # what low and high are; empty where they are the value


class Found(NamedTuple):
    """A statistic, and numbers that its sentence mentions."""

    value: Value
    facts: dict[str, float]


class Evidence(NamedTuple):
    """What one replicate, a network or a pair of networks, says on one part."""

    seeds: tuple[int, ...]
    value: Value
    facts: dict[str, float]


class Span:
    """Numbers that format as their range: `3`, or `3 to 5`."""

    def __init__(self, numbers: Iterable[float]) -> None:
        self.numbers = [number for number in numbers if math.isfinite(number)]

    def __format__(self, spec: str) -> str:
        ends = [f"{end(self.numbers):{spec}}" for end in (min, max)]
        return " to ".join(dict.fromkeys(ends))


def row(part: Part, evidence: list[Evidence], obstacle: str = "") -> dict:
    """The row of `claims.json`; with an `obstacle`, a clause, no verdict is given."""
    values = [each.value for each in evidence]
    found = (
        "undecided"
        if obstacle
        else verdicts.verdict(values, part.side, part.threshold, part.needed)
    )
    return {
        "id": part.id,
        "part": part.part,
        "claim": part.claim,
        "statistic": part.statistic,
        "values": [
            {**_seeds(each.seeds), **{name: _known(x) for name, x in each.value._asdict().items()}}
            for each in evidence
        ],
        "side": part.side,
        "threshold": part.threshold,
        "verdict": found,
        "sentence": sentence(part, evidence, found, obstacle),
    }


def _seeds(seeds: tuple[int, ...]) -> dict:
    return {"seed": seeds[0]} if len(seeds) == 1 else {"seeds": list(seeds)}


def _known(number: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(number) else number


def sentence(part: Part, evidence: list[Evidence], verdict: Verdict, obstacle: str = "") -> str:
    """What was found, in plain language; where it is undecided, why."""
    leads = {"supported": part.holds, "not supported": part.fails}
    lead = leads.get(verdict, f"It is undecided whether {part.holds[0].lower()}{part.holds[1:]}")
    known = [each for each in evidence if not math.isnan(each.value.value)]
    if not known:
        return f"{lead}: {obstacle or part.lacking}."
    measured = part.measured.replace("{values}", spread(part, known))
    clauses = [clause for each in (measured, *part.details) if (clause := fill(each, known))]
    clauses.append(f"the claim asks for {asked(part)}")
    if verdict == "undecided":
        clauses.append(obstacle or openness(part, evidence))
    return f"{lead}: {'; '.join(clauses)}."


def spread(part: Part, known: list[Evidence]) -> str:
    """The range of the values with its unit, and how far the intervals reach."""
    values, reach = ranges(part, known)
    unit = part.scale.unit if " " in part.scale.unit else ""
    beside = [counted(len(known), part.replicate)]
    beside += [f"{part.interval} {reach}"] * bool(reach and part.interval)
    return f"{values}{unit} ({', '.join(beside)})"


def ranges(part: Part, evidence: list[Evidence]) -> tuple[str, str]:
    """The range of the values and that of their intervals, in short; empty where there is none."""
    values, lows, highs = (
        [x for each in evidence if not math.isnan(x := each.value[place])] for place in range(3)
    )
    short = part.scale.short
    reach = f"{short(min(lows))} to {short(max(highs))}" if lows else ""
    ends = [short(min(values)), short(max(values))] if values else [""]
    return " to ".join(dict.fromkeys(ends)), reach


def fill(clause: str, known: list[Evidence]) -> str:
    """`clause` with the range of each fact in it; empty where one has no number."""
    names = {name for _, name, _, _ in Formatter().parse(clause) if name}
    spans = {name: Span(each.facts.get(name, math.nan) for each in known) for name in names}
    return clause.format(**spans) if all(span.numbers for span in spans.values()) else ""


def asked(part: Part) -> str:
    """The threshold with its side, as `at most 5%`."""
    return f"{SIDES[part.side]} {part.scale.limit(part.threshold)}"


def openness(part: Part, evidence: list[Evidence]) -> str:
    """Why the values give no verdict."""
    values = [each.value for each in evidence]
    n = len(values)
    if n < part.needed:
        return f"a verdict takes at least {counted(part.needed, part.replicate)}"
    met = sum(verdicts.clears(value, part.side, part.threshold) for value in values)
    missed = sum(verdicts.opposes(value, part.side, part.threshold) for value in values)
    empty = sum(math.isnan(value.low) for value in values)
    counts = {
        "met by": met,
        "missed by": missed,
        "open for": n - met - missed - empty,
        "not to be computed for": empty,
    }
    told = ", ".join(f"{what} {count}" for what, count in counts.items() if count)
    return f"that is {told} of the {counted(n, part.replicate)}"


def counted(n: int, replicate: str) -> str:
    """`one network`, `3 networks`, `3 pairs of networks`."""
    first, *rest = replicate.split(" ", 1)
    return " ".join([f"{n} {first}s" if n > 1 else f"one {first}", *rest])
