"""What train and activations write for comparisons: translated images, samples, untrained nets."""

import numpy as np
import pytest

from stages import activations, train
from stages.common import network, sampling, trained

from . import designs


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def labels():
    return (np.arange(40) % 10).astype(np.uint8)


@pytest.fixture(scope="module")
def cnn():
    return network.untrained(designs.CNN, 3)


def test_an_untrained_network_follows_from_its_seed_alone(cnn):
    def same(other):
        return all(map(np.array_equal, cnn.get_weights(), other.get_weights()))

    assert same(network.untrained(designs.CNN, 3, l2=0.01))
    assert not same(network.untrained(designs.CNN, 4))


def test_translated_images_lose_what_leaves_and_gain_zeros(images):
    assert np.array_equal(train.translated(images, 0, 0), images)
    down = train.translated(images, 2, 0)
    assert np.array_equal(down[:, 2:], images[:, :-2])
    assert not down[:, :2].any()
    left = train.translated(images, 0, -3)
    assert np.array_equal(left[:, :, :-3], images[:, :, 3:])
    assert not left[:, :, -3:].any()


def test_shift_logits_are_those_of_the_translated_images(images, labels, cnn):
    found = train.shift_logits(cnn, images, labels)
    assert np.array_equal(found["index"], np.arange(40))
    shifts = found["shifts"].tolist()
    assert shifts[0] == [0, 0]
    # Up to 3 pixels along one axis.
    assert sorted(shifts[1:]) == sorted(
        [d * down, d * right] for d in (-3, -2, -1, 1, 2, 3) for down, right in ((1, 0), (0, 1))
    )
    assert found["logits"].shape == (13, 40, 10)
    assert found["logits"][0] == pytest.approx(train.predict(cnn, images), abs=1e-5)
    right = np.roll(np.pad(images, ((0, 0), (0, 0), (0, 9))), 2, 2)[..., :28]
    expected = train.predict(cnn, right)
    assert found["logits"][shifts.index([0, 2])] == pytest.approx(expected, abs=1e-5)


def test_a_sample_holds_every_conv_layer_of_its_images(images, labels, cnn):
    """Of conv_1 every fourth row and column, of conv_2 every second: 4 pixels, as in conv_3."""
    index = sampling.balanced_rows(labels, 20)
    outputs = activations.see(trained.extractor(cnn, designs.LAYERS), images[index])
    steps = activations.grid_steps(designs.CNN.settings)
    assert steps == {"conv_1": 4, "conv_2": 2, "conv_3": 1}
    sample = activations.sample_arrays(outputs, steps, index, labels[index])
    assert np.array_equal(np.bincount(sample["labels"]), np.full(10, 2))
    whole = activations.see(trained.extractor(cnn, designs.CONV_LAYERS), images)
    for layer, side in zip(designs.CONV_LAYERS, (7, 6, 3), strict=True):
        assert sample[layer].shape[1:3] == (side, side)
        expected = whole[layer][index]
        assert sample[layer][:, 1, 2] == pytest.approx(
            expected[:, steps[layer], 2 * steps[layer]], abs=1e-5
        )
        assert sample[f"{layer}_max"] == pytest.approx(expected.max(axis=(1, 2)), abs=1e-5)
