"""Counts of layers against Keras, against measured fields and against small cases by hand."""

from math import prod

import numpy as np
import pytest

from stages import receptive_field
from stages.common import fields, network
from stages.common.architecture import Layer

from .. import designs

SHAPES = [
    {},
    {"maps": [4, 6, 8], "pooling": "stride", "kernel": [5, 3, 2]},
    {"maps": [4, 6], "convolutions": 2, "pooling": "average", "side": 21, "classes": 3},
    {"maps": [8], "side": 20},
]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def design(request):
    return designs.changed(**request.param)


@pytest.fixture(scope="module")
def built(design):
    return receptive_field.with_positive_weights(network.build(design))


def test_rows_are_what_keras_builds_and_what_is_measured(design, built):
    for row in fields.rows(design.settings.layers, design.side):
        layer = built.get_layer(row.layer.name)
        assert layer.output.shape[1:] == (row.side, row.side, row.layer.maps)
        assert layer.count_params() == row.parameters
        reached = receptive_field.reach(built, row.layer.name)
        measured = receptive_field.sizes(
            row.layer.name, receptive_field.fields(row.layer.name, reached)
        )
        assert measured["size"] == row.field
        assert row.side == 1 or measured["stride"] == row.stride


def test_the_pixels_that_feed_a_point_are_those_that_reach_it(design, built):
    layers = design.settings.layers
    reached = receptive_field.reach(built, layers[-1].name)
    for point in range(reached.shape[2]):
        pixels = np.flatnonzero(reached[:, :, point, 0].any(axis=1))
        assert pixels.tolist() == list(fields.feeding(layers, point)[0])


def test_the_cost_is_that_of_kerass_layers(design, built):
    settings = design.settings
    cost = fields.cost(settings.layers, design.side, settings.dense, design.classes, batch=3)
    assert cost.parameters == built.count_params()
    assert cost.dense_weights == prod(built.get_layer("dense").kernel.shape)
    names = (*settings.names, "dense", "logits")
    outputs = [prod(built.get_layer(name).output.shape[1:]) for name in names]
    assert cost.activation_bytes == 3 * 4 * sum(outputs)


def test_every_output_of_a_convolution_is_a_product_with_each_weight():
    """3 x 3 points, 2 maps of 3 x 3 weights; then 1 point, 5 maps of 3 x 3 x 2 weights."""
    layers = [Layer("conv_1", 2, 3, 1), Layer("conv_2", 5, 3, 1)]
    assert [row.products for row in fields.rows(layers, 5)] == [9 * 2 * 9, 5 * 18]
    cost = fields.cost(layers, 5, units=7, classes=2, batch=1)
    assert cost.products == 9 * 2 * 9 + 5 * 18 + 5 * 7 + 7 * 2


def test_points_that_feed_a_point_are_counted_layer_by_layer():
    """The default network: 18 pixels, 16 points of conv_1, 8, 6 and 3 feed one of conv_3."""
    fed = fields.feeding(designs.CNN.settings.layers, 1)
    assert [len(points) for points in fed] == [18, 16, 8, 6, 3, 1]
    assert fed[0] == range(4, 22)


def test_without_pooling_the_convolutions_are_left_at_stride_one():
    strided = designs.changed(maps=[4, 6], pooling="stride").settings
    pooled = designs.changed(maps=[4, 6]).settings
    flat = [Layer("conv_1", 4, 3, 1), Layer("conv_2", 6, 3, 1)]
    assert fields.without_pooling(strided.layers) == flat
    assert fields.without_pooling(pooled.layers) == flat
