"""Copies of the committed run, as far as Git has it, with planted changes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from stages.common import artifacts, files
from stages.compare import experiments

from ..project import changed_settings

ROOT = Path(__file__).parents[2]


def copied(
    folder: Path,
    settings: dict[str, object] | None = None,
    metrics: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table,
) -> Path:
    """The committed run's files in `folder`, with other settings or other metrics of networks."""
    for path in (*experiments.NEEDED, *(of.path for of in experiments.CURVES.values())):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    if settings:
        text = (ROOT / "params.yaml").read_text("utf-8")
        (folder / "params.yaml").write_text(changed_settings(text, settings), "utf-8")
    table = metrics(artifacts.read(files.METRICS_BY_SEED, root=folder))
    artifacts.write_csv(folder / files.METRICS_BY_SEED.path, table)
    return folder


def moved(metric: str, step: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """One metric higher by `step` in every network."""
    return lambda table: table.assign(value=table["value"] + step * (table["metric"] == metric))


def of_seeds(seeds: list[int]) -> dict:
    """Arguments of `copied`: as if these seeds alone had been trained."""
    return {
        "settings": {"train.seeds": seeds, "analysis.shown_seeds": seeds[:1]},
        "metrics": lambda table: table[table["seed"].isin(seeds)],
    }
