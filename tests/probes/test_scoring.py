"""Weighted errors by hand, and which ridge is selected."""

import numpy as np
import pytest

from stages.common.discriminant import Probes
from stages.probes import scoring
from stages.probes.scoring import Images

IS_B = np.array([False, False, False, True])
POINTS = np.array([[-1], [2], [0], [3]], np.float32)
IMAGES = Images(POINTS, IS_B, np.array([[1, 1, 1, 1], [1, 3, 0, 2], [0, 0, 0, 1.0]]))


def test_an_error_is_a_weighted_share_and_a_score_of_0_says_a():
    wrong = scoring.error(POINTS.T, IMAGES)
    assert wrong.tolist() == [1 / 4, 3 / 6, 0]
    each = scoring.error(np.array([[-1] * 4, [1] * 4, [1] * 4]), IMAGES)
    assert each.tolist() == [1 / 4, 4 / 6, 0]


def test_a_balanced_error_is_the_mean_of_both_classes():
    balanced = scoring.balanced_error(POINTS.T, IMAGES)
    assert balanced[:2].tolist() == [1 / 6, 3 / 8]
    assert np.isnan(balanced[2])  # no image of a


def test_the_largest_of_the_best_ridges_is_selected_in_each_resample():
    errors = np.array([[0.2, 0.1, 0.1], [0.1, 0.1, 0.3], [0.3, 0.2, 0.1]])
    assert scoring.least(errors).tolist() == [1, 0, 2]
    by_ridge = [Probes(np.array([[sign]]), np.array([offset])) for sign, offset in
                ((-1.0, 0.0), (1.0, 0.0), (1.0, -2.5))]  # fmt: skip
    selected = scoring.select(by_ridge, IMAGES)
    assert selected.ridge.tolist() == [2, 2, 1]
    # The last two are wrong on the same images here, so both rows say nothing new.
    assert selected.error(IMAGES._replace(is_b=~IS_B)).tolist() == pytest.approx([1, 1, 1])


def test_images_are_taken_by_points_and_by_class():
    images = Images(np.arange(8).reshape(4, 2), IS_B, IMAGES.weights)
    a, b = images.take(np.array([1])).parts
    assert (a.tolist(), b.tolist()) == ([[1], [3], [5]], [[7]])
    assert images.as_they_are.weights.tolist() == [[1, 1, 1, 1]]
