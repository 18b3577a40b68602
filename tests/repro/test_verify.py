"""Every output is hashed anew, whatever DVC believes of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stages.repro import verify as repro_verify

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


def advice(words: str) -> list[str]:
    """The paths that it says to delete."""
    deleted = re.search(r"delete (.*?), then", words)
    return deleted[1].split(" and ") if deleted else []


def test_a_damaged_file_comes_back_from_the_cache(ran):
    damage(ran.project / "b")
    code, words = verify(ran)
    assert code == 1
    assert words == ("error: b is not what DVC recorded. Delete it, then `dvc checkout b` brings "
                     "it back from DVC's cache.")  # fmt: skip
    (ran.project / "b").unlink()
    assert "b is missing. `dvc checkout b` brings it back" in verify(ran)[1]
    ran.copy.run("dvc", "checkout", "b")
    assert verify(ran)[0] == 0


@pytest.mark.parametrize(("out", "content"), [("b", b"b"), ("e", b"inside/y")])
def test_where_the_cache_is_damaged_too_the_advice_mends_it(ran, out, content):
    damage(cached(ran, content))
    for path in (ran.project / out, *(ran.project / out).rglob("*")):
        path.chmod(0o755)
    subprocess.run(["rm", "-r", ran.project / out], check=True)
    ran.copy.run("dvc", "checkout", out)  # with exit code 0
    code, words = verify(ran)
    assert code == 1
    assert (
        f"{out} is not what DVC recorded. DVC's cache is damaged, too: delete {out} and " in words
    )
    for path in advice(words):
        subprocess.run(["rm", "-rf", ran.project / path], check=True)
    assert ran.repro("--jobs", "2")[0] == 0
    assert verify(ran) == (0, "All 5 outputs are what DVC recorded.")


@pytest.mark.parametrize("change", [
    lambda folder: damage(folder / "inside/y"),
    lambda folder: (folder / "x").unlink(),
    lambda folder: (folder / "more").touch(),
])  # fmt: skip
def test_a_folder_with_another_file_comes_back(ran, change):
    change(ran.project / "e")
    assert verify(ran) == (1, "error: e is not what DVC recorded. Delete it, then `dvc checkout e` "
                              "brings it back from DVC's cache.")  # fmt: skip
    subprocess.run(["rm", "-r", ran.project / "e"], check=True)
    ran.copy.run("dvc", "checkout", "e")
    assert verify(ran)[0] == 0


def test_what_dvc_does_not_cache_is_made_anew(ran):
    pipeline = ran.project / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace("outs: [d]", "outs: [d: {cache: false}]"))
    assert ran.repro("--jobs", "2")[0] == 0
    (ran.project / "d").unlink()
    assert verify(ran)[1] == "error: d is missing. `dvc repro` makes it anew."


def test_what_was_never_made_is_named(ran):
    (ran.project / "dvc.lock").unlink()
    assert "b was never made." in verify(ran)[1]


def test_of_many_the_first_are_named(tmp_path, monkeypatch, fails):
    monkeypatch.chdir(tmp_path)
    missing = [repro_verify.Out(Path(f"out-{n}"), "abc", {}) for n in range(210)]
    monkeypatch.setattr(repro_verify, "outs", lambda: missing)
    message = fails(repro_verify.main)
    assert message.count("is missing. `dvc repro` makes it anew.") == 10
    assert message.endswith(" And 200 more of 210 outputs.")


def test_elsewhere_it_is_a_sentence(tiny):
    (tiny.project / "dvc.yaml").write_text("stages: {")
    code, words = verify(tiny)
    assert code == 1
    assert words.startswith("error: DVC cannot read this pipeline")
