"""The stage on a small trained network: what it writes is what the network and the images say."""

import importlib.util
import os
import sys

import numpy as np
import pytest

from stages.common import artifacts, files, network, trained
from stages.common.cases import CLASS_TARGETS
from stages.common.names import SPLITS
from stages.common.run import Run
from stages.input_patterns.__main__ import class_directions, counts_row, main
from stages.input_patterns.subject import Subject
from stages.input_patterns.targets import Natural, Searched

PAIR = (7, 2)  # of the workshop
LAYERS = ("conv_3", "conv_1")  # in the order of the settings, not of the network
SETTINGS = {"patterns.layers": list(LAYERS), "patterns.starts": 1, "patterns.steps": 4}
CNN = {"model": "cnn", "seed": 0}
EVERY = np.arange(8 + 16)  # maps of both layers


def prepare(folder, workshop, text):
    """A folder with the workshop's dataset, its first network and these settings."""
    for path in (artifacts.path_of(files.DATASET), artifacts.path_of(files.WEIGHTS, **CNN)):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).symlink_to(workshop / path)
    (folder / "params.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def run(workshop, workshop_settings, tmp_path_factory):
    """What the stage wrote for the workshop's first network."""
    folder = tmp_path_factory.mktemp("patterns")
    prepare(folder, workshop, workshop_settings(SETTINGS))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["input_patterns", "--seed", "0"])
        main()
    return Run.of(folder)


@pytest.fixture(scope="module")
def arrays(run):
    return run.read(files.PATTERNS, seed=0)


@pytest.fixture(scope="module")
def images(made):
    return np.concatenate([made[f"{split}_images"] for split in SPLITS])


@pytest.fixture(scope="module")
def responses(run, images):
    """The mean and the highest point of every map before its ReLU, and logits, for any images."""
    net = trained.load(run.design, run.path(files.WEIGHTS, **CNN))
    subject = Subject(net, LAYERS, network.as_input(images))

    def see(inputs):
        seen = subject.observe(inputs)
        mean, highest = (
            np.concatenate([seen[layer][part] for layer in LAYERS], axis=1) for part in (0, 1)
        )
        return mean, highest, seen["logits"].mean

    return see


def test_values_are_what_the_network_says_of_patterns_and_of_images(arrays, images, responses):
    maps = {"conv_3": 16, "conv_1": 8}
    assert arrays["layer"].tolist() == [layer for layer in LAYERS for _ in range(maps[layer])]
    assert arrays["map"].tolist() == [number for layer in LAYERS for number in range(maps[layer])]
    of_patterns = responses(arrays["pattern"][..., np.newaxis])[0]
    np.testing.assert_allclose(arrays["value"], of_patterns[EVERY, EVERY], atol=1e-5)
    of_images = responses(network.as_input(images))[0]
    np.testing.assert_allclose(arrays["natural_max"], of_images.max(axis=0), atol=1e-5)
    for top, values in zip(arrays["top_images"], of_images.T, strict=True):
        rows = [np.flatnonzero((images == image).all(axis=(1, 2)))[0] for image in top]
        np.testing.assert_allclose(values[rows], -np.sort(-values)[:5], atol=1e-5)
    assert arrays["pattern"].min() >= 0
    assert arrays["pattern"].max() <= 1


def test_what_activates_a_map_gives_its_status(run, arrays, images, responses):
    """For any rounding: among starts that end level, it decides which one wins."""
    own = responses(arrays["pattern"][..., np.newaxis])[1][EVERY, EVERY]
    by_images = responses(network.as_input(images))[1].max(axis=0)
    status = arrays["status"]
    in_images = np.isin(status, ("reached", "unreached"))
    assert (by_images[in_images] > -1e-5).all()
    assert (by_images[~in_images] < 1e-5).all()
    assert (own[status == "silent"] > -1e-5).all()  # the search alone, so by the pattern
    assert (own[np.isin(status, ("dead", "unreached"))] < 1e-5).all()
    assert (arrays["value"] <= arrays["upper_bound"] + 1e-5).all()
    # Of the one random start, exactly: it gives the pattern and the success.
    beyond = arrays["value"] > arrays["natural_max"]
    np.testing.assert_array_equal(beyond[in_images], arrays["success_rate"][in_images])
    assert beyond.any()
    counts = run.read(files.PATTERN_COUNTS, seed=0)
    assert counts["dead"].sum() == (status == "dead").sum()
    assert counts["layer"].tolist() == list(LAYERS)


def test_dead_maps_are_proven_or_bounded():
    """Of five maps the first is reached, the next two are dead, one of them for any input."""
    of = {
        "layer": np.full(5, "conv_1"),
        "status": np.array(["reached", "dead", "dead", "silent", "unreached"]),
        "success_rate": np.array([0.5, 0, 0, 0, 0], np.float32),
        "upper_bound": np.array([1, 0, 0.2, 1, 1.0]),
    }
    zeros, five = np.zeros((5, 2), np.float32), np.arange(5, dtype=np.float32)
    natural = Natural(np.eye(5), five * 0, five + 1, zeros, five > 2)
    untrained = Searched(natural, np.zeros((5, 2, 28, 28)), zeros + 2, zeros > 0)
    after = untrained._replace(values=zeros + (five * (five + 1))[:, np.newaxis])
    row = counts_row("conv_1", five.astype(int) % 4 == 0, of, [after, untrained])
    counts = ("active", "passed", "unreached", "silent", "dead", "proven")
    assert [row[name] for name in counts] == [2, 1, 1, 1, 2, 1]
    assert (row["dead_share"], row["dead_share_low"], row["bound"]) == (0.4, 0.2, 0.2)
    assert (row["success_rate"], row["untrained_success_rate"]) == (0.25, 1)
    assert (row["distance"], row["untrained_distance"]) == (2, np.mean(2 / (five + 1)))


def test_class_patterns_raise_their_logits(arrays, images, responses):
    logits = responses(arrays["class_pattern"][..., np.newaxis])[2]
    np.testing.assert_allclose(arrays["class_logits"], logits, atol=1e-4)
    a, b = logits[:, PAIR[0]], logits[:, PAIR[1]]
    expected = [a[0], b[1], b[2] - a[2], a[3] - b[3]]
    np.testing.assert_allclose(arrays["class_value"], expected, atol=1e-4)
    of_images = responses(network.as_input(images))[2]
    a, b = of_images[:, PAIR[0]], of_images[:, PAIR[1]]
    highest = [a.max(), b.max(), (b - a).max(), (a - b).max()]
    np.testing.assert_allclose(arrays["class_natural_max"], highest, atol=1e-4)
    directions = class_directions((4, 9), 10)
    assert np.flatnonzero(directions.any(axis=0)).tolist() == [4, 9]
    assert directions[:, [4, 9]].tolist() == [list(pair) for pair in CLASS_TARGETS.values()]


def test_a_seed_that_is_not_shown_is_searched_where_no_image_activates(
    run, arrays, workshop, tmp_path, monkeypatch, workshop_settings
):
    changes = {"train.seeds": [0, 5], "analysis.shown_seeds": [5]}
    prepare(tmp_path, workshop, workshop_settings(SETTINGS | changes))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["input_patterns", "--seed", "0"])
    main()
    few, counts = (artifacts.read(file, seed=0) for file in (files.PATTERNS, files.PATTERN_COUNTS))
    inactive = ~np.isin(arrays["status"], ("reached", "unreached"))
    assert inactive.any()
    for name in ("layer", "map", "status", "natural_max", "upper_bound", "top_images"):
        np.testing.assert_array_equal(few[name], arrays[name][inactive])
    # The same starts and jitter: but for rounding the same search.
    np.testing.assert_allclose(few["value"], arrays["value"][inactive], rtol=0.05, atol=0.01)
    whole = run.read(files.PATTERN_COUNTS, seed=0)
    assert counts[["layer", "maps", "active"]].equals(whole[["layer", "maps", "active"]])
    assert counts[["passed", "success_rate", "untrained_distance"]].isna().all(axis=None)
    assert (counts["silent"] + counts["dead"]).sum() == inactive.sum()


@pytest.mark.slow
def test_a_second_run_and_another_choice_of_layers_give_the_same(
    arrays, workshop, tmp_path, monkeypatch, workshop_settings, fails
):
    """Each layer draws its own starts, so one alone has the patterns it has beside others."""
    prepare(tmp_path, workshop, workshop_settings(SETTINGS | {"patterns.layers": ["conv_3"]}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["input_patterns", "--seed", "0"])
    main()
    for name, values in artifacts.read(files.PATTERNS, seed=0).items():
        expected = arrays[name][:16] if len(arrays[name]) == 24 else arrays[name]
        np.testing.assert_array_equal(values, expected, err_msg=name)
    assert "model.weights.h5 is missing." in fails(main, "--seed", "9")


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None,
    reason="JAX is not installed: the search on another backend than TensorFlow is not tested",
)
def test_jax_finds_what_tensorflow_finds(
    arrays, workshop, tmp_path, python, monkeypatch, workshop_settings
):
    prepare(tmp_path, workshop, workshop_settings(SETTINGS))
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "jax")
    code, _, errors = python(tmp_path, "-m", "stages.input_patterns", "--seed", "0")
    assert code == 0, errors
    by_jax = artifacts.read(files.PATTERNS, seed=0, root=tmp_path)
    np.testing.assert_allclose(by_jax["natural_max"], arrays["natural_max"], atol=1e-4)
    np.testing.assert_allclose(by_jax["value"], arrays["value"], atol=1e-2)
