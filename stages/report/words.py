"""How numbers stand in a sentence. Every function returns text that is true for any number."""

from collections.abc import Collection, Mapping
from string import Formatter

import numpy as np

NOTHING = "–"  # in the place of a number that does not exist


def count(n: int, noun: str) -> str:
    """`1 point`, `1,078 points`, `no points`."""
    return f"{n:,} {noun}" if n == 1 else f"{f'{n:,}' if n else 'no'} {noun}s"


def are(n: int) -> str:
    """`is` or `are`."""
    return "is" if n == 1 else "are"


def reach(values: Collection[float], form: str = ",") -> str:
    """The lowest and highest of some values: `13 to 21`, or `13` where they look the same."""
    return " to ".join(dict.fromkeys(f"{end(values):{form}}" for end in (min, max)))


def mean_and_reach(values: Collection[float], form: str) -> str:
    """Their mean and their reach: `0.55 (0.54 to 0.56)`, or one number where they look the same."""
    mean, ends = f"{np.mean(list(values)):{form}}", reach(values, form)
    return mean if mean == ends else f"{mean} ({ends})"


def cell(form: str, row: Mapping[str, object]) -> str:
    """`form` with the values of `row`: `{low:.2f} to {high:.2f}`; a dash where one is none."""
    names = [name for _, name, _, _ in Formatter().parse(form) if name]
    return NOTHING if any(row[name] != row[name] for name in names) else form.format(**row)


def share(mean: float) -> str:
    """A share that reads 0% or 100% only where it is exactly that."""
    if np.isnan(mean):
        return NOTHING
    if 0 < mean < 0.005:
        return "under 1%"
    if 0.999 < mean < 1:
        return "over 99.9%"
    return f"{mean:.1%}" if 0.99 < mean < 1 else f"{mean:.0%}"


def listing(names: Collection[str]) -> str:
    """`conv_1`, `conv_1 and conv_2`, `conv_1, conv_2 and conv_3`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def initial(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


FUNCTIONS = {
    f.__name__: f for f in (count, are, reach, mean_and_reach, cell, share, listing, initial)
}
