"""The numbers of points that are tried, and the random points held against them."""

import numpy as np
import pytest

from stages.interventions import rankings

from .conftest import PAIR, POINTS


@pytest.mark.parametrize(
    ("live", "ks"),
    [(0, ()), (1, (1,)), (2, (1, 2)), (4, (1, 2, 3, 4)), (20, (1, 2, 3, 5, 8, 13, 20))],
)
def test_curve_ends_at_all_live_points(live, ks):
    assert rankings.curve_ks(live) == ks
    assert rankings.controlled(ks, live) == tuple(k for k in ks if 4 * k <= live)


def test_controls_match_the_deciles_of_every_set():
    generator = np.random.default_rng(0)
    mean = generator.random(60)
    live = np.flatnonzero(np.arange(60) % 5 > 0)
    drawn = rankings.stand_ins(mean, live, 300, generator)
    decile = np.full(60, -1)
    decile[live] = rankings.deciles(mean[live])
    assert (np.sort(decile[live]) == np.arange(48) * 10 // 48).all()
    assert (np.diff(decile[live][mean[live].argsort()]) >= 0).all()
    order = generator.permutation(live)
    for k in (1, 7, 48):
        sets = drawn[:, order[:k]]
        assert all(len(set(chosen)) == k for chosen in sets)
        np.testing.assert_array_equal(decile[sets], np.tile(decile[order[:k]], (300, 1)))
    members = live[decile[live] == decile[order[0]]]
    assert set(drawn[:, order[0]]) == set(members)  # any of the decile can stand in
    dead = np.setdiff1d(np.arange(60), live)
    np.testing.assert_array_equal(drawn[:, dead], np.tile(dead, (300, 1)))


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
