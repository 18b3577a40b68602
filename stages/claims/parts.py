"""What the file of a claim is written in, names of `common` included: it imports this alone."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from stages.common import files
from stages.common.files import File
from stages.common.run import Run
from stages.common.verdicts import Side

__all__ = ["DIFFERENCE", "NUMBER", "PIXELS", "SHARE", "Claim", "Part", "Run", "files"]


class Scale(NamedTuple):
    """How a statistic is written: its value times `factor` in the form `spec`, then its unit."""

    spec: str
    factor: float = 1
    sign: str = ""  # a unit after each value
    word: str = ""  # a unit once, after all values

    def number(self, value: float) -> str:
        """One value."""
        return f"{value * self.factor:{self.spec}}{self.sign}"

    def limit(self, threshold: float) -> str:
        """A threshold: no more digits than it has."""
        return f"{threshold * self.factor:z.6g}{self.sign}{self.word}"


SHARE = Scale(".1f", 100, "%")
NUMBER = Scale("z.3f")
DIFFERENCE = Scale("+z.2f", 100, word=" percentage points")
PIXELS = Scale(".0f", word=" px")


class Part(NamedTuple):
    """One part of a claim.

    Its statistic is the column `value` of `file`, with the interval `value_low` to `value_high`,
    in the row of each network, or pair of networks, that has what `where` says. In `measured`,
    `{name}` is the range of that column over those rows, `{one+other}` that of a sum; a clause
    whose column is empty in all of them is left out.
    """

    name: str
    file: File
    value: str
    side: Side  # of the threshold, where the claim is
    threshold: float
    scale: Scale
    statistic: str
    holds: str  # what is so where it is supported
    fails: str  # what is so where it is not
    measured: str  # clauses parted by "; ", the first with {values}
    lacking: str = "there is no image to judge by"  # where there is no number
    where: Mapping[str, Any] = {}
    interval: str = "95% intervals"  # what low and high are; empty where they are the value
    obstacle: str = ""  # why no verdict can be given, whatever the numbers; a clause


class Claim(NamedTuple):
    """A claim in the words of the report, and what must hold for it."""

    words: str
    parts: tuple[Part, ...]
