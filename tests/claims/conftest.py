"""A run in memory, of small tables on which every part of every claim is supported."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files
from stages.common.files import File
from stages.common.params import read_params
from stages.common.run import Run

PAIR = (5, 3)  # not the default, and the higher class first: nothing may expect 4 before 9
SEEDS = (7, 0, 3, 11, 2)
RESAMPLES = 100
IDS = {files.MATCHING_RESAMPLES: ("seed_i", "seed_j"), files.FIELD_SIZES: ()}  # elsewhere `seed`
FACTS = {files.PATTERN_COUNTS, files.FIELD_SIZES}  # without resamples, with low and high
LAST = {"layer": "conv_3"}


class Case(NamedTuple):
    """Which cell a part must read, and what must be in it for the claim and against it."""

    file: File
    column: str
    holds: float
    fails: float


PROBES, EDITS = files.PROBE_RESAMPLES, files.INTERVENTION_RESAMPLES
PAIRS, BOTH = files.MATCHING_RESAMPLES, files.EVALUATION_RESAMPLES
CASES = {
    ("A", "tell"): Case(PROBES, "tell_loss", 0.001, 0.02),
    ("A", "needs"): Case(PROBES, "needs_loss", 0.02, 0.001),
    ("A", "decide_a_to_b"): Case(EDITS, "half_a_to_b", 0.05, 0.5),
    ("A", "decide_b_to_a"): Case(EDITS, "half_b_to_a", 0.05, 0.5),
    ("B", "pair"): Case(PROBES, "pair_gain", 0.02, 0.001),
    ("B", "rest"): Case(PROBES, "rest_gain", 0.02, 0.001),
    ("C", "shared"): Case(PROBES, "silent_gain", 0.9, 0.1),
    ("C", "tells"): Case(PROBES, "silence_gain", 0.4, 0.05),
    ("D", "pair"): Case(BOTH, "won", 0.8, 0.3),
    ("E", "patterns"): Case(files.PATTERN_COUNTS, "dead_share", 0.02, 0.0),
    ("F", "closer"): Case(PAIRS, "gain", 0.2, -0.2),
    ("F", "maps"): Case(PAIRS, "matched_r", 0.9, 0.5),
    ("F", "kernels"): Case(PAIRS, "kernels_r", 0.9, 0.5),
    ("F", "order"): Case(PAIRS, "order", 0.3, -0.3),
    ("G", "field"): Case(files.FIELD_SIZES, "size", 18, 16),
    ("G", "stride"): Case(files.FIELD_SIZES, "stride", 5, 4),
    ("H", "contained_conv_2"): Case(PROBES, "places_before", 0.02, -0.02),
    ("H", "contained_conv_3"): Case(PROBES, "places_last", 0.02, -0.02),
    ("H", "used_shuffled"): Case(EDITS, "shuffled_loss", 0.2, -0.2),
    ("H", "used_means"): Case(EDITS, "means_loss", 0.1, -0.1),
    ("I", "contained"): Case(PROBES, "levels_last", 0.02, -0.02),
    ("I", "used"): Case(EDITS, "levels_loss", 0.02, -0.02),
    ("J", "moved"): Case(BOTH, "change", -0.001, -0.1),
    ("J", "against_mlp"): Case(BOTH, "spared", 0.08, -0.05),
}


def around(value: float, networks: int, rows: int) -> np.ndarray:
    """Values of networks, (networks, rows), within a few percent of `value`, whose mean it is."""
    own = np.linspace(-0.03, 0.03, networks)[:, None] if networks > 1 else np.zeros((1, 1))
    images = 0.01 * np.cos(np.arange(rows)) * (np.arange(rows) > 0)
    return value * (1 + own + images)


def table_of(file: File, seeds: tuple[int, ...]) -> pd.DataFrame:
    """The rows of a file for every replicate, and resample where it has them."""
    ids = IDS.get(file, ("seed",))
    replicates = list(combinations(seeds, len(ids)))
    rows = 1 if file in FACTS else 1 + RESAMPLES
    cells = np.repeat(np.reshape(replicates, (len(replicates), len(ids))), rows, axis=0)
    table = pd.DataFrame(cells.astype(int), columns=list(ids))
    if file in FACTS:
        table = table.assign(**LAST)
    else:
        table["resample"] = np.tile(np.arange(rows), len(replicates))
    for column, form in artifacts.forms(file).items():
        if column not in table:
            table[column] = 7 if form.dtype == "int" else 0.25
    return table


class Memory(Run):
    """A run whose tables lie in `tables`; that of all seeds' files has a column `seed`."""

    def read(self, file: File, *_: str, seed: int | None = None) -> Any:
        if file is files.DATASET:
            rows = np.arange(10_000)
            names = np.array([f"kind {label}" for label in range(10)])
            return {"class_names": names, "test_labels": rows % 10, "test_index": rows}
        table = self.tables[file]
        return table if seed is None else table[table["seed"] == seed].drop(columns="seed")

    def put(self, file: File, column: str, value: Any, **where: Any) -> None:
        """Change a column in the rows that have `where`."""
        table = self.tables[file]
        rows = (table[list(where)] == pd.Series(where, dtype=object)).all(axis=1)
        table.loc[rows, column] = value

    def put_value(self, name: tuple[str, str], value: float) -> None:
        """Let one part's column be about `value` in all networks."""
        file, column, *_ = CASES[name]
        if file in FACTS:
            for end in (column, f"{column}_low", f"{column}_high"):
                self.put(file, end, value)
            return
        replicates = len(self.tables[file]) // (1 + RESAMPLES)
        if replicates:  # of one network there is no pair
            self.put(file, column, around(value, replicates, 1 + RESAMPLES).ravel())


@pytest.fixture
def make_run(tmp_path: Path, settings: Callable[..., str]) -> Callable[..., Memory]:
    """Make a run of `seeds` with other settings, on which every part is supported."""

    def make(seeds: tuple[int, ...] = SEEDS, **changes: object) -> Memory:
        values = {"train.seeds": list(seeds), "analysis.shown_seeds": list(seeds)[:1]}
        values |= {"analysis.pair": list(PAIR), "claims.resamples": RESAMPLES}
        path = tmp_path / "params.yaml"
        values |= {name.replace("__", "."): value for name, value in changes.items()}
        path.write_text(settings(values), encoding="utf-8")
        run = Memory(read_params(path), tmp_path)
        run.tables = {
            file: table_of(file, seeds) for file in {case.file for case in CASES.values()}
        }
        for name, case in CASES.items():
            run.put_value(name, case.holds)
        return run

    return make
