"""What the file of a claim is written in, names of `common` included: it imports this alone."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from stages.common import files
from stages.common.files import File
from stages.common.inference import Side
from stages.common.run import Run

__all__ = [
    "DIFFERENCE",
    "NUMBER",
    "PIXELS",
    "RATIO",
    "SHARE",
    "WON",
    "Claim",
    "Part",
    "R",
    "Run",
    "files",
]  # fmt: skip


def _same(value: Any) -> Any:
    return value


class Scale(NamedTuple):
    """How a statistic is judged, and written: its value times `factor` in the form `spec`."""

    spec: str
    factor: float = 1
    sign: str = ""  # a unit after each value
    word: str = ""  # a unit once, after all values
    to: Callable[[Any], Any] = _same  # the scale on which networks are averaged
    back: Callable[[Any], Any] = _same

    def number(self, value: float) -> str:
        """One value."""
        return f"{value * self.factor:{self.spec}}{self.sign}"

    def limit(self, threshold: float) -> str:
        """A threshold: no more digits than it has."""
        return f"{threshold * self.factor:z.6g}{self.sign}{self.word}"


# Shares as log odds, ratios as logs, correlations as Fisher's z; differences as they are.
SHARE = Scale(".1f", 100, "%")
DIFFERENCE = Scale("+z.2f", 100, word=" percentage points")
NUMBER = Scale("+z.3f")
PIXELS = Scale(".0f", word=" px")
WON = SHARE._replace(to=lambda x: np.log(x / (1 - x)), back=lambda x: 1 / (1 + np.exp(-x)))
RATIO = SHARE._replace(to=np.log, back=np.exp)
R = Scale("z.2f", to=lambda x: np.arctanh(np.clip(x, -1 + 1e-9, 1 - 1e-9)), back=np.tanh)


class Part(NamedTuple):
    """One part of a claim.

    An estimate: its statistic is the column `value` of `file`, a table with a row for each network,
    or pair of networks, and resample. `exists` and `exactly` are counts and proofs: a row for each
    network, or one for all, with the columns `value`, `value_low` and `value_high`; `where` says
    which row. In `measured`, `{name}` is the range of that column over the rows of the images as
    they are, `{one-other}` that of a difference. A clause whose column is empty is left out.
    """

    name: str
    file: File
    value: str
    side: Side  # of the threshold, where the claim is
    threshold: float
    scale: Scale
    statistic: str
    holds: str  # what is so where it is supported
    fails: str  # what is so where it is refuted
    measured: str  # clauses parted by "; ", the first with {values}
    same: str = ""  # what is so where there is no difference that matters
    margin: float | None = None  # a difference up to this does not matter
    lacking: str = "there is no image to judge by"  # where there is no number
    where: Mapping[str, Any] = {}
    rule: Literal["estimate", "exists", "exactly"] = "estimate"
    obstacle: str = ""  # why nothing can be decided, whatever the numbers; a clause


class Claim(NamedTuple):
    """A claim in plain words, and what must hold for it."""

    words: str
    parts: tuple[Part, ...]
    name: str = ""  # two or three words: those of its file
