"""Speed, printed and compared: `make bench`. Nothing here is a test; pytest does not collect it."""

import statistics
import time
from collections.abc import Callable
from importlib import import_module

ALL = {  # the module of each benchmark
    "step": "networks",
    "training": "networks",
    "auroc": "measures",
    "idle": "pipeline",
    "jobs": "pipeline",
    "images": "growth",
    "seeds": "growth",
}


def run(name: str) -> None:
    """Run the benchmark `name`, a function in its module, and print what it says."""
    import_module(f"tests.bench.{ALL[name]}").__dict__[name]()


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def paired(first: Callable[[], object], second: Callable[[], object], turns: int) -> tuple:
    """Both in turns: median seconds of each, and the median of first over second."""
    times = [(seconds(first), seconds(second)) for _ in range(turns)]
    medians = (statistics.median(of) for of in zip(*times, strict=True))
    return *medians, statistics.median(one / other for one, other in times)


def report(title: str, first: str, second: str, times: tuple, at_most: str = "") -> None:
    """Print a comparison: what was compared, seconds of both, the ratio and its limit."""
    one, other, ratio = times
    print(f"{title}\n  {one:8.2f} s  {first}\n  {other:8.2f} s  {second}")
    print(f"  {ratio:8.2f}    ratio{f', at most {at_most}' if at_most else ''}\n", flush=True)
