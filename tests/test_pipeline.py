"""The pipeline as DVC runs it: whole, then again after changes, in a copy of the project.

The copy holds what Git would: the tracked files and the new ones that it does not ignore.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from stages.common import artifacts, network

from .browser import checks

ROOT = Path(__file__).parents[1]
BINARIES = Path(sys.executable).parent
MNIST = ROOT.parent / "shared" / "data" / "mnist"

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.skipif(shutil.which("git") is None, reason="needs Git"),
]


class Copy:
    """A Git repository with the project's files, and DVC run inside it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        place = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
        self.environment = os.environ | {"PATH": place, "DVC_SITE_CACHE_DIR": str(folder / "site")}
        self.environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        self.environment |= variables
        # A hook of Git that runs the tests would lend them its repository.
        for name in [name for name in self.environment if name.startswith("GIT_")]:
            if not name.startswith("GIT_CONFIG"):
                del self.environment[name]
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        for name in _files():
            target = self.project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        (self.project / "dvc.lock").unlink(missing_ok=True)  # made on another machine
        self.run("git", "init", "--quiet")
        self.run("git", "add", "--all")

    def run(self, *command: str) -> str:
        """Run a command that must succeed; returns all it printed."""
        done = subprocess.run(
            command,
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def repro(self, *options: str) -> set[str]:
        """Run `dvc repro`; returns the stages that ran, as `train@cnn-0`."""
        return set(re.findall(r"^Running stage '(.+)':$", self.run("dvc", "repro", *options), re.M))

    def change(self, **values: object) -> None:
        """Change settings, with keys like `cnn__epochs`."""
        yaml = YAML()
        path = self.project / "params.yaml"
        settings = yaml.load(path.read_text(encoding="utf-8"))
        for key, value in values.items():
            group, leaf = key.split("__")
            assert leaf in settings[group]
            settings[group][leaf] = value
        text = StringIO()
        yaml.dump(settings, text)
        path.write_text(text.getvalue(), encoding="utf-8")

    def stages(self) -> set[str]:
        """Every stage of the pipeline, as `train@cnn-0`."""
        return set(self.run("dvc", "stage", "list", "--all", "--name-only").split())

    def outs(self) -> dict[str, set[str]]:
        """The outputs of each stage, from the lock that a run leaves."""
        lock = YAML(typ="safe", pure=True).load((self.project / "dvc.lock").read_text())
        return {
            stage: {out["path"] for out in entry["outs"]} for stage, entry in lock["stages"].items()
        }


def _files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("the project is no Git checkout, so what belongs to it is not known")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def families(stages: set[str]) -> set[str]:
    """Stages without what their matrix adds: `train` of `train@cnn-0`."""
    return {stage.partition("@")[0] for stage in stages}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The pipeline, run on digits with one seed and few epochs."""
    copy = Copy(tmp_path_factory.mktemp("digits"))
    copy.change(
        dataset__name="digits",
        train__seeds=[0],
        cnn__epochs=2,
        mlp__epochs=2,
        interventions__controls=20,
        replicates__images=100,
        patterns__starts=1,
        patterns__steps=8,
    )
    copy.ran = copy.repro()
    return copy


@pytest.fixture
def settings(copy: Copy) -> Iterator[Copy]:
    """The copy; its settings are brought back after the test."""
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
    assert (copy.project / "reports/index.html").stat().st_size > 100_000


@pytest.mark.browser
@checks.needs_browser
def test_the_report_opens_in_a_browser(copy):
    """The same checks as of a made-up report, on one of real images and a real network."""
    folder, page = copy.project, copy.project / "reports/index.html"
    exemplars = artifacts.read_npz(folder / artifacts.activations_folder(0) / "exemplars.npz")
    values = exemplars["conv_3"]
    head = network.read_head(folder / artifacts.model_folder("cnn", 0), *values.shape[1:])
    table = artifacts.read_csv(folder / artifacts.statistics_folder(0) / "points_conv_3.csv")
    mean = table[["mean_a", "mean_b"]].to_numpy(np.float32).T
    with checks.browser() as driver:
        checks.asks_for_nothing(driver, page)
        points = network.as_points(values)
        tried = checks.logits_are_those_of(driver, page, head, points, mean)
        checks.keyboard_is_enough(driver, page)
    assert tried == min(10, len(points))


def test_a_second_run_has_nothing_to_do(copy):
    assert copy.repro() == set()
    assert "up to date" in copy.run("dvc", "status")


def test_git_ignores_what_dvc_keeps(copy):
    new = copy.run("git", "ls-files", "--others", "--exclude-standard").splitlines()
    assert "dvc.lock" in new
    assert [name for name in new if name != "dvc.lock" and not name.startswith("reports/")] == []
    assert "reports/index.html" not in new
    assert "reports/metrics.json" in new or (ROOT / "reports/metrics.json").exists()


def test_a_level_of_the_statistics_runs_them_and_what_follows(settings):
    settings.change(statistics__common_level=0.5)
    ran = settings.repro("--dry")
    assert "map_statistics@0" in ran
    assert not {"download", "train", "evaluate", "activations"} & families(ran)


def test_a_colour_map_runs_the_report_alone(settings):
    settings.change(report__colormap="magma")
    assert settings.repro("--dry") == {"report"}


def test_a_setting_of_the_mlp_trains_no_cnn(settings):
    settings.change(mlp__learning_rate=1e-3)
    ran = settings.repro("--dry")
    assert {stage for stage in ran if stage.startswith("train@")} == {"train@mlp-0"}


def test_the_numbers_of_the_run_can_be_shown(copy):
    shown = copy.run("dvc", "metrics", "show", "--md")
    assert "reports/metrics.json" in shown
    assert "accuracy" in shown


def test_the_cache_brings_a_lost_output_back(copy):
    folder = copy.project / "data/evaluation"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    copy.run("dvc", "checkout", "data/evaluation")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_adding_a_seed_trains_that_seed_alone(settings):
    """For real: it is the last test of the copy, since the new networks stay."""
    settings.change(train__seeds=[0, 1])
    before = {
        path: path.read_bytes() for path in sorted((settings.project / "data/models").glob("*-0/*"))
    }
    ran = settings.repro()
    matrix = {"train@cnn-1", "train@mlp-1"}
    matrix |= {stage for stage in settings.stages() if stage.endswith("@1")}
    assert {stage for stage in ran if "@" in stage} == matrix
    assert {"evaluate", "report"} <= ran
    assert "download" not in ran
    assert {path: path.read_bytes() for path in before} == before
    assert settings.repro() == set()


@pytest.mark.mnist
@pytest.mark.skipif(not MNIST.is_dir(), reason="no ../shared/data/mnist beside the checkout")
def test_mnist_from_download_to_report(tmp_path):
    copy = Copy(tmp_path, DATASET_MIRROR=str(MNIST.resolve()))
    copy.change(
        train__seeds=[0],
        cnn__epochs=1,
        mlp__epochs=1,
        interventions__controls=20,
        patterns__starts=4,
        patterns__steps=30,
    )
    assert copy.repro() == copy.stages()
    shown = (copy.project / "data/evaluation/accuracy.csv").read_text().splitlines()
    rows = [dict(zip(shown[0].split(","), row.split(","), strict=True)) for row in shown[1:]]
    accuracy = {row["model"]: float(row["accuracy"]) for row in rows if row["split"] == "test"}
    assert {row["n"] for row in rows if row["split"] == "test"} == {"10000"}
    assert accuracy["cnn"] > 0.97
    assert accuracy["cnn"] > accuracy["mlp"] > 0.9
    found = artifacts.read_npz(copy.project / artifacts.patterns_file(0))
    assert len(found["map"]) == 32 + 64 + 128
    fired = np.isin(found["status"], ("reached", "unreached"))
    assert fired.sum() > 200
    assert (found["status"][fired] == "reached").all()
    assert (found["success_rate"][fired] > 0).all()  # beyond all 70,000 images
