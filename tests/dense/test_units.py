"""Contributions, patching and the summary, on planted units and against loops."""

import numpy as np
import pytest

from stages.common import artifacts, controls, files
from stages.dense import units

from .conftest import PAIR, UNITS, planted


def difference(layer, values):
    logits = units.logits(layer.head, values)
    return logits[:, layer.pair[1]] - logits[:, layer.pair[0]]


def test_contributions_add_up_to_the_difference_of_the_classes(layer):
    of = units.contributions(layer.weights, *layer.validation)
    a, b = (difference(layer, values).mean(dtype=float) for values in layer.validation)
    assert of.sum() == pytest.approx(b - a, abs=1e-5)
    assert abs(b - a) > 0.1


def test_a_contribution_is_what_patching_the_unit_changes(layer):
    """In both directions, towards the other class: one order of units serves both."""
    of, (a, b) = units.contributions(layer.weights, *layer.validation), layer.validation
    for base, other, sign in ((a, b, 1), (b, a, -1)):
        for unit in range(UNITS):
            edited = base.copy()
            edited[:, unit] = other[:, unit].mean()
            change = (difference(layer, edited) - difference(layer, base)).mean(dtype=float)
            assert sign * change == pytest.approx(of[unit], abs=1e-5)


def test_the_dense_layer_and_the_logits_are_the_heads(head, points):
    of_a = points["test"][0]
    np.testing.assert_allclose(units.logits(head, units.dense(head, of_a)), head(of_a), atol=1e-4)


@pytest.mark.parametrize(
    ("share", "count"), [(0.4, 1), (0.5, 2), (0.9, 3), (1.0, 3), (1.12, np.nan)]
)
def test_units_that_carry_a_share_by_hand(share, count):
    ordered = np.array([4.0, 3, 2, 1, -1])
    np.testing.assert_equal(units.carrying(ordered, 9.0, share), count)
    assert np.isnan(units.carrying(-ordered, -9.0, share))
    assert np.isnan(units.carrying(np.empty(0), 0.0, share))


def test_planted_units_flip_just_when_all_that_matter_are_patched():
    """Units 1 and 3 each take z_b - z_a from -5 by 3, unit 0 is the same in both classes."""
    kernel = [[1, 1], [0, 3], [9, 9], [3, 0]]
    a, b = [[7, 0, 0, 1]] * 20, [[7, 1, 0, 0]] * 20
    layer = planted(kernel, [2, 0], a, b)
    assert layer.active.tolist() == [0, 1, 3]
    assert layer.order.tolist() == [1, 3, 0]
    drawn = np.tile(np.arange(4), (20, 1))
    for mode, direction in (("mean", "a_to_b"), ("interchange", "a_to_b"), ("mean", "b_to_a")):
        partners = controls.pairing(20, 20, 3, np.random.default_rng(0))
        table = units.curve_table(layer, direction, mode, partners, drawn)
        assert table["k"].tolist() == [1, 2, 3]
        flips_at = 1 if direction == "b_to_a" else 2  # b has +1 alone
        assert table["flipped"].tolist() == [float(k >= flips_at) for k in (1, 2, 3)]
    row = units.summary_row(layer)
    assert (row["units"], row["active"], row["taken"]) == (4, 3, 0)
    assert (row["half"], row["most"], row["half_test"]) == (1, 2, 0.5)
    assert (row["difference_a"], row["difference_b"]) == (3, 3)
    assert np.isnan([row["shift_a"], row["shift_b"]]).all()


def test_random_units_are_what_the_planted_ones_are_compared_with():
    """Units 0 and 1 have all the weight, and unit 0 alone flips; the other six change nothing."""
    kernel = [[0, 9], [0, 1]] + [[0, 0]] * 6
    a, b = [[0] * 8] * 20, [[1] * 8] * 20
    layer = planted(kernel, [5, 0], a, b)
    assert layer.order[:2].tolist() == [0, 1]
    partners = controls.pairing(20, 20, 1, np.random.default_rng(0))
    for shift, flipped, p in ((4, 0, 1 / 21), (0, 1, 1)):  # others stand in, or each for itself
        drawn = np.tile(np.roll(np.arange(8), shift), (20, 1))
        table = units.curve_table(layer, "a_to_b", "interchange", partners, drawn)
        few = table[table["k"] <= 2]
        assert (few["flipped"] == 1).all()
        assert (few["flipped_control_mean"] == flipped).all()
        np.testing.assert_allclose(few["flipped_p"], p)


def test_what_misleads_is_told_apart():
    """Unit 0 is for b, unit 1 for a: one image of a has both wrong, by 6 and 2."""
    a = [[0, 4]] * 9 + [[6, 2]]
    layer = planted([[0, 1], [1, 0]], [1, 0], a, [[9, 0]] * 4)
    row = units.summary_row(layer)
    assert row["taken"] == 1
    assert row["shift_b"] == pytest.approx(6 - 0.6)
    assert row["shift_a"] == pytest.approx(3.8 - 2)


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
@pytest.mark.parametrize("mode", ["interchange", "mean"])
def test_flipped_is_that_of_a_loop(layer, direction, mode):
    (label, target), (base, source) = PAIR, layer.test
    mean = layer.validation[1].mean(axis=0)
    if direction == "b_to_a":
        (target, label), (source, base), mean = PAIR, layer.test, layer.validation[0].mean(axis=0)
    partners = controls.pairing(len(base), len(source), 4, np.random.default_rng(2))
    drawn = np.tile(np.arange(UNITS), (20, 1))
    table = units.curve_table(layer, direction, mode, partners, drawn).set_index("k")
    shares = []
    for k in table.index:
        flips = []
        for image, sources in zip(base, partners, strict=True):
            if units.logits(layer.head, image[None]).argmax() != label:
                continue
            for other in source[sources] if mode == "interchange" else [mean]:
                edited = image.copy()
                edited[layer.order[:k]] = other[layer.order[:k]]
                flips.append(units.logits(layer.head, edited[None]).argmax() == target)
        shares.append(np.mean(flips))
    np.testing.assert_allclose(table["flipped"], shares)
    assert max(shares) > 0
    # Each control is the ranked set itself here, so that all 20 flip as many.
    within = table.index <= len(layer.order) / 4
    assert (table["flipped_p"][within] == 1).all()
    assert table["flipped_p"][~within].isna().all()
    np.testing.assert_allclose(table["flipped_control_low"][within], table["flipped"][within])


def test_the_first_k_that_flips_half_is_in_the_curve():
    """Of 30 units, each alike, 17 must change: no number of the usual curve."""
    kernel, a, b = [[0, 1]] * 30, [[0] * 30] * 3, [[1] * 30] * 3
    layer = planted(kernel, [16.5, 0], a, b)
    drawn = np.tile(np.arange(30), (20, 1))
    table = units.curve_table(layer, "a_to_b", "mean", np.zeros((3, 1), int), drawn)
    assert table["k"].tolist() == [1, 2, 3, 5, 8, 13, 17, 21, 30]
    assert table[table["flipped"] >= 0.5]["k"].iloc[0] == 17


def test_no_right_answers_and_no_active_units():
    nothing = planted([[0, 1]] * 3, [0, 9], [[0, 0, 0]] * 2, [[0, 0, 0]] * 2)
    table = units.curve_table(nothing, "a_to_b", "mean", np.zeros((2, 1), int), np.empty((20, 3)))
    assert table.empty
    assert list(table.columns) == list(artifacts.forms(files.DENSE_PATCHING))
    row = units.summary_row(nothing)
    assert np.isnan([row["half"], row["most"], row["half_test"]]).all()
    wrong = planted([[0, 1]] * 3, [0, 9], [[1, 2, 0]] * 2, [[2, 3, 0]] * 2)
    drawn = np.tile(np.arange(3), (20, 1))
    table = units.curve_table(wrong, "a_to_b", "interchange", np.zeros((2, 1), int), drawn)
    assert table["flipped"].isna().all()


def test_units_are_listed_by_contribution_and_inactive_ones_last():
    layer = planted([[0, 1], [0, 1], [0, 3]], [0, 0], [[0, 0, 1]], [[0, 1, 2]])
    table = units.units_table(layer)
    assert table["unit"].tolist() == [2, 1, 0]
    assert table["active"].tolist() == [True, True, False]
    assert table["contribution"].tolist() == [3, 1, 0]
    assert table["mean_b"].tolist() == [2, 1, 0]
    assert table["weight_b"].tolist() == [3, 1, 1]
    assert list(table.columns) == list(artifacts.forms(files.UNITS))
