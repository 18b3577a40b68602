"""Errors a user can cause become sentences; errors of the code keep their traceback."""

import errno
import io
import os

import pytest

from stages.common import console
from stages.common.console import StageError


def end_of(main, capsys):
    with pytest.raises(SystemExit) as end:
        console.run(main)
    return end.value.code, capsys.readouterr().err


def raiser(error):
    def main():
        raise error

    return main


def test_a_stage_that_succeeds_just_ends(capsys):
    console.run(lambda: console.say("done"))
    assert capsys.readouterr().out == "done\n"


def test_a_stage_error_is_its_message_and_exit_code_1(capsys):
    assert end_of(raiser(StageError("It is late.")), capsys) == (1, "error: It is late.\n")


@pytest.mark.parametrize("columns", ["20", "60", "300"])
def test_long_messages_wrap_between_words(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    path = "data/activations/" + "x" * 150 + ".npz"
    text = f"first line of {path} " + "word " * 40 + "end.\n\nSecond paragraph."
    code, shown = end_of(raiser(StageError(text)), capsys)
    assert code == 1
    assert path in shown
    assert shown.split() == f"error: {text}".split()
    width = max(40, min(int(columns), 100))
    assert all(len(line) <= width or path in line for line in shown.splitlines())
    assert "\n\nSecond paragraph.\n" in shown


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Free some space there"),
        (errno.EACCES, "Give yourself the right to it"),
        (errno.EPERM, "Give yourself the right to it"),
        (errno.EROFS, "The file system is read-only"),
        (errno.EMFILE, "Mend that"),
    ],
)
def test_what_the_system_refuses_is_explained(capsys, monkeypatch, number, advice):
    monkeypatch.setenv("COLUMNS", "100")
    error = OSError(number, os.strerror(number), "data/raw/dataset.npz")
    code, shown = end_of(raiser(error), capsys)
    assert code == 1
    assert " ".join(shown.split()).startswith(
        f"error: The system refused data/raw/dataset.npz: {os.strerror(number)}. {advice}"
    )


def test_a_library_s_paragraph_gives_way_to_the_system_s_words(capsys):
    error = OSError(errno.ENOSPC, "Can't write data (file write failed: time = Mon\n, buf = 0x1)")
    _, shown = end_of(raiser(error), capsys)
    assert "The system refused: No space left on device." in " ".join(shown.split())
    assert "0x1" not in shown


def test_an_error_without_a_number_keeps_its_own_words(capsys):
    _, shown = end_of(raiser(OSError("the tape broke")), capsys)
    assert "The system refused: the tape broke. Mend that" in shown


def test_the_keyboard_stops_a_stage_with_exit_code_130(capsys):
    assert end_of(raiser(KeyboardInterrupt()), capsys) == (130, "\nstopped by the keyboard\n")


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        console.run(lambda: 1 / 0)


def test_progress_passes_items_through_and_is_silent_without_a_terminal(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    assert list(console.progress(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert list(console.progress(iter("ab"), "spelling", total=2)) == ["a", "b"]
    assert stream.getvalue() == ""
