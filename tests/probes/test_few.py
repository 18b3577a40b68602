"""Claim A on planted images: which points are the few, what they tell, whether they are needed."""

import numpy as np
import pytest

from stages.common import discriminant
from stages.probes import few

from .conftest import CARRIERS

RIDGES = (10.0, 1.0, 0.1)


def measured(images, k=12):
    points = few.best_points(images["validation"], k)
    fitted = discriminant.fit(*images["fit"].parts)
    chosen = few.choose(fitted, images["validation"], points, RIDGES)
    return points, chosen, few.report(chosen, images["test"])


def test_very_few_is_a_share_of_the_live_points_and_at_least_one():
    assert [few.count(live, 0.05) for live in (1, 29, 31, 240, 1043)] == [1, 1, 2, 12, 52]


def test_twelve_planted_points_are_found_tell_and_are_needed(planted):
    points, _, columns = measured(planted)
    assert (np.sort(points, axis=1) == CARRIERS).all()
    assert (columns["error_few"] < 0.02).all()
    assert (np.abs(columns["tell_loss"]) < 0.02).all()
    assert (columns["needs_loss"] > 0.4).all()


def test_what_every_point_carries_needs_none_of_them(redundant):
    _, _, columns = measured(redundant)
    assert (np.abs(columns["needs_loss"]) < 0.01).all()
    assert (columns["tell_loss"][0] > 0.01).all()


def test_labels_that_say_nothing_are_told_by_chance(shuffled):
    _, _, columns = measured(shuffled)
    for name in ("error_all", "error_few", "error_without"):
        assert columns[name][0] == pytest.approx(0.5, abs=0.08)
    assert abs(columns["tell_loss"][0]) < 0.08
    assert abs(columns["needs_loss"][0]) < 0.08


def test_each_error_is_that_of_a_probe_fitted_on_its_points_alone(planted):
    """From scratch at each ridge; the largest of those with the least validation error."""
    points, _, columns = measured(planted, k=3)
    for row in range(7):
        few_points, out = points[row], np.setdiff1d(np.arange(240), points[row])
        for name, of in (("few", few_points), ("without", out), ("all", np.arange(240))):
            errors = {}
            for ridge in sorted(RIDGES):
                fitted = discriminant.fit(*planted["fit"].take(of).parts)
                probe = discriminant.on_sets(fitted, np.arange(len(of))[np.newaxis], ridge)
                errors[ridge] = [
                    np.average(
                        (probe.scores(held.points[:, of])[0] > 0) != held.is_b,
                        weights=held.weights[row],
                    )
                    for held in (planted["validation"], planted["test"])
                ]
            best = min(errors, key=lambda ridge: (round(errors[ridge][0], 12), -ridge))
            assert columns[f"error_{name}"][row] == pytest.approx(errors[best][1])


def test_weights_of_two_are_weights_of_one(planted):
    points, chosen, columns = measured(planted)
    np.testing.assert_array_equal(points[1], points[0])
    assert all(of.ridge[1] == of.ridge[0] for of in chosen.values())
    assert all(of[1] == of[0] for of in columns.values())
