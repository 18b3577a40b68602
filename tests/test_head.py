"""The NumPy head against Keras, and what it says about files that are no head."""

import numpy as np
import pytest

from stages.common import network, trained
from stages.common.console import StageError

from . import designs


@pytest.fixture
def saved(tmp_path):
    """A CNN, and the file of its weights."""
    cnn, path = network.build(designs.CNN), tmp_path / "model.weights.h5"
    cnn.save_weights(path)
    return cnn, path


def test_points_stand_in_the_order_map_row_column():
    values = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4)
    points = trained.as_points(values)
    for number in range(36):
        map_, row, column = np.unravel_index(number, (4, 3, 3))
        np.testing.assert_array_equal(points[:, number], values[:, row, column, map_])


def test_keras_gives_the_same_logits(saved):
    cnn, weights = saved
    images = np.random.default_rng(0).random((20, 28, 28, 1)).astype(np.float32)
    seen = trained.extractor(cnn, ("conv_3",)).predict(images, verbose=0)
    ours = trained.read_head(weights, designs.CNN)(trained.as_points(seen["conv_3"]))
    np.testing.assert_allclose(ours, seen["logits"], atol=1e-4)
    assert trained.parameter_count(weights) == cnn.count_params()


def test_a_file_that_holds_no_head_is_a_sentence(saved, tmp_path):
    (tmp_path / "text").write_bytes(b"no weights")
    for place, design, problem in (
        (saved[1], designs.CNN._replace(side=30), "does not hold the weights"),
        (tmp_path / "text", designs.CNN, "does not hold the weights"),
        (tmp_path / "nowhere", designs.CNN, "is missing"),
    ):
        with pytest.raises(StageError, match=f"{problem}.*`dvc repro`"):
            trained.read_head(place, design)
