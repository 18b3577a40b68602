"""Errors a user can cause become sentences; errors of the code keep their traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages.common import console
from stages.common.console import StageError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def end_of(capsys):
    """The exit code of a stage whose `main` raises an error, and what it prints."""

    def run(error: BaseException) -> tuple[int, str]:
        def main():
            raise error

        with pytest.raises(SystemExit) as end:
            console.run(main)
        return end.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("columns", ["20", "60", "300"])
def test_long_messages_wrap_between_words(end_of, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    path = "data/activations/" + "x" * 150 + ".npz"
    text = f"first line of {path} " + "word " * 40 + "end.\n\nSecond paragraph."
    code, shown = end_of(StageError(text))
    assert code == 1
    assert shown.split() == f"error: {text}".split()
    width = max(40, min(int(columns), 100))
    assert all(len(line) <= width or path in line for line in shown.splitlines())
    assert "\n\nSecond paragraph.\n" in shown


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EMFILE])
def test_an_error_of_the_system_is_explained(end_of, monkeypatch, number):
    monkeypatch.setenv("COLUMNS", "100")
    library = "Can't write data (file write failed: time = Mon\n, buf = 0x1)"  # HDF5's own words
    code, shown = end_of(OSError(number, library, "data/raw/dataset.npz"))
    start = f"error: The system refused data/raw/dataset.npz: {os.strerror(number)}. "
    assert code == 1
    assert " ".join(shown.split()).startswith(start)
    assert len(shown) > len(start)  # what to do
    assert "0x1" not in shown


def test_the_keyboard_stops_a_stage_with_exit_code_130(end_of):
    assert end_of(KeyboardInterrupt()) == (130, "\nstopped by the keyboard\n")


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        console.run(lambda: 1 / 0)


def test_warnings_of_libraries_do_not_end_a_stage():
    """Users may have PYTHONWARNINGS=error; what NumPy tells Keras is not about them."""
    main = (
        "import warnings; from stages.common import console;"
        "console.run(lambda: warnings.warn('of Keras', DeprecationWarning), stage=False)"
    )
    for kind, code in (("DeprecationWarning", 0), ("RuntimeWarning", 1)):
        done = subprocess.run(
            [sys.executable, "-c", main.replace("DeprecationWarning", kind)],
            env=os.environ | {"PYTHONWARNINGS": "error", "PYTHONPATH": str(ROOT)},
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
