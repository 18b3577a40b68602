"""How numbers and marks of a comparison are written."""

import math

from stages.common import artifacts, files
from stages.compare.comparison import Comparison
from stages.compare.differences import Difference

# Not by colour alone: a symbol and words for each mark.
MARKS = {
    "higher": ("▲", "higher"),
    "lower": ("▼", "lower"),
    "no difference": ("≈", "no difference that matters"),
    "open": ("?", "open"),
    "same": ("=", "the same"),
}


def counted(counts: dict[str, int]) -> str:
    """How many metrics have which mark."""
    return ", ".join(f"{n} {MARKS[mark][1]}" for mark, n in counts.items() if n) or "none tested"


def decimals(size: float) -> int:
    """So many that three digits of `size` are shown, from 0 to 5."""
    if not size or not math.isfinite(size):
        return 2
    return min(5, max(0, 2 - math.floor(math.log10(abs(size)))))


def of_metric(metric: str, comparison: Comparison) -> int:
    """Decimals of a metric, the same in all experiments."""
    form = artifacts.forms(files.METRICS)[metric].dtype
    if form in ("accuracy", "share"):
        return {"accuracy": 4, "share": 3}[form]
    sizes = [abs(of.metrics[metric]) for of in comparison.experiments if metric in of.metrics]
    return decimals(max(sizes, default=0))


def number(metric: str, comparison: Comparison, value: float) -> str:
    """A value of a metric."""
    return f"{round(value, 5):z,.{of_metric(metric, comparison)}f}"  # as in metrics.json


def networks(of: Difference) -> str:
    """Which networks are compared, and how: `8 pairs`, `10 and 8 networks`."""
    counts = " and ".join(map(str, of.counts))
    return f"{counts} pairs" if of.paired else f"{counts} networks"


def columns(comparison: Comparison, heading: str) -> dict[str, str]:
    """The columns of a table with one for each experiment, for `rows`."""
    first = f"{heading} "  # no experiment has such a name
    return {first: "{about}"} | {name: f"{{of_{at}}}" for at, name in enumerate(comparison.names)}


def rows(cells: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of such a table, from a column for each experiment."""
    return [
        {"about": about} | {f"of_{at}": column[about] for at, column in enumerate(cells)}
        for about in cells[0]
    ]


def ranges(seeds: list[int]) -> str:
    """`10 to 19`, `0, 1, 5`: runs of three and more are joined."""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    texts = [f"{of[0]} to {of[-1]}" if len(of) > 2 else ", ".join(map(str, of)) for of in runs]
    return ", ".join(texts)
