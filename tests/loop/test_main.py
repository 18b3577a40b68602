"""Both stages on a network that reads one pixel between the tips of a cup."""

import sys

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files
from stages.common.cases import CLOSED, CLOSED_ELSEWHERE, DRAWN, ERASED, GAP, LOWER, NARROW, OPENED
from stages.common.run import Run
from stages.loop import __main__ as stage
from stages.loop import points
from stages.loop.__main__ import main
from stages.strokes import loops
from stages.strokes.__main__ import main as strokes_main

from .conftest import CUP, PIXEL, RING

WRITTEN = [file for file in files.FILES if file.stage == "loop"]


@pytest.fixture
def run(project, monkeypatch):
    """The project after both stages."""
    strokes_main()
    monkeypatch.setattr(sys, "argv", ["loop", "--seed", "0"])
    main()
    return Run.of(project.root)


def inked(images: np.ndarray) -> np.ndarray:
    """What both networks read: whether PIXEL and the one below have enough ink together."""
    (row, column), scaled = PIXEL, images / np.float32(255)
    return 8 * (scaled[:, row, column] + scaled[:, row + 1, column]) > 4


def test_the_edited_images_are_those_of_the_classes(run):
    edited, labels = run.read(files.EDITED, split="test"), run.dataset_array("test_labels")
    label = labels[edited["index"]]
    assert set(label[np.isin(edited["edit"], [CLOSED, GAP, DRAWN])]) == {CUP}
    assert set(label[np.isin(edited["edit"], [OPENED, NARROW, ERASED])]) == {RING}
    assert (edited["edit"] == CLOSED).sum() == 11  # the twelfth has a loop
    assert (edited["edit"] == OPENED).sum() == 12
    np.testing.assert_array_equal(edited["loop"], loops.has_loop(edited["image"]))
    whole = ~np.isin(edited["edit"], [GAP, NARROW])
    expected = np.isin(edited["edit"], [CLOSED, LOWER, CLOSED_ELSEWHERE, ERASED])
    np.testing.assert_array_equal(edited["loop"][whole], expected[whole])
    known = run.read(files.EDITED, split="validation")
    assert set(known["edit"]) == {CLOSED, OPENED}
    table = run.read(files.LOOPS)
    assert table.groupby(["split", "label"])["loop"].sum().to_dict() == {
        ("test", CUP): 1, ("test", RING): 12, ("validation", CUP): 1, ("validation", RING): 6,
    }  # fmt: skip


def test_answers_change_where_the_known_pixel_does(run):
    edited = run.read(files.EDITED, split="test")
    label = run.dataset_array("test_labels")[edited["index"]]
    table = run.read(files.EDITS, seed=0)
    assert set(table["model"]) == {"cnn", "mlp"}
    before = inked(run.dataset_array("test_images"))[edited["index"]]
    right = before == (label == RING)
    flipped = inked(edited["image"]) != (label == RING)
    for row in table.itertuples():
        here = (edited["edit"] == row.edit) & (edited["size"] == row.size) & right
        by_image = pd.Series(flipped[here]).groupby(edited["index"][here]).mean()
        assert row.images == len(by_image)
        assert row.flipped == pytest.approx(by_image.mean())
        for name in ("ink", "loop"):
            values = pd.Series(edited[name][here].astype(float))
            by_image = values.groupby(edited["index"][here]).mean()
            assert getattr(row, name) == pytest.approx(by_image.mean(), abs=1e-4)
    by_edit = table.query("model == 'cnn'").set_index(["edit", "size"])["flipped"]
    assert by_edit[CLOSED, 0] == by_edit[OPENED, 0] == by_edit[NARROW, 1] == 1
    assert by_edit[GAP, 6] == 0
    assert by_edit[DRAWN, 0] < 1


def test_one_point_carries_what_the_network_reads(run):
    curves = run.read(files.CARRIED, seed=0)
    assert (curves.query("k >= 2")["flipped"] == 1).all()
    assert (curves.query("k == 2")["flipped_control_mean"] < 0.1).all()
    effects = run.read(files.LOOP_POINTS, seed=0)
    best = effects.nlargest(2, "effect_closed")
    assert set(zip(best["map"], best["row"] + 1, best["column"] + 1, strict=True)) == {
        (0, PIXEL[0], PIXEL[1]), (0, PIXEL[0] + 1, PIXEL[1]),
    }  # fmt: skip
    assert (effects["effect_closed"] > 0).sum() == 2


def test_points_are_selected_on_validation_and_reported_on_test_images(run, monkeypatch):
    """Of 6 validation and 12 test images of each class; of the cups one has a loop."""
    seen = {"effects": [], "flipped": [], "probe": [], "best": []}

    def record(name, function, size):
        def recorded(*arguments):
            seen[name].append(size(*arguments))
            return function(*arguments)

        return recorded

    monkeypatch.setattr(points, "mean_effects", record(
        "effects", points.mean_effects, lambda _, images: len(images.before)))  # fmt: skip
    monkeypatch.setattr(points, "flipped_along", record(
        "flipped", points.flipped_along, lambda _, images, *__: len(images.before)))  # fmt: skip
    monkeypatch.setattr(stage, "within_row", record(
        "probe", stage.within_row, lambda scores, _: len(scores)))  # fmt: skip
    monkeypatch.setattr(points, "best_points", record(
        "best", points.best_points, lambda auroc, *_: auroc))  # fmt: skip
    main()
    assert seen["effects"] == [5, 6]
    assert set(seen["flipped"]) == {11, 12}
    assert set(seen["probe"]) == {12}
    for label, auroc in zip(run.pair, seen["best"], strict=True):
        known = stage.class_points(run, 0, "validation", label)
        np.testing.assert_array_equal(auroc, points.loop_auroc(*known))


def test_resamples_begin_with_the_images_as_they_are(run):
    columns, edits = run.read(files.LOOP_RESAMPLES, seed=0), run.read(files.EDITS, seed=0)
    for model in ("cnn", "mlp"):
        of = edits[edits["model"] == model].set_index(["edit", "size"])["flipped"]
        assert columns[f"{model}_closed"][0] == pytest.approx(of[CLOSED, 0])
        assert columns[f"{model}_erased"][0] == pytest.approx(of[ERASED, 0])
    assert len(columns) == 101
    within = run.read(files.WITHIN_CLASS, seed=0)
    assert set(within["reader"]) == {"cnn", "mlp", "probe", "points"}
    logits = run.read(files.LOGITS, model="cnn", seed=0)["test_logits"]
    labels, difference = run.dataset_array("test_labels"), logits[:, RING] - logits[:, CUP]
    cups = difference[labels == CUP]  # the last one has a loop
    assert columns["cnn_within_a"][0] == pytest.approx(cups[-1] - cups[:-1].mean(), abs=1e-4)


def test_a_second_run_writes_the_same_bytes(run):
    paths = [run.path(file, seed=0) for file in WRITTEN]
    paths += [run.path(files.EDITED, split=split) for split in ("validation", "test")]
    before = [path.read_bytes() for path in paths]
    strokes_main()
    main()
    assert [path.read_bytes() for path in paths] == before


def test_classes_that_hardly_differ_in_loops_are_not_edited(project, monkeypatch, capsys):
    arrays = dict(project.read(files.DATASET))
    for split in ("validation", "test"):
        arrays[f"{split}_images"] = np.zeros_like(arrays[f"{split}_images"])
    artifacts.write(files.DATASET, arrays)
    strokes_main()
    monkeypatch.setattr(sys, "argv", ["loop", "--seed", "0"])
    main()
    out = capsys.readouterr().out
    assert out.count("hardly differ in loops") == 2
    assert all(len(line) <= 80 for line in out.splitlines())
    run = Run.of(project.root)
    assert run.read(files.EDITS, seed=0).empty
    assert run.read(files.CARRIED, seed=0).empty
    assert run.read(files.LOOP_RESAMPLES, seed=0)["cnn_closed"].isna().all()
