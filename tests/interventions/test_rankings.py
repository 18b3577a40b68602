"""The orders in which points are edited."""

import numpy as np

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
    apart = [abs(np.sign(b[:, p] - a[:, [p]]).mean()) for p in range(POINTS)]
    by = {"a_to_b": towards_b, "b_to_a": towards_a, "effect": towards_b + towards_a, "auroc": apart}
    for name, value in by.items():
        assert (np.diff(np.asarray(value)[study.orders[name]]) < 1e-5).all()
