"""What a report is built of: sections, pictures, tables and verdicts, and the words they share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from stages.report.results import Results


@dataclass(frozen=True)
class Picture:
    """A figure: its file's name, what it shows in words and numbers, and how to read it."""

    name: str
    draw: Callable
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows under headings, every cell a text, or Markup where it holds a formula."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """One part of a claim: what was found, in short values and in a sentence."""

    verdict: str
    finding: str
    values: str
    interval: str
    replicates: str
    asked: str
    because: str


@dataclass(frozen=True)
class Claim:
    """A claim of the work reproduced, with the verdict on the whole of it."""

    id: str
    text: str
    verdict: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Section:
    """A question the report answers. What it holds is shown in the order of the fields."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    items: tuple[str, ...] = ()  # a list, between the paragraphs and the pictures
    claims: tuple[Claim, ...] = ()


def plural(results: Results, member: int) -> str:
    return results.many(results.params.analysis.pair[member])


def count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{f'{n:,}' if n else 'no'} {noun}s"


def are(n: int) -> str:
    return "is" if n == 1 else "are"


def share(chosen: pd.Series) -> str:
    return f"{chosen.mean():.0%}"


def median(values: pd.Series) -> str:
    known = values.dropna()
    return f"{known.median():.2f}" if len(known) else "–"


def reach(values: Iterable[float], form: str = ",") -> str:
    """The lowest and highest of some values: `13 to 21`, or `13` where they look the same."""
    known = list(values)
    return " to ".join(dict.fromkeys(f"{end(known):{form}}" for end in (min, max)))


def mean_and_reach(values: Iterable[float], form: str) -> str:
    """Their mean and their reach: `0.55 (0.54 to 0.56)`, or one number where they look the same."""
    known = list(values)
    mean, ends = f"{np.mean(known):{form}}", reach(known, form)
    return mean if mean == ends else f"{mean} ({ends})"


def bold_and_thin(results: Results, bold: str = "") -> str:
    """How to tell the networks apart in a figure of curves: `Bold: cnn-0; thin: the others.`"""
    bold = f"cnn-{results.seed}{bold}"
    several = len(results.params.train.seeds) > 1
    return f"Bold: {bold}; thin: the other networks." if several else f"The curves are of {bold}."
