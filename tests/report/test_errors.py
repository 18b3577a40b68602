"""The section on wrong answers: its images, answers and counts against the logits."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.report.sections.causes import errors

from .conftest import Changed, one_seed, plain, rendered


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def wrong(run, seeds) -> dict[int, dict[int, int]]:
    """The answers of the CNNs of `seeds` by image, for those that one of them answers wrongly."""
    labels = np.load(run.root / "data/raw/dataset.npz")["test_labels"]
    logits = {seed: np.load(run.root / f"data/models/cnn-{seed}/logits.npz") for seed in seeds}
    answers = {seed: of["test_logits"].argmax(axis=1) for seed, of in logits.items()}
    found = {}
    for row in np.flatnonzero(np.isin(labels, run.pair)):
        given = {seed: of[row] for seed, of in answers.items()}
        if any(answer != labels[row] for answer in given.values()):
            found[int(row)] = given
    return found


def test_every_image_that_a_shown_network_gets_wrong_is_there(run):
    images, expected = errors.error_images(run).set_index("index"), wrong(run, run.shown)
    assert expected
    assert sorted(images.index) == sorted(expected)
    every = wrong(run, run.seeds)
    labels = run.dataset_array("test_labels")
    for index, row in images.iterrows():
        names = [run.class_names[expected[index][seed]] for seed in run.shown]
        assert row["answers"] == ", ".join(names)
        assert row["networks"] == sum(of != labels[index] for of in every[index].values())
    assert (np.diff(images["networks"]) <= 0).all()


def test_the_points_are_those_of_the_first_network_that_errs(run):
    images, expected = errors.error_images(run), wrong(run, run.shown)
    for row in images.itertuples():
        seed = next(s for s in run.shown if expected[row.index][s] != row.label)
        table = run.read(files.ERROR_POINTS, seed=seed)
        points = table[table["index"] == row.index]
        assert row.points == "; ".join(
            f"{p['map']} ({p['row']}, {p['column']})" for p in points.to_dict("records")
        )


def test_what_corrects_an_image_is_the_mean_of_the_networks_that_err(run):
    images = errors.error_images(run).set_index("index")
    every = pd.concat([run.read(files.CORRECTED, seed=seed) for seed in run.shown])
    expected = every[every["succeeded"]].groupby("index")["l1"].mean()
    np.testing.assert_allclose(images["back"].dropna().sort_index(), expected)
    assert set(every["index"]) == set(images.index)


def test_the_pictures_are_those_images(run):
    images, pixels = errors.error_images(run), run.dataset_array("test_images")
    axes = [axis for axis in errors.error_pictures(run).axes if axis.get_visible()]
    assert len(axes) == min(len(images), errors.MOST)
    for axis, row in zip(axes, images.itertuples(), strict=False):
        np.testing.assert_array_equal(axis.images[0].get_array(), pixels[row.index])
        assert row.answers in axis.get_title()
        assert axis.get_xlabel() == f"{row.networks} of {len(run.seeds)}"


def test_bars_are_images_by_number_of_networks(run):
    every = wrong(run, run.seeds)
    labels = run.dataset_array("test_labels")
    counts = [sum(of != labels[row] for of in given.values()) for row, given in every.items()]
    expected = np.bincount(counts, minlength=len(run.seeds) + 1)[1:]
    bars = errors.errors_together(run).axes[0].patches
    assert [bar.get_height() for bar in bars] == expected.tolist()
    assert errors.metrics(run)["some"] == len(every)
    half = sum(2 * count >= len(run.seeds) for count in counts)
    assert errors.metrics(run)["half"] == half
    assert f"{len(every)} image" in plain(rendered(run, "errors")["errors"])


def test_it_is_readable_without_errors_and_with_one_network(run):
    right = np.eye(len(run.class_names), dtype=np.float32)[run.dataset_array("test_labels")]
    none = {file: lambda table: table.head(0) for file in (files.ERROR_POINTS, files.WRONG_IMAGES)}
    none[files.LOGITS] = lambda arrays: arrays | {"test_logits": right}
    for of in (Changed(run, none), one_seed(run)):
        section = rendered(of, "errors")["errors"]
        assert "nan" not in plain(section)
        assert section.finding
    assert "none of them wrongly" in plain(rendered(Changed(run, none), "errors")["errors"])
