"""Integrated gradients of networks whose attributions are known, and of others by brute force."""

from itertools import pairwise

import numpy as np
import pytest

from stages.attribution import gradients
from stages.attribution.gradients import Gradients, integrated
from stages.common.backend import keras

SIDE, CLASSES, PAIR = 5, 3, (2, 0)
PIXELS = SIDE * SIDE


@pytest.fixture
def images():
    """More than go through the network at once; the last one is empty."""
    images = np.random.default_rng(0).integers(0, 256, (19, SIDE, SIDE)).astype(np.uint8)
    images[:, :2] = 0
    images[-1] = 0
    return images


def build(*layers: tuple[np.ndarray, np.ndarray]) -> "keras.Model":
    """Dense layers of these kernels and biases on the pixels, with ReLU between them."""
    image = x = keras.Input((SIDE, SIDE, 1))
    x = keras.layers.Flatten()(x)
    for number, (kernel, _) in enumerate(layers, start=1):
        activation = "relu" if number < len(layers) else None
        x = keras.layers.Dense(kernel.shape[1], activation)(x)
    net = keras.Model(image, x)
    net.set_weights([values for layer in layers for values in layer])
    return net


def random_layers(*sizes: int, seed: int = 1) -> list[tuple[np.ndarray, np.ndarray]]:
    generator = np.random.default_rng(seed)
    return [
        (generator.normal(size=shape).astype(np.float32), generator.normal(size=shape[1]))
        for shape in pairwise(sizes)
    ]


def one_pixel(scale: float, bias: float) -> "keras.Model":
    """The logit of class 0 is scale x + bias of pixel (3, 4), or 0 where that is below 0."""
    kernel, out = np.zeros((PIXELS, 2)), np.zeros((2, CLASSES))
    kernel[3 * SIDE + 4, 0], out[0, PAIR[1]] = scale, 1
    return build((kernel, np.array([bias, 0])), (out, np.zeros(CLASSES)))


def test_of_a_linear_network_they_are_weight_times_pixel(images):
    (layer,) = random_layers(PIXELS, CLASSES)
    found = integrated(Gradients(build(layer), PAIR), images)
    weight = (layer[0][:, PAIR[1]] - layer[0][:, PAIR[0]]).reshape(SIDE, SIDE)
    np.testing.assert_allclose(found.pixels, weight * (images / 255), atol=1e-5)
    assert found.gaps.max() < 1e-4
    assert set(found.steps) == {gradients.STEPS}


def test_an_answer_of_one_pixel_is_attributed_to_it(images):
    images[:, 3, 4] = np.arange(len(images)) * 13
    found = integrated(Gradients(one_pixel(4, 0), PAIR), images)
    others = found.pixels.copy()
    others[:, 3, 4] = 0
    assert not others.any()
    np.testing.assert_allclose(found.pixels[:, 3, 4], 4 * (images[:, 3, 4] / 255), atol=1e-5)


def test_an_image_gets_steps_until_its_attributions_are_complete(images):
    images[:, 3, 4] = 0
    images[0, 3, 4] = 255
    net = one_pixel(7, -6.9)  # above 0 on the last seventieth of the path
    found = integrated(Gradients(net, PAIR), images)
    assert found.steps[0] > gradients.STEPS
    assert found.gaps[0] < gradients.GAP
    assert set(found.steps[1:]) == {gradients.STEPS}
    few = integrated(Gradients(net, PAIR), images, most=0)
    assert few.steps[0] == gradients.STEPS
    assert few.gaps[0] == pytest.approx(1, abs=1e-5)  # no step of the first 16 sees it


def test_of_another_network_they_are_those_of_a_slow_sum(images):
    """Written out in NumPy with thousands of steps."""
    layers = random_layers(PIXELS, 7, CLASSES, seed=2)
    found = integrated(Gradients(build(*layers), PAIR), images)
    (first, bias), (second, _) = layers
    contrast = second[:, PAIR[1]] - second[:, PAIR[0]]
    for image, pixels, gap in zip(images, found.pixels, found.gaps, strict=True):
        x = image.reshape(-1) / 255
        shares = (np.arange(5000) + 0.5) / 5000
        active = shares[:, None] * (x @ first) + bias > 0
        slow = x * (active.mean(axis=0) * contrast @ first.T)
        np.testing.assert_allclose(pixels.ravel(), slow, atol=0.05 * np.abs(slow).max() + 1e-6)
        ends = [np.maximum(of @ first + bias, 0) @ contrast for of in (x, 0 * x)]
        change = ends[0] - ends[1]
        expected = abs(pixels.sum() - change) / (abs(change) or 1)
        assert gap == pytest.approx(expected, abs=1e-3)
        assert gap < gradients.GAP


def test_each_image_is_as_alone(images):
    subject = Gradients(build(*random_layers(PIXELS, 7, CLASSES)), PAIR)
    together = integrated(subject, images)
    for row in (0, 7, 18):
        alone = integrated(subject, images[row : row + 1])
        np.testing.assert_allclose(alone.pixels[0], together.pixels[row], atol=1e-5)


def test_they_follow_the_weights_and_repeat(images):
    net = build(*random_layers(PIXELS, 7, CLASSES, seed=3))
    subject, known = Gradients(net, PAIR), net.get_weights()
    first = integrated(subject, images).pixels
    net.set_weights([2 * values for values in known])
    assert not np.allclose(integrated(subject, images).pixels, first)
    net.set_weights(known)
    np.testing.assert_array_equal(integrated(subject, images).pixels, first)


def test_no_images_have_none():
    found = integrated(Gradients(one_pixel(1, 0), PAIR), np.zeros((0, SIDE, SIDE), np.uint8))
    assert found.pixels.shape == (0, SIDE, SIDE)
