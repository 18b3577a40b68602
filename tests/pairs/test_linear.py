"""Probes that share their fit, against those of `discriminant` and of scikit-learn."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from stages.common import discriminant
from stages.pairs import linear
from stages.pairs.linear import Fitted, Images

from .conftest import HALF_FLAT, MANY, ONE, POINTS

RIDGES = (10.0, 1.0, 0.1)


def images(splits, split: str, pair) -> Images:
    values, labels = splits[split]
    rows = np.isin(labels, pair)
    return Images(values[rows], labels[rows] == pair[1])


def fitted(splits, pair, shared=True) -> list[Fitted]:
    """Of unequal numbers of images of the two classes."""
    values, labels = splits["fit"]
    return [
        Fitted.of(values[labels == of][:count], shared)
        for of, count in zip(pair, (120, 70), strict=True)
    ]


@pytest.mark.parametrize("pair", [ONE, MANY, (0, 2)])
def test_the_shared_fit_is_that_of_the_images(splits, pair):
    """Also where a point is constant in each class (HALF_FLAT), or in both."""
    a, b = fitted(splits, pair)
    some = np.array([0, 3, HALF_FLAT, 12, 35, 20])
    shared = linear.of_both(a, b, some)
    direct = discriminant.fit(a.points[:, some], b.points[:, some])
    for name, one, other in zip(direct._fields, shared, direct, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10, err_msg=name)


def test_the_probe_is_scikit_learns_where_the_ridge_is_small(splits):
    a, b = fitted(splits, MANY)
    live = np.arange(10, 34)
    test = images(splits, "test", MANY).take(live)
    wrong = linear.wrong(linear.at_ridges(linear.of_both(a, b, live), (1e-9,)), test, test)
    values = np.concatenate([a.points, b.points])[:, live]
    labels = np.repeat([False, True], [len(a.points), len(b.points)])
    other = LinearDiscriminantAnalysis(priors=[0.5, 0.5]).fit(values, labels)
    np.testing.assert_array_equal(wrong, other.predict(test.points) != test.is_b)
    assert 0 < wrong.sum() < len(wrong) / 2


def test_the_ridge_has_the_fewest_errors_on_validation_images():
    """Of equally good ones the first; test images choose nothing."""
    probes = [discriminant.Probes(np.array([[weight]]), np.zeros(1)) for weight in (-1.0, 1.0, 2.0)]
    is_b = np.array([False, True, True])
    known = Images(np.array([[-1.0], [1.0], [2.0]], np.float32), is_b)
    new = Images(np.array([[1.0], [1.0], [-1.0]], np.float32), is_b)
    np.testing.assert_array_equal(linear.wrong(probes, known, new), [True, False, True])


def test_few_points_are_those_of_probes(splits):
    """The same order as stage `probes` takes."""
    from stages.probes import few, scoring

    assert linear.SELECTION_RIDGE == few.SELECTION_RIDGE
    validation = images(splits, "validation", MANY)
    theirs = scoring.Images(*validation, np.ones((1, len(validation.is_b))))
    np.testing.assert_array_equal(
        linear.best_together(validation, 7), few.best_points(theirs, 7)[0]
    )


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("pair", [ONE, MANY])
def test_few_and_all_are_as_by_the_functions_of_probes(splits, pair, shared):
    live = np.arange(1, POINTS - 1)
    validation, test = (images(splits, split, pair) for split in ("validation", "test"))
    of_pair = fitted(splits, pair, shared)
    on_few, on_all = linear.wrong_on_few_and_all(*of_pair, validation, test, 2, live, RIDGES)
    parts = [of.points[:, live] for of in of_pair]
    for wrong, points in (
        (on_few, linear.best_together(validation.take(live), 2)),
        (on_all, np.arange(len(live))),
    ):
        direct = [
            discriminant.on_sets(discriminant.fit(*parts), points[np.newaxis], ridge)
            for ridge in RIDGES
        ]
        expected = linear.wrong(direct, validation.take(live), test.take(live))
        np.testing.assert_array_equal(wrong, expected)


def test_one_point_is_enough_for_a_pair_that_differs_in_it(splits):
    for pair, lost in ((ONE, False), (MANY, True)):
        live = np.arange(1, POINTS)
        parts = (images(splits, split, pair) for split in ("validation", "test"))
        few, whole = linear.wrong_on_few_and_all(*fitted(splits, pair), *parts, 1, live, RIDGES)
        assert (few.mean() - whole.mean() > 0.1) == lost
