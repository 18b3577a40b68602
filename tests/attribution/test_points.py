"""Attribution patching of a linear head, where it is exact, and its parts by other means."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stages.attribution import points
from stages.common import edits
from stages.common.architecture import activate
from stages.common.trained import Head
from stages.interventions import rankings

POINTS, UNITS, CLASSES, PAIR = 30, 6, 4, (3, 1)


def head(bias: float, activation: str = "relu") -> Head:
    generator = np.random.default_rng(0)
    shapes = [(POINTS, UNITS), (UNITS,), (UNITS, CLASSES), (CLASSES,)]
    weights = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    weights[1] += np.float32(bias)
    return Head(*weights, activation)


@pytest.fixture
def images():
    """Points of images of a and of b; the first is dead."""
    values = np.maximum(np.random.default_rng(1).normal(size=(2, 12, POINTS)), 0)
    values[:, :, 0] = 0
    values[1, :, 5:9] += 0.7
    return tuple(values.astype(np.float32))


@pytest.mark.parametrize("activation", ["relu", "elu", "selu"])
def test_the_slope_is_that_of_finite_differences(activation):
    sums = np.linspace(-3, 3, 50)  # not 0 itself
    step = 1e-6
    ends = [activate(activation, sums + side * step) for side in (-1, 1)]
    expected = (ends[1] - ends[0]) / (2 * step)
    np.testing.assert_allclose(points.slope(activation, sums), expected, atol=1e-6)


def test_the_gradient_is_that_of_finite_differences(images):
    for activation in ("relu", "elu", "selu"):
        subject = head(0, activation)
        base, step = images[0][:1], np.float32(1e-3)
        contrast = [subject(base + step * np.eye(POINTS, dtype=np.float32)[p]) for p in range(30)]
        before = subject(base)[0]
        slopes = [(of[0, 1] - of[0, 3] - before[1] + before[3]) / step for of in contrast]
        found = points.estimates(subject, base, base[0] + 1, PAIR)
        np.testing.assert_allclose(found, slopes, atol=0.02)


def test_of_a_linear_head_it_is_the_measured_effect(images):
    """All units stay above 0: both directions are those of stage `interventions`."""
    subject, live = head(100), np.arange(1, POINTS)
    _, measured, _ = rankings.rank(subject, PAIR, *images, live)
    estimated = points.by_direction(subject, images, PAIR)
    for direction, values in estimated.items():
        np.testing.assert_allclose(values, measured[direction], atol=2e-4)
        row = points.agreement(values, measured[direction], live, 7)
        assert row["spearman"] == pytest.approx(1, abs=0.01)
        assert row["same_first"] == row["same_half"] == 1
        assert row["live"] == 29


def test_of_another_head_it_is_not(images):
    subject = head(0)
    estimated = points.estimates(subject, images[0], images[1].mean(axis=0), PAIR)
    effects = edits.single_point_effects(subject, images[0], images[1].mean(axis=0), PAIR)
    measured = effects.mean(axis=1)
    assert np.abs(estimated - measured).max() > 0.01
    assert 0.9 < stats.spearmanr(estimated, measured).statistic < 1


def test_agreement_by_hand():
    measured = np.arange(20.0)[::-1].copy()
    estimated = measured.copy()
    estimated[[9, 10]] = measured[[10, 9]]  # trade places at the end of the first ten
    estimated[3] += 0.5
    live = np.arange(1, 20)  # so that the first ten are 1 to 10
    row = points.agreement(estimated, measured, live, 9)
    assert row["same_first"] == 1
    assert row["same_half"] == pytest.approx(8 / 9)
    assert row["spearman"] == pytest.approx(stats.spearmanr(estimated[1:], measured[1:]).statistic)
    assert row["point"] in (9, 10)
    assert row["first"] == points.FIRST


def test_what_is_not_there_is_missing():
    nothing = np.zeros(4)
    row = points.agreement(nothing, nothing, np.array([], int), np.nan)
    assert np.isnan([row[name] for name in ("spearman", "same_first", "same_half")]).all()
    constant = points.agreement(nothing, np.arange(4.0), np.arange(4), np.nan)
    assert np.isnan(constant["spearman"])
    assert constant["first"] == 4


def test_the_table_names_the_point_that_differs_most():
    cells = [(m, r, c) for m in range(3) for r in range(2) for c in range(2)]
    effects = pd.DataFrame(cells, columns=["map", "row", "column"])
    effects["effect_a_to_b"], effects["effect_b_to_a"] = np.arange(12.0), np.arange(12.0)[::-1]
    estimated = {"a_to_b": np.arange(12.0), "b_to_a": np.arange(12.0)[::-1].copy()}
    estimated["b_to_a"][7] += 0.25
    half = pd.Series({"a_to_b": 3, "b_to_a": np.nan})
    table = points.agreement_table(estimated, effects, np.arange(12), half).set_index("direction")
    row = table.loc["b_to_a"]
    assert (row["map"], row["row"], row["column"]) == (1, 1, 1)
    assert row["estimated"] - row["measured"] == 0.25
    assert table["half"].isna().tolist() == [False, True]
    assert table.loc["a_to_b", "same_half"] == 1
