"""The measured fields against the arithmetic of kernels and strides, and a trained network."""

from pathlib import Path

import numpy as np
import pytest

from stages import receptive_field
from stages.common import artifacts, files, network, trained
from stages.common.run import Run

from . import designs


@pytest.fixture(scope="module")
def tables(tmp_path_factory, settings):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("field"))
        Path("params.yaml").write_text(settings({}))
        designs.write_dataset(side=28)
        receptive_field.main()
        return artifacts.read(files.RECEPTIVE_FIELD), artifacts.read(files.FIELD_SIZES)


def test_fields_are_those_of_the_arithmetic(tables):
    """A layer adds (kernel - 1) strides of those before it (Dumoulin & Visin 2016, 1603.07285)."""
    size, stride, cells, expected, sizes = 1, 1, 28, [], []
    for layer in designs.LAYERS:
        kernel, step = (2, 2) if layer.startswith("pool") else (3, 1)
        size += (kernel - 1) * stride
        stride *= step
        cells = (cells - kernel) // step + 1
        sizes.append((layer, *[size] * 3, *[stride] * 3))
        places = (np.array(place) for place in np.ndindex(cells, cells))
        expected += [(layer, *place, *place * stride, size, size) for place in places]
    assert (size, stride, cells) == (18, 4, 3)
    for table, rows in zip(tables, (expected, sizes), strict=True):
        assert table.to_numpy().tolist() == [list(row) for row in rows]


def test_pixels_beyond_every_field_change_no_logit_of_a_trained_network(tables, workshop):
    """Exactly: the points of conv_3 end at row and column 25, so 26 and 27 reach nothing."""
    last = tables[0][tables[0]["layer"] == "conv_3"]
    end = int((last["top"] + last["height"]).max())
    assert end == (last["left"] + last["width"]).max() == 26
    net = trained.load(designs.CNN, Run.of(workshop).path(files.WEIGHTS, model="cnn", seed=0))
    images, noise = np.random.default_rng(0).integers(0, 256, (2, 20, 28, 28)).astype(np.uint8)
    changed = images.copy()
    changed[:, end:], changed[:, :, end:] = noise[:, end:], noise[:, :, end:]
    within = changed.copy()
    within[:, end - 1] = 255 - within[:, end - 1]
    every = (network.as_input(each) for each in (images, changed, within))
    before, after, other = (net.predict(each, verbose=0) for each in every)
    np.testing.assert_array_equal(before, after)
    assert not np.array_equal(before, other)
