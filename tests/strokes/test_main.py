"""The stage on cups, rings and discs: which images are edited, by what on validation images."""

import numpy as np
import pytest

from stages.common import artifacts, files
from stages.common.cases import CLOSED, OPENED
from stages.common.run import Run
from stages.strokes.__main__ import main

from .shapes import SIDE, cup, ring

DISC = (np.hypot(*(np.indices((SIDE, SIDE)) - 9.5)) < 5).astype(np.uint8) * 255


def nested() -> np.ndarray:
    """A ring in a frame: with the top of the frame erased, the ring is left."""
    image = ring()
    image[[1, 18], 1:19] = 255
    image[1:19, [1, 18]] = 255
    return image


@pytest.fixture
def run_on(tmp_path, monkeypatch, settings):
    """Run the stage on validation and test images of classes 2 and 1; what it wrote."""
    monkeypatch.chdir(tmp_path)

    def run_on(validation, test, pair=(2, 1)):
        changes = {"analysis.pair": list(pair), "analysis.contrast": [], "dataset.name": "digits",
                   "activations.classes": list(pair)}  # fmt: skip
        (tmp_path / "params.yaml").write_text(settings(changes))
        arrays = {"class_names": np.array(["0", "1", "2"]), "name": np.array("made up")}
        for split, images in (("validation", validation), ("test", test)):
            pixels = np.array([image for of in images for image in of])
            labels = np.repeat([2, 1], list(map(len, images))).astype(np.uint8)
            arrays |= {f"{split}_images": pixels, f"{split}_labels": labels}
        for name, form in artifacts.forms(files.DATASET).items():
            empty = np.zeros((1,) * len(form.sizes), form.dtype if form.dtype != "str" else str)
            arrays.setdefault(name, empty)
        path = artifacts.path_of(files.DATASET)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **arrays)
        main()
        return Run.of(tmp_path)

    return run_on


def edits(run, split="test") -> dict[str, list[int]]:
    """By edit, the classes of the images that were edited."""
    data, labels = run.read(files.EDITED, split=split), run.dataset_array(f"{split}_labels")
    return {edit: labels[data["index"][data["edit"] == edit]].tolist() for edit in (CLOSED, OPENED)}


CUPS, RINGS = [cup(0), cup(1), cup(0, 1)], [ring(0), ring(1), ring(0, 1)]


@pytest.mark.parametrize("pair", [(2, 1), (1, 2)])
def test_the_class_with_fewer_loops_is_closed_whichever_comes_first(run_on, pair):
    run = run_on((CUPS, RINGS), (CUPS, RINGS), pair)
    assert edits(run) == {CLOSED: [2] * 3, OPENED: [1] * 3}
    assert edits(run, "validation") == {CLOSED: [2] * 3, OPENED: [1] * 3}
    assert set(run.read(files.EDITED, split="validation")["edit"]) == {CLOSED, OPENED}


def test_images_with_a_loop_are_not_closed_and_those_without_not_opened(run_on):
    mixed = [cup(0), ring(0), cup(1)], [ring(0), cup(0), ring(1)]
    assert edits(run_on((CUPS, RINGS), mixed)) == {CLOSED: [2, 2], OPENED: [1, 1]}


def test_validation_images_say_whether_the_classes_differ(run_on):
    alike = RINGS, RINGS
    assert not len(run_on(alike, (CUPS, RINGS)).read(files.EDITED, split="test")["edit"])
    assert edits(run_on((CUPS, RINGS), alike)) == {CLOSED: [], OPENED: [1] * 3}


def test_classes_must_differ_by_half(run_on):
    third = [cup(0), cup(1), ring(0)], [cup(0), ring(0), ring(1)]
    assert edits(run_on(third, (CUPS, RINGS))) == {CLOSED: [], OPENED: []}
    most = [cup(0), cup(1), ring(0)], RINGS
    assert edits(run_on(most, (CUPS, RINGS)))[CLOSED] == [2] * 3


def test_what_cannot_be_closed_or_opened_is_left_out(run_on, capsys):
    run = run_on(([DISC] * 3, RINGS), ([DISC] * 3, [nested(), ring(0), nested()]))
    assert edits(run) == {CLOSED: [], OPENED: [1]}
    assert "0 closed, 1 opened" in capsys.readouterr().out
