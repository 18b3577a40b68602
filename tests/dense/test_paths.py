"""Path patching against loops, and on planted paths."""

import numpy as np
import pytest

from stages.common import artifacts, files, trained
from stages.dense import paths

from .conftest import PAIR, POINTS, UNITS


@pytest.fixture
def both(layer, points):
    """Flows of validation and of test images."""
    means = tuple(of.mean(axis=0) for of in points["validation"])
    return [paths.flows(layer.head, layer.weights, of, means) for of in points.values()]


def loop(flow, pairs):
    """Mean change towards the other class when each (point, unit) is patched, image by image."""
    head, changes = flow.head, []
    for image in flow.points:
        before = head.hidden(image[None])[0].astype(float)
        after = before.copy()
        for point, unit in pairs:
            after[unit] += head.dense_kernel[point, unit] * (flow.mean[point] - image[point])
        change = np.maximum(after, 0) - np.maximum(before, 0)
        changes.append(change @ flow.weights)
    return np.mean(changes)


def test_effects_of_single_paths_are_those_of_a_loop(both):
    sources, into = np.array([0, 3, 7]), np.array([4, 1])
    for flow in both[0].values():
        wanted = [[loop(flow, [(point, unit)]) for unit in into] for point in sources]
        np.testing.assert_allclose(flow.effects(sources, into), wanted, atol=1e-5)
        together = [(point, unit) for point in sources for unit in into]
        assert flow.effect(sources, into) == pytest.approx(loop(flow, together), abs=1e-5)


def test_all_paths_together_are_the_network_at_the_other_mean(both, head, points):
    a, b = PAIR
    for direction, sign, base in (("a_to_b", 1, 0), ("b_to_a", -1, 1)):
        flow = both[1][direction]
        patched = head(points["validation"][1 - base].mean(axis=0, keepdims=True))[0]
        change = (patched - head(points["test"][base])).mean(axis=0)
        whole = flow.effect(np.arange(POINTS), np.arange(UNITS))
        assert whole == pytest.approx(sign * (change[b] - change[a]), abs=1e-4)


def planted(bias):
    """Point 1 alone differs, by 2; it goes into unit 0 by 3, which is for b by 5."""
    kernel = np.zeros((4, 2), np.float32)
    kernel[1, 0], kernel[2] = 3, 7
    logits = np.array([[0, 5], [0, 1]], np.float32)
    head = trained.Head(kernel, np.full(2, bias, np.float32), logits, np.zeros(2, np.float32))
    a = np.tile(np.float32([0, 1, 2, 0]), (6, 1))
    b = np.tile(np.float32([0, 3, 2, 0]), (6, 1))
    weights = logits[:, 1] - logits[:, 0]
    return paths.flows(head, weights, (a, b), (a.mean(axis=0), b.mean(axis=0)))


@pytest.mark.parametrize(("bias", "effect"), [(0, 30), (-99, 0), (-20, 15)])
def test_a_planted_path_is_found_and_goes_through_the_activation(bias, effect):
    """Before the activation the unit is at 17 + bias and at 23 + bias."""
    known, live = planted(bias), np.array([1, 2])
    np.testing.assert_allclose(known["a_to_b"].effects(live, [0, 1]), [[effect, 0], [0, 0]])
    np.testing.assert_allclose(known["b_to_a"].effects(live, [0, 1]), [[effect, 0], [0, 0]])
    assert paths.most_effect(known, live, np.array([0, 1]))[0] == 1
    drawn = np.tile([0, 2, 1, 3], (20, 1))
    table = paths.shares_table(known, np.array([1]), np.array([0, 1]), np.arange(4), drawn)
    assert list(table.columns) == list(artifacts.forms(files.PATH_SHARES))
    if effect:
        assert (table["share"] == 1).all()
        assert (table["share_control_high"] == 0).all()
        assert (table["share_p"] == 1 / 21).all()
        assert (table["units_share"] == 1).all()
    else:
        assert table["share"].isna().all()


def test_effects_add_up_where_no_unit_is_silent(layer, points):
    """Without an activation between them, the whole is the sum of the paths."""
    kernel, bias, *rest = layer.head[:4]
    linear = trained.Head(kernel, bias + 100, *rest)
    means = tuple(of.mean(axis=0) for of in points["validation"])
    flow = paths.flows(linear, layer.weights, points["test"], means)["a_to_b"]
    every = np.arange(POINTS), np.arange(UNITS)
    assert flow.effect(*every) == pytest.approx(flow.effects(*every).sum(), abs=1e-3)


def test_the_points_with_most_effect_come_first(both):
    live, into = np.delete(np.arange(POINTS), 5), np.array([0, 2])
    chosen = paths.most_effect(both[0], live, into)
    assert len(chosen) == paths.POINTS
    assert 5 not in chosen
    total = [
        sum(loop(flow, [(point, unit)]) for unit in into for flow in both[0].values())
        for point in range(POINTS)
    ]
    assert (np.diff(np.array(total)[chosen]) < 1e-5).all()
    rest = np.setdiff1d(live, chosen)
    assert max(np.array(total)[rest]) <= min(np.array(total)[chosen]) + 1e-5


def test_a_row_is_a_path(both):
    sources, into = np.array([4, 17]), np.array([3, 0])
    table = paths.paths_table(both[1], sources, into, 3)
    assert list(table.columns) == list(artifacts.forms(files.PATHS))
    places = table[["map", "row", "column"]].to_numpy().tolist()
    assert places == [[0, 1, 1]] * 2 + [[1, 2, 2]] * 2  # point 4 and 17 of maps of 3 x 3
    assert table["unit"].tolist() == [3, 0, 3, 0]
    flow = both[1]["a_to_b"]
    np.testing.assert_array_equal(table["weight"][:2], flow.head.dense_kernel[4, [3, 0]])
    np.testing.assert_array_equal(table["mean_b"][::2], flow.mean[sources])
    effect = both[1]["b_to_a"].effects(sources, into)
    np.testing.assert_array_equal(table["effect_b_to_a"], effect.ravel())


def test_controls_beyond_a_quarter_of_the_live_points_are_not_drawn(both):
    live, drawn = np.arange(POINTS), np.tile(np.arange(POINTS), (20, 1))
    few, many = (
        paths.shares_table(both[1], np.arange(n), np.array([0]), live, drawn) for n in (4, 5)
    )
    assert few["share_p"].notna().all()
    assert many["share_p"].isna().all()


def test_no_points_and_no_units(both):
    nothing = np.empty(0, int)
    table = paths.paths_table(both[1], nothing, nothing, 3)
    assert table.empty
    shares = paths.shares_table(both[1], nothing, nothing, nothing, np.zeros((20, POINTS), int))
    assert (shares["share"] == 0).all()
