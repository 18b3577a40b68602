"""A sample has as many images of each class, spread over the split, the same at every call."""

import numpy as np
import pytest

from stages.common.sampling import balanced_rows


@pytest.mark.parametrize("seed", range(5))
def test_as_many_of_each_class(seed):
    generator = np.random.default_rng(seed)
    labels = generator.choice(10, size=900, p=generator.dirichlet(np.full(10, 20)))
    rows = balanced_rows(labels, 203)
    each = min(20, np.bincount(labels).min())
    assert rows.dtype == np.int32
    assert np.array_equal(rows, np.unique(rows))
    assert np.array_equal(np.bincount(labels[rows]), np.full(10, each))
    assert np.array_equal(rows, balanced_rows(labels, 203))


def test_sample_reaches_over_the_whole_split():
    labels = np.arange(10_000) % 10
    rows = balanced_rows(labels, 2000)
    assert np.array_equal(np.histogram(rows, bins=4, range=(0, 10_000))[0], np.full(4, 500))


def test_smallest_class_limits_all():
    labels = np.array([0] * 50 + [1] * 50 + [2] * 3)
    assert np.array_equal(np.bincount(labels[balanced_rows(labels, 60)]), [3, 3, 3])


def test_whole_split_where_it_is_balanced_and_small():
    labels = np.tile(np.arange(5), 4)
    assert np.array_equal(balanced_rows(labels, 1000), np.arange(20))


@pytest.mark.parametrize("labels", [np.array([], int), np.arange(5)])
def test_nothing_to_choose_from(labels):
    assert len(balanced_rows(labels, 4)) == 0
