"""Claim B: class-typical points, and the best single one by brute force."""

import numpy as np
import pytest

from stages.common import discriminant
from stages.probes import typical
from stages.probes.scoring import Images, error

RIDGES = (3.0, 0.3)


def test_a_point_is_typical_where_it_is_on_in_enough_weighted_images():
    points = np.array([[4, 1, 0], [4, 2, 0], [1, 2, 0], [1, 2, -1]])
    weights = np.array([[1, 1, 1, 1], [1, 2, 0, 1], [2, 2, 2, 2.0], [2, 1, 0, 0]])
    maximum = np.array([4, 4, 0])
    found = typical.typical(points, weights, maximum, 0.25, 0.75)
    assert found.tolist() == [
        [False, True, False], [True, True, False], [False, True, False], [True, False, False],
    ]  # fmt: skip


def brute_force(points, is_b, weights, allowed):
    """The least balanced error of any point, cut and direction."""
    best = 0.5
    for point in np.flatnonzero(allowed):
        for cut in points[:, point]:
            says_b = points[:, point] > cut
            wrong = np.mean(
                [np.average(says_b[of] != is_b[of], weights=weights[of]) for of in (is_b, ~is_b)]
            )
            best = min(best, wrong, 1 - wrong)
    return best


@pytest.fixture
def images():
    """Points of few distinct values, so that cuts tie and lie between distinct values alone."""
    generator = np.random.default_rng(4)
    points = generator.integers(0, 6, (50, 8)).astype(np.float32)
    is_b = generator.random(50) < 0.4
    points[is_b, 3] += 1
    points[is_b, 6] -= 1
    points[:, 7] = 2
    weights = generator.poisson(1, (30, 50)).astype(float)
    weights[0], weights[1] = 1, 2
    return Images(points, is_b, weights)


def test_the_best_stump_is_the_brute_force_one(images):
    allowed = np.random.default_rng(5).random((30, 8)) < 0.5
    allowed[:2] = True
    stumps = typical.best_stumps(images, allowed)
    for row, weights in enumerate(images.weights):
        says_b = stumps.scores(images.points)[row] > 0
        sides = images.is_b, ~images.is_b
        found = np.mean(
            [np.average(says_b[of] != images.is_b[of], weights=weights[of]) for of in sides]
        )
        known = brute_force(images.points, images.is_b, weights, allowed[row])
        assert found == pytest.approx(known)
        assert allowed[row, stumps.point[row]] or found == 0.5
    assert set(stumps.b_above) == {True, False}


def test_a_stump_of_weighted_images_is_that_of_repeated_ones(images):
    allowed = np.ones((30, 8), bool)
    stumps = typical.best_stumps(images, allowed)
    for row, weights in enumerate(images.weights.astype(int)):
        rows = np.repeat(np.arange(50), weights)
        plain = Images(images.points[rows], images.is_b[rows], np.ones((1, len(rows))))
        alone = typical.best_stumps(plain, allowed[:1])
        assert [of[0] for of in alone] == [of[row] for of in stumps]


def test_a_cut_lies_between_distinct_values():
    points = np.array([[0], [0], [1], [1]], np.float32)
    images = Images(points, np.array([False, True, True, True]), np.ones((1, 4)))
    stumps = typical.best_stumps(images, np.ones((1, 1), bool))
    assert (stumps.threshold[0], stumps.b_above[0]) == (0.5, True)
    same = typical.best_stumps(images._replace(points=points * 0), np.ones((1, 1), bool))
    assert (same.scores(points) == -1).all()  # one answer to all


def test_all_typical_points_are_against_the_best_of_them(planted):
    """The carriers together tell the classes, one of them alone does worse."""
    some = np.arange(5, 240, 20)
    held = {split: images.take(some) for split, images in planted.items()}
    points = np.ones((7, 12), bool)
    points[2], points[3, 6:], points[4, 1:] = False, False, False
    fitted = discriminant.fit(*held["fit"].parts)
    chosen = typical.choose(fitted, held["validation"], points, RIDGES)
    columns = typical.report(chosen, held["test"], "_rest", "rest_gain")
    best, joint = columns["error_best_rest"], columns["error_typical_rest"]
    np.testing.assert_allclose(columns["rest_gain"], best - joint)
    assert np.isnan(best[2])
    assert np.isnan(joint[2])
    assert (joint[[0, 1, 5, 6]] < 0.02).all()
    assert best[[0, 1, 5, 6]] == pytest.approx(0.159, abs=0.05)  # of two normals 2 apart
    assert joint[4] == pytest.approx(best[4], abs=0.03)  # one point is typical
    half = discriminant.fit(*held["fit"].take(np.arange(6)).parts)
    probes = [discriminant.on_first(half, np.arange(6), [6], ridge) for ridge in RIDGES]
    alone = typical.select(probes, held["validation"].take(np.arange(6)), typical.balanced_error)
    six = alone.error(held["test"].take(np.arange(6)), typical.balanced_error)
    assert joint[3] == pytest.approx(six[3])


def test_the_ridge_is_the_best_by_the_mean_of_both_classes_errors(shuffled):
    """Of labels that say nothing, few of them b: a probe that says a to all is right more often."""
    held = {split: images.take(np.arange(30)) for split, images in shuffled.items()}
    validation = held["validation"]
    rare = validation._replace(weights=validation.weights * np.where(validation.is_b, 1, 9))
    fitted, ridges = discriminant.fit(*held["fit"].parts), (300.0, 10.0, 1.0, 0.1, 0.001)
    chosen = typical.choose(fitted, rare, np.ones((7, 30), bool), ridges).probes
    balanced, plain = (
        typical.select(chosen.probes, rare, measure).ridge.tolist()
        for measure in (typical.balanced_error, error)
    )
    assert chosen.ridge.tolist() == balanced != plain


def test_no_typical_point_in_any_resample_leaves_all_empty(planted):
    none = np.empty(0, int)
    held = {split: images.take(none) for split, images in planted.items()}
    fitted = discriminant.fit(*held["fit"].parts)
    chosen = typical.choose(fitted, held["validation"], np.empty((7, 0), bool), RIDGES)
    columns = typical.report(chosen, held["test"], "", "pair_gain")
    assert list(columns) == ["error_best", "error_typical", "pair_gain"]
    assert all(np.isnan(of).all() for of in columns.values())
