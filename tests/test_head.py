"""The NumPy head against Keras, and what it says about files that are no head."""

import h5py
import numpy as np
import pytest

from stages.common import network
from stages.common.console import StageError

NAME = "model.weights.h5"


@pytest.fixture
def weights(tmp_path):
    """The weights of a head over 2 x 3 maps, 4 of them, with 5 units."""
    generator = np.random.default_rng(0)
    shapes = [(24, 5), (5,), (5, 10), (10,)]
    arrays = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    with h5py.File(tmp_path / NAME, "w") as file:
        for name, values in zip(network.HEAD_VARIABLES, arrays, strict=True):
            file[f"layers/{name}"] = values
    return tmp_path / NAME, arrays


def test_points_stand_in_the_order_map_row_column():
    values = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4)
    points = network.as_points(values)
    for number in range(36):
        map_, row, column = np.unravel_index(number, (4, 3, 3))
        np.testing.assert_array_equal(points[:, number], values[:, row, column, map_])


def test_the_kernel_is_permuted_as_the_points_are(weights):
    path, (kernel, dense_bias, logits_kernel, logits_bias) = weights
    maps = np.random.default_rng(1).random((6, 2, 3, 4)).astype(np.float32)
    head = network.read_head(path, 2, 3, 4)
    hidden = maps.reshape(6, -1) @ kernel + dense_bias  # as Keras flattens
    np.testing.assert_allclose(head.hidden(network.as_points(maps)), hidden, atol=1e-5)
    logits = np.maximum(hidden, 0) @ logits_kernel + logits_bias
    np.testing.assert_allclose(head(network.as_points(maps)), logits, atol=1e-5)
    assert network.parameter_count(path) == 24 * 5 + 5 + 5 * 10 + 10


def test_a_file_that_holds_no_head_is_a_sentence(weights, tmp_path):
    path, _ = weights
    (tmp_path / "text").write_bytes(b"no weights")
    for place, rows, problem in (
        (path, 3, "does not hold the weights"),
        (tmp_path / "text", 2, "does not hold the weights"),
        (tmp_path / "nowhere", 2, "is missing"),
    ):
        with pytest.raises(StageError, match=f"{problem}.*`dvc repro`"):
            network.read_head(place, rows, 3, 4)


def test_keras_gives_the_same_logits(tmp_path):
    cnn = network.build("cnn")
    network.save_weights(cnn, tmp_path / NAME)
    images = np.random.default_rng(0).random((20, 28, 28, 1)).astype(np.float32)
    seen = network.extractor(cnn, ("conv_3",)).predict(images, verbose=0)
    head = network.read_head(tmp_path / NAME, 3, 3, 128)
    ours = head(network.as_points(seen["conv_3"]))
    np.testing.assert_allclose(ours, seen["logits"], atol=1e-4)
    assert network.parameter_count(tmp_path / NAME) == cnn.count_params()
