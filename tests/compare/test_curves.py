"""Curves of several experiments: over which networks, at which x."""

import numpy as np
import pandas as pd
import pytest

from stages.compare.comparison import Comparison
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


def test_layers_of_networks_of_other_depth_stand_in_their_order():
    deep = ["pixels", "conv_1", "pool_1", "conv_2", "pool_2", "conv_3", "dense"]
    flat = ["pixels", "conv_1", "conv_2", "conv_3", "conv_4", "dense"]
    assert curves.in_order([flat, deep]) == [*deep[:-1], "conv_4", "dense"]
    assert curves.in_order([["pixels", "dense"], deep]) == deep
    twice = ["pixels", "conv_1", "conv_2", "pool_1", "dense"]  # pools stand elsewhere
    assert sorted(curves.in_order([deep, twice])) == sorted(deep)
    assert curves.in_order([["a"], ["a", "b"]]) == ["a", "b"]


def test_a_shallow_network_does_not_put_dense_before_conv_3(compare):
    first, copy = compare(copy={}).experiments
    shallow = first.curves["layers"].query("layer not in ('conv_3', 'pool_2')")
    comparison = Comparison([first._replace(curves={"layers": shallow}), copy])
    figure = curves.layers(comparison)
    labels = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert labels == list(dict.fromkeys(copy.curves["layers"]["layer"]))
    for line in figure.axes[0].lines:
        assert (np.diff(line.get_xdata(orig=False)) > 0).all()
    curves.plots.plt.close(figure)


DRAWN = {
    "curves": curves.training, "probe_curve": curves.probes, "patching": curves.patching,
    "auroc": curves.auroc, "translation": curves.translation, "layers": curves.layers,
}  # fmt: skip


@pytest.mark.parametrize("kind", DRAWN)
def test_every_experiment_has_its_colour_in_every_panel(compare, kind):
    comparison = compare(_copy={}, alone=of_seeds([10]))
    figure = DRAWN[kind](comparison)
    (legend,) = figure.legends  # Matplotlib leaves out names that begin with _ by itself
    assert [text.get_text() for text in legend.get_texts()] == comparison.names
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert len(shown) == comparison.first.curves[kind]["panel"].nunique()
    for axis in shown:
        assert [line.get_color() for line in axis.lines] == list(comparison.colors.values())
        assert axis.get_title()
        assert axis.get_ylabel()
        assert axis.get_xlabel() or kind == "layers"
    curves.plots.plt.close(figure)


@pytest.mark.parametrize("kind", DRAWN)
def test_networks_without_a_common_x_leave_no_line(compare, kind):
    """Two networks of the other have no x in common: nothing to draw, and no failure."""
    first, copy = compare(copy={}).experiments
    table = copy.curves[kind]
    rows = table[table["seed"].isin((10, 11))]
    x = next(name for name in ("epoch", "k", "auroc", "pixels", "layer") if name in rows)
    rows = rows[rows["seed"].eq(10) == rows[x].eq(rows[x].iloc[0])]
    figure = DRAWN[kind](Comparison([first, copy._replace(curves={kind: rows})]))
    curves.plots.plt.close(figure)


def test_a_run_without_curves_is_said_to_lack_them(compare):
    comparison = compare(copy={}, other_run={})
    comparison.others[0].curves.pop("patching")
    comparison.others[1].curves.pop("patching")
    found = curves.numbers(comparison)
    assert found["lacking"]["patching"] == " Not kept of copy and other_run."
    assert found["lacking"]["auroc"] == ""
    assert found["shown"]["patching"]
    comparison.first.curves.pop("patching")
    assert not curves.numbers(comparison)["shown"]["patching"]
