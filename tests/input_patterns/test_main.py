"""The stage on a small trained network: what it writes is what the network and the images say."""

import importlib.util
import os
import sys

import numpy as np
import pytest

from stages.common import artifacts, files, network, trained
from stages.common.backend import keras
from stages.common.cases import CLASS_TARGETS
from stages.common.names import SPLITS
from stages.common.run import Run
from stages.input_patterns.__main__ import class_directions, main
from stages.input_patterns.patches import cut
from stages.input_patterns.results import counts_row
from stages.input_patterns.subject import before_activation
from stages.input_patterns.targets import Natural, Searched

PAIR = (7, 2)  # of the workshop
LAYERS = ("conv_3", "conv_1")  # in the order of the settings, not of the network
SETTINGS = {"patterns.layers": list(LAYERS), "patterns.starts": 1, "patterns.steps": 4,
            "patterns.silent_starts": 20}  # fmt: skip
CNN = {"model": "cnn", "seed": 0}
EVERY = np.arange(8 + 16)  # maps of both layers
OBJECTIVES = ("point", "map")
SIDES = {"point": {"conv_3": 18, "conv_1": 3}, "map": {"conv_3": 28, "conv_1": 28}}


def prepare(folder, workshop, text):
    """A folder with the workshop's dataset, its first network and these settings."""
    for path in (artifacts.path_of(files.DATASET), artifacts.path_of(files.WEIGHTS, **CNN)):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).symlink_to(workshop / path)
    (folder / "params.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module", params=OBJECTIVES)
def objective(request):
    return request.param


@pytest.fixture(scope="module")
def run(workshop, workshop_settings, tmp_path_factory, objective):
    """What the stage wrote for the workshop's first network."""
    folder = tmp_path_factory.mktemp("patterns")
    changes = SETTINGS | {"patterns.objective": objective}
    prepare(folder, workshop, workshop_settings(changes))
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
def before(run):
    """Every layer before its ReLU, and the logits, for any whole images."""
    net = trained.load(run.design, run.path(files.WEIGHTS, **CNN))
    model = keras.Model(net.inputs, before_activation(net))

    def see(inputs):
        return model.predict(network.as_input(inputs) if inputs.ndim == 3 else inputs, verbose=0)

    return see


@pytest.fixture(scope="module")
def of_images(before, images, objective):
    """What counts, and the highest point, of every map in real images, (n, maps)."""
    seen = before(images)
    highest = np.concatenate([seen[layer].max(axis=(1, 2)) for layer in LAYERS], axis=1)
    means = np.concatenate([seen[layer].mean(axis=(1, 2)) for layer in LAYERS], axis=1)
    return (highest if objective == "point" else means), highest


@pytest.fixture(scope="module")
def of_patterns(before, arrays, objective):
    """The same of the patterns, each in the corner of an image, where the first point sees it."""
    values, highest = [], []
    for layer in LAYERS:
        patterns = arrays[f"{layer}_pattern"]
        margin = [(0, 0), *[(0, 28 - patterns.shape[1])] * 2]
        seen = before(np.pad(patterns, margin)[..., np.newaxis])[layer]
        own = np.arange(len(patterns))
        point, top = seen[own, 0, 0, own], seen.max(axis=(1, 2))[own, own]
        values.append(point if objective == "point" else seen.mean(axis=(1, 2))[own, own])
        highest.append(point if objective == "point" else top)
    return np.concatenate(values), np.concatenate(highest)


def test_values_are_what_the_network_says_of_patterns_and_of_images(
    arrays, images, of_images, of_patterns, objective
):
    maps = {"conv_3": 16, "conv_1": 8}
    assert arrays["layer"].tolist() == [layer for layer in LAYERS for _ in range(maps[layer])]
    assert arrays["map"].tolist() == [number for layer in LAYERS for number in range(maps[layer])]
    np.testing.assert_allclose(arrays["value"], of_patterns[0], atol=1e-5)
    values = of_images[0]
    np.testing.assert_allclose(arrays["natural_max"], values.max(axis=0), atol=1e-5)
    for top, of in zip(arrays["top_images"], values.T, strict=True):
        rows = [np.flatnonzero((images == image).all(axis=(1, 2)))[0] for image in top]
        np.testing.assert_allclose(of[rows], -np.sort(-of)[:5], atol=1e-5)
    for layer in LAYERS:
        patterns = arrays[f"{layer}_pattern"]
        assert patterns.shape == (maps[layer], *[SIDES[objective][layer]] * 2)
        assert patterns.min() >= 0
        assert patterns.max() <= 1


def test_the_framed_patch_is_what_the_best_point_sees(arrays, before, of_images, objective):
    if objective == "map":
        assert not arrays["top_corner"].any()
        return
    for layer, offset in (("conv_3", 0), ("conv_1", 16)):
        size = SIDES["point"][layer]
        for number in range(4):
            images = arrays["top_images"][offset + number].astype(np.float32) / 255
            patches = cut(images, arrays["top_corner"][offset + number], size)
            margin = [(0, 0), *[(0, 28 - size)] * 2]
            seen = before(np.pad(patches, margin)[..., np.newaxis])[layer][:, 0, 0, number]
            best = -np.sort(-of_images[0][:, offset + number])[:5]
            np.testing.assert_allclose(seen, best, atol=1e-5)


def test_what_activates_a_map_gives_its_status(run, arrays, of_images, of_patterns):
    """For any rounding: among starts that end level, it decides which one wins."""
    own, by_images = of_patterns[1], of_images[1].max(axis=0)
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


def test_maps_that_no_image_activates_are_searched_with_and_without_penalties(
    run, arrays, before, objective
):
    inactive = ~np.isin(arrays["status"], ("reached", "unreached"))
    reached = np.stack([arrays[f"{how}_penalties"] for how in ("with", "without")], axis=1)
    searched = ~np.isnan(reached).any(axis=1)
    counts = run.read(files.PATTERN_COUNTS, seed=0)
    if objective == "map":
        assert not searched.any()
        return
    np.testing.assert_array_equal(searched, inactive & (arrays["upper_bound"] > 0))
    assert searched.any()
    silent = arrays["status"] == "silent"
    np.testing.assert_array_equal(silent[searched], (reached[searched] > 0).any(axis=1))
    assert counts["penalised"].sum() == (reached[silent, 0] > 0).sum()
    for layer, offset in (("conv_3", 0), ("conv_1", 16)):
        numbers, shown = arrays[f"{layer}_insisted_map"], arrays[f"{layer}_insisted"]
        assert (searched[offset + numbers]).all()
        margin = [(0, 0), *[(0, 28 - shown.shape[2])] * 2]
        for mode in range(2) if len(numbers) else ():
            patches = np.pad(shown[:, mode].astype(np.float32) / 255, margin)[..., np.newaxis]
            seen = before(patches)[layer][np.arange(len(numbers)), 0, 0, numbers]
            np.testing.assert_allclose(seen, reached[offset + numbers, mode], atol=0.02)


def test_endings_and_the_way_are_those_of_the_pattern(arrays):
    for layer, offset in (("conv_3", 0), ("conv_1", 16)):
        patterns, rows = arrays[f"{layer}_pattern"], slice(offset, offset + 8)
        reached = np.isin(arrays["status"][rows], ("reached",))
        way, ending = arrays[f"{layer}_way"][:8], arrays[f"{layer}_ending"][:8]
        written = np.rint(patterns[:8] * 255)
        np.testing.assert_array_equal(way[reached, -1], written[reached])
        np.testing.assert_array_equal(ending[reached, 0], written[reached])  # of the one start
        assert (arrays["ending_count"][rows][reached] == [1, 0, 0, 0]).all()
        assert (way[:, 0].max(axis=(1, 2)) == 255).all()  # a start fills the range
    assert np.isnan(arrays["agreement"]).all()  # one start agrees with nothing


def test_dead_maps_are_proven_or_bounded():
    """Of five maps the first is reached, the next two are dead, one of them for any input."""
    five, none = np.arange(5, dtype=np.float32), np.full(5, np.nan, np.float32)
    of = {
        "layer": np.full(5, "conv_1"),
        "status": np.array(["reached", "dead", "dead", "silent", "unreached"]),
        "success_rate": np.array([0.5, 0, 0, 0, 0], np.float32),
        "upper_bound": np.array([1, 0, 0.2, 1, 1.0]),
        "with_penalties": np.array([np.nan, np.nan, -1, -2, np.nan], np.float32),
        "agreement": np.array([0.5, np.nan, np.nan, 1, np.nan], np.float32),
        "roughness": five,
        "real_roughness": none,
        "conv_1_pattern": np.random.default_rng(0).random((5, 3, 3)),
    }
    zeros = np.zeros((5, 2), np.float32)
    natural = Natural(np.eye(5), five * 0, five + 1, zeros, five > 2)
    pictures = np.zeros((5, 2, 3, 3))
    untrained = Searched(natural, pictures, zeros + 2, zeros > 0, pictures[:, :, None])
    after = untrained._replace(values=zeros + (five * (five + 1))[:, np.newaxis])
    row = counts_row("conv_1", five.astype(int) % 4 == 0, of, [after, untrained])
    counts = ("active", "passed", "unreached", "silent", "dead", "proven", "penalised")
    assert [row[name] for name in counts] == [2, 1, 1, 1, 2, 1, 0]
    assert (row["dead_share"], row["dead_share_low"], row["bound"]) == (0.4, 0.2, 0.2)
    assert (row["success_rate"], row["untrained_success_rate"]) == (0.25, 1)
    assert (row["distance"], row["untrained_distance"]) == (2, np.mean(2 / (five + 1)))
    assert (row["agreement"], row["roughness"], row["roughness_silent"]) == (0.5, 2, 3)
    assert row["rougher"] == 0  # 3 is no more than 95 % of 0 and 4
    assert np.isnan([row["untrained_agreement"], row["real_roughness"]]).all()


def test_class_patterns_raise_their_logits(arrays, images, before):
    logits = before(arrays["class_pattern"][..., np.newaxis])["logits"]
    np.testing.assert_allclose(arrays["class_logits"], logits, atol=1e-4)
    a, b = logits[:, PAIR[0]], logits[:, PAIR[1]]
    expected = [a[0], b[1], b[2] - a[2], a[3] - b[3]]
    np.testing.assert_allclose(arrays["class_value"], expected, atol=1e-4)
    of_images = before(images)["logits"]
    a, b = of_images[:, PAIR[0]], of_images[:, PAIR[1]]
    highest = [a.max(), b.max(), (b - a).max(), (a - b).max()]
    np.testing.assert_allclose(arrays["class_natural_max"], highest, atol=1e-4)
    directions = class_directions((4, 9), 10)
    assert np.flatnonzero(directions.any(axis=0)).tolist() == [4, 9]
    assert directions[:, [4, 9]].tolist() == [list(pair) for pair in CLASS_TARGETS.values()]


def test_a_seed_that_is_not_shown_is_searched_where_no_image_activates(
    run, arrays, workshop, tmp_path, monkeypatch, workshop_settings, objective
):
    changes = {"train.seeds": [0, 5], "analysis.shown_seeds": [5]}
    changes |= SETTINGS | {"patterns.objective": objective}
    prepare(tmp_path, workshop, workshop_settings(changes))
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
    arrays, workshop, tmp_path, monkeypatch, workshop_settings, fails, objective
):
    """Each layer draws its own starts, so one alone has the patterns it has beside others."""
    changes = SETTINGS | {"patterns.layers": ["conv_3"], "patterns.objective": objective}
    prepare(tmp_path, workshop, workshop_settings(changes))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["input_patterns", "--seed", "0"])
    main()
    for name, values in artifacts.read(files.PATTERNS, seed=0).items():
        of_maps = len(arrays[name]) == 24
        expected = arrays[name][:16] if of_maps else arrays[name]
        np.testing.assert_array_equal(values, expected, err_msg=name)
    assert "model.weights.h5 is missing." in fails(main, "--seed", "9")


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None,
    reason="JAX is not installed: the search on another backend than TensorFlow is not tested",
)
def test_jax_finds_what_tensorflow_finds(
    arrays, workshop, tmp_path, python, monkeypatch, workshop_settings, objective
):
    changes = SETTINGS | {"patterns.objective": objective}
    prepare(tmp_path, workshop, workshop_settings(changes))
    monkeypatch.setitem(os.environ, "KERAS_BACKEND", "jax")
    code, _, errors = python(tmp_path, "-m", "stages.input_patterns", "--seed", "0")
    assert code == 0, errors
    by_jax = artifacts.read(files.PATTERNS, seed=0, root=tmp_path)
    np.testing.assert_allclose(by_jax["natural_max"], arrays["natural_max"], atol=1e-4)
    np.testing.assert_allclose(by_jax["value"], arrays["value"], atol=1e-2)
