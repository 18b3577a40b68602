"""The NumPy head against Keras, and what it says about files that are no head."""

import numpy as np
import pytest

from stages.common import network
from stages.common.console import StageError

MAPS = (3, 3, 128)  # rows, columns, maps


@pytest.fixture
def saved(tmp_path):
    """A CNN, and the file of its weights."""
    cnn, path = network.build("cnn"), tmp_path / "model.weights.h5"
    network.save_weights(cnn, path)
    return cnn, path


def test_points_stand_in_the_order_map_row_column():
    values = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4)
    points = network.as_points(values)
    for number in range(36):
        map_, row, column = np.unravel_index(number, (4, 3, 3))
        np.testing.assert_array_equal(points[:, number], values[:, row, column, map_])


def test_keras_gives_the_same_logits(saved):
    cnn, weights = saved
    images = np.random.default_rng(0).random((20, 28, 28, 1)).astype(np.float32)
    seen = network.extractor(cnn, ("conv_3",)).predict(images, verbose=0)
    ours = network.read_head(weights, *MAPS)(network.as_points(seen["conv_3"]))
    np.testing.assert_allclose(ours, seen["logits"], atol=1e-4)
    assert network.parameter_count(weights) == cnn.count_params()


def test_a_file_that_holds_no_head_is_a_sentence(saved, tmp_path):
    (tmp_path / "text").write_bytes(b"no weights")
    for place, rows, problem in (
        (saved[1], 2, "does not hold the weights"),
        (tmp_path / "text", 3, "does not hold the weights"),
        (tmp_path / "nowhere", 3, "is missing"),
    ):
        with pytest.raises(StageError, match=f"{problem}.*`dvc repro`"):
            network.read_head(place, rows, *MAPS[1:])
