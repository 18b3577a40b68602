"""The pipeline as DVC runs it: whole, then again after changes, in a copy of the project."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from stages.common import artifacts, files
from stages.common.cases import REACHED, UNREACHED
from stages.common.run import Run

from .declared import check_files
from .project import ROOT, Copy, page_text

MIRROR = Path(os.environ.get("DATASET_MIRROR") or "nowhere")
MNIST = MIRROR if MIRROR.is_dir() else ROOT.parent / "shared/data/mnist"
NO_MNIST = "DATASET_MIRROR names no folder, and there is no ../shared/data/mnist by the checkout"

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(shutil.which("git") is None, reason="needs Git"),
]


def families(stages: set[str]) -> set[str]:
    """Stages without what their matrix adds: `train` of `train@cnn-0`."""
    return {stage.partition("@")[0] for stage in stages}


@pytest.fixture
def adjustable(copy: Copy):
    """The copy, with settings to change for dry runs; they are brought back after the test."""
    path = copy.project / "params.yaml"
    before = path.read_bytes()
    yield copy
    path.write_bytes(before)


def test_everything_runs_and_every_output_is_there(copy):
    assert copy.ran == copy.stages()
    outs = copy.outs()
    assert set(outs) == copy.ran
    for stage, paths in outs.items():
        for path in paths:
            assert (copy.project / path).exists(), f"{stage} left no {path}"


def test_every_file_is_declared_and_is_as_declared(finished):
    check_files(finished)


def test_a_second_run_has_nothing_to_do(copy):
    assert copy.repro() == set()
    assert "up to date" in copy.run("dvc", "status")


def test_what_a_killed_write_leaves_changes_no_hash(copy):
    left = copy.project / f"data/activations/cnn-0/{artifacts.UNFINISHED}host-1-abc.npz"
    left.touch()
    try:
        assert "up to date" in copy.run("dvc", "status")
        assert "unfinished" not in copy.run("git", "status", "--short", "--untracked-files=all")
    finally:
        left.unlink()


def test_git_ignores_what_dvc_keeps(copy):
    new = copy.run("git", "ls-files", "--others", "--exclude-standard").splitlines()
    assert "dvc.lock" in new
    assert [name for name in new if name != "dvc.lock" and not name.startswith("reports/")] == []
    assert "reports/index.html" not in new


@pytest.mark.parametrize(
    ("changes", "first", "untouched"),
    [
        ({"report.colormap": "magma"}, {"report"}, {"claims"}),
        ({"statistics.common_level": 0.5}, {"map_statistics", "report"}, {"activations"}),
        ({"claims.few_points": 0.1}, {"probes", "claims", "report"}, {"interventions"}),
        ({"claims.shift_loss": 0.1}, {"claims", "report"}, {"evaluate", "probes"}),
    ],
)
def test_a_setting_runs_what_reads_it_and_what_follows(adjustable, changes, first, untouched):
    adjustable.change(changes)
    ran = families(adjustable.repro("--dry"))
    assert first <= ran
    assert not (untouched | {"download", "train"}) & ran


@pytest.mark.parametrize(
    ("changes", "model"),
    [({"mlp.learning_rate": 1e-3}, "mlp"), ({"network.cnn.maps": [4, 6]}, "cnn")],
)
def test_a_setting_of_one_network_trains_no_other(adjustable, changes, model):
    adjustable.change(changes)
    trained = {stage for stage in adjustable.repro("--dry") if stage.startswith("train@")}
    assert trained == {f"train@{model}-0", f"train@{model}-1"}


def reworded(copy: Copy) -> str:
    """Put words before the result of a claim that is decided; returns the new result."""
    claims = json.loads((copy.project / "reports/claims.json").read_text(encoding="utf-8"))
    decided = ((of["id"], part) for of in claims for part in of["parts"])
    letter, row = next(of for of in decided if of[1]["outcome"] in ("supported", "refuted"))
    (path,) = copy.project.glob(f"stages/claims/{letter.lower()}_*.py")
    text = re.sub(r"((?:holds|fails)=\(?f?\")", r"\1In new words, ", path.read_text("utf-8"))
    path.write_text(text, encoding="utf-8")
    return f"In new words, {row['result']}"


def test_a_reworded_claim_and_section_run_claims_and_report_alone(copy, tmp_path):
    """For real: the new words stand in the report, and no number has changed."""
    other = copy.again(tmp_path)
    words = reworded(other)
    section = other.project / "stages/report/sections/methods/limits.md"
    section.write_text(section.read_text() + "\nOne more sentence, for a test.\n")
    assert other.repro() == {"claims", "report"}
    page = page_text(other.project)
    assert words in page
    assert "One more sentence, for a test." in page
    numbers = [(of.project / "reports/metrics.json").read_bytes() for of in (copy, other)]
    assert numbers[0] == numbers[1]


@pytest.mark.slow
def test_another_seed_runs_its_own_stages_and_those_that_gather(copy, tmp_path):
    other = copy.again(tmp_path)
    other.change({"train.seeds": [0, 1, 2]})
    models = sorted((other.project / "data/models").glob("*-[01]/*"))
    before = {path: path.read_bytes() for path in models}
    ran = other.repro_by_two()
    own = {stage for stage in other.stages() if re.search(r"[@-]2$", stage)}
    # Changed images are read by all networks shown: the stage depends on the folder of models.
    reads_others = {stage for stage in other.stages() if stage.startswith("smallest_change@")}
    assert ran == own | reads_others | {"evaluate", "replicates", "claims", "report"}
    assert {path: path.read_bytes() for path in before} == before
    assert other.repro() == set()


@pytest.mark.mnist
@pytest.mark.skipif(not MNIST.is_dir(), reason=NO_MNIST)
def test_mnist_from_download_to_report(tmp_path):
    copy = Copy.of_checkout(tmp_path, DATASET_MIRROR=str(MNIST.resolve()))
    copy.change({"train.seeds": [0], "analysis.shown_seeds": [0]})
    copy.change({"cnn.epochs": 1, "mlp.epochs": 1})
    copy.change({"interventions.controls": 20, "patterns.starts": 4, "patterns.steps": 30})
    copy.repro_by_two()
    assert copy.repro() == set()
    run = Run.of(copy.project)
    table = run.read(files.ACCURACY)
    test = table[table["split"] == "test"].set_index("model")
    assert set(test["n"]) == {10_000}
    assert test.loc["cnn", "accuracy"] > 0.97
    assert test.loc["cnn", "accuracy"] > test.loc["mlp", "accuracy"] > 0.9
    patterns = run.read(files.PATTERNS, seed=0)
    assert len(patterns["map"]) == 32 + 64 + 128
    active = np.isin(patterns["status"], (REACHED, UNREACHED))
    assert active.sum() > 200
    assert (patterns["status"][active] == REACHED).mean() > 0.95
    # Beyond all 70,000 images, but for conv_1: the best patches of 3 x 3 pixels are among them.
    later = active & (patterns["layer"] != "conv_1")
    assert (patterns["success_rate"][later] > 0).mean() > 0.95
    assert {patterns[f"conv_{k}_pattern"].shape[1] for k in (1, 2, 3)} == {3, 8, 18}
