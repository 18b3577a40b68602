"""The thresholds that were committed before the networks that test them were trained."""

import re
import subprocess

import pytest
from ruamel.yaml import YAML

from stages.common import judgement
from stages.common.params import PARAMS, read_params

from ..conftest import ROOT

NOT_JUDGED = {"resamples", "seed"}


def test_the_commit_holds_the_thresholds_as_they_were_fixed():
    assert re.fullmatch("[0-9a-f]{40}", judgement.COMMIT)
    shown = subprocess.run(
        ["git", "show", f"{judgement.COMMIT}:{PARAMS}"], cwd=ROOT, capture_output=True, text=True
    )
    if shown.returncode:
        pytest.skip("this checkout lacks the history")
    committed = YAML(typ="safe", pure=True).load(shown.stdout)["claims"]
    assert {name: committed[name] for name in judgement.FIXED} == judgement.FIXED
    assert set(judgement.FIXED) == set(committed) - NOT_JUDGED


def test_what_has_moved_is_said(settings, tmp_path):
    path = tmp_path / PARAMS
    path.write_text(settings(), encoding="utf-8")
    assert judgement.moved(read_params(path).claims) == []
    changes = {"claims.few_points": 0.1, "claims.order_margin": 0.01, "claims.resamples": 100}
    path.write_text(settings(changes), encoding="utf-8")
    expected = ["claims.few_points is 0.1, was 0.05", "claims.order_margin is 0.01, was 0.05"]
    assert judgement.moved(read_params(path).claims) == expected
