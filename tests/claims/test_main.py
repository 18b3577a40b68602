"""The whole stage: each input turned turns its sentence, and no others; nothing crashes it."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.claims import catalogue
from stages.claims.__main__ import main
from stages.common import artifacts
from stages.common.params import Claims, read_params

from .conftest import EACH, KNOBS, KS, PAIR

KEYS = ["id", "part", "claim", "statistic", "values", "side", "threshold", "verdict", "sentence"]
OF_ALL = ("started_alike", "other_order", "other_field", "other_stride")  # not of one network


def judged() -> dict[tuple[str, str], dict]:
    """The rows that the stage writes, by claim and part."""
    main()
    text = artifacts.CLAIMS.read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b|\binf\b", text, re.IGNORECASE)
    rows = json.loads(text)
    for row in rows:
        assert list(row) == KEYS
        assert re.fullmatch(r"[A-Z“].*[^.]\.", row["sentence"])
        assert "{" not in row["sentence"]
        # The lead is the verdict in words.
        assert row["sentence"].startswith("It is undecided") == (row["verdict"] == "undecided")
    return {(row["id"], row["part"]): row for row in rows}


def catalogued() -> dict[tuple[str, str], catalogue.Part]:
    names = (f"“kind {label}”" for label in PAIR)
    return {(each.id, each.part): each for each in catalogue.parts(*names, read_params().claims)}


@pytest.mark.parametrize("knob", ["", *KNOBS])
def test_each_input_turned_turns_its_sentences_and_no_others(project, knob):
    project(knob)
    found, parts = judged(), catalogued()
    assert list(found) == list(parts)
    for name, row in found.items():
        if name in KNOBS.get(knob, ()):
            assert row["verdict"] == "not supported"
            assert row["sentence"].startswith(f"{parts[name].fails}: ")
        else:
            assert row["verdict"] == "supported"
            assert row["sentence"].startswith(f"{parts[name].holds}: ")


@pytest.mark.parametrize("knob", [knob for knob in KNOBS if knob not in OF_ALL])
def test_networks_that_disagree_leave_it_undecided(project, knob):
    project(knob, turned=(1,))
    found = judged()
    for name, row in found.items():
        if name in KNOBS[knob]:
            assert row["verdict"] == "undecided"
            assert row["sentence"].endswith("that is met by 2, missed by 1 of the 3 networks.")
        else:
            assert row["verdict"] == "supported"


def test_values_are_those_of_every_replicate(project):
    project(seeds=(7, 0, 3))
    found = judged()
    for (claim, _), row in found.items():
        if claim == "F":
            assert [value["seeds"] for value in row["values"]] == [[7, 0], [7, 3], [0, 3]]
        elif claim == "G":
            assert [value["seeds"] for value in row["values"]] == [[7, 0, 3]]
        else:
            assert [value["seed"] for value in row["values"]] == [7, 0, 3]
        for value in row["values"]:
            assert value["low"] <= value["value"] <= value["high"]
    assert found["A", "tell"]["values"][0]["value"] == 3 / 200
    assert found["A", "decide"]["threshold"] == 0.05
    assert found["A", "decide"]["side"] == "at most"


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_too_few_networks_give_no_verdict(project, seeds, capsys):
    project(seeds=seeds)
    found = judged()
    of_networks = [row for row in found.values() if row["id"] != "G"]
    assert {row["verdict"] for row in of_networks} == {"undecided"}
    assert found["A", "tell"]["sentence"].endswith("a verdict takes at least 3 networks.")
    order = found["F", "order"]["sentence"]
    alone = "train.seeds names one." if len(seeds) == 1 else "at least 3 pairs of networks."
    assert order.endswith(alone)
    # What no training changes needs no second network.
    assert {found["G", part]["verdict"] for part in ("field", "stride")} == {"supported"}
    assert "whole claims: 1 supported, 0 not supported, 9 undecided" in capsys.readouterr().out


def test_nothing_to_judge_by_is_a_sentence_and_no_crash(project):
    """No live point, no common one, no right answer, no disagreement, no class in the sample."""
    project()
    for seed in (0, 1, 2):
        path = artifacts.interventions_folder(seed) / "per_image.npz"
        arrays = artifacts.read_npz(path)
        for name in ("k", "k_forward", "common_points"):
            arrays[name] = arrays[name][:0]
        for name in ("cv_right_forward", "flips_effect_interchange"):
            arrays[name] = arrays[name][:0]
        for name in ("scores_best_common", "scores_all_common"):
            arrays[name] = np.full(2 * EACH, np.nan, np.float32)
        artifacts.write_npz(path, {**arrays, "live": np.int32(0)})
        path = path.with_name("patching.csv")
        artifacts.write_csv(path, pd.read_csv(path)[:0])
        for split in ("validation", "test"):
            path = artifacts.activations_folder(seed) / f"sample_{split}.npz"
            arrays = artifacts.read_npz(path)
            kept = arrays["labels"] != PAIR[0]
            artifacts.write_npz(path, {name: of[kept] for name, of in arrays.items()})
    path = artifacts.EVALUATION / "mcnemar.csv"
    artifacts.write_csv(path, pd.read_csv(path).assign(only_cnn_right=0, only_mlp_right=0))
    found = judged()
    for name, reason in {
        ("A", "tell"): "no point of conv_3 is live",
        ("A", "decide"): "no point of conv_3 is live, or no image of the pair is answered rightly",
        ("B", "single"): "no point of the last conv layer is common to either class",
        ("B", "combination"): "no point of the last conv layer is common to either class",
        ("D", "pair"): "the two never differ on an image of the pair",
        ("H", "conv_2"): "a class of the pair has no image to learn from",
    }.items():
        assert found[name]["sentence"].endswith(f": {reason}.")
        assert {value["value"] for value in found[name]["values"]} == {None}


def test_one_network_without_a_number_leaves_it_undecided(project):
    project()
    path = artifacts.EVALUATION / "mcnemar.csv"
    table = pd.read_csv(path)
    table.loc[table["seed"] == 2, ["only_cnn_right", "only_mlp_right"]] = 0
    artifacts.write_csv(path, table)
    row = judged()["D", "pair"]
    assert row["verdict"] == "undecided"
    assert row["sentence"].endswith("is met by 2, not to be computed for 1 of the 3 networks.")
    assert "(2 networks, " in row["sentence"]


def test_no_number_of_points_that_flips_half_is_said(project):
    project()
    for seed in (0, 1, 2):
        path = artifacts.interventions_folder(seed) / "per_image.npz"
        arrays = artifacts.read_npz(path)
        artifacts.write_npz(path, {**arrays, "flips_effect_interchange": np.zeros((len(KS), 80))})
    row = judged()["A", "decide"]
    assert row["verdict"] == "not supported"
    assert [value["value"] for value in row["values"]] == [1, 1, 1]
    assert "no number of points flips half, all 200 are counted" in row["sentence"]


def test_networks_trained_on_other_shifts_are_not_compared(project):
    project(changes={"mlp.augment_shift": 0})
    found = judged()
    assert found["J", "moved"]["verdict"] == "supported"
    against = found["J", "against_mlp"]
    assert against["verdict"] == "undecided"
    assert (
        "the CNN was trained on images moved by up to 1 px, the MLP by up to 0"
        in (against["sentence"])
    )


def test_what_nothing_fires_is_between_proven_and_not_refuted(project):
    project()
    path = artifacts.patterns_file(1)
    arrays = artifacts.read_npz(path)
    artifacts.write_npz(path, {**arrays, "upper_bound": np.full(8, 0.3)})
    row = judged()["E", "patterns"]
    assert row["verdict"] == "undecided"
    share = pytest.approx(1 / 7)
    assert [list(value.values())[1:] for value in row["values"]] == [
        [share, share, share], [share, 0, share], [share, share, share]
    ]  # fmt: skip
    assert (
        "no image of the dataset fires 2 maps of 7, the search fires 1 of those"
        in (row["sentence"])
    )
    assert "proven to answer to no input: 0 to 1" in row["sentence"]


def test_a_field_that_differs_from_point_to_point_leaves_it_undecided(project):
    project()
    path = artifacts.RECEPTIVE_FIELD
    table = pd.read_csv(path)
    table.loc[table.index[-1], "width"] = 16
    artifacts.write_csv(path, table)
    row = judged()["G", "field"]
    assert row["verdict"] == "undecided"
    assert row["values"] == [{"seeds": [0, 1, 2], "value": 18.0, "low": 16.0, "high": 18.0}]


def test_a_setting_moves_the_threshold(project):
    project(changes={"claims.few_points": 0.01})
    found = judged()
    assert found["A", "tell"]["verdict"] == "not supported"
    assert "the claim asks for at most 1%" in found["A", "tell"]["sentence"]


def test_a_second_run_gives_the_same_bytes_and_a_table_of_80_columns(project, capsys):
    project()
    main()
    first = artifacts.CLAIMS.read_bytes()
    main()
    assert artifacts.CLAIMS.read_bytes() == first
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 19
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "whole claims: 10 supported, 0 not supported, 0 undecided"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            lambda: (artifacts.REPLICATES / "correlations.npz").unlink(),
            "correlations.npz is missing.",
        ),
        (
            lambda: artifacts.write_npz(
                artifacts.REPLICATES / "correlations.npz",
                artifacts.read_npz(artifacts.REPLICATES / "correlations.npz")
                | {"seeds": np.array([[0, 1], [0, 9], [1, 9]])},
            ),
            "correlations.npz is of other seeds.",
        ),
        (
            lambda: artifacts.write_csv(
                artifacts.EVALUATION / "mcnemar.csv",
                pd.read_csv(artifacts.EVALUATION / "mcnemar.csv").query("seed != 1"),
            ),
            "mcnemar.csv has no row for seed 1.",
        ),
        (
            lambda: artifacts.write_npz(
                artifacts.DATASET,
                artifacts.read_npz(artifacts.DATASET) | {"test_labels": np.zeros(9, np.uint8)},
            ),
            "shift_logits.npz is of another dataset.",
        ),
    ],
)
def test_files_that_do_not_fit_are_a_sentence(project, fails, damage, sentence):
    project()
    damage()
    assert sentence in fails(main)
    assert not artifacts.CLAIMS.exists()


def test_the_words_name_the_classes_of_the_pair_alone(project):
    project()
    for part in catalogued().values():
        words = " ".join((part.claim, part.statistic, part.holds, part.fails, part.measured))
        assert not re.search(r"\b[49]s?\b", words)


def test_the_pipeline_lists_every_setting_of_the_claims():
    root = Path(__file__).parents[2]
    stage = YAML(typ="safe").load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    own = {name for name in stage["claims"]["params"] if name.startswith("claims.")}
    assert own == {f"claims.{name}" for name in Claims.model_fields}


def test_keras_and_scikit_learn_are_not_imported_with_the_stage(python, tmp_path):
    code = (
        "import sys; sys.modules['keras'] = sys.modules['tensorflow'] = None; "
        "import stages.claims.__main__; assert 'sklearn' not in sys.modules"
    )
    assert python(tmp_path, "-c", code) == (0, "", "")
