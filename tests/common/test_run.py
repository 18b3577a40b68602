"""The one view of a finished run: names in sentences, tables of all seeds, each file read once."""

import pandas as pd
import pytest

from stages.common import artifacts, files
from stages.common.console import StageError
from stages.common.run import Run


@pytest.fixture
def run(tmp_path, settings, monkeypatch) -> Run:
    """A run of two seeds, of which one table and the classes' names are there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        settings({"train.seeds": [3, 8], "analysis.shown_seeds": [8, 3], "analysis.pair": [8, 0]}),
        encoding="utf-8",
    )
    run = Run.of(tmp_path)
    run.class_names = (*"012345678", "Ankle boot")
    for seed in run.seeds:
        table = pd.DataFrame({"map": [seed], "row": [0], "column": [0]})
        table = table.assign(effect_a_to_b=0.5, effect_b_to_a=0.25)
        artifacts.write(files.EFFECTS, table, seed=seed)
    return run


def test_classes_have_names_for_sentences(run):
    assert run.names == ("8", "0")
    assert run.one(8) == "an 8"
    assert run.one(0) == "a 0"
    assert run.many(0) == "0s"
    assert run.quoted(9) == "“Ankle boot”"
    assert run.one(9) == "an “Ankle boot”"
    assert run.many(9) == "images of “Ankle boot”"


def test_tables_of_all_seeds_stand_below_each_other(run):
    table = run.every(files.EFFECTS)
    assert table["seed"].tolist() == table["map"].tolist() == [3, 8]


def test_pictures_are_of_those_seeds_that_are_trained(run):
    assert (run.shown, run.seed) == ((8, 3), 8)


def test_a_file_is_read_once(run):
    first = run.read(files.EFFECTS, seed=3)
    run.path(files.EFFECTS, seed=3).unlink()
    assert run.read(files.EFFECTS, seed=3) is first
    with pytest.raises(StageError, match=r"effects\.csv is missing.*dvc repro"):
        Run.of(run.root).read(files.EFFECTS, seed=3)
