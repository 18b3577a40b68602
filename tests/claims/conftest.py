"""A run in memory, of small tables on which every part of every claim is supported."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from stages.common import files
from stages.common.files import File
from stages.common.params import read_params
from stages.common.run import Run

PAIR = (5, 3)  # not the default, and the higher class first: nothing may expect 4 before 9
SEEDS = (7, 0, 3)
IDS = {files.MATCHING: ("seed_i", "seed_j"), files.FIELD_SIZES: ()}  # elsewhere `seed`


class Case(NamedTuple):
    """Which cell a part must read, and what must be in it for the claim and against it."""

    file: File
    where: dict[str, Any]
    column: str
    holds: tuple[float, float, float]
    fails: tuple[float, float, float]


CONV_2, CONV_3 = {"layer": "conv_2"}, {"layer": "conv_3"}
MEANS, ON = {"against": "map_means"}, {"against": "on_or_off"}
MORE, LESS = (0.02, 0.01, 0.03), (-0.02, -0.03, -0.01)
CASES = {
    ("A", "tell"): Case(files.INTERVENTIONS, {}, "probe_share", MORE, (0.2, 0.1, 0.3)),
    ("A", "decide"): Case(files.INTERVENTIONS, {}, "patch_share", MORE, (1, 1, 1)),
    ("B", "single"): Case(files.INTERVENTIONS, {}, "typical_best", (0.9, 0.8, 0.98), (1, 0.99, 1)),
    ("B", "combination"): Case(files.INTERVENTIONS, {}, "typical_joint", (1, 0.99, 1), (0.9,) * 3),
    ("C", "conv_2"): Case(files.SILENCE, CONV_2, "accuracy", (0.1, 0.1, 0.2), (0.3, 0.21, 0.4)),
    ("C", "conv_3"): Case(files.SILENCE, CONV_3, "accuracy", (0.6, 0.5, 0.7), (0.4, 0.3, 0.49)),
    ("D", "pair"): Case(files.MCNEMAR, {"scope": "pair"}, "won", (0.8, 0.6, 0.9), (0.4, 0.3, 0.5)),
    ("E", "patterns"): Case(files.PATTERN_COUNTS, CONV_3, "dead_share", MORE, (0, 0, 0)),
    ("F", "filters"): Case(files.MATCHING, CONV_3, "gain", MORE, LESS),
    ("F", "order"): Case(files.MATCHING, CONV_3, "order_kept", (0.9, 0.5, 1), (-1e-4, -0.1, 0.1)),
    ("G", "field"): Case(files.FIELD_SIZES, CONV_3, "size", (18, 18, 18), (16, 15, 17)),
    ("G", "stride"): Case(files.FIELD_SIZES, CONV_3, "stride", (5, 5, 5), (4, 4, 4)),
    ("H", "conv_2"): Case(files.FEATURES, CONV_2 | MEANS, "gain", MORE, LESS),
    ("H", "conv_3"): Case(files.FEATURES, CONV_3 | MEANS, "gain", MORE, LESS),
    ("I", "levels"): Case(files.FEATURES, CONV_3 | ON, "gain", MORE, (0, -0.01, 0)),
    ("J", "moved"): Case(files.TRANSLATION_COST, {}, "change", (0, -0.01, 0), (-0.1, -0.2, -0.02)),
    ("J", "against_mlp"): Case(files.TRANSLATION_COST, {}, "spared", MORE, (0, -0.01, 0)),
}
# Rows that a part must pass over, and the other columns that sentences mention.
OTHERS = {files.MCNEMAR: {"scope": "all"}, files.FIELD_SIZES: {"layer": "pool_1"}}
FACTS = {
    files.INTERVENTIONS: {"live": 2000, "probe_k_forward": 40, "typical": 4, "patch_k": 40.0}
    | {"patch_k_a": 40.0, "patch_k_b": 9.0, "patch_random": 0.02, "patch_none": np.nan},
    files.SILENCE: {"maps": 64, "sample": 500, "trained": 0.7, "untrained": 0.4},
    files.MCNEMAR: {"only_cnn_right": 1200, "only_mlp_right": 300, "p_value": 2.3e-5},
    files.PATTERN_COUNTS: {"maps": 128, "silent": 5, "dead": 2, "proven": 1, "bound": 0.3},
    files.MATCHING: {"matched_r": 0.5, "identity_r": 0.4, "untrained_r": 0.3, "random_r": -0.0001},
    files.FIELD_SIZES: {},
    files.FEATURES: {"points": 0.99, "other": 0.97, "n": 1991, "fitted": 983},
    files.TRANSLATION_COST: {"pixels": 3, "cnn_in_place": 0.99, "cnn_translated": 0.97}
    | {"mlp_in_place": 0.98, "mlp_translated": 0.88},
}


def ends(column: str) -> list[str]:
    """The three columns of an interval."""
    return [column, f"{column}_low", f"{column}_high"]


def table_of(file: File, seeds: tuple[int, ...]) -> pd.DataFrame:
    """The rows of a file for every replicate: those that parts read, and one that none does."""
    cells: dict[tuple, dict] = {}
    for case in (case for case in CASES.values() if case.file is file):
        row = cells.setdefault(tuple(case.where.items()), case.where | FACTS[file])
        row |= dict(zip(ends(case.column), map(float, case.holds), strict=True))
    rows = [*cells.values(), *([row | OTHERS[file]] if file in OTHERS else [])]
    ids = IDS.get(file, ("seed",))
    replicates = [dict(zip(ids, of, strict=True)) for of in combinations(seeds, len(ids))]
    return pd.DataFrame([each | row for each in replicates for row in rows], None, [*ids, *rows[0]])


class Memory(Run):
    """A run whose tables lie in `tables`; that of all seeds' files has a column `seed`."""

    def read(self, file: File, *_: str, seed: int | None = None) -> Any:
        if file is files.DATASET:
            return {"class_names": np.array([f"kind {label}" for label in range(10)])}
        table = self.tables[file]
        return table if seed is None else table[table["seed"] == seed].drop(columns="seed")

    def put(self, file: File, column: str, cells: Any, **where: Any) -> None:
        """Change a column, or with three cells an interval, in the rows that have `where`."""
        table = self.tables[file]
        rows = (table[list(where)] == pd.Series(where, dtype=object)).all(axis=1)
        table.loc[rows, ends(column) if isinstance(cells, tuple) else column] = np.array(cells)

    def turn(self, name: tuple[str, str], **where: Any) -> None:
        """Let one part's column speak against its claim, in all networks or those of `where`."""
        file, rows, column, _, fails = CASES[name]
        self.put(file, column, fails, **rows, **where)


@pytest.fixture
def make_run(tmp_path: Path, settings: Callable[..., str]) -> Callable[..., Memory]:
    """Make a run of `seeds` with other settings, on which every part is supported."""

    def make(seeds: tuple[int, ...] = SEEDS, **changes: object) -> Memory:
        values = {"train.seeds": list(seeds), "analysis.shown_seeds": list(seeds)[:1]}
        values |= {"analysis.pair": list(PAIR)}
        path = tmp_path / "params.yaml"
        values |= {name.replace("__", "."): value for name, value in changes.items()}
        path.write_text(settings(values), encoding="utf-8")
        run = Memory(read_params(path), tmp_path)
        run.tables = {file: table_of(file, seeds) for file in FACTS}
        return run

    return make
