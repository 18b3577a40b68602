"""Bounds that no image exceeds, against images and against a case known exactly."""

import itertools

import numpy as np
import pytest

from stages.common import network
from stages.input_patterns.bounds import upper_bounds
from stages.input_patterns.subject import Subject

from .. import designs


def layers(generator, sizes, scale=1.0):
    """Kernels and biases of convolutions of 3 x 3 between `sizes` maps."""
    return [
        (generator.normal(0, scale, (3, 3, before, after)), generator.normal(0, 0.3, after))
        for before, after in itertools.pairwise(sizes)
    ]


def convolve(image, kernel, bias):
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3), axis=(0, 1))
    return np.einsum("xybij,ijbc->xyc", windows, kernel) + bias


def pool(maps):
    rows, columns = (size // 2 * 2 for size in maps.shape[:2])
    cut = maps[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, -1)
    return cut.max(axis=(1, 3))


def test_no_image_exceeds_them():
    generator = np.random.default_rng(0)
    stack = layers(generator, (1, 5, 4, 3))
    bounds = upper_bounds(stack, "relu")
    for _ in range(40):
        image = generator.random((28, 28, 1)).round(int(generator.integers(0, 4)))
        for number, (kernel, bias) in enumerate(stack):
            maps = convolve(image, kernel, bias)
            assert (maps.max(axis=(0, 1)) <= bounds[number] + 1e-12).all()
            image = pool(np.maximum(maps, 0))


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling": "average", "activation": "elu"},
        {"pooling": "stride", "activation": "selu"},
        {"convolutions": 2, "activation": "selu"},
    ],
    ids=str,
)
def test_no_image_exceeds_those_of_another_network(changes):
    design = designs.changed(maps=[4, 5, 6], **changes)
    net = network.untrained(design, 2)
    kernels = [net.get_layer(name).get_weights() for name in design.settings.conv_layers]
    images = np.random.default_rng(3).random((30, 28, 28, 1)).round(1).astype(np.float32)
    responses = Subject(net, design.settings.conv_layers, images).seen
    bounds = upper_bounds(kernels, design.settings.activation)
    for name, bound in zip(design.settings.conv_layers, bounds, strict=True):
        assert (responses[name].highest.max(axis=0) <= bound + 1e-5).all()


def test_on_the_first_layer_an_image_reaches_them():
    """White where the kernel is positive is the best patch there is."""
    kernel, bias = layers(np.random.default_rng(1), (1, 6))[0]
    (bound,) = upper_bounds([(kernel, bias)], "relu")
    for number in range(6):
        patch = (kernel[..., 0, number] > 0).astype(float)[..., np.newaxis]
        assert convolve(patch, kernel, bias)[0, 0, number] == pytest.approx(bound[number])


def test_a_map_of_negative_weights_is_proven_dead():
    stack = layers(np.random.default_rng(2), (1, 4, 3))
    kernel, bias = stack[1]
    kernel[..., 1] = -np.abs(kernel[..., 1])
    bias[1] = -0.01
    bounds = upper_bounds(stack, "relu")[1]
    assert bounds[1] == pytest.approx(-0.01)
    assert (np.delete(bounds, 1) > 0).all()
