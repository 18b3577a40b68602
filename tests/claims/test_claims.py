"""Every claim on rows in memory: each input turns its own outcome and sentence, none fails."""

import json
import math
import re
import sys
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from stages import claims
from stages.claims import __main__ as stage
from stages.claims import judge
from stages.common import artifacts, files
from stages.common.console import StageError

from .conftest import CASES, FACTS, SEEDS, table_of

ENTRY = "id name claim p p_against parts holm_p holm_p_against outcome"
PART = (
    "part statistic side threshold margin outcome reason mean low high prediction_low "
    "prediction_high p p_against values alone result because short"
)
SHORT = ["mean", "interval", "prediction", "values", "replicates", "alone", "asked"]
ESTIMATES = [name for name, case in CASES.items() if case.file not in FACTS]
OF_EACH = [name for name in ESTIMATES if name[0] != "F"]  # of one network
WITH_MARGIN = [name for name in ESTIMATES if name[0] in "HI" or name == ("F", "order")]


def judged(run):
    """The parts of `claims.json` by claim and name; what must be true of each is checked."""
    entries = judge.judge(run)
    assert not re.search(r"\b(nan|inf)\b", json.dumps(entries, allow_nan=False), re.IGNORECASE)
    parts = {}
    for entry in entries:
        assert " ".join(entry) == ENTRY
        for part in entry["parts"]:
            parts[entry["id"], part["part"]] = part
            assert " ".join(part) == PART
            text = part["sentence"] = f"{part['result']}: {part['because']}."
            assert re.fullmatch(r"[A-Z“][^{]*[^.]\.", text)
            assert not re.search(r"-0(\.0+)?(?![.\d])", text)  # no minus before nothing
            # The lead is the outcome in words.
            assert text.startswith("Open: ") == (part["outcome"] == "open")
            assert text.startswith("Does not apply: ") == (part["outcome"] == "does not apply")
            assert "nan" not in " ".join(part["short"].values())
            assert bool(part["reason"]) == (part["outcome"] in ("open", "does not apply"))
            assert text.endswith(f"{part['reason']}.")
            assert list(part["short"]) == SHORT
            assert part["short"]["asked"]
    return parts


def outcomes(run):
    return {entry["id"]: entry["outcome"] for entry in judge.judge(run)}


def parts_of(run):
    claims_by_letter = judge.claims_of(run).items()
    return {(letter, part.name): part for letter, claim in claims_by_letter for part in claim.parts}


@pytest.mark.parametrize("turned", [("", ""), *CASES])
def test_each_input_turns_its_own_outcome_and_sentence(make_run, turned):
    run = make_run()
    if turned in CASES:
        run.put_value(turned, CASES[turned].fails)
    rows, parts = judged(run), parts_of(run)
    assert list(rows) == list(CASES)
    for name, row in rows.items():
        outcome, lead, value = "supported", parts[name].holds, CASES[name].holds
        if name == turned:
            outcome, lead, value = "refuted", parts[name].fails, CASES[name].fails
        assert row["outcome"] == outcome
        assert row["sentence"].startswith(f"{lead}: ")
        if name in ESTIMATES:
            assert row["mean"] == pytest.approx(value, rel=0.02)
            assert row["low"] < row["mean"] < row["high"]
            assert row["prediction_low"] < row["low"]
            assert row["prediction_high"] > row["high"]
            assert row["alone"] == (len(row["values"]) if name != turned else 0)
            assert (row["p"] < 0.05) == (name != turned)
            assert row["short"]["mean"] in row["sentence"]
            assert row["short"]["interval"] in row["sentence"]
    for letter, outcome in outcomes(run).items():
        assert outcome == ("refuted" if letter == turned[0] else "supported")


@pytest.mark.parametrize("name", ESTIMATES)
def test_networks_that_disagree_leave_a_part_open_with_what_would_settle_it(make_run, name):
    run, case = make_run(), CASES[name]
    rows = run.tables[case.file]
    odd = rows.groupby([c for c in rows if c.startswith("seed")], sort=False).ngroup() % 2 == 1
    rows[case.column] = np.where(odd, case.holds, case.fails)
    row = judged(run)[name]
    assert row["outcome"] == "open"
    assert re.search(r"[\d,]+ networks would settle it|more images would", row["reason"])
    assert 0 < row["alone"] < len(row["values"])
    assert outcomes(run)[name[0]] == "open"


@pytest.mark.parametrize("name", WITH_MARGIN)
def test_a_difference_within_the_margin_does_not_matter_and_refutes(make_run, name):
    run, part = make_run(), parts_of(make_run())[name]
    run.put_value(name, part.margin / 2)
    row = judged(run)[name]
    assert row["outcome"] == "no difference"
    assert row["p"] == 1
    assert row["sentence"].startswith(f"{part.same}: ")
    assert "matters beyond ±" in row["short"]["asked"]
    assert outcomes(run)[name[0]] == "refuted"


def test_a_claim_that_does_not_survive_holm_is_open(make_run):
    run = make_run()
    values = np.repeat([0.02, 0.05, 0.09, 0.01, 0.08], 101)  # p just below 0.05
    run.put(files.EVALUATION_RESAMPLES, "won", 0.5 + values)
    entry = next(entry for entry in judge.judge(run) if entry["id"] == "D")
    assert entry["parts"][0]["outcome"] == "supported"
    assert entry["p"] < 0.05
    others = [of["p"] for of in judge.judge(run) if of["p"] is not None]
    assert entry["p"] == max(others)
    run.put(files.PROBE_RESAMPLES, "tell_loss", 0.02)  # A's p is 1: D is no longer the last
    entry = next(entry for entry in judge.judge(run) if entry["id"] == "D")
    assert entry["holm_p"] == pytest.approx(2 * entry["p"])
    assert entry["outcome"] == ("open" if entry["holm_p"] >= 0.05 else "supported")
    assert entry["holm_p"] >= 0.05


def test_a_part_that_barely_speaks_against_one_of_many_does_not_refute(make_run):
    run = make_run()
    values = np.repeat([-0.02, -0.05, -0.09, -0.01, -0.08], 101)  # p just below 0.05
    run.put(files.EVALUATION_RESAMPLES, "spared", values)
    entry = judge.judge(run)[-1]
    against = entry["parts"][1]
    assert against["outcome"] == "refuted"
    assert against["p_against"] < 0.05 < entry["p_against"] == 2 * against["p_against"]
    assert entry["outcome"] == "open"


def test_values_are_those_of_every_replicate_in_the_order_of_the_seeds(make_run):
    for (letter, _), row in judged(make_run()).items():
        seeds = [value.get("seed", value.get("seeds")) for value in row["values"]]
        pairs = [[i, j] for at, i in enumerate(SEEDS) for j in SEEDS[at + 1 :]]
        assert seeds == {"F": pairs, "G": [[]]}.get(letter, list(SEEDS))


@pytest.mark.parametrize("seeds", [(0,), (0, 1), (0, 1, 2, 3)])
def test_fewer_than_five_networks_decide_nothing_that_depends_on_them(make_run, seeds):
    rows = judged(make_run(seeds))
    for name, row in rows.items():
        if name[0] in "EG":  # a proof in one network, and what no training changes
            assert row["outcome"] == "supported"
        elif name[0] == "F" and len(seeds) == 1:
            assert row["outcome"] == "does not apply"
            assert row["reason"].endswith("train.seeds names one")
        else:
            assert row["outcome"] == "open"
            assert row["reason"] == "needs 5 networks"
            of_each = len(seeds) if name[0] != "F" else math.comb(len(seeds), 2)
            assert len(row["values"]) == of_each
            assert row["mean"] is not None
            assert row["p"] is None
    run = make_run(seeds)
    run.put_value(("E", "patterns"), 0.0)
    assert judged(run)["E", "patterns"]["reason"] == "needs 5 networks"


def test_a_part_that_most_networks_lack_has_no_mean(make_run):
    run = make_run()
    for seed in SEEDS[:3]:
        run.put(files.PROBE_RESAMPLES, "silent_gain", np.nan, seed=seed)
    row = judged(run)["C", "shared"]
    assert row["outcome"] == "does not apply"
    assert row["short"]["mean"] == ""
    assert row["short"]["values"]


def test_what_cannot_be_computed_does_not_apply(make_run):
    run = make_run()
    for name in ESTIMATES:
        run.put_value(name, np.nan)
    parts = parts_of(run)
    for name, row in judged(run).items():
        if name in ESTIMATES:
            assert row["outcome"] == "does not apply"
            assert row["sentence"].endswith(f": {parts[name].lacking}.")
            assert {value["value"] for value in row["values"]} == {None}
    assert set(outcomes(run).values()) == {"does not apply", "supported"}


def test_a_network_without_a_value_is_set_aside_and_said(make_run):
    run = make_run((7, 0, 3, 11, 2, 5))
    run.put(files.PROBE_RESAMPLES, "silent_gain", np.nan, seed=3)
    row = judged(run)["C", "shared"]
    assert row["outcome"] == "supported"
    assert "5 networks" in row["short"]["replicates"]
    assert row["values"][2]["value"] is None
    run.put(files.PROBE_RESAMPLES, "silent_gain", np.nan, seed=5)
    row = judged(run)["C", "shared"]
    assert row["reason"] == "needs 5 networks with a value, has 4"


def test_a_clause_shows_the_range_of_its_columns_and_is_left_out_without_numbers(make_run):
    run = make_run()
    run.put(files.PROBE_RESAMPLES, "few", 55, resample=0)
    run.put(files.PROBE_RESAMPLES, "few", 52, resample=0, seed=3)
    run.put(files.PROBE_RESAMPLES, "tell_loss_validation", np.nan)
    run.put(files.PATTERN_COUNTS, "dead", 9)
    rows = judged(run)
    assert "on 52 to 55 of 7 points the error" in rows["A", "tell"]["sentence"]
    assert "fitted on validation images" not in rows["A", "tell"]["sentence"]
    assert "proven to answer to no input: 7, open: 2;" in rows["E", "patterns"]["sentence"]


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [((0.02, 0, 0.02), "open"), ((0, 0, 0), "refuted"), ((0.02, 0.01, 0.02), "supported")],
)
def test_a_dead_map_is_proven_excluded_or_open(make_run, ends, outcome):
    run = make_run()
    run.put_value(("E", "patterns"), 0.0)
    for end, value in zip(("", "_low", "_high"), ends, strict=True):
        run.put(files.PATTERN_COUNTS, f"dead_share{end}", value, seed=3)
    assert judged(run)["E", "patterns"]["outcome"] == outcome


def test_networks_trained_on_other_translations_are_not_compared(make_run):
    rows = judged(make_run(mlp__augment_shift=0))
    assert rows["J", "moved"]["outcome"] == "supported"
    assert rows["J", "against_mlp"]["outcome"] == "open"
    assert "moved by up to 1 px, the MLP by up to 0 px" in rows["J", "against_mlp"]["sentence"]


@pytest.mark.parametrize(
    ("setting", "value", "name", "limit"),
    [
        ("accuracy_margin", 0.03, ("A", "tell"), "at most +3 percentage points"),
        ("accuracy_margin", 0.03, ("A", "needs"), "more than +3 percentage points"),
        ("few_of_random", 0.01, ("A", "decide_a_to_b"), "at most 1%"),
        ("accuracy_margin", 0.03, ("B", "rest"), "more than +3 percentage points"),
        ("silence_shared", 0.95, ("C", "shared"), "at least +95 percentage points"),
        ("silence_gain", 0.5, ("C", "tells"), "at least +50 percentage points"),
        ("same_filters", 0.95, ("F", "maps"), "at least 0.95"),
        ("same_filters", 0.95, ("F", "kernels"), "at least 0.95"),
        ("shift_loss", 0.0001, ("J", "moved"), "at least -0.01 percentage points"),
    ],
)
def test_a_setting_moves_its_threshold(make_run, setting, value, name, limit):
    row = judged(make_run(**{f"claims__{setting}": value}))[name]
    assert abs(row["threshold"]) == value
    assert row["short"]["asked"] == limit.replace("+", "")
    assert row["outcome"] == ("refuted" if name[1] != "tell" else "supported")


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [("accuracy_margin", 0.03, ("H", "contained_conv_2")), ("order_margin", 0.4, ("F", "order")),
     ("accuracy_margin", 0.03, ("I", "used"))],
)  # fmt: skip
def test_a_setting_moves_its_margin(make_run, setting, value, name):
    row = judged(make_run(**{f"claims__{setting}": value}))[name]
    assert row["margin"] == value
    assert row["outcome"] == "no difference"


def test_the_parts_read_declared_columns_and_name_the_classes_of_the_pair_alone(make_run):
    for name, part in parts_of(make_run()).items():
        assert (part.file, part.value) == CASES[name][:2]
        fields = {field for _, field, _, _ in Formatter().parse(part.measured) if field}
        columns = {column for field in fields for column in field.split("-")} - {"values"}
        assert {part.value, *part.where, *columns} <= set(artifacts.forms(part.file))
        words = " ".join((part.statistic, part.holds, part.fails, part.same, part.measured))
        assert not re.search(r"\b[49]s?\b", words)
        assert bool(part.same) == (part.margin is not None)


@pytest.mark.parametrize("maps", [[8], [8, 8]])
def test_a_network_with_few_layers_is_judged_by_what_it_has(make_run, maps):
    run = make_run(**{"network__cnn__maps": maps})
    run.put(files.PROBE_RESAMPLES, "silent_gain", np.nan)
    for file in FACTS:
        run.put(file, "layer", run.last)
    rows = judged(run)
    single = len(maps) == 1
    layers = [part.removeprefix("contained_") for letter, part in rows if letter == "H"][:-2]
    assert layers == list(run.conv_layers)
    reason = rows["C", "shared"]["reason"]
    assert reason == "the network has one conv layer" if single else "no map of conv_1" in reason


@pytest.mark.parametrize("seeds", [(7, 3), (7, 0, 0, 3, 11, 2), (7, 9, 3, 11, 2)])
def test_a_file_without_one_row_for_each_network_is_a_sentence(make_run, seeds):
    run = make_run()
    run.tables[files.EVALUATION_RESAMPLES] = table_of(files.EVALUATION_RESAMPLES, seeds)
    with pytest.raises(StageError, match=r"one row for each network of train\.seeds and resample"):
        judge.judge(run)


def test_a_claim_is_one_file_and_nothing_else_names_it(make_run, tmp_path, monkeypatch):
    text = (Path(claims.__path__[0]) / "d_hard_images.py").read_text(encoding="utf-8")
    (tmp_path / "k_dropped_in.py").write_text(text.replace("0.5,", "0.9,"), encoding="utf-8")
    monkeypatch.setattr(claims, "__path__", [str(tmp_path), *claims.__path__])
    rows = judged(make_run())
    del sys.modules["stages.claims.k_dropped_in"], claims.k_dropped_in
    assert list(rows) == [*CASES, ("K", "pair")]
    assert rows["D", "pair"]["outcome"] == "supported"
    assert rows["K", "pair"]["outcome"] == "refuted"


@pytest.mark.parametrize("turned", [[], ESTIMATES])
def test_the_stage_writes_and_shows_all_parts(make_run, turned, monkeypatch, capsys):
    run = make_run()
    for name in turned:
        run.put_value(name, CASES[name].fails)
    monkeypatch.chdir(run.root)
    monkeypatch.setattr(stage, "Run", lambda _: run)
    stage.main()
    entries = artifacts.read(files.CLAIMS)
    assert entries == judge.judge(run)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    parts = [(entry["id"], part) for entry in entries for part in entry["parts"]]
    for (letter, part), line in zip(parts, lines[1:-1], strict=True):
        assert re.match(rf"{letter} {part['part']} +{part['outcome']}  ", line)
    n = len({letter for letter, _ in turned})
    counted = [f"{10 - n} supported"] + [f"{n} refuted"] * bool(n)
    assert lines[-1] == f"whole claims: {', '.join(counted)}"
