"""The numbers of points that are tried, and the random points beside them."""

import numpy as np
import pytest

from stages.common import controls


@pytest.mark.parametrize(
    ("live", "ks"),
    [(0, ()), (1, (1,)), (2, (1, 2)), (4, (1, 2, 3, 4)), (20, (1, 2, 3, 5, 8, 13, 20))],
)
def test_curve_ends_at_all_live_points(live, ks):
    assert controls.curve_ks(live) == ks
    assert controls.controlled(ks, live) == tuple(k for k in ks if 4 * k <= live)


def test_controls_match_the_deciles_of_every_set():
    generator = np.random.default_rng(0)
    mean = generator.random(60)
    live = np.flatnonzero(np.arange(60) % 5 > 0)
    drawn = controls.stand_ins(mean, live, 300, generator)
    decile = np.full(60, -1)
    decile[live] = controls.deciles(mean[live])
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


def test_pairing_takes_each_source_once():
    partners = controls.pairing(30, 6, 4, np.random.default_rng(0))
    assert partners.shape == (30, 4)
    assert all(len(set(row)) == 4 for row in partners)
    assert set(partners.ravel()) == set(range(6))
    assert controls.pairing(3, 2, 4, np.random.default_rng(0)).shape == (3, 2)


def test_a_control_of_few_points_can_match_coarser_parts():
    mean, live = np.arange(25.0), np.arange(25)
    assert controls.deciles(mean, 2).tolist() == [0] * 13 + [1] * 12
    drawn = controls.stand_ins(mean, live, 400, np.random.default_rng(0), 2)
    assert set(drawn[:, 3]) == set(range(13))
    assert set(drawn[:, 20]) == set(range(13, 25))
