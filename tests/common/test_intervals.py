"""Every interval against SciPy, brute force or what it must become in the extremes."""

import math

import numpy as np
import pytest
from scipy import stats

from stages.common import intervals, measures
from stages.common.verdicts import Value


def test_samples_keep_the_size_of_every_stratum():
    strata = np.array([2, 0, 0, 2, 2, 1])
    counts = intervals.resample_counts(strata, 300, np.random.default_rng(0))
    for stratum, size in ((0, 2), (1, 1), (2, 3)):
        assert (counts[:, strata == stratum].sum(axis=1) == size).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.15)


def test_a_bootstrap_of_a_mean_is_that_of_scipy():
    values = np.random.default_rng(1).exponential(size=80)
    counts = intervals.resample_counts(np.zeros(80), 4000, np.random.default_rng(2))
    found = intervals.mean(values, counts)
    scipy = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=4000, rng=3)
    assert found.value == pytest.approx(values.mean())
    expected = (scipy.confidence_interval.low, scipy.confidence_interval.high)
    np.testing.assert_allclose(found[1:], expected, atol=0.02)


def test_nothing_is_nothing():
    for found in (
        intervals.mean(np.zeros(0), np.zeros((10, 0))),
        intervals.share_won(0, 0),
        intervals.auroc(np.full(4, np.nan), np.array([0, 0, 1, 1], bool)),
        intervals.auroc(np.arange(4.0), np.zeros(4, bool)),
        intervals.from_samples(math.nan, np.zeros(10)),
    ):
        assert all(map(math.isnan, found))
    assert math.isnan(intervals.from_samples(0.5, np.array([0.5, math.nan])).low)


@pytest.mark.parametrize(("cnn", "mlp"), [(30, 7), (7, 30), (5, 0), (6, 0), (1, 1), (12, 3)])
def test_the_share_won_leaves_half_out_just_where_mcnemar_is_significant(cnn, mlp):
    share = intervals.share_won(cnn, mlp)
    assert share.value == cnn / (cnn + mlp)
    assert (share.low > 0.5 or share.high < 0.5) == (measures.mcnemar_p(cnn, mlp) < 0.05)


def test_a_difference_of_accuracies_by_hand():
    first = np.repeat([True, True, False, False], [50, 9, 3, 38])
    second = np.repeat([True, False, True, False], [50, 9, 3, 38])
    found = intervals.accuracy_difference(first, second)
    won, lost = 10 / 102, 4 / 102
    half = 1.959964 * math.sqrt((won + lost - (won - lost) ** 2) / 102)
    expected = (0.06, won - lost - half, won - lost + half)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    back = intervals.accuracy_difference(second, first)
    np.testing.assert_allclose(back, (-found.value, -found.high, -found.low))


def test_two_that_never_disagree_leave_their_difference_open():
    right = np.ones(60, bool)
    found = intervals.accuracy_difference(right, right)
    assert found.low < found.value == 0 < found.high
    assert found.high == -found.low < 0.06


def test_auroc_and_accuracy_are_those_of_measures():
    generator = np.random.default_rng(4)
    scores, is_b = generator.normal(size=30), np.arange(30) % 3 == 0
    found = intervals.auroc(scores, is_b)
    assert found.value == pytest.approx((scores[is_b][:, None] > scores[~is_b]).mean())
    assert found.low < found.value < found.high
    assert intervals.accuracy(is_b) == Value(1 / 3, *map(float, measures.wilson_interval(10, 30)))
