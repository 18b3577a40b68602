"""Nearest images against scikit-learn's, and the shares of their classes by hand."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from stages.similarity.neighbours import nearest, neighbour_shares


@pytest.mark.parametrize("k", [1, 5, 40])
def test_the_nearest_are_those_of_scikit_learn(k):
    generator = np.random.default_rng(5)
    known, queries = generator.random((40, 3, 4)), generator.random((9, 3, 4)) * 50 - 7
    near, r = nearest(queries, known, k)
    search = NearestNeighbors(n_neighbors=k, metric="correlation").fit(known.reshape(40, 12))
    distance, rows = search.kneighbors(queries.reshape(9, 12))
    np.testing.assert_array_equal(near, rows)
    np.testing.assert_allclose(r, 1 - distance, atol=1e-5)


def test_an_image_is_nearest_to_itself_whatever_its_contrast():
    known = np.random.default_rng(6).random((20, 8))
    near, r = nearest(0.2 * known + 3, known, 2)
    np.testing.assert_array_equal(near[:, 0], np.arange(20))
    np.testing.assert_allclose(r[:, 0], 1, atol=1e-5)
    assert (r[:, 1] < r[:, 0]).all()


def test_what_is_constant_comes_last_and_has_no_r():
    known = np.random.default_rng(7).random((4, 8))
    known[1] = 0.5
    near, r = nearest(np.stack([known[2], known[1]]), known, 9)
    assert near.shape == (2, 4)  # no more than there are
    assert (near[0, 0], near[0, 3]) == (2, 1)
    assert np.isnan(r).tolist() == [[False] * 3 + [True], [True] * 4]


def test_shares_are_of_the_neighbours_that_have_an_r():
    labels, none = np.array([2, 0, 2, 3]), np.nan
    near = np.array([[2, 0], [0, 0], [1, 1], [2, 2]])
    r = np.array([[0.9, 0.8], [0.7, none], [0.5, none], [none, none]])
    shares = neighbour_shares(labels, near, r, 4)
    np.testing.assert_allclose(shares[2], [1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(shares[0], [1, 0, 0, 0])
    assert np.isnan(shares[[1, 3]]).all()  # no image of 1, no r of 3
