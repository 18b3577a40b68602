"""Every claim on rows in memory: each input turns its own verdict and sentence, none fails."""

import json
import re
import sys
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from stages import claims
from stages.claims import __main__ as stage
from stages.claims import judge
from stages.common import artifacts, files, verdicts
from stages.common.console import StageError
from stages.common.intervals import NOTHING

from .conftest import CASES, SEEDS, table_of

KEYS = "id part claim statistic values side threshold verdict sentence short"
BARE = {("E", "intervals"), ("G", "intervals")}  # bounds, and exact
OF_EACH = [name for name in CASES if name[0] not in "FG"]  # of one network


def judged(run):
    """The rows of `claims.json` by claim and part; what must be true of every row is checked."""
    rows = judge.judge(run)
    assert not re.search(r"\b(nan|inf)\b", json.dumps(rows, allow_nan=False), re.IGNORECASE)
    for row in rows:
        assert " ".join(row) == KEYS
        assert re.fullmatch(r"[A-Z“][^{]*[^.]\.", row["sentence"])
        assert not re.search(r"-0(\.0+)?(?![.\d])", row["sentence"])  # no minus before nothing
        # The lead is the verdict in words.
        assert row["sentence"].startswith("It is undecided") == (row["verdict"] == "undecided")
        measured = any(value["value"] is not None for value in row["values"])
        assert list(row["short"]) == ["values", "intervals", "replicates", "asked"]
        for name, text in row["short"].items():
            shown = measured and (row["id"], name) not in BARE
            assert bool(text) == (shown or name == "asked")
            assert not measured or text in row["sentence"]
    return {(row["id"], row["part"]): row for row in rows}


def parts_of(run):
    claims_by_letter = judge.claims_of(run).items()
    return {(letter, part.name): part for letter, claim in claims_by_letter for part in claim.parts}


@pytest.mark.parametrize("turned", [("", ""), *CASES])
def test_each_input_turns_its_own_verdict_and_sentence(make_run, turned):
    run = make_run()
    if turned in CASES:
        run.turn(turned)
    rows, parts = judged(run), parts_of(run)
    assert list(rows) == list(CASES)
    for name, row in rows.items():
        verdict, lead, cells = "supported", parts[name].holds, CASES[name].holds
        if name == turned:
            verdict, lead, cells = "not supported", parts[name].fails, CASES[name].fails
        assert row["verdict"] == verdict
        assert row["sentence"].startswith(f"{lead}: ")
        assert all(tuple(value.values())[1:] == cells for value in row["values"])
    for letter, verdict in verdicts.of_claims(rows.values()).items():
        assert verdict == ("not supported" if letter == turned[0] else "supported")


@pytest.mark.parametrize("turned", OF_EACH)
def test_networks_that_disagree_leave_a_part_undecided(make_run, turned):
    run = make_run()
    run.turn(turned, seed=SEEDS[1])
    for name, row in judged(run).items():
        assert row["verdict"] == ("undecided" if name == turned else "supported")
        if name == turned:
            assert row["sentence"].endswith("that is met by 2, missed by 1 of the 3 networks.")


def test_values_are_those_of_every_replicate_in_the_order_of_the_seeds(make_run):
    for (letter, _), row in judged(make_run()).items():
        seeds = [value.get("seed", value.get("seeds")) for value in row["values"]]
        assert seeds == {"F": [[7, 0], [7, 3], [0, 3]], "G": [[7, 0, 3]]}.get(letter, [7, 0, 3])


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_too_few_networks_give_no_verdict(make_run, seeds):
    rows = judged(make_run(seeds))
    for name, row in rows.items():  # what no training changes needs no second network
        assert row["verdict"] == ("supported" if name[0] == "G" else "undecided")
    assert rows["A", "tell"]["sentence"].endswith("a verdict takes at least 3 networks.")
    alone = "train.seeds names one." if len(seeds) == 1 else "at least 3 pairs of networks."
    assert rows["F", "order"]["sentence"].endswith(alone)


def test_what_cannot_be_computed_is_a_reason_and_no_verdict(make_run):
    run = make_run()
    for case in CASES.values():
        run.put(case.file, case.column, NOTHING)
    parts = parts_of(run)
    for name, row in judged(run).items():
        assert row["verdict"] == "undecided"
        assert row["sentence"].endswith(f": {parts[name].lacking}.")
        assert {value["value"] for value in row["values"]} == {None}


@pytest.mark.parametrize(
    ("cells", "shown", "lost"),
    [(NOTHING, "80.0% (2 ", "300"), ((0.7, np.nan, np.nan), "70.0% to 80.0% (3 ", "200 to 300")],
)
def test_one_network_without_a_value_or_an_interval_decides_nothing(make_run, cells, shown, lost):
    run = make_run()
    run.put(files.MCNEMAR, "won", cells, seed=3)
    run.put(files.MCNEMAR, "only_mlp_right", 200, seed=3)
    sentence = judged(run)["D", "pair"]["sentence"]
    assert f"{shown}networks, 95% intervals 60.0% to 90.0%); in images 1,200 for" in sentence
    assert f"and {lost} for the MLP;" in sentence
    assert sentence.endswith("that is met by 2, not to be computed for 1 of the 3 networks.")


def test_a_clause_shows_the_range_of_its_columns_and_is_left_out_without_numbers(make_run):
    run = make_run()
    rows = judged(run)
    assert "flips half, all" not in rows["A", "decide"]["sentence"]
    assert "no image of the dataset fires 7 maps of 128" in rows["E", "patterns"]["sentence"]
    assert "a random order 0.000;" in rows["F", "order"]["sentence"]  # not -0.000
    run.put(files.INTERVENTIONS, "patch_none", 2000.0, seed=7)
    run.put(files.INTERVENTIONS, "patch_k_a", 1050.0, seed=0)
    run.put(files.INTERVENTIONS, "patch_random", np.nan)
    sentence = judged(run)["A", "decide"]["sentence"]
    assert "where no number of points flips half, all 2,000 are counted" in sentence
    assert "images of “kind 5” alone take 40 to 1,050, of “kind 3” alone 9" in sentence
    assert "random points flip at most" not in sentence


@pytest.mark.parametrize(
    ("name", "cells"), [(("E", "patterns"), (0.02, 0, 0.02)), (("G", "field"), (18, 16, 18))]
)
def test_bounds_on_both_sides_of_the_threshold_leave_a_part_undecided(make_run, name, cells):
    run = make_run()
    run.put(CASES[name].file, CASES[name].column, cells)
    assert judged(run)[name]["verdict"] == "undecided"
    assert "; that is open for " in judged(run)[name]["sentence"]


def test_networks_trained_on_other_translations_are_not_compared(make_run):
    rows = judged(make_run(mlp__augment_shift=0))
    assert rows["J", "moved"]["verdict"] == "supported"
    assert rows["J", "against_mlp"]["verdict"] == "undecided"
    assert "moved by up to 1 px, the MLP by up to 0 px" in rows["J", "against_mlp"]["sentence"]


@pytest.mark.parametrize(
    ("setting", "value", "name", "limit"),
    [
        ("few_points", 0.005, ("A", "tell"), "at most 0.5%"),
        ("few_points", 0.005, ("A", "decide"), "at most 0.5%"),
        ("decisive_auroc", 0.75, ("B", "single"), "less than 0.75"),
        ("decisive_auroc", 0.75, ("B", "combination"), "at least 0.75"),
        ("silence_chance", 0.05, ("C", "conv_2"), "at most 5%"),
        ("silence_tells", 0.8, ("C", "conv_3"), "at least 80%"),
        ("same_order", 0.25, ("F", "order"), "at least 0.25"),
        ("shift_loss", 0.0, ("J", "moved"), "at least 0 percentage points"),
    ],
)
def test_a_setting_changes_its_threshold(make_run, setting, value, name, limit):
    row = judged(make_run(**{f"claims__{setting}": value}))[name]
    assert row["threshold"] == value
    assert row["short"]["asked"] == limit


def test_the_parts_read_declared_columns_and_name_the_classes_of_the_pair_alone(make_run):
    for name, part in parts_of(make_run()).items():
        assert (part.file, part.where, part.value) == CASES[name][:3]
        fields = {field for _, field, _, _ in Formatter().parse(part.measured) if field}
        columns = {column for field in fields for column in field.split("+")} - {"values"}
        assert {f"{part.value}_high", *part.where, *columns} <= set(artifacts.forms(part.file))
        words = " ".join((part.statistic, part.holds, part.fails, part.measured))
        assert not re.search(r"\b[49]s?\b", words)


@pytest.mark.parametrize("seeds", [(7, 3), (7, 0, 0, 3), (7, 9, 3)])
def test_a_file_without_one_row_for_each_network_is_a_sentence(make_run, seeds):
    run = make_run()
    run.tables[files.MCNEMAR] = table_of(files.MCNEMAR, seeds)
    with pytest.raises(StageError, match="one row where scope is pair for each network of train"):
        judge.judge(run)


def test_a_claim_is_one_file_and_nothing_else_names_it(make_run, tmp_path, monkeypatch):
    text = (Path(claims.__path__[0]) / "d_hard_images.py").read_text(encoding="utf-8")
    (tmp_path / "k_dropped_in.py").write_text(text.replace("0.5,", "0.9,"), encoding="utf-8")
    monkeypatch.setattr(claims, "__path__", [str(tmp_path), *claims.__path__])
    rows = judged(make_run())
    del sys.modules["stages.claims.k_dropped_in"], claims.k_dropped_in
    assert list(rows) == [*CASES, ("K", "pair")]
    assert rows["D", "pair"]["verdict"] == "supported"
    assert rows["K", "pair"]["verdict"] == "not supported"


@pytest.mark.parametrize("turned", [[], OF_EACH])
def test_the_stage_writes_and_shows_all_rows(make_run, turned, monkeypatch, capsys):
    run = make_run()
    for name in turned:
        run.turn(name, seed=SEEDS[0])
    monkeypatch.chdir(run.root)
    monkeypatch.setattr(stage, "Run", lambda _: run)
    stage.main()
    rows = artifacts.read(files.CLAIMS)
    assert rows == judge.judge(run)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for row, line in zip(rows, lines[1:-1], strict=True):
        assert re.match(rf"{row['id']} {row['part']} +{row['verdict']}  ", line)
    n = len({letter for letter, _ in turned})
    assert lines[-1] == f"whole claims: {10 - n} supported, 0 not supported, {n} undecided"
