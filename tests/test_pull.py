"""`make pull`: a run from DVC's remote, or what to do where it cannot be had."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .project import ROOT, Copy

pytestmark = pytest.mark.pipeline


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A DVC repository with one output, which its cache has, and the Makefile."""
    copy = Copy(tmp_path)
    copy.project.mkdir()
    shutil.copy(ROOT / "Makefile", copy.project)
    copy.run("git", "init", "-q")
    copy.run("dvc", "init", "-q")
    (copy.project / "output.txt").write_text("of a run", "utf-8")
    copy.run("dvc", "add", "-q", "output.txt")
    return copy


def lose(copy: Copy) -> None:
    """Take away the output and the cache, as in a fresh clone."""
    (copy.project / "output.txt").unlink()
    shutil.rmtree(copy.project / ".dvc/cache")


def pull(copy: Copy) -> subprocess.CompletedProcess:
    """What `make pull` does once the environment stands."""
    command = ["make", "-s", "-o", "setup", "pull"]
    return subprocess.run(command, cwd=copy.project, env=copy.environment, capture_output=True,
                          text=True, check=False)  # fmt: skip


def test_a_run_comes_from_the_remote(copy, tmp_path):
    copy.run("dvc", "remote", "add", "-q", "--default", "shelf", str(tmp_path / "shelf"))
    copy.run("dvc", "push", "-q")
    lose(copy)
    done = pull(copy)
    assert done.returncode == 0, done.stderr
    assert (copy.project / "output.txt").read_text("utf-8") == "of a run"


def test_without_a_remote_it_says_what_to_do(copy):
    lose(copy)
    done = pull(copy)
    assert done.returncode != 0
    assert "DVC knows no remote" in done.stderr
    assert "make repro" in done.stderr


def test_a_remote_without_the_run_gets_a_sentence(copy, tmp_path):
    copy.run("dvc", "remote", "add", "-q", "--default", "shelf", str(tmp_path / "shelf"))
    lose(copy)
    done = pull(copy)
    assert done.returncode != 0
    assert "could not be brought from the remote" in done.stderr
    assert "Traceback" not in done.stderr
