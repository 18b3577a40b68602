"""The orders in which points are edited."""

import numpy as np

from stages.interventions.rankings import resampled_orders

from .conftest import PAIR, POINTS


def test_points_are_ranked_by_what_the_names_say(head, images, study):
    a, b = images
    for order in study.orders.values():
        np.testing.assert_array_equal(np.sort(order), study.live)

    def effect(point, base, other):
        edited = base.copy()
        edited[:, point] = other[:, point].mean()
        change = (head(edited) - head(base)).mean(axis=0)
        return change[PAIR[1]] - change[PAIR[0]]

    towards_b = np.array([effect(point, a, b) for point in range(POINTS)])
    towards_a = np.array([-effect(point, b, a) for point in range(POINTS)])
    np.testing.assert_allclose(study.effects["a_to_b"], towards_b, atol=1e-5)
    np.testing.assert_allclose(study.effects["b_to_a"], towards_a, atol=1e-5)
    by = {"a_to_b": towards_b, "b_to_a": towards_a, "effect": towards_b + towards_a}
    assert set(study.orders) == set(by)
    for name, value in by.items():
        assert (np.diff(np.asarray(value)[study.orders[name]]) < 1e-5).all()


def test_orders_are_redone_in_each_resample(study):
    changes, live = study.changes["a_to_b"], study.live
    weights = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12), size=6)
    weights[:2] = [[1], [2]]  # as they are, and all twice
    orders = resampled_orders(changes, live, weights.astype(np.float32))
    np.testing.assert_array_equal(orders[0], study.orders["a_to_b"])
    np.testing.assert_array_equal(orders[1], study.orders["a_to_b"])
    for order, row in zip(orders, weights, strict=True):
        drawn = np.repeat(changes, row, axis=1).mean(axis=1, dtype=float)  # the images themselves
        np.testing.assert_array_equal(order, live[np.argsort(-drawn[live], kind="stable")])
    assert len(np.unique(orders, axis=0)) > 2
