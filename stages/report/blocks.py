"""What a report is built of: sections, pictures and tables, and the words they share."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from stages.report.results import Results


@dataclass(frozen=True)
class Picture:
    """A figure: its file's name, what it shows in words, and how to read it."""

    name: str
    draw: Callable
    alt: str
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows under headings, every cell a text."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A question the report answers."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = field(default=())


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
