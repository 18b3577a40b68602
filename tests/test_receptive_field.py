"""The measured fields against the arithmetic of kernels and strides, and a trained network."""

import numpy as np
import pandas as pd
import pytest

from stages import receptive_field
from stages.common import artifacts, network
from stages.common.console import run


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("field"))
        run(receptive_field.main)
        return pd.read_csv(artifacts.RECEPTIVE_FIELD)


def test_fields_are_those_of_the_arithmetic(table):
    """Each layer adds (kernel - 1) strides of those before it; pooling doubles the stride.

    Dumoulin & Visin 2016, "A guide to convolution arithmetic" (1603.07285).
    """
    size, stride, cells = 1, 1, 28
    for layer, kernel, step in (
        ("conv_1", 3, 1), ("pool_1", 2, 2), ("conv_2", 3, 1), ("pool_2", 2, 2), ("conv_3", 3, 1),
    ):  # fmt: skip
        size += (kernel - 1) * stride
        stride *= step
        cells = (cells - kernel) // step + 1
        rows = table[table["layer"] == layer]
        expected = pd.DataFrame(
            [(r, c, r * stride, c * stride, size, size) for r, c in np.ndindex(cells, cells)],
            columns=list(rows.columns[1:]),
        )
        pd.testing.assert_frame_equal(rows.iloc[:, 1:].reset_index(drop=True), expected)
    assert (size, stride, cells) == (18, 4, 3)
    assert len(table) == 26**2 + 13**2 + 11**2 + 5**2 + 3**2


def test_pixels_beyond_every_field_change_no_logit_of_a_trained_network(table, workshop):
    """Exactly: the points of conv_3 end at row and column 25, so 26 and 27 reach nothing."""
    last = table[table["layer"] == "conv_3"]
    end = int((last["top"] + last["height"]).max())
    assert end == (last["left"] + last["width"]).max() == 26
    trained = network.load("cnn", workshop / artifacts.model_folder("cnn", 0))
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (20, 28, 28)).astype(np.uint8)
    changed = images.copy()
    changed[:, end:] = generator.integers(0, 256, changed[:, end:].shape)
    changed[:, :, end:] = generator.integers(0, 256, changed[:, :, end:].shape)
    before, after = (
        trained.predict(network.as_input(each), verbose=0) for each in (images, changed)
    )
    np.testing.assert_array_equal(before, after)
    changed[:, end - 1] = 255 - changed[:, end - 1]
    assert not np.array_equal(before, trained.predict(network.as_input(changed), verbose=0))
