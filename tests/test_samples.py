"""What train and activations write for comparisons: moved images, samples, untrained networks."""

import numpy as np
import pytest

from stages import activations, train
from stages.common import artifacts, network
from stages.common.params import Recipe


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def labels():
    return (np.arange(40) % 10).astype(np.uint8)


@pytest.fixture(scope="module")
def cnn():
    return network.untrained("cnn", 3)


def weights_equal(first, second):
    return all(
        np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True)
    )


def test_untrained_network_follows_from_its_seed_alone(cnn):
    assert weights_equal(cnn, network.untrained("cnn", 3, l2=0.01))
    assert not weights_equal(cnn, network.untrained("cnn", 4))


def test_untrained_network_is_the_one_that_training_starts_from(images, labels, tmp_path, cnn):
    class Log(train.EpochLog):
        def on_train_begin(self, logs=None):
            super().on_train_begin(logs)
            self.start = [weight.copy() for weight in self.model.get_weights()]

    recipe = Recipe(
        optimizer="sgd", schedule="constant", learning_rate=0.1, momentum=0.0,
        weight_decay=0.0, l2=0.001, batch_size=40, epochs=1, augment_shift=1,
    )  # fmt: skip
    data = {
        f"{split}_{name}": array
        for split in ("fit", "validation")
        for name, array in (("images", images), ("labels", labels))
    }
    log = Log(tmp_path / "history.csv", 1)
    trained = train.fit("cnn", 3, recipe, data, log)
    assert all(map(np.array_equal, log.start, cnn.get_weights()))
    assert not weights_equal(trained, cnn)


def test_moved_images_lose_what_leaves_and_gain_zeros(images):
    assert np.array_equal(train.moved(images, 0, 0), images)
    down = train.moved(images, 2, 0)
    assert np.array_equal(down[:, 2:], images[:, :-2])
    assert not down[:, :2].any()
    left = train.moved(images, 0, -3)
    assert np.array_equal(left[:, :, :-3], images[:, :, 3:])
    assert not left[:, :, -3:].any()


def test_shifts_go_from_0_to_3_pixels_along_one_axis():
    assert train.SHIFTS[0] == (0, 0)
    assert len(set(train.SHIFTS)) == len(train.SHIFTS) == 13
    assert all(0 in shift for shift in train.SHIFTS)
    assert {max(map(abs, shift)) for shift in train.SHIFTS} == {0, 1, 2, 3}


@pytest.mark.parametrize("model", ["cnn", "mlp"])
def test_shift_logits_are_those_of_the_moved_images(images, labels, model):
    built = network.untrained(model, 0)
    found = train.shift_logits(built, images, labels)
    assert found["shifts"].tolist() == [list(shift) for shift in train.SHIFTS]
    assert np.array_equal(found["index"], np.arange(40))
    assert found["logits"].shape == (13, 40, 10)
    assert {name: array.dtype for name, array in found.items()} == {
        "index": np.int32, "shifts": np.int32, "logits": np.float32,
    }  # fmt: skip
    assert found["logits"][0] == pytest.approx(train.predict(built, images), abs=1e-5)
    row = train.SHIFTS.index((0, 2))
    expected = train.predict(
        built, np.roll(np.pad(images, ((0, 0), (0, 0), (0, 9))), 2, 2)[..., :28]
    )
    assert found["logits"][row] == pytest.approx(expected, abs=1e-5)


def test_sample_holds_every_conv_layer_of_its_images(images, labels, cnn, tmp_path):
    extractor = network.extractor(cnn, network.CONV_AND_POOL_LAYERS)
    activations.dump_sample(tmp_path / "sample.npz", images, labels, extractor, 20)
    sample = artifacts.read_npz(tmp_path / "sample.npz")
    assert sorted(sample) == sorted(["index", "labels", *network.CONV_LAYERS])
    assert (sample["index"].dtype, sample["labels"].dtype) == (np.int32, np.uint8)
    assert np.array_equal(np.bincount(sample["labels"]), np.full(10, 2))
    assert np.array_equal(labels[sample["index"]], sample["labels"])
    whole = activations.run(extractor, images)
    for layer in network.CONV_LAYERS:
        assert sample[layer].dtype == np.float32
        assert sample[layer] == pytest.approx(whole[layer][sample["index"]], abs=1e-5)
