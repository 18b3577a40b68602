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


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"maps": [2, 3], "kernel": 5},
        {"maps": [2, 3, 4], "pooling": "average"},
        {"maps": [2, 3, 4], "pooling": "stride", "kernel": [5, 3, 2]},
        {"maps": [2, 3, 4], "convolutions": 2, "activation": "selu"},
        {"maps": [2], "side": 20},
    ],
    ids=str,
)
def test_fields_are_those_of_the_arithmetic(changes):
    """A layer adds (kernel - 1) strides of those before it (Dumoulin & Visin 2016, 1603.07285)."""
    design = designs.changed(**changes)
    net = receptive_field.with_positive_weights(network.build(design))
    size, stride, cells = 1, 1, design.side
    for layer, _, kernel, step in design.settings.layers:
        size += (kernel - 1) * stride
        stride *= step
        cells = (cells - kernel) // step + 1
        found = receptive_field.fields(layer, receptive_field.reach(net, layer))
        places = (np.array(place) for place in np.ndindex(cells, cells))
        expected = [[layer, *place, *place * stride, size, size] for place in places]
        assert found.to_numpy().tolist() == expected
        assert receptive_field.sizes(layer, found)["size"] == size
        assert cells == 1 or receptive_field.sizes(layer, found)["stride"] == stride
    assert changes or (size, stride, cells) == (18, 4, 3)


def test_the_tables_have_every_layer(tables):
    assert [tuple(table["layer"].unique()) for table in tables] == [designs.LAYERS] * 2


def test_pixels_beyond_every_field_change_no_logit_of_a_trained_network(tables, workshop):
    """Exactly: the points of conv_3 end at row and column 25, so 26 and 27 reach nothing."""
    run = Run.of(workshop)
    last = tables[0][tables[0]["layer"] == "conv_3"]
    end = int((last["top"] + last["height"]).max())
    assert end == (last["left"] + last["width"]).max() == 26
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    images, noise = np.random.default_rng(0).integers(0, 256, (2, 20, 28, 28)).astype(np.uint8)
    changed = images.copy()
    changed[:, end:], changed[:, :, end:] = noise[:, end:], noise[:, :, end:]
    within = changed.copy()
    within[:, end - 1] = 255 - within[:, end - 1]
    every = (network.as_input(each) for each in (images, changed, within))
    before, after, other = (net.predict(each, verbose=0) for each in every)
    np.testing.assert_array_equal(before, after)
    assert not np.array_equal(before, other)
