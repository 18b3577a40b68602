"""Files appear whole or not at all, and a damaged one is a sentence that names it."""

import errno
import json
import os
import stat

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts
from stages.common.console import StageError

ARRAYS = {"x": np.arange(6, dtype=np.float32).reshape(2, 3), "name": np.array("digits")}
TABLE = pd.DataFrame({"map": [0, 1], "value": [0.1, np.nan], "dead": [True, False]})


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def refuse(number):
    """A writer that leaves a beginning, then fails as the system does."""

    def write(temporary):
        temporary.write_text("half")
        raise OSError(number, os.strerror(number), str(temporary))

    return write


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "old.txt"
    artifacts.write_text(path, "old\n")
    for error in (OSError(errno.ENOSPC, "full"), ValueError("a bug"), KeyboardInterrupt()):

        def write(temporary, error=error):
            temporary.write_text("half")
            raise error

        with pytest.raises(type(error)):
            artifacts.replace(path, write)
        assert files(tmp_path) == ["old.txt"]
        assert path.read_text() == "old\n"


def test_a_writer_that_fails_leaves_no_file_where_there_was_none(tmp_path):
    with pytest.raises(OSError, match="No space left"):
        artifacts.replace(tmp_path / "new" / "a.txt", refuse(errno.ENOSPC))
    assert files(tmp_path / "new") == []


def test_the_writer_sees_another_name_in_the_same_folder_with_the_same_endings(tmp_path):
    seen = []
    path = tmp_path / "deep" / "model.weights.h5"

    def write(temporary):
        seen.append(temporary)
        assert not path.exists()
        temporary.write_text("whole")

    artifacts.replace(path, write)
    assert seen[0].parent == path.parent
    assert seen[0] != path
    assert seen[0].suffixes[-2:] == [".weights", ".h5"]
    assert files(path.parent) == ["model.weights.h5"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_who_reads_the_old_file_goes_on_reading_it(tmp_path):
    """The new file takes the name in one step; nothing is written into the old one."""
    path = tmp_path / "a.txt"
    artifacts.write_text(path, "old\n")
    with path.open() as reader:
        artifacts.write_text(path, "new\n")
        assert reader.read() == "old\n"
    assert path.read_text() == "new\n"


def test_folders_of_a_seed():
    assert str(artifacts.model_folder("mlp", 3)) == "data/models/mlp-3"
    assert str(artifacts.activations_folder(3)) == "data/activations/cnn-3"
    assert str(artifacts.statistics_folder(3)) == "data/statistics/cnn-3"


def test_an_npz_file_gives_back_what_was_written(tmp_path):
    path = tmp_path / "a.npz"
    artifacts.write_npz(path, ARRAYS)
    arrays = artifacts.read_npz(path)
    assert list(arrays) == ["x", "name"]
    assert arrays["x"].dtype == np.float32
    np.testing.assert_array_equal(arrays["x"], ARRAYS["x"])
    assert str(arrays["name"]) == "digits"
    assert list(artifacts.read_npz(path, "name")) == ["name"]


def test_the_bytes_of_npz_csv_and_json_depend_on_the_contents_alone(tmp_path, monkeypatch):
    def write(folder):
        artifacts.write_npz(folder / "a.npz", ARRAYS)
        artifacts.write_csv(folder / "a.csv", TABLE)
        artifacts.write_json(folder / "a.json", {"b": 1, "a": [0.1, "é"]})
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    first = write(tmp_path / "first")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert write(tmp_path / "second") == first
    assert first["a.csv"] == b"map,value,dead\n0,0.1,True\n1,,False\n"
    assert first["a.json"].decode() == '{\n  "b": 1,\n  "a": [\n    0.1,\n    "é"\n  ]\n}\n'


@pytest.mark.parametrize("seed", range(5))
def test_a_table_gives_every_float_back_exactly(tmp_path, seed):
    generator = np.random.default_rng(seed)
    bits = generator.integers(0, 2**64, 300, dtype=np.uint64, endpoint=False)
    values = bits.view(np.float64)
    values = np.concatenate([values[np.isfinite(values)], generator.random(300), [5e-324, -0.0]])
    path = tmp_path / "a.csv"
    artifacts.write_csv(path, pd.DataFrame({"value": values}))
    np.testing.assert_array_equal(artifacts.read_csv(path)["value"].to_numpy(), values)


def test_a_table_keeps_numbers_truths_and_gaps(tmp_path):
    path = tmp_path / "a.csv"
    artifacts.write_csv(path, TABLE)
    pd.testing.assert_frame_equal(artifacts.read_csv(path, ("map", "dead")), TABLE)


def test_json_refuses_nan_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    artifacts.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifacts.write_json(path, {"a": float("nan")})
    assert files(tmp_path) == ["a.json"]
    assert artifacts.read_json(path) == {"a": 1}


READERS = {
    "a.npz": lambda path: artifacts.read_npz(path, "x"),
    "a.csv": lambda path: artifacts.read_csv(path, ("value",)),
    "a.json": artifacts.read_json,
}


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_a_sentence(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(StageError) as error:
        READERS[name](path)
    assert str(error.value) == (
        f"{path} is missing. Delete it if it is there, then run `dvc repro`, "
        f"which makes {name} anew."
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.npz", b""),
        ("a.npz", b"<html>not found</html>"),
        ("a.npz", b"\x80\x04N."),
        ("a.npz", b"PK\x03\x04" + bytes(40)),
        ("a.csv", b""),
        ("a.csv", b'value\n"1'),
        ("a.csv", b"value\n1,2,3\n4\n5,6,7,8,9\n"),
        ("a.csv", b"value\n\xff\xfe\n"),
        ("a.json", b""),
        ("a.json", b'{"a": 1'),
        ("a.json", b"\xff"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StageError) as error:
        READERS[name](path)
    message = str(error.value)
    assert message.startswith(f"{path} cannot be read, it is damaged (")
    assert message.endswith(f"then run `dvc repro`, which makes {name} anew.")
    assert "pickle" not in message


def test_a_single_array_under_an_npz_name_is_a_sentence(tmp_path):
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(StageError, match=r"damaged \(this is no whole NPZ file\)"):
        artifacts.read_npz(path, "x")


def test_an_npz_file_cut_off_anywhere_is_a_sentence(tmp_path):
    path = tmp_path / "a.npz"
    artifacts.write_npz(path, ARRAYS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(StageError, match=r"a\.npz"):
            artifacts.read_npz(path, "x", "name")


@pytest.mark.filterwarnings("error")
def test_no_damaged_byte_of_an_npz_file_changes_an_array_or_shows_a_traceback(tmp_path):
    path = tmp_path / "a.npz"
    artifacts.write_npz(path, ARRAYS)
    whole = path.read_bytes()
    refused = 0
    for position in range(len(whole)):
        for bits in (0x01, 0x04, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[position] ^= bits
            path.write_bytes(damaged)
            try:
                arrays = artifacts.read_npz(path, "x", "name")
            except StageError as error:
                assert str(path) in str(error)  # noqa: PT017
                refused += 1
                continue
            for name, values in ARRAYS.items():
                np.testing.assert_array_equal(arrays[name], values)
    assert refused > len(whole)  # of four times as many; the others hit dates and padding


def test_a_missing_array_and_a_missing_column_are_named(tmp_path):
    artifacts.write_npz(tmp_path / "a.npz", ARRAYS)
    with pytest.raises(StageError, match=r"a\.npz is not complete: .*y.*dvc repro"):
        artifacts.read_npz(tmp_path / "a.npz", "x", "y")
    artifacts.write_csv(tmp_path / "a.csv", TABLE)
    with pytest.raises(StageError, match=r"a\.csv lacks the column p_value\. .*dvc repro"):
        artifacts.read_csv(tmp_path / "a.csv", ("map", "p_value"))


def test_objects_are_never_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.array([json], dtype=object)[:0], y=np.array([{}], dtype=object))
    with pytest.raises(StageError, match="damaged"):
        artifacts.read_npz(path, "y")


WRITERS = {
    "a.npz": lambda path: artifacts.write_npz(path, ARRAYS),
    "a.csv": lambda path: artifacts.write_csv(path, TABLE),
    "a.json": lambda path: artifacts.write_json(path, [1]),
    "a.txt": lambda path: artifacts.write_text(path, "text\n"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, monkeypatch, fails, name):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    message = fails(lambda: WRITERS[name](tmp_path / name))
    assert message == (
        "The system refused: No space left on device. Free some space there, "
        "then run the stage again."
    )
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path, fails, name):
    (tmp_path / "data").write_text("a file where a folder should be")
    message = fails(lambda: WRITERS[name](tmp_path / "data" / "raw" / name))
    assert message.startswith("The system refused ")
    assert str(tmp_path / "data") in message
    assert "Not a directory" in message
    assert files(tmp_path) == ["data"]


def test_a_folder_in_the_place_of_a_file_is_a_sentence(tmp_path, fails):
    (tmp_path / "a.npz").mkdir()
    message = fails(lambda: artifacts.read_npz(tmp_path / "a.npz"))
    assert "Is a directory" in message
    assert str(tmp_path / "a.npz") in message
