"""A user's own NPZ file: what is read, and the sentence for each way in which it cannot be."""

import hashlib
import io
import re
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from stages.common import artifacts, console, files
from stages.download import __main__ as download
from stages.download import own
from stages.download.datasets import RefusedError

from ..project import changed_settings

generator = np.random.default_rng(0)
GOOD = {
    "x_train": generator.integers(0, 256, (90, 32, 32)).astype(np.uint8),
    "y_train": np.arange(90) % 3,
    "x_test": generator.integers(0, 256, (30, 32, 32)).astype(np.uint8),
    "y_test": (np.arange(30) % 3).astype(">u2"),
}


def npz(**changes: np.ndarray | None) -> bytes:
    """The good file with other arrays, or without those that are None."""
    arrays = {name: value for name, value in (GOOD | changes).items() if value is not None}
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def declaring(shape: tuple[int, ...], zeros: int) -> bytes:
    """A file whose x_train says it has `shape`, and holds so many zeros."""
    stream = io.BytesIO(npz(x_train=None))
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x_train.npy", "w") as member,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(zeros >> 20):
            member.write(bytes(1 << 20))
    return stream.getvalue()


def images(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.uint8)


BAD = [
    (b"images", "it is no NPZ file. Write it with numpy.savez"),
    (npz()[:-30], "it is no NPZ file"),
    (npz()[:40] + bytes(40) + npz()[80:], "it is damaged"),
    (npz(x_train=None, images=images(9, 32, 32)), "it lacks x_train and holds .*images"),
    (npz(x_test=GOOD["x_test"] / 255), "x_test is of type float64. Images are uint8"),
    (npz(x_train=images(90, 32, 32, 3)), r"shape \(90, 32, 32, 3\), not .*make colour images grey"),
    (npz(x_train=images(90, 1024)), r"x_train has the shape \(90, 1024\), not \(n, rows, columns"),
    (npz(y_train=np.eye(3)[GOOD["y_train"]]), "y_train is of type float64. Labels are whole"),
    (npz(y_test=GOOD["y_test"][:, None]), r"y_test has the shape \(30, 1\), not \(n,\)"),
    (npz(y_train=GOOD["y_train"][1:]), "x_train has 90 images and y_train 89 labels"),
    (npz(x_train=images(90, 32, 30), x_test=images(30, 32, 30)), "of 32 x 30 pixels.*square"),
    (npz(x_test=images(30, 28, 28)), "of 28 x 28 and 32 x 32 pixels.*one size"),
    (npz(x_train=images(90, 19, 19), x_test=images(30, 19, 19)), "19 x 19 pixels.*from 20 to 64"),
    (npz(x_train=images(90, 65, 65), x_test=images(30, 65, 65)), "65 x 65 pixels.*from 20 to 64"),
    (npz(x_test=images(0, 32, 32), y_test=np.arange(0)), "no training or no test images"),
    (npz(y_train=np.zeros(90, int), y_test=np.zeros(30, int)), "0 to 0.*2 to 20 classes"),
    (npz(y_train=np.arange(90) % 21), "labels go from 0 to 20.*2 to 20 classes"),
    (npz(y_train=GOOD["y_train"] - 1), "labels go from -1 to 2. They must begin at 0"),
    (npz(y_train=GOOD["y_train"] + (GOOD["y_train"] > 0)), "no train image is of class 1"),
    (npz(y_test=np.arange(30) % 2), "no test image is of class 2"),
    (npz(x_train=np.array([{}] * 90)), "x_train holds pickled Python objects"),
    (npz(y_test=np.array([{}] * 30)), "y_test holds pickled Python objects"),
    (declaring((-90, -32, 32), 0), "it is damaged"),
    (declaring((4_000_000, 32, 32), 0), "unpack to 4,096,031,.* bytes, more than 4,000,000,000"),
    (declaring((90, 32, 32), 0), "it is damaged .x_train ends early"),
]


@pytest.mark.parametrize(("content", "reason"), BAD)
def test_a_file_that_cannot_be_used_has_its_sentence(content, reason):
    with pytest.raises(RefusedError, match=reason):
        own.check(own.read(io.BytesIO(content)))


def test_a_file_that_unpacks_to_more_than_it_declares_fills_no_memory():
    stream = io.BytesIO(declaring((90, 32, 32), 256 << 20))
    tracemalloc.start()
    try:
        assert own.check(own.read(stream)) == 3
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


@pytest.fixture
def stage(project: Path, settings, monkeypatch, capsys):
    """Run the stage on own images with these settings; returns its exit code and what it said."""
    monkeypatch.setattr(sys, "argv", ["download"])
    monkeypatch.setenv("COLUMNS", "100")

    def run(**changes: object) -> tuple[int, str]:
        of_all = {"dataset.name": "own", "dataset.validation_size": 30, "analysis.pair": [0, 2]}
        of_all |= {"analysis.contrast": [1], "activations.classes": [0, 1, 2]}
        of_all |= {key.replace("__", "."): value for key, value in changes.items()}
        (project / "params.yaml").write_text(changed_settings(settings(), of_all))
        code = 0
        try:
            console.run(download.main)
        except SystemExit as end:
            code = end.code
        output, errors = capsys.readouterr()
        return code, errors if code else output

    return run


@pytest.fixture
def pinned(project: Path) -> dict[str, object]:
    """The settings that name the good file, which is in the project."""
    (project / "mine.npz").write_bytes(npz())
    sha256 = hashlib.sha256(npz()).hexdigest()
    return {"dataset__path": "mine.npz", "dataset__sha256": sha256}


@pytest.mark.parametrize("by_columns", [False, True])
def test_own_images_become_the_dataset(stage, project, pinned, by_columns):
    if by_columns:
        content = npz(x_train=np.asfortranarray(GOOD["x_train"]))
        (project / "mine.npz").write_bytes(content)
        pinned["dataset__sha256"] = hashlib.sha256(content).hexdigest()
    code, said = stage(**pinned, dataset__class_names=["cup", "hat", "pen"])
    assert code == 0
    assert "source      mine.npz\n" in said
    arrays = artifacts.read(files.DATASET)
    origins = {"fit": ("train", 68), "validation": ("train", 22), "test": ("test", 30)}
    for part, (origin, count) in origins.items():
        rows = arrays[f"{part}_index"]
        assert len(rows) == count
        np.testing.assert_array_equal(arrays[f"{part}_images"], GOOD[f"x_{origin}"][rows])
        np.testing.assert_array_equal(arrays[f"{part}_labels"], GOOD[f"y_{origin}"][rows])
    assert arrays["class_names"].tolist() == ["cup", "hat", "pen"]
    assert str(arrays["name"]) == "own"
    stage(**pinned)
    assert artifacts.read(files.DATASET)["class_names"].tolist() == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset__path": None}, "dataset.path is missing in params.yaml"),
        ({"dataset__path": "no.npz"}, "There is no file {project}/no.npz.*the queue or.*full path"),
        ({"dataset__path": "/no.npz"}, "There is no file /no.npz. Correct dataset.path in params"),
        ({"dataset__path": "."}, "There is no file {project}"),
        ({"dataset__sha256": None}, "dataset.sha256 is missing.*\n  sha256: {sha256}\n"),
        ({"dataset__sha256": "0" * 64}, "wrong checksum.* is {sha256}, .*0000. Where the new"),
        ({"dataset__sha256": "0" * 63}, "dataset.sha256 is '0{{63}}'"),
        ({"dataset__class_names": ["cup", "hat"]}, "of 3 classes, and .*class_names.*names 2"),
        ({"dataset__class_names": ["cup", "hat", "cup"]}, "Each value may stand in it once"),
        ({"dataset__class_names": ["cup", "hat", ""]}, r"dataset.class_names\[2\] is ''"),
        ({"analysis__pair": [0, 3], "activations__classes": [0, 3]},
         r"analysis.pair is \[0, 3\]. The classes .* are 0 to 2.\n.*activations.classes"),
        ({"analysis__contrast": [1, 5]}, r"analysis.contrast is \[1, 5\]. The classes"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_lose_nothing(stage, project, pinned, changes, sentence):
    last = Path(files.DATASET.path)
    last.parent.mkdir(parents=True)
    last.write_bytes(b"of the last run")
    code, said = stage(**pinned | changes)
    assert code == 1
    expected = sentence.format(project=project, sha256=pinned["dataset__sha256"])
    assert said.startswith("error: ")
    assert re.search(expected, re.sub(r"\n  (?!sha256)", " ", said), re.DOTALL)
    assert list(last.parent.iterdir()) == [last]
    assert last.read_bytes() == b"of the last run"


def test_every_split_needs_every_class(stage, project, pinned):
    labels = np.repeat([0, 1, 2], [60, 29, 1])
    content = npz(y_train=labels)
    (project / "mine.npz").write_bytes(content)
    pinned["dataset__sha256"] = hashlib.sha256(content).hexdigest()
    code, said = stage(**pinned)
    assert code == 1
    assert "No validation image is of class 2" in said


def test_check_reads_the_file_and_has_nothing_in_its_place(stage, pinned, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["download", "--check"])
    code, said = stage(**pinned)
    assert (code, said.count("\n")) == (0, 1)
    code, said = stage(**pinned | {"dataset__path": "no.npz"})
    assert (code, said.split(maxsplit=5)[:5]) == (1, ["error:", "There", "is", "no", "file"])
