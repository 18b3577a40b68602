"""Every output is hashed anew, whatever DVC believes of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .tiny import Tiny

FOLDER = """
import pathlib
folder = pathlib.Path("e")
(folder / "inside").mkdir(parents=True)
for name in ("x", "inside/y", "inside-z"):
    (folder / name).write_text(name)
"""

pytestmark = pytest.mark.pipeline


@pytest.fixture
def ran(tiny: Tiny) -> Tiny:
    """The small project after a run, with an output more that is a folder."""
    (tiny.project / "folder.py").write_text(FOLDER)
    with (tiny.project / "dvc.yaml").open("a") as pipeline:
        pipeline.write("  e: {cmd: python folder.py, deps: [folder.py], outs: [e]}\n")
    assert tiny.repro("--jobs", "2")[0] == 0
    return tiny


def verify(tiny: Tiny) -> tuple[int, str]:
    """Its exit code, and what it says on one line."""
    done = subprocess.run(
        [sys.executable, "-m", "stages.repro.verify"], cwd=tiny.project, text=True,
        env=tiny.copy.environment, capture_output=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def damage(path: Path) -> None:
    """Change a byte, and let time and size be what they were."""
    before = path.stat()
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cached(tiny: Tiny, content: bytes) -> Path:
    """The file in DVC's cache that holds this."""
    files = (tiny.project / ".dvc/cache/files").rglob("*")
    return next(path for path in files if path.is_file() and path.read_bytes() == content)


def test_a_finished_run_is_what_dvc_recorded(ran):
    assert verify(ran) == (0, "All 5 outputs are what DVC recorded.")
    (ran.project / "e/.unfinished-host-1-abc.npz").touch()  # of a killed stage; DVC ignores it
    (ran.project / ".dvcignore").write_text(".unfinished-*\n")
    assert verify(ran)[0] == 0


def test_a_damaged_file_comes_back_from_the_cache(ran):
    damage(ran.project / "b")
    code, words = verify(ran)
    assert code == 1
    assert words == ("error: b is not what DVC recorded. Delete it, then `dvc checkout b` brings "
                     "it back from DVC's cache.")  # fmt: skip
    (ran.project / "b").unlink()
    ran.copy.run("dvc", "checkout", "b")
    assert verify(ran)[0] == 0


def test_where_the_cache_is_damaged_too_the_stage_runs_again(ran):
    kept = cached(ran, b"b")
    damage(kept)
    (ran.project / "b").unlink()
    ran.copy.run("dvc", "checkout", "b")  # with exit code 0
    code, words = verify(ran)
    assert code == 1
    assert "b is not what DVC recorded. Delete it and " in words
    assert words.endswith("which is damaged, too, then `dvc repro` makes it anew.")
    kept.unlink()
    (ran.project / "b").unlink()
    assert ran.repro("--jobs", "2")[0] == 0
    assert verify(ran)[0] == 0


@pytest.mark.parametrize("change", [
    lambda folder: damage(folder / "inside/y"),
    lambda folder: (folder / "x").unlink(),
    lambda folder: (folder / "more").touch(),
])  # fmt: skip
def test_a_folder_with_another_file_is_named(ran, change):
    change(ran.project / "e")
    assert verify(ran) == (1, "error: e is not what DVC recorded. Delete it, then `dvc repro` "
                              "makes it anew.")  # fmt: skip


def test_what_is_missing_or_was_never_made_is_named(ran):
    (ran.project / "a").unlink()
    assert verify(ran)[1].startswith("error: a is missing. ")
    (ran.project / "dvc.lock").unlink()
    assert "b was never made." in verify(ran)[1]


def test_elsewhere_it_is_a_sentence(tiny):
    (tiny.project / "dvc.yaml").write_text("stages: {")
    code, words = verify(tiny)
    assert code == 1
    assert words.startswith("error: DVC cannot read this pipeline")
