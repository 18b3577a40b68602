"""The probe curve: rankings by hand, each row against a probe of its own."""

import numpy as np
import pytest

from stages.common import discriminant
from stages.probes import curve, few
from stages.probes.scoring import error

from .conftest import CARRIERS

RIDGES = (10.0, 1.0, 0.1)


@pytest.fixture
def study(planted):
    """Of the carriers and 18 more points."""
    points = np.r_[CARRIERS, np.arange(100, 118)]
    held = {split: images.take(points) for split, images in planted.items()}
    fitted = (discriminant.fit(*held[split].parts) for split in ("fit", "validation"))
    return curve.Study(*held.values(), *fitted, RIDGES)


def test_the_few_stand_in_the_curve_once():
    assert curve.ks_with(4, 10) == (1, 2, 3, 4, 5, 8, 10)
    assert curve.ks_with(1, 1) == (1,)
    assert curve.ranking_ks("auroc", (1, 150, 400), 144) == (1, 150, 400)
    assert curve.ranking_ks("forward", (1, 144, 150, 400), 144) == (1, 144, 400)


def test_orders_are_by_distance_from_chance_by_effect_and_together():
    orders = curve.orders(np.array([0.5, 0.1, 0.8, 0.8]), np.array([-2, 3, 0, 1]), np.array([2, 0]))
    expected = {"auroc": [1, 2, 3, 0], "effect": [1, 3, 2, 0], "forward": [2, 0, 1, 3]}
    assert {name: order.tolist() for name, order in orders.items()} == expected


def accuracy(fit, held, test, points):
    """Of a probe on some points, fitted anew at each ridge."""
    fit, held, test = (images.take(points).as_they_are for images in (fit, held, test))
    found = []
    for ridge in RIDGES:
        fitted = discriminant.fit(*fit.parts)
        probe = discriminant.on_sets(fitted, np.arange(len(points))[np.newaxis], ridge)
        found.append([error(probe.scores(of.points), of)[0] for of in (held, test)])
    return 1 - min(found, key=lambda errors: errors[0])[1]


def test_a_row_is_a_probe_on_the_first_k_and_its_controls_are_stand_ins(study):
    (forward,) = few.best_points(study.validation.as_they_are, 5)
    ranked = np.arange(30, dtype=float)[::-1]
    order = curve.orders(ranked, ranked, forward)["forward"]
    generator = np.random.default_rng(0)
    stand_ins = generator.permuted(np.tile(np.arange(30), (20, 1)), axis=1)
    stand_ins[0] = np.arange(30)
    ks = (1, 3, 5, 30)
    table = curve.curve(study, "forward", order, ks, stand_ins)
    assert table["k"].tolist() == list(ks)
    for row in table.itertuples():
        fitted, held, test = study.fit, study.validation, study.test
        known = accuracy(fitted, held, test, order[: row.k])
        other_way = accuracy(held, fitted, test, order[: row.k])
        assert row.accuracy == pytest.approx(known)
        assert row.accuracy_validation == pytest.approx(other_way)
        assert row.low < row.accuracy <= row.high
    assert table["control_mean"].isna().tolist() == [False, False, False, True]  # above 30 / 4
    same = curve.curve(study, "forward", order, ks, stand_ins[:1])
    np.testing.assert_allclose(same["control_mean"][:3], same["accuracy"][:3])
    chosen = [study.ridges[0]] * 4
    controls = curve.control_accuracies(study.fitted, study.test, stand_ins, ks, chosen)
    probe = discriminant.on_sets(study.fitted, stand_ins[7:8, :3], study.ridges[0])
    scores = probe.scores(study.test.points)
    assert controls[7, 1] == pytest.approx(1 - error(scores, study.test.as_they_are)[0])
