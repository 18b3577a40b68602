"""What follows from the settings of a network, against Keras and against plain arithmetic."""

import numpy as np
import pytest

from stages.common import network, trained
from stages.common.architecture import MOST_POINTS, activate
from stages.common.backend import keras
from stages.common.console import StageError

from .. import designs

SHAPES = [
    {},
    {"maps": [4, 6], "kernel": 5},
    {"maps": [4, 6, 8], "pooling": "average", "activation": "elu"},
    {"maps": [4, 6, 8], "pooling": "stride", "kernel": [5, 3, 2]},
    {"maps": [4, 6, 8], "convolutions": 2, "activation": "selu"},
    {"maps": [8]},
    {"maps": [3, 4, 5, 6], "kernel": 2, "side": 40, "classes": 3},
]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def design(request):
    return designs.changed(**request.param)


@pytest.fixture(scope="module")
def built(design):
    keras.utils.set_random_seed(1)
    return network.build(design)


def test_layers_are_those_that_keras_builds(design, built):
    settings = design.settings
    rows = zip(settings.layers, settings.sides(design.side), settings.parameters, strict=True)
    for (name, maps, _, _), side, parameters in rows:
        layer = built.get_layer(name)
        assert layer.output.shape[1:] == (side, side, maps)
        assert layer.count_params() == parameters
    convolutions = [each.name for each in built.layers if isinstance(each, keras.layers.Conv2D)]
    assert settings.conv_layers == tuple(convolutions)
    assert built.get_layer("logits").output.shape[1] == design.classes


def blocks(settings, side):
    """Names, maps and sides of all layers, block by block, and whether each has points."""
    layers, convolutions = {}, 0
    for block, (maps, kernel) in enumerate(zip(settings.maps, settings.kernels, strict=True), 1):
        last = block == len(settings.maps)
        for more in reversed(range(1 if last else settings.convolutions)):
            convolutions += 1
            strided = settings.pooling == "stride" and not (last or more)
            side = (side - kernel + (2 if strided else 1)) // (2 if strided else 1)
            layers[f"conv_{convolutions}"] = (side, side, maps)
        if settings.pooling != "stride" and not last:
            side //= 2
            layers[f"pool_{block}"] = (side, side, maps)
    return layers, all(side > 0 for side, *_ in layers.values())


def test_random_settings_build_what_they_say_or_do_not_fit():
    generator, fitting = np.random.default_rng(4), []
    for _ in range(12):
        count = int(generator.integers(1, 5))
        kernels = generator.integers(1, 6, count).tolist()
        changes = {
            "maps": generator.integers(1, 5, count).tolist(),
            "kernel": kernels[0] if generator.random() < 0.5 else kernels,
            "convolutions": int(generator.integers(1, 3)),
            "pooling": str(generator.choice(["max", "average", "stride"])),
            "side": int(generator.integers(8, 37)),
            "classes": int(generator.integers(2, 21)),
        }
        design = designs.changed(**changes)
        expected, fits = blocks(design.settings, design.side)
        fitting.append(fits)
        if not fits:
            with pytest.raises(StageError, match=f"of {design.side} x {design.side} pixels"):
                network.build(design)
            continue
        model = network.build(design)
        shapes = {layer.name: layer.output.shape[1:] for layer in model.layers[1:]}
        (points,) = shapes.pop("points")
        assert points == np.prod(list(expected.values())[-1])
        units, classes = (shapes.pop(name) for name in ("dense", "logits"))
        assert (units, classes) == ((design.settings.dense,), (design.classes,))
        assert list(shapes.items()) == list(expected.items())
    assert 2 < sum(fitting) < 10


@pytest.fixture(scope="module")
def seen(design, built):
    """Every conv layer, the activity of its maps, and the logits of three random images."""
    images = np.random.default_rng(1).random((3, design.side, design.side, 1)).astype(np.float32)
    extractor = trained.map_activity_extractor(built, design.settings.conv_layers)
    return extractor.predict(images, verbose=0)


def test_the_head_gives_kerass_logits(design, built, seen, tmp_path):
    weights, last = tmp_path / "model.weights.h5", design.settings.conv_layers[-1]
    built.save_weights(weights)
    logits = trained.read_head(weights, design)(trained.as_points(seen[last]))
    np.testing.assert_allclose(logits, seen["logits"], atol=1e-4)


def test_the_mean_of_a_map_counts_what_is_below_zero_as_zero(design, seen):
    for layer in design.settings.conv_layers:
        above = np.maximum(seen[layer], 0)
        np.testing.assert_allclose(seen[f"{layer}_mean"], above.mean((1, 2)), atol=1e-5)
        np.testing.assert_array_equal(seen[f"{layer}_max"], seen[layer].max((1, 2)))


@pytest.mark.parametrize("name", ["relu", "elu", "selu"])
def test_activations_are_kerass(name):
    sums = np.linspace(-8, 8, 321, dtype=np.float32)
    expected = keras.ops.convert_to_numpy(keras.activations.get(name)(sums))
    values, room = activate(name, sums), np.empty_like(sums)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
    assert activate(name, sums, out=room) is room
    np.testing.assert_array_equal(room, values)


def test_what_does_not_fit_is_a_sentence():
    with pytest.raises(StageError, match=r"images of 20 x 20 pixels: conv_3 has a window of 5 x 5"):
        network.build(designs.changed(kernel=5, side=20))
    with pytest.raises(StageError, match=r"6,084 points in its last conv layer, conv_1; at most"):
        network.build(designs.changed(maps=[9]))
    points = designs.changed(maps=[8]).settings.sides(28)[-1] ** 2 * 8
    assert points == 5408 <= MOST_POINTS


def test_a_kernel_for_each_entry_of_maps():
    with pytest.raises(ValueError, match=r"a list as long as network\.cnn\.maps: 3, not 2"):
        designs.changed(kernel=[3, 5])
    assert designs.changed(kernel=[3, 5, 2]).settings.kernels == (3, 5, 2)
