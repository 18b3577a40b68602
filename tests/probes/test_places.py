"""Claims H and I: what points carry beyond map means and beyond which of them are active."""

import numpy as np
import pytest

from stages.probes import places
from stages.probes.scoring import Images

RIDGES = (1.0, 0.3)


def test_features_are_levels_means_and_what_is_active():
    points = np.array([[0, 0, 4, 0, -1, 0, 2, 0]], np.float32)  # two maps of four points
    assert places.levels(points, 2) is points
    assert places.map_means(points, 2).tolist() == [[1, 0.25]]
    assert places.active(points, 2).tolist() == [[0, 0, 1, 0, 0, 0, 1, 0]]


def planted(kind):
    """By split images of 4 maps of 9 points: the class is in the `place` or in the `level`."""
    generator, found = np.random.default_rng(6), []
    for n in (200, 80, 120):
        is_b = np.arange(n) % 2 == 1
        maps = 1 + 0.2 * generator.random((n, 4, 9))
        if kind == "place":  # a has its row of ink above b's, as much of it
            maps[~is_b, :, :3] += 2
            maps[is_b, :, 3:6] += 2
        else:
            maps[is_b] += 0.2
        weights = generator.poisson(1, (5, n // 2)).repeat(2, axis=1).astype(float)
        weights[0] = 1
        found.append(Images(maps.reshape(n, 36).astype(np.float32), is_b, weights))
    return found


def errors(fit, validation, test):
    fitted = places.probes(fit, 4, places.FEATURES, RIDGES)
    halves = [test.points[:50], test.points[50:]]
    of_test = places.scores(fitted, halves, 4)
    whole = places.scores(fitted, [test.points], 4)
    for name, by_ridge in of_test.items():
        np.testing.assert_allclose(by_ridge, whole[name])
    of_validation = places.scores(fitted, [validation.points], 4)
    return places.errors(of_validation, validation, of_test, test)


def test_map_means_lose_the_place_and_activity_loses_the_level():
    place, level = errors(*planted("place")), errors(*planted("level"))
    assert (place["points"] == 0).all()
    assert (place["means"] > 0.3).all()
    assert (level["points"] < 0.05).all()
    assert (level["means"] < 0.05).all()
    assert level["active"][0] == pytest.approx(0.5)  # all points are always active


def test_the_ridge_is_that_of_validation_images_in_each_resample():
    images = Images(np.empty((2, 0)), np.array([False, True]), np.array([[1, 1], [3, 1], [1, 3]]))
    right, says_a, says_b = ([[-1, 1]], [[-1, -1]], [[1, 1]])
    known = {"points": [np.array(of) for of in (says_b, says_a)]}
    test = {"points": [np.array(of) for of in (right, says_b)]}
    found = places.errors(known, images, test, images._replace(weights=np.ones((3, 2))))
    assert found["points"].tolist() == [0, 0.5, 0]
