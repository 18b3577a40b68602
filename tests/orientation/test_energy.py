"""The horizontal index where its value is known: bars, gratings, planted filters."""

import numpy as np
import pytest
from scipy import ndimage

from stages.common import network, trained
from stages.orientation.__main__ import energies
from stages.orientation.energy import (
    correlation,
    energy,
    field_means,
    horizontal_index,
    pooled_index,
    turned,
)

from .. import designs

BARS = np.repeat([0.0, 1, 1, 0, 0, 1, 0, 1], 8).reshape(1, 8, 8, 1)  # horizontal ones


def index(maps):
    return horizontal_index(*energy(maps))


def random_maps(*shape):
    return np.random.default_rng(3).integers(0, 256, shape).astype(float)


def test_horizontal_bars_are_one_and_vertical_bars_minus_one():
    assert index(BARS).tolist() == [[1]]
    assert index(BARS.swapaxes(1, 2)).tolist() == [[-1]]


def test_diagonal_bars_are_zero():
    diagonal = np.add.outer(np.arange(9), np.arange(9)) % 3 == 0
    assert index(diagonal[np.newaxis, ..., np.newaxis]).tolist() == [[0]]


@pytest.mark.parametrize("degrees", [0, 20, 30, 45, 60, 90, 130])
def test_a_grating_has_the_cosine_of_twice_its_angle(degrees):
    """Its wave runs at this angle to the horizontal, so that 90 degrees are horizontal strokes."""
    rows, columns = np.mgrid[:300, :300]
    along = columns * np.cos(np.radians(degrees)) + rows * np.sin(np.radians(degrees))
    grating = np.sin(0.1 * along)[np.newaxis, ..., np.newaxis]
    assert index(grating)[0, 0] == pytest.approx(-np.cos(np.radians(2 * degrees)), abs=0.02)


@pytest.mark.parametrize("side", [2, 3, 8])
def test_a_turn_by_90_degrees_changes_the_sign_alone(side):
    maps = random_maps(5, side, side, 4)
    np.testing.assert_array_equal(index(turned(maps)), -index(maps))
    np.testing.assert_array_equal(index(turned(turned(maps))), index(maps))


def test_energies_are_those_of_scipys_filters():
    maps = random_maps(2, 6, 5, 3)
    down, right = energy(maps)
    for image, number in np.ndindex(2, 3):
        filtered = [
            ndimage.correlate1d(maps[image, ..., number], [-1.0, 1.0, 0.0], axis=axis)
            for axis in (0, 1)
        ]
        assert down[image, number] == pytest.approx((filtered[0][1:] ** 2).sum())
        assert right[image, number] == pytest.approx((filtered[1][:, 1:] ** 2).sum())


def test_what_does_not_differ_has_no_index():
    assert np.isnan(index(np.ones((1, 4, 4, 1)))).all()
    assert np.isnan(index(random_maps(1, 1, 1, 1))).all()


def test_energies_are_pooled_before_the_ratio():
    strong, weak = 3 * BARS, BARS.swapaxes(1, 2)
    parts = energy(np.concatenate([strong, weak], axis=3))
    assert pooled_index(parts) == pytest.approx((9 - 1) / (9 + 1))
    assert pooled_index(parts, axis=0).tolist() == [1, -1]


def test_correlation_is_pearsons_where_both_are_defined():
    generator = np.random.default_rng(0)
    x, y = generator.random((2, 20))
    holes = x.copy()
    holes[:2] = np.nan
    assert correlation(x, x) == pytest.approx(1)
    assert correlation(x, -x) == pytest.approx(-1)
    assert correlation(holes, y) == pytest.approx(np.corrcoef(x[2:], y[2:])[0, 1])
    assert np.isnan(correlation(x[:2], y[:2]))
    assert np.isnan(correlation(x, np.zeros(20)))


@pytest.mark.parametrize("layer", designs.CONV_LAYERS)
def test_field_means_are_means_of_what_a_point_sees(layer):
    """The default network: fields of 3, 8 and 18 pixels, 1, 2 and 4 apart."""
    images = random_maps(2, 28, 28, 1)
    field, stride, side = {"conv_1": (3, 1, 26), "conv_2": (8, 2, 11), "conv_3": (18, 4, 3)}[layer]
    found = field_means(images, designs.CNN.settings, layer)
    assert found.shape == (2, side, side, 1)
    for image, row, column in np.ndindex(2, side, side):
        top, left = row * stride, column * stride
        seen = images[image, top : top + field, left : left + field]
        assert found[image, row, column, 0] == pytest.approx(seen.mean())


def test_a_filter_that_copies_turns_and_one_for_horizontal_lines_stays():
    """Map 0 of conv_1 copies the image, map 1 is a detector of horizontal lines."""
    design = designs.changed(maps=[2, 1])
    net = network.build(design)
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[1, 1, 0, 0] = 1
    kernel[..., 0, 1] = [[-1] * 3, [2] * 3, [-1] * 3]
    net.get_layer("conv_1").set_weights([kernel, np.zeros(2, np.float32)])
    extractor = trained.extractor(net, ("conv_1",))
    noise = np.random.default_rng(1).random((300, 28, 28, 1)).astype(np.float32)
    striped = noise + np.kron(BARS, np.ones((1, 4, 4, 1)))[:, :28, :28].astype(np.float32)
    upright, sideways = (
        pooled_index(energies(extractor, images)["conv_1"], axis=0)
        for images in (striped, turned(striped))
    )
    assert upright[0] == pytest.approx(index(striped[:, 1:-1, 1:-1]).mean(), abs=0.01)
    assert sideways[0] == pytest.approx(-upright[0], abs=1e-6)
    assert upright[1] > 0.4
    assert sideways[1] > 0.4
