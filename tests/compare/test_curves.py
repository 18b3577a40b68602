"""Curves of several experiments: over which networks, at which x."""

import numpy as np
import pandas as pd

from stages.compare.sections import curves

from .runs import of_seeds


def test_a_curve_is_the_mean_and_reach_of_the_networks():
    table = pd.DataFrame({"seed": [1, 1, 2, 2], "k": [3, 10, 10, 3], "y": [0.2, 0.4, 0.8, 0.4]})
    found = curves.over_networks(table, "k", "y")
    assert found.index.tolist() == [3, 10]
    np.testing.assert_allclose(found, [[0.3, 0.2, 0.4], [0.6, 0.4, 0.8]])


def test_what_a_network_lacks_is_left_out():
    table = pd.DataFrame({"seed": [1, 1, 2], "k": [3, 1000, 3], "y": [0.2, 0.4, 0.8]})
    assert curves.over_networks(table, "k", "y").index.tolist() == [3]


def test_layers_keep_their_order():
    layers = ["pixels", "conv_1", "dense"]
    table = pd.DataFrame({"seed": [1] * 3 + [2] * 3, "layer": layers * 2, "y": range(6)})
    assert curves.over_networks(table, "layer", "y").index.tolist() == layers


def test_every_experiment_has_its_colour_in_every_panel(compare):
    comparison = compare(copy={}, alone=of_seeds([10]))
    for draw in (curves.training, curves.probes, curves.patching, curves.auroc,
                 curves.translation, curves.layers):  # fmt: skip
        figure = draw(comparison)
        shown = [axis for axis in figure.axes if axis.get_visible()]
        for axis in shown:
            assert [line.get_color() for line in axis.lines] == list(comparison.colors.values())
            assert axis.get_title()
            assert axis.get_xlabel() or draw is curves.layers
        curves.plots.plt.close(figure)


def test_a_run_without_curves_is_said_to_lack_them(compare):
    comparison = compare(copy={})
    comparison.others[0].curves.pop("patching")
    found = curves.numbers(comparison)
    assert found["lacking"]["patching"] == ["copy"]
    assert found["shown"]["patching"]
    comparison.first.curves.pop("patching")
    assert not curves.numbers(comparison)["shown"]["patching"]
