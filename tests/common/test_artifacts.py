"""Files appear whole or not at all, and one that is not as declared is a sentence that names it."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, console, files
from stages.common.console import StageError
from stages.common.files import File

NPZ = File(
    "out/{seed}.npz", "test", "Arrays.", """
    x: float32 (n, 3), values
    gaps: float32? (n), values
    label: str (n), words
    {layer}: float32 (n, r, r), of every layer
""")  # fmt: skip
CSV = File(
    "out/{seed}.csv", "test", "A table.", """
    map: int, number
    value: float?, may be missing
    auroc: interval, three columns
    share: float, never missing
    dead: bool, yes or no
    word: str, text
""")  # fmt: skip
JSON = File("out/{seed}.json", "test", "Anything.")

ARRAYS = {
    "x": np.arange(6, dtype=np.float32).reshape(2, 3),
    "gaps": np.array([0, np.nan], np.float32),
    "label": np.array(["four", "nine"]),
    "conv_1": np.zeros((2, 5, 5), np.float32),
    "conv_2": np.zeros((2, 3, 3), np.float32),
}
TABLE = pd.DataFrame(
    [[0, 0.1, 0.5, 0.4, 1.0, 1 / 3, True, "a"], [1, *[np.nan] * 4, 1.0, False, "b"]],
    columns=["map", "value", "auroc", "auroc_low", "auroc_high", "share", "dead", "word"],
)
CONTENTS = {NPZ: ARRAYS, CSV: TABLE, JSON: {"b": 1, "a": [0.1, "é"]}}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "out"


def refused(file):
    """The sentence with which the reader refuses a file."""
    with pytest.raises(StageError) as error:
        artifacts.read(file, seed=7)
    path, message = artifacts.path_of(file, seed=7), str(error.value)
    assert message.startswith(f"{path} ")
    assert message.endswith(f" run `dvc repro`, which makes {path.name} anew.")
    return message


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(folder, error):
    def write(temporary):
        temporary.write_text("half")
        raise error

    artifacts.write_text(folder / "a.txt", "old\n")
    for name in ("a.txt", "b.txt"):
        with pytest.raises(type(error)):
            artifacts.replace(folder / name, write)
    assert [path.read_text() for path in folder.iterdir()] == ["old\n"]


def test_the_new_file_takes_the_name_in_one_step(folder):
    """Who reads the old file goes on reading it; Keras needs the endings of the final name."""
    path = folder / "model.weights.h5"
    artifacts.write_text(path, "old\n")

    def write(temporary):
        assert temporary.parent == folder
        assert temporary.suffixes[-2:] == [".weights", ".h5"]
        temporary.write_text("new\n")

    with path.open() as reader:
        artifacts.replace(path, write)
        assert reader.read() == "old\n"
    assert path.read_text() == "new\n"
    assert list(folder.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


KILLED = """
import os, sys
from pathlib import Path
from stages.common import artifacts

def die(temporary):
    temporary.write_text("half")
    print(temporary.name)
    sys.stdout.flush()
    os._exit(9)

artifacts.replace(Path("data/table.csv"), die)
"""


def test_what_a_killed_stage_left_goes_when_the_next_one_starts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip
    (left,) = Path("data").iterdir()
    assert done.stdout.strip() == left.name
    *place, process, _ = left.name.split("-")
    mine, elsewhere, strange, old = (
        left.with_name(f"{artifacts.UNFINISHED}{name}") for name in (
            f"{place[-1]}-{os.getpid()}-abc.csv", f"elsewhere-{process}-abc.csv", "strange",
            f"elsewhere-{process}-old.csv",
        )
    )  # fmt: skip
    for path in (mine, elsewhere, strange, old):
        path.touch()
    os.utime(old, (0, 0))
    console.run(lambda: None)  # as a stage starts
    assert set(Path("data").iterdir()) == {mine, elsewhere, strange}


def test_dvc_and_git_ignore_temporary_files():
    root = Path(__file__).parents[2]
    for name in (".dvcignore", ".gitignore"):
        assert f"{artifacts.UNFINISHED}*" in (root / name).read_text("utf-8").splitlines()


def test_the_bytes_depend_on_the_contents_alone(monkeypatch):
    def written(seed):
        for file, content in CONTENTS.items():
            artifacts.write(file, content, seed=seed)
        return [artifacts.path_of(file, seed=seed).read_bytes() for file in CONTENTS]

    first = written(1)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert written(2) == first
    rows = b"0,0.1,0.5,0.4,1.0,0.3333333333333333,True,a\n1,,,,,1.0,False,b\n"
    assert first[1].partition(b"\n")[2] == rows
    assert first[2].decode() == '{\n  "b": 1,\n  "a": [\n    0.1,\n    "é"\n  ]\n}\n'


@pytest.mark.parametrize("file", CONTENTS)
def test_a_full_disk_is_a_sentence_and_leaves_nothing(folder, monkeypatch, fails, file):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    message = fails(lambda: artifacts.write(file, CONTENTS[file], seed=7))
    assert message.startswith("The system refused: No space left on device.")
    assert list(folder.iterdir()) == []


def test_what_was_written_is_read_back():
    for file, content in CONTENTS.items():
        artifacts.write(file, content, seed=7)
    arrays = artifacts.read(NPZ, seed=7)
    assert list(arrays) == list(ARRAYS)
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], values)
    assert list(artifacts.read(NPZ, "label", "conv_2", seed=7)) == ["label", "conv_2"]
    pd.testing.assert_frame_equal(artifacts.read(CSV, seed=7), TABLE)
    assert artifacts.read(JSON, seed=7) == CONTENTS[JSON]


def test_a_table_gives_every_float_back_exactly():
    generator = np.random.default_rng(0)
    values = generator.integers(0, 2**64, 300, dtype=np.uint64, endpoint=False).view(np.float64)
    values = np.r_[values[np.isfinite(values)], generator.random(300), 5e-324, -0.0]
    file = File("a.csv", "test", "Numbers.", "value: float, any")
    artifacts.write(file, pd.DataFrame({"value": values}))
    np.testing.assert_array_equal(artifacts.read(file)["value"].to_numpy(), values)


@pytest.mark.parametrize("file", CONTENTS)
def test_missing_and_damaged_files_are_sentences(folder, file):
    assert "is missing." in refused(file)
    folder.mkdir()
    for content in (b"", b"<html>", b"\x80\x04N.", b"PK\x03\x04" + bytes(40), b'{"a": 1', b"\xff"):
        artifacts.path_of(file, seed=7).write_bytes(content)
        assert "pickle" not in refused(file)


@pytest.mark.filterwarnings("error")
def test_no_damaged_byte_changes_an_array_or_shows_a_traceback():
    file = File("out/{seed}.npz", "test", "Arrays.", "x: float32 (n), values\nname: str (), a word")
    content = {"x": np.arange(4, dtype=np.float32), "name": np.array("digits")}
    artifacts.write(file, content, seed=7)
    path = artifacts.path_of(file, seed=7)
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        refused(file)
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            arrays = artifacts.read(file, "x", "name", seed=7)
        except StageError:
            continue
        assert all(np.array_equal(arrays[name], content[name]) for name in content)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"x": None}, "it lacks the array x"),
        ({"x": ARRAYS["x"].astype(float)}, "x is of type float64, not float32"),
        ({"x": ARRAYS["x"][:, :2]}, "x has the shape (2, 2), not n, 3"),
        ({"gaps": np.zeros(3, np.float32)}, "gaps has the shape (3,), not n"),
        ({"x": ARRAYS["x"] + np.float32("nan")}, "x holds a value that is infinite or no number"),
        ({"conv_2": np.zeros((2, 3, 4), np.float32)}, "conv_2 has the shape (2, 3, 4), not n, r"),
        ({"conv_1": np.zeros((3, 5, 5), np.float32)}, "conv_1 has the shape (3, 5, 5), not n, r"),
        ({"label": np.array([{}, 1], object)}, "Object arrays cannot be loaded"),
        ({"share": None}, "it lacks the column share"),
        ({"share": [0.5, np.nan]}, "the column share has a cell that is empty or infinite"),
        ({"map": [0.5, 1]}, "the column map is not of type int throughout"),
        ({"share": ["0.5", "x"]}, "the column share is not of type float throughout"),
        ({"dead": [True, None]}, "the column dead is not of type bool throughout"),
    ],
)
def test_what_is_not_as_declared_is_named(change, fault):
    file, content = (NPZ, ARRAYS) if set(change) <= set(ARRAYS) else (CSV, dict(TABLE))
    content = {name: values for name, values in (content | change).items() if values is not None}
    artifacts.write(file, content if file is NPZ else pd.DataFrame(content), seed=7)
    assert fault in refused(file)


def test_what_is_in_git_comes_back_from_git(folder):
    committed = JSON._replace(path="out/params.yaml", stage=files.COMMITTED)
    for text in (None, "a: [1, 2"):
        if text:
            folder.mkdir()
            (folder / "params.yaml").write_text(text)
        with pytest.raises(StageError, match=r"Bring it back with `git restore out/params.yaml`"):
            artifacts.read(committed)
    (folder / "params.yaml").write_text("a: [1, 2.0e-2]\n")
    assert artifacts.read(committed) == {"a": [1, 0.02]}
