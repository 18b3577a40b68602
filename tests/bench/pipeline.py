"""What DVC and running side by side cost and save, on small data."""

import tempfile
from pathlib import Path

from ..conftest import SMALL
from ..project import Copy
from . import paired, report, seconds


def idle() -> None:
    """`dvc repro` where everything is up to date, against `dvc status`."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy.of_checkout(Path(folder))
        copy.change(SMALL)
        copy.repro()
        times = paired(copy.repro, lambda: copy.run("dvc", "status"), turns=5)
    title = f"idle: {len(copy.stages())} stages that are up to date"
    report(title, "dvc repro", "dvc status", times, "1.3")


def jobs() -> None:
    """The whole pipeline, two stages at a time, against one after another."""

    def run(count: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            copy = Copy.of_checkout(Path(folder))
            copy.change(SMALL)
            return seconds(lambda: copy.run("python", "-m", "stages.repro", "--jobs", str(count)))

    turns = [(run(2), run(1)) for _ in range(2)]
    best = [min(of) for of in zip(*turns, strict=True)]
    ratio = min(two / one for two, one in turns)
    title = "jobs: the whole pipeline on small data"
    report(title, "JOBS=2", "JOBS=1", (*best, ratio), "0.8")
