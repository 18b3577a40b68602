"""AUROC for all pairs at once against other implementations, and ranks by hand."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from stages.common import measures
from stages.pairs import ranking


@pytest.fixture
def tied():
    """Values with many ties, as after a ReLU, in classes of several sizes; class 3 is absent."""
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2, 4], [20, 7, 12, 1])
    values = np.maximum(generator.integers(-4, 5, (len(labels), 6)), 0) + labels[:, None] / 3
    return values.astype(np.float32).round(), labels


def test_all_pairs_are_as_one_by_one(tied):
    values, labels = tied
    found = ranking.pair_aurocs(values, labels, 5)
    for a, b in permutations((0, 1, 2, 4), 2):
        one = measures.auroc(values[labels == a], values[labels == b]).value
        np.testing.assert_allclose(found[:, b, a], one, atol=1e-12)
        rows = np.isin(labels, (a, b))
        for point, of_point in enumerate(values.T):
            other = roc_auc_score(labels[rows] == b, of_point[rows])
            assert found[point, b, a] == pytest.approx(other)
    assert np.isnan(found[:, 3]).all()
    assert np.isnan(found[:, :, 3]).all()


def test_weights_count_images_as_often(tied):
    values, labels = tied
    rows = labels < 2
    is_b, of_point = labels[rows] == 1, values[rows, 0]
    generator = np.random.default_rng(1)
    weights = np.stack([np.ones(len(is_b)), generator.integers(0, 4, len(is_b)), ~is_b])
    once, often, none = ranking.weighted_auroc(of_point, is_b, weights)
    assert once == pytest.approx(roc_auc_score(is_b, of_point))
    repeated = np.repeat(np.arange(len(is_b)), weights[1].astype(int))
    assert often == pytest.approx(roc_auc_score(is_b[repeated], of_point[repeated]))
    assert often != pytest.approx(once)
    assert np.isnan(none)


def test_ranks_by_hand():
    """Rank 1 is the most; equal pairs share the lower rank, and so do those equal but for dust."""
    of_images = [0.3, 0.1 + 0.2, 0.5, np.nan, -1]
    resamples = [[5, 4, 3, np.nan, 0]] * 99 + [[0, 4, 5, np.nan, 6]]
    value, low, high = ranking.ranks(np.array([of_images, *resamples]))
    np.testing.assert_array_equal(value, [2, 2, 1, np.nan, 4])
    np.testing.assert_array_equal(low, [1, 2, 3, np.nan, 4])
    assert high[0] == 1  # 99 of 100 resamples
    assert np.isnan(high[3])


def test_the_interval_holds_the_middle_of_the_resamples():
    generator = np.random.default_rng(2)
    hardness = generator.normal(size=(1001, 4)) + np.array([9, 0, 0, -9])
    value, low, high = ranking.ranks(hardness)
    assert (value[0], low[0], high[0]) == (1, 1, 1)
    assert (low[1], high[1]) == (low[2], high[2]) == (2, 3)
    assert (value[3], low[3], high[3]) == (4, 4, 4)
