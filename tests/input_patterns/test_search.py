"""The search against the network itself, against NumPy, and against optima known exactly."""

import numpy as np
import pytest

from stages.common import architecture, fields, network, trained
from stages.common.backend import keras
from stages.common.console import StageError
from stages.common.params import Patterns, read_params
from stages.input_patterns import patches, search, subject
from stages.input_patterns.subject import Subject

from .. import designs

PLAIN = {"jitter": 0, "l2": 0.0, "total_variation": 0.0}


def settings(**changes: object) -> Patterns:
    return read_params().patterns.model_copy(update={"steps": 3, **changes})


@pytest.fixture(scope="module")
def net():
    """An untrained network with biases, so that some maps are silent."""
    net = network.untrained(designs.CNN, 5)
    generator = np.random.default_rng(5)
    for layer in net.layers:
        if layer.get_weights():
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, generator.normal(0, 0.1, bias.shape)])
    return net


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((6, 28, 28)).astype(np.float32)


def run(net, starts, maps, layer="conv_2", highest=False, seed=0, **changes):
    """Search for `maps`, one for each of `starts`, of one layer."""
    channels, chosen = net.get_layer(layer).output.shape[-1], settings(**changes)
    size = (chosen.steps, len(starts), 2)
    jitter = np.random.default_rng(seed).integers(0, 2 * chosen.jitter, size, endpoint=True)
    return search.search(
        Subject(net, (layer,), starts[:1, ..., None]).probe(layer, highest),
        starts,
        np.eye(channels, dtype=np.float32)[maps],
        chosen,
        jitter,
        layer,
    )[-1]


def test_probes_are_the_network_before_its_relu(net, images):
    whole = trained.extractor(net, designs.CONV_LAYERS).predict(images[..., None], verbose=0)
    searched = Subject(net, designs.CONV_LAYERS, images[..., None])
    before = keras.Model(net.inputs, subject.before_activation(net)).predict(
        images[..., None], verbose=0
    )
    assert (before["conv_3"] < 0).any()
    for layer in designs.CONV_LAYERS:
        np.testing.assert_allclose(np.maximum(before[layer], 0), whole[layer], atol=1e-6)
        for of, highest in zip(searched.seen[layer], (False, True), strict=True):
            expected = (np.max if highest else np.mean)(before[layer], axis=(1, 2))
            np.testing.assert_allclose(of, expected, atol=1e-6)
            direct = searched.probe(layer, highest).predict(images[..., None], verbose=0)
            np.testing.assert_allclose(direct, expected, atol=1e-6)
    for logits in (before["logits"], *searched.seen["logits"]):
        np.testing.assert_allclose(logits, whole["logits"], atol=1e-5)
    assert not any(layer.trainable_variables for layer in searched.probe("conv_3").layers)


@pytest.mark.parametrize("activation", ["elu", "selu"])
def test_probes_of_another_network_are_it_before_its_activation(images, activation):
    design = designs.changed(maps=[3, 4], pooling="average", activation=activation)
    net, layers = network.untrained(design, 1), design.settings.conv_layers
    whole = trained.extractor(net, layers).predict(images[..., None], verbose=0)
    before = keras.Model(net.inputs, subject.before_activation(net)).predict(
        images[..., None], verbose=0
    )
    assert list(before) == [*layers, "logits"]
    for layer in layers:
        assert before[layer].min() < 0
        np.testing.assert_allclose(
            architecture.activate(activation, before[layer]), whole[layer], atol=1e-6
        )
    np.testing.assert_allclose(before["logits"], whole["logits"], atol=1e-5)


def test_jitter_translates_images_and_zeros_follow(images):
    distances = np.array([(0, 0), (2, -1), (-2, 2), (1, 0), (0, 1), (-1, -2)])
    translated, raw = search.Images(images, jitter=2)(distances + 2)
    np.testing.assert_array_equal(np.asarray(raw), images)
    for (down, right), image, result in zip(distances, images, np.asarray(translated), strict=True):
        expected = np.pad(image, 2)[2 - down : 30 - down, 2 - right : 30 - right]
        np.testing.assert_array_equal(result[..., 0], expected)


def test_the_penalty_is_that_of_the_formula(images):
    result = search.penalty(images, settings(l2=0.7, total_variation=1.3))
    for image, value in zip(images.astype(float), np.asarray(result), strict=True):
        edges = sum(np.abs(np.diff(image, axis=axis)).mean() for axis in (0, 1))
        expected = 0.7 * (image**2).mean() + 1.3 * edges
        assert value == pytest.approx(expected, rel=1e-5)


def test_on_the_first_layer_the_search_ends_at_the_best_image_there_is(net, images):
    """The mean of a conv_1 map is linear in the image: each pixel is best at 0 or at 1."""
    kernel, bias = net.get_layer("conv_1").get_weights()
    maps = np.arange(6) * 4
    result = run(net, images, maps, "conv_1", steps=60, learning_rate=0.3, **PLAIN)
    mean = Subject(net, ("conv_1",), result[..., None]).seen["conv_1"].value[np.arange(6), maps]
    for number, value in zip(maps, mean, strict=True):
        gain = np.zeros((28, 28))  # what each pixel adds to the mean
        for row, column in np.ndindex(3, 3):
            gain[row : row + 26, column : column + 26] += kernel[row, column, 0, number] / 676
        assert value == pytest.approx(gain[gain > 0].sum() + bias[number], abs=1e-4)


def test_the_search_of_a_point_of_the_first_layer_ends_at_its_kernel(net, images):
    """A point of conv_1 is highest with ink where its weights are above 0 and nowhere else."""
    kernel, bias = net.get_layer("conv_1").get_weights()
    layers = designs.CNN.settings.layers
    point = Subject(net, ("conv_1",), images[..., None], fields.by_name(layers, 28))
    maps, starts = np.arange(32).repeat(2), np.random.default_rng(1).random((64, 3, 3))
    result = search.search(
        point.probe("conv_1"), starts.astype(np.float32), np.eye(32, dtype=np.float32)[maps],
        settings(steps=60, learning_rate=0.3, **PLAIN), np.zeros((60, 64, 2), int), "conv_1",
    )[-1]  # fmt: skip
    best = np.maximum(kernel[..., 0, :], 0).sum(axis=(0, 1)) + bias
    values = point.respond("conv_1", result).value[np.arange(64), maps]
    np.testing.assert_allclose(values, best[maps], atol=1e-5)
    positive = np.moveaxis(kernel[..., 0, maps] > 0, 2, 0)
    sure = np.abs(np.moveaxis(kernel[..., 0, maps], 2, 0)) > 1e-2
    np.testing.assert_allclose(result[sure], positive[sure], atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [{}, {"kernel": [5, 3, 2]}, {"pooling": "stride"}, {"pooling": "average", "convolutions": 2}],
    ids=str,
)
def test_a_patch_has_one_point_and_it_is_that_of_the_whole_image(images, changes):
    design = designs.changed(maps=[3, 4, 5], **changes)
    net, names = network.untrained(design, 1), design.settings.conv_layers
    found = fields.by_name(design.settings.layers, 28)
    of = Subject(net, names, images[..., None], found)
    before = keras.Model(net.inputs, subject.before_activation(net))
    whole = before.predict(images[..., None], verbose=0)
    for name in names:
        size, stride = found[name].field, found[name].stride
        for row, column in {(0, 0), (whole[name].shape[1] - 1, 0)}:
            corner = np.broadcast_to(np.array([row, column]) * stride, (len(images), 2))
            values = of.respond(name, patches.cut(images, corner, size)).value
            np.testing.assert_allclose(values, whole[name][:, row, column], atol=1e-5)


def test_the_best_patches_are_where_the_highest_points_are(net, images):
    layers = designs.CNN.settings.layers
    of = Subject(net, ("conv_2", "conv_3"), images[..., None], fields.by_name(layers, 28))
    rows, maps = np.array([[0, 5, 2], [4, 4, 1]]), np.array([7, 30])
    for name in ("conv_2", "conv_3"):
        found = of.patches(name, rows, maps)
        for row, line in zip(maps, zip(rows, found, strict=True), strict=True):
            values = of.respond(name, line[1]).value[:, row]
            highest = of.seen[name].highest[line[0], row]
            np.testing.assert_allclose(values, highest, atol=1e-5)


def test_the_way_ends_at_the_pattern_and_looking_changes_nothing(net, images):
    def go(looks):
        return search.search(
            Subject(net, ("conv_2",), images[:1, ..., None]).probe("conv_2"), images,
            np.eye(64, dtype=np.float32)[:6], settings(steps=6), np.ones((6, 6, 2), int), "conv_2",
            looks,
        )  # fmt: skip

    whole, seen = go(()), go([1, 4])
    assert seen.shape == (3, 6, 28, 28)
    assert whole[-1].tobytes() == seen[-1].tobytes()
    apart = np.abs(seen - images).mean(axis=(1, 2, 3))
    assert (np.diff(apart) > 0).all()


def test_a_search_leaves_silence(net):
    """Where every point of a map is below 0, its ReLU passes no gradient; the search climbs."""
    dark = np.zeros((64, 28, 28), np.float32)
    dim = Subject(net, ("conv_2",), dark[:, ..., None])
    silent = np.flatnonzero(dim.seen["conv_2"].highest[0] < 0)
    assert len(silent) > 10
    result = run(net, dark[: len(silent)], silent, steps=20, **PLAIN)
    rows = np.arange(len(silent))
    before, after = dim.seen["conv_2"], dim.observe(result[..., None])["conv_2"]
    assert (after.value[rows, silent] > before.value[rows, silent]).all()
    assert (after.highest[rows, silent] > 0).mean() > 0.5


def test_an_image_does_not_feel_how_many_others_there_are(net, images):
    maps = np.arange(6)
    together = run(net, images, maps, jitter=0)
    alone = run(net, images[2:4], maps[2:4], jitter=0)
    # Adam may step either way where a gradient is nothing but rounding, so not of each pixel.
    assert np.median(np.abs(alone - together[2:4])) < 1e-4
    assert np.median(np.abs(alone - images[2:4])) > 1e-2


def test_patterns_stay_in_range_and_a_second_run_gives_the_same_bytes(net, images):
    first, again, other = (
        run(net, images, np.arange(6), seed=seed, steps=8, learning_rate=0.5) for seed in (0, 0, 1)
    )
    assert first.shape == images.shape
    np.testing.assert_array_equal(first, first.clip(0, 1))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)  # the jitter is another


def test_many_images_give_the_same_bytes_again(net):
    """Of many, gradients are added in the order in which they get ready, if there is a choice."""
    starts = np.random.default_rng(2).random((1152, 28, 28)).astype(np.float32)
    maps = np.arange(1152) % 32
    first, *others = (run(net, starts, maps, "conv_1", steps=2).tobytes() for _ in range(2))
    assert others == [first]


def test_no_number_stops_the_search_with_a_sentence(images):
    broken = network.untrained(designs.CNN, 5)
    kernel, bias = broken.get_layer("conv_2").get_weights()
    broken.get_layer("conv_2").set_weights([np.full_like(kernel, np.nan), bias])
    with pytest.raises(StageError, match=r"input patterns of conv_2 stopped at step 1: .* nan\."):
        run(broken, images, np.arange(6))
