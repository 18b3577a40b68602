"""The searches on a planted network, whose maps are known: one pixel decides each of them."""

import numpy as np
import pytest

from stages.common import fields, network
from stages.common.params import read_params
from stages.input_patterns import looking
from stages.input_patterns.bounds import intervals, upper_bounds
from stages.input_patterns.subject import Subject

from .. import designs

# conv_1: how far the pixel is above 0.5, and below. conv_2 has four maps: both together, which
# never exceed 0.5, above 0.6; a bright pixel; a dark one; one that is nearly white.
WEIGHTS = [
    [np.array([1, -1.0]).reshape(1, 1, 1, 2), np.array([-0.5, 0.5])],
    [np.array([[[[1, 1, 0, 1], [1, 0, 1, 0.0]]]]), np.array([-0.6, -0.1, -0.1, -0.4])],
]
DESIGN = designs.changed(maps=[2, 4], kernel=1, pooling="stride", dense=3)
LABELS = np.array([0, 0, 1, 1, 2])


@pytest.fixture(scope="module")
def planted():
    net = network.untrained(DESIGN, 0)
    for name, weights in zip(("conv_1", "conv_2"), WEIGHTS, strict=True):
        net.get_layer(name).set_weights(weights)
    dim = np.linspace(0, 0.55, 5, dtype=np.float32)[:, None, None, None]
    images = np.ones((5, 28, 28, 1), np.float32) * dim
    return Subject(net, ("conv_2",), images, fields.by_name(DESIGN.settings.layers, 28))


def settings(**changes):
    known = read_params().patterns.model_copy(update={"steps": 30, "starts": 3})
    return known.model_copy(update={"silent_starts": 40, "l2": 0.1, **changes})


def look(planted, rows, chosen):
    directions = np.eye(4, dtype=np.float32)
    generators = [np.random.default_rng(row) for row in range(4)]
    first = looking.look_for(planted, "conv_2", directions, chosen, generators, twice=True)
    rows = np.array(rows)
    return first, looking.insist(planted, "conv_2", first, rows, LABELS, chosen, generators)


def test_what_can_be_activated_is_and_what_cannot_is_not(planted):
    first, found = look(planted, [0, 1, 3], settings())
    assert first.natural.active.tolist() == [False, False, True, False]
    assert first.images.shape == (4, 4, 1, 1)
    np.testing.assert_allclose(found.values[1:], [[0.4, 0.4], [0.1, 0.1]], atol=1e-3)
    np.testing.assert_allclose(found.images[1:], 1, atol=1e-3)
    assert (found.values[0] <= 0).all()
    assert (found.values[0] > -0.11).all()  # as near as it gets


def test_a_price_may_keep_a_map_silent(planted):
    """Ink costs more than the map gains: only without penalties it is activated."""
    found = look(planted, [3], settings(l2=100.0))[1]
    assert found.values[0, 0] <= 0 < found.values[0, 1]


def test_more_starts_are_drawn_where_nothing_activates_a_map(planted, monkeypatch):
    drawn, real = [], looking.random_starts
    monkeypatch.setattr(looking, "random_starts", lambda n, *_: drawn.append(n) or real(n, *_))
    look(planted, [1, 3], settings())
    assert drawn == [3] * 4
    look(planted, [0, 1, 3], settings())
    assert drawn[4:] == [3] * 4 + [40, 40]  # with penalties and without


def test_what_intervals_leave_open_is_proven():
    """Each of both parts can be 0.5, but not at once: a pixel is bright or dark."""
    wide = intervals(WEIGHTS, "relu")[1][1]
    tight = upper_bounds(DESIGN.settings, WEIGHTS, {"conv_2": np.arange(4)})["conv_2"]
    np.testing.assert_allclose(wide, [0.4, 0.4, 0.4, 0.1])
    np.testing.assert_allclose(tight, [-0.1, 0.4, 0.4, 0.1])
