"""The stage on a small trained network: what it writes is what the network and the images say."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from stages.common import artifacts, network
from stages.input_patterns import probes
from stages.input_patterns.__main__ import CLASS_TARGETS, SPLITS, class_directions, main

PAIR = (7, 2)  # of the workshop
LAYERS = ("conv_3", "conv_1")  # in the order of the settings, not of the network
STARTS = 2
PATTERNS = {"patterns.layers": list(LAYERS), "patterns.starts": STARTS, "patterns.steps": 5}


def run_here(monkeypatch, seed=0):
    monkeypatch.setattr(sys, "argv", ["input_patterns", "--seed", str(seed)])
    main()
    return artifacts.patterns_file(seed)


@pytest.fixture(scope="module")
def written(workshop, workshop_settings, tmp_path_factory):
    """The file that the stage wrote for the workshop's first network, and its folder."""
    folder = tmp_path_factory.mktemp("patterns")
    for name in (artifacts.DATASET, artifacts.model_folder("cnn", 0) / network.WEIGHTS):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).symlink_to(workshop / name)
    (folder / "params.yaml").write_text(workshop_settings(PATTERNS), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, artifacts.read_npz(run_here(patch))


@pytest.fixture(scope="module")
def images(written):
    """All images as the network's input, and their labels."""
    data = artifacts.read_npz(written[0] / artifacts.DATASET)
    parts = (
        np.concatenate([data[f"{split}_{part}"] for split in SPLITS])
        for part in ("images", "labels")
    )
    return tuple(parts)


@pytest.fixture(scope="module")
def means(written):
    """The mean of every map before its ReLU, and the logits, for any images."""
    trained = network.load("cnn", written[0] / artifacts.model_folder("cnn", 0))

    def see(inputs):
        seen = probes.Observer(trained, LAYERS)(inputs)
        return np.concatenate([seen[layer].mean for layer in LAYERS], axis=1), seen["logits"].mean

    return see


def test_a_row_for_each_map_in_the_order_of_the_settings(written):
    _, arrays = written
    maps = {"conv_3": 128, "conv_1": 32}
    assert arrays["layer"].tolist() == [layer for layer in LAYERS for _ in range(maps[layer])]
    assert arrays["map"].tolist() == [number for layer in LAYERS for number in range(maps[layer])]
    shapes = {
        "pattern": (160, 28, 28), "value": (160,), "natural_max": (160,), "success_rate": (160,),
        "status": (160,), "end_values": (160, STARTS + 1), "upper_bound": (160,),
        "top_images": (160, 5, 28, 28), "top_labels": (160, 5), "top_values": (160, 5),
        "top_index": (160, 5), "untrained_value": (160,), "untrained_natural_max": (160,),
        "untrained_success_rate": (160,), "natural_spread": (160,),
        "untrained_natural_spread": (160,), "conv_1_kernel": (3, 3, 32),
    }  # fmt: skip
    for name, shape in shapes.items():
        assert arrays[name].shape == shape, name
    for name in ("pattern", "value", "natural_max", "success_rate", "untrained_value"):
        assert arrays[name].dtype == np.float32, name
    assert set(arrays["status"]) <= {"reached", "silent", "unreached", "dead"}
    assert arrays["pattern"].min() >= 0
    assert arrays["pattern"].max() <= 1


def test_values_are_what_the_network_says_of_patterns_and_of_images(written, images, means):
    _, arrays = written
    rows = np.arange(160)
    of_patterns = means(arrays["pattern"][..., np.newaxis])[0]
    np.testing.assert_allclose(arrays["value"], of_patterns[rows, rows], atol=1e-5)
    of_images = means(network.as_input(images[0]))[0]
    np.testing.assert_allclose(arrays["natural_max"], of_images.max(axis=0), atol=1e-5)
    np.testing.assert_allclose(arrays["natural_spread"], of_images.std(axis=0), rtol=1e-3)
    np.testing.assert_allclose(arrays["top_values"], -np.sort(-of_images, axis=0)[:5].T, atol=1e-5)
    top = arrays["top_index"]
    picked = np.take_along_axis(of_images.T, top, axis=1)
    np.testing.assert_allclose(arrays["top_values"], picked, atol=1e-5)
    np.testing.assert_array_equal(arrays["top_images"], images[0][top])
    np.testing.assert_array_equal(arrays["top_labels"], images[1][top])


def test_the_search_finds_more_than_images_show(written):
    """Exactly, from the ends in the file; which start wins among them is up to rounding."""
    _, arrays = written
    ends, value = arrays["end_values"], arrays["value"]
    by_images = np.isin(arrays["status"], ("reached", "unreached"))
    counted = np.ones(ends.shape, bool)
    counted[by_images, -1] = False  # the start from the best image
    assert (counted & (ends == value[:, np.newaxis])).any(axis=1).all()
    # The highest end is passed over only where it does not activate the map and another does.
    highest = np.where(counted, ends, -np.inf).max(axis=1)
    no_choice = np.isin(arrays["status"], ("unreached", "dead"))
    np.testing.assert_array_equal(value[no_choice], highest[no_choice])
    beyond = ends[:, :-1] > arrays["natural_max"][:, np.newaxis]
    np.testing.assert_allclose(arrays["success_rate"], beyond.mean(axis=1))
    assert (ends <= arrays["upper_bound"][:, np.newaxis] + 1e-5).all()
    # The last start is the best image itself, and five steps with jitter lead uphill from most.
    assert (ends[:, -1] > arrays["natural_max"]).mean() > 0.5
    assert not np.array_equal(arrays["untrained_natural_max"], arrays["natural_max"])


def test_what_the_search_alone_activates_is_activated_by_its_pattern(written):
    """A pattern below the highest end is no failure there: the highest may activate nothing."""
    folder, arrays = written
    trained = network.load("cnn", folder / artifacts.model_folder("cnn", 0))
    seen = probes.Observer(trained, LAYERS)(arrays["pattern"][..., np.newaxis])
    highest = np.concatenate([seen[layer].highest for layer in LAYERS], axis=1)
    own = highest[np.arange(160), np.arange(160)]
    assert (own[arrays["status"] == "silent"] > -1e-5).all()
    assert (own[arrays["status"] == "dead"] < 1e-5).all()


def test_class_patterns_raise_their_logits(written, images, means):
    _, arrays = written
    assert arrays["class_target"].tolist() == ["a", "b", "b_minus_a", "a_minus_b"]
    logits = means(arrays["class_pattern"][..., np.newaxis])[1]
    np.testing.assert_allclose(arrays["class_logits"], logits, atol=1e-4)
    a, b = logits[:, PAIR[0]], logits[:, PAIR[1]]
    expected = [a[0], b[1], b[2] - a[2], a[3] - b[3]]
    np.testing.assert_allclose(arrays["class_value"], expected, atol=1e-4)
    of_images = means(network.as_input(images[0]))[1]
    a, b = of_images[:, PAIR[0]], of_images[:, PAIR[1]]
    highest = [a.max(), b.max(), (b - a).max(), (a - b).max()]
    np.testing.assert_allclose(arrays["class_natural_max"], highest, atol=1e-4)
    np.testing.assert_array_equal(arrays["class_top_images"][2, 0], images[0][(b - a).argmax()])


def test_class_directions_are_among_the_pair_alone():
    directions = class_directions((4, 9))
    assert np.flatnonzero(directions.any(axis=0)).tolist() == [4, 9]
    assert directions[:, [4, 9]].tolist() == [list(pair) for pair in CLASS_TARGETS.values()]


def test_a_second_run_and_another_choice_of_layers_give_the_same(
    written, monkeypatch, workshop_settings
):
    """Each layer draws its own starts, so one alone has the patterns it has beside others."""
    folder, arrays = written
    monkeypatch.chdir(folder)
    text = workshop_settings(PATTERNS | {"patterns.layers": ["conv_3"]})
    Path("params.yaml").write_text(text, encoding="utf-8")
    again = artifacts.read_npz(run_here(monkeypatch))
    for name, values in again.items():
        by_map = len(arrays[name]) == len(arrays["map"])
        expected = arrays[name][:128] if by_map else arrays[name]
        np.testing.assert_array_equal(values, expected, err_msg=name)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"patterns.layers": ["conv_3", "conv_4"]}, "patterns.layers[1] is 'conv_4'. It must be"),
        ({"patterns.layers": ["conv_1"]}, "conv_3, whose points are compared, must be among them"),
        ({"patterns.starts": 0}, "patterns.starts is 0. It must be"),
        ({"patterns.learning_rate": 0.0}, "patterns.learning_rate is 0.0. It must be"),
    ],
)
def test_settings_that_cannot_be_are_a_sentence(
    tmp_path, monkeypatch, fails, settings, change, sentence
):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(settings(change), encoding="utf-8")
    assert sentence in fails(main, "--seed", "0")


def test_missing_weights_are_a_sentence(written, monkeypatch, fails):
    monkeypatch.chdir(written[0])
    assert "model.weights.h5 is missing." in fails(main, "--seed", "9")


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None,
    reason="JAX is not installed: the search on another backend than TensorFlow is not tested",
)
def test_jax_finds_what_tensorflow_finds(written, tmp_path, python, monkeypatch, workshop_settings):
    folder, arrays = written
    for name in (artifacts.DATASET, artifacts.model_folder("cnn", 0) / network.WEIGHTS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "params.yaml").write_text(workshop_settings(PATTERNS), encoding="utf-8")
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "jax")
    code, _, errors = python(tmp_path, "-m", "stages.input_patterns", "--seed", "0")
    assert code == 0, errors
    found = artifacts.read_npz(tmp_path / artifacts.patterns_file(0))
    np.testing.assert_allclose(found["natural_max"], arrays["natural_max"], atol=1e-4)
    np.testing.assert_allclose(found["value"], arrays["value"], atol=1e-2)
