"""A stage whose settings or code change while it runs fails."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stages.common.console import StageError
from stages.common.unchanged import unchanged

ROOT = Path(__file__).parents[2]
PIPELINE = """
stages:
  draw:
    matrix: {model: [cnn, mlp], seed: [1, 2]}
    cmd: python -m stages.draw
    deps: [data/x.npz, stages/draw, stages/common/measures.py, reports/runs]
    params: ["${item.model}", network.cnn, train.threads, missing.key]
  read:
    cmd: python -m stages.read
    deps: [params.yaml]
"""
SETTINGS = """
cnn: {epochs: 4}
mlp: {epochs: 20}
network: {cnn: {maps: [1, 2]}}
train: {threads: 2, seeds: [1, 2]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two stages, and what they read, in which the first one runs for the CNN."""
    for name, text in {
        "dvc.yaml": PIPELINE, "params.yaml": SETTINGS, "stages/draw/__main__.py": "1",
        "stages/draw/words.md": "2", "stages/common/measures.py": "3", "stages/read.py": "4",
        "data/x.npz": "5", "reports/runs/a/x.json": "1",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (0, 0))  # before this process
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "draw@cnn-1")
    monkeypatch.setattr(sys, "argv", ["stages.draw", "--model", "cnn", "--seed", "1"])
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text in a file that has it."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("params.yaml", "epochs: 4", "epochs: 5", "cnn in params.yaml"),
    ("params.yaml", "maps: [1, 2]", "maps: [1, 3]", "network.cnn in params.yaml"),
    ("params.yaml", "threads: 2, ", "", "train.threads in params.yaml"),
    ("params.yaml", "train:", "missing: {key: 1}\ntrain:", "missing.key in params.yaml"),
    ("stages/draw/__main__.py", "1", "5", "the text of stages/draw/__main__.py"),
    ("stages/draw/words.md", "2", "5", "the text of stages/draw/words.md"),
    ("stages/common/measures.py", "3", "5", "the text of stages/common/measures.py"),
])  # fmt: skip
def test_what_a_stage_reads_must_stay(project, name, old, new, said):
    with pytest.raises(StageError) as caught, unchanged():
        edit(project / name, old, new)
    assert str(caught.value).startswith(f"{said} changed while this stage ran")


@pytest.mark.parametrize(("name", "old", "new"), [
    ("params.yaml", "epochs: 20", "epochs: 5"),
    ("params.yaml", "seeds: [1, 2]", "seeds: [1, 2, 3]"),
    ("params.yaml", "cnn: {epochs", "# a comment\ncnn: {epochs"),
    ("stages/read.py", "4", "5"),
    ("dvc.yaml", "draw:", "renamed:"),
])  # fmt: skip
def test_what_it_does_not_read_may_change(project, name, old, new):
    compiled, editing = (project / "stages/draw" / of for of in ("__pycache__/x", ".x.swp"))
    for path in (compiled, editing):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    with unchanged():
        edit(project / name, old, new)
        compiled.write_text("other", encoding="utf-8")
        editing.unlink()


def test_a_comment_is_a_change_for_a_stage_that_reads_the_file(project, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "read")
    with pytest.raises(StageError, match=r"^the text of params\.yaml changed"), unchanged():
        edit(project / "params.yaml", "cnn:", "# a comment\ncnn:")


def test_a_file_that_is_gone_or_damaged_is_a_change(project):
    with pytest.raises(StageError, match=r"stages/draw/words\.md changed"), unchanged():
        (project / "stages/draw/words.md").unlink()
    with pytest.raises(StageError, match=r"^params\.yaml changed .* Mend it\."), unchanged():
        (project / "params.yaml").write_text("cnn: [", encoding="utf-8")


def test_a_file_that_is_new_is_a_change(project):
    with pytest.raises(StageError, match=r"^the text of stages/draw/more\.md changed"), unchanged():
        (project / "stages/draw/more.md").touch()


def test_what_no_stage_makes_must_stay_too(project):
    with pytest.raises(StageError, match=r"^the text of reports/runs/a/x\.json"), unchanged():
        (project / "reports/runs/a/x.json").write_text("2", encoding="utf-8")
    with unchanged():
        (project / "data/x.npz").write_text("made anew", encoding="utf-8")


def test_code_that_changed_while_it_was_imported_is_a_change(project):
    later = time.time() + 60
    os.utime(project / "stages/draw/words.md", (later, later))
    with pytest.raises(StageError, match=r"^the text of stages/draw/words\.md"), unchanged():
        pass


def test_dvc_may_be_called_from_another_folder(project, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "../dvc.yaml:draw@cnn-1")
    with pytest.raises(StageError, match=r"^cnn in"), unchanged():
        edit(project / "params.yaml", "epochs: 4", "epochs: 5")


def test_by_hand_nothing_is_recorded_and_nothing_checked(project, monkeypatch):
    monkeypatch.delenv("DVC_STAGE")
    with unchanged():
        edit(project / "params.yaml", "epochs: 4", "epochs: 5")


def test_a_stage_s_own_error_comes_first(project):
    def stage() -> None:
        with unchanged():
            edit(project / "params.yaml", "epochs: 4", "epochs: 5")
            raise StageError("no disk")

    with pytest.raises(StageError, match="no disk"):
        stage()


@pytest.mark.usefixtures("project")
def test_the_stage_fails_with_a_sentence():
    """Through the way every stage starts."""
    main = (
        "import sys; from pathlib import Path; from stages.common import console;"
        "edit = lambda: Path('params.yaml').write_text(sys.argv.pop());"
        "console.run(edit)"
    )
    changed = SETTINGS.replace("epochs: 4", "epochs: 5")
    done = subprocess.run(
        [sys.executable, "-c", main, "--model", "cnn", "--seed", "1", changed],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: cnn in params.yaml changed while this stage ran")
    assert "Traceback" not in done.stderr
