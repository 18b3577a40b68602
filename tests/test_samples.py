"""What train and activations write for comparisons: translated images, samples, untrained nets."""

import numpy as np
import pytest

from stages import activations, train
from stages.common import network, trained

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
    extractor = trained.extractor(cnn, designs.LAYERS)
    sample = activations.sample(extractor, images, labels, 20)
    assert list(sample) == ["index", "labels", *designs.CONV_LAYERS]
    assert np.array_equal(np.bincount(sample["labels"]), np.full(10, 2))
    assert np.array_equal(labels[sample["index"]], sample["labels"])
    whole = activations.see(extractor, images)
    for layer in designs.CONV_LAYERS:
        assert sample[layer] == pytest.approx(whole[layer][sample["index"]], abs=1e-5)
