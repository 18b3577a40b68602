"""The NumPy head against Keras, and what it says about files that are no head."""

import h5py
import numpy as np
import pytest

from stages.common import artifacts, network
from stages.common.console import StageError


@pytest.fixture
def weights(tmp_path):
    """The weights of a head over 2 x 3 maps, 4 of them, with 5 units."""
    generator = np.random.default_rng(0)
    shapes = [(24, 5), (5,), (5, 10), (10,)]
    arrays = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    with h5py.File(tmp_path / network.WEIGHTS, "w") as file:
        for name, values in zip(network.HEAD_VARIABLES, arrays, strict=True):
            file[f"layers/{name}"] = values
    return tmp_path, arrays


def test_points_stand_in_the_order_map_row_column():
    values = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4)
    points = network.as_points(values)
    for number in range(36):
        map_, row, column = np.unravel_index(number, (4, 3, 3))
        np.testing.assert_array_equal(points[:, number], values[:, row, column, map_])


def test_the_kernel_is_permuted_as_the_points_are(weights):
    folder, (kernel, dense_bias, logits_kernel, logits_bias) = weights
    maps = np.random.default_rng(1).random((6, 2, 3, 4)).astype(np.float32)
    head = network.read_head(folder, 2, 3, 4)
    hidden = maps.reshape(6, -1) @ kernel + dense_bias  # as Keras flattens
    np.testing.assert_allclose(head.hidden(network.as_points(maps)), hidden, atol=1e-5)
    logits = np.maximum(hidden, 0) @ logits_kernel + logits_bias
    np.testing.assert_allclose(head(network.as_points(maps)), logits, atol=1e-5)
    assert head(network.as_points(maps)).dtype == np.float32


def test_a_file_that_holds_no_head_is_a_sentence(weights, tmp_path):
    folder, _ = weights
    with pytest.raises(StageError, match="other shapes"):
        network.read_head(folder, 3, 3, 4)
    with pytest.raises(StageError, match="does not hold the head"):
        network.read_head(tmp_path / "nowhere", 2, 3, 4)
    (folder / network.WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(StageError, match="dvc repro"):
        network.read_head(folder, 2, 3, 4)


def test_keras_gives_the_same_logits(tmp_path):
    cnn = network.build("cnn")
    network.save_weights(cnn, tmp_path / network.WEIGHTS)
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.uint8)
    seen = network.extractor(cnn, ("conv_3",)).predict(network.as_input(images), verbose=0)
    head = network.read_head(tmp_path, 3, 3, 128)
    ours = head(network.as_points(seen["conv_3"]))
    np.testing.assert_allclose(ours, seen["logits"], atol=1e-4)


TRAINED = artifacts.activations_folder(0) / "test_0.npz"


@pytest.mark.skipif(not TRAINED.exists(), reason="the pipeline has not run here")
def test_keras_gave_the_same_logits_to_a_trained_network():
    seen = artifacts.read_npz(TRAINED, "conv_3", "logits")
    head = network.read_head(artifacts.model_folder("cnn", 0), *seen["conv_3"].shape[1:])
    np.testing.assert_allclose(head(network.as_points(seen["conv_3"])), seen["logits"], atol=1e-4)
