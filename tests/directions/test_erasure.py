"""Directions removed one after another, where it is known how many there are."""

import numpy as np
import pytest

from stages.common import discriminant
from stages.common.bases import COVARIANCE, MEANS, PROBE, RANDOM
from stages.directions import erasure
from stages.directions.erasure import Space
from stages.directions.layer import Pair

from .conftest import COUNTS, POINTS, planted

RIDGES = (1e-6, 1e-2)
PLANTED = 3
NOISE = np.r_[1.0, 4, 16, np.ones(POINTS - PLANTED)]
DIFFERENCE = 6 * NOISE * (np.arange(POINTS) < PLANTED)


def several(seed=0):
    """The class lies in three directions of different variance: a refitted probe needs all three.

    Each probe is the inverse covariance times what is left of the mean difference. With three
    variances the probes in turn span just the three directions.
    """
    length = np.linalg.norm(DIFFERENCE)
    return planted(DIFFERENCE / length, noise=NOISE, apart=length, seed=seed)


def exact(layer, noise, difference):
    """What a fit to endless images would give: `noise` and `difference` as planted, (m,)."""
    scale, centre = layer.fit.both.std(axis=0).astype(float), np.zeros(POINTS)
    covariance = np.diag((noise / scale) ** 2)
    return discriminant.fit(*layer.fit)._replace(
        mean=centre, scale=scale, covariance=covariance, difference=difference / scale,
        midpoint=centre,
    )  # fmt: skip


def space_of(layer, fitted, ridges=RIDGES):
    return Space(fitted, layer.of_live("validation"), layer.of_live("test"), ridges)


def test_erasure_takes_just_the_planted_directions():
    layer = several()
    space = space_of(layer, exact(layer, NOISE, DIFFERENCE), [1e-9])
    removed, errors = erasure.by_probes(space, erasure.chance(layer.test))
    assert removed.shape[1] == PLANTED
    assert (errors[:PLANTED] < 0.2).all()
    assert errors[PLANTED] >= erasure.chance(layer.test)
    # The removed directions span the three points and nothing else.
    np.testing.assert_allclose(removed @ removed.T, np.diag([1.0] * PLANTED + [0] * 21), atol=1e-6)


def test_one_direction_of_equal_variance_is_one_direction(axis):
    layer = planted(axis)
    space = space_of(layer, exact(layer, np.ones(POINTS), axis))
    removed, errors = erasure.by_probes(space, erasure.chance(layer.test))
    assert errors.tolist() == [pytest.approx(0, abs=0.001), 0.5]
    np.testing.assert_allclose(removed, axis[:, np.newaxis], atol=1e-9)


def test_a_refitted_probe_is_that_of_a_direct_solve():
    """In the space without the removed directions, by an orthonormal basis of it."""
    layer, generator = several(), np.random.default_rng(1)
    fitted = discriminant.fit(*layer.fit)
    directions = np.linalg.qr(generator.normal(size=(POINTS, 7)))[0]
    space = space_of(layer, fitted, RIDGES)
    space.without(directions[:, :4])
    space.without(directions[:, 4:])
    scale = fitted.scale
    left = np.linalg.qr(np.hstack([directions, generator.normal(size=(POINTS, POINTS - 7))]))[0]
    left = left[:, 7:]
    covariance = fitted.covariance * np.outer(scale, scale)
    for column, ridge in enumerate(sorted(RIDGES, reverse=True)):
        ridged = covariance + ridge * np.diag(scale**2)
        wanted = left @ np.linalg.solve(
            left.T @ ridged @ left, left.T @ (fitted.difference * scale)
        )
        found = space.matrix.T @ space.weights[:, column]
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-8 * np.abs(wanted).max())


def test_errors_are_those_of_the_probe_on_what_is_left():
    layer = several()
    fewer = Pair(layer.fit.a[:100], layer.fit.b)  # the mean is not halfway between the classes
    layer = layer._replace(fit=fewer)
    space = space_of(layer, discriminant.fit(*fewer), [1e-2])
    removed = np.linalg.qr(np.random.default_rng(2).normal(size=(POINTS, 5)))[0]
    space.without(removed)
    direction, error = space.probe()
    centre = np.mean([of.mean(axis=0, dtype=float) for of in fewer], axis=0)
    np.testing.assert_allclose(space.centre, centre, atol=1e-5)
    scores = [((of - centre) - (of - centre) @ removed @ removed.T) @ direction
              for of in layer.test]  # fmt: skip
    wanted = ((scores[0] > 0).mean() + (scores[1] <= 0).mean()) / 2
    assert error == pytest.approx(wanted)


def test_the_ridge_is_that_of_validation_images():
    layer = planted(np.eye(POINTS)[3], apart=1.0, noise=np.linspace(0.5, 2, POINTS))
    fitted, ridges = discriminant.fit(*layer.fit), (1e-3, 1.0, 100.0)
    alone = [space_of(layer, fitted, [ridge]) for ridge in ridges]
    errors = [erasure.balanced(*(of @ space.weights for of in space.validation)).item()
              for space in alone]  # fmt: skip
    assert errors.count(min(errors)) == 1
    best = alone[int(np.argmin(errors))]
    together = space_of(layer, fitted, ridges).probe()
    np.testing.assert_allclose(together[0], best.probe()[0])
    assert together[1] == best.probe()[1]


def test_no_more_directions_than_points_or_than_the_most(monkeypatch):
    tiny = planted(np.array([0.6, 0.8]), apart=0.1)
    removed, errors = erasure.by_probes(space_of(tiny, discriminant.fit(*tiny.fit)), 2)
    assert removed.shape[1] <= 2
    assert len(errors) == removed.shape[1] + 1
    monkeypatch.setattr(erasure, "MOST", 4)
    layer = several()
    removed, errors = erasure.by_probes(space_of(layer, discriminant.fit(*layer.fit)), 2)
    assert removed.shape == (POINTS, 4)
    np.testing.assert_allclose(removed.T @ removed, np.eye(4), atol=1e-9)


def test_chance_is_the_interval_of_a_half():
    even = Pair(np.zeros((50, 1)), np.zeros((50, 1)))
    assert erasure.chance(even) == pytest.approx(0.5 - 0.0962, abs=1e-3)  # Wilson, 50 of 100
    assert erasure.chance(Pair(np.zeros((5, 1)), np.zeros((5000, 1)))) < 0.31


def test_the_network_without_directions_is_that_of_a_loop(axis):
    layer = planted(axis, dead=2)
    centre = np.linspace(-1, 1, POINTS)
    removed = np.linalg.qr(np.c_[axis + 0.5, np.random.default_rng(3).normal(size=(POINTS, 2))])[0]
    found = erasure.answers(layer, centre, removed, (0, 1, 3))
    for row, k in enumerate((0, 1, 3)):
        shares = np.zeros(2)
        for side, of in enumerate(layer.test):
            given = []
            for image in of.astype(float):
                left = image[:POINTS] - centre
                left = left - removed[:, :k] @ (removed[:, :k].T @ left) + centre
                given.append(layer.head(np.r_[left, image[POINTS:]][None]).argmax())
            shares += [np.mean(np.array(given) == layer.pair[at]) for at in (side, 1 - side)]
        np.testing.assert_allclose([found["right"][row], found["other"][row]], shares / 2)
    assert found["right"][0] > 0.99


def test_the_table_has_methods_controls_and_other_images():
    layer = several()
    fitted = discriminant.fit(*layer.fit)
    deviations = np.concatenate([of - of.mean(axis=0) for of in layer.fit])
    table = erasure.erasure_table(layer, fitted, deviations, RIDGES, 1e-2, np.random.default_rng(0))
    assert table["method"].unique().tolist() == [PROBE, MEANS, RANDOM, COVARIANCE]
    rows = {name: of.set_index("k") for name, of in table.groupby("method")}
    most = rows[PROBE].index.max()
    assert most >= PLANTED
    assert rows[PROBE]["error"].iloc[-1] >= erasure.chance(layer.test)
    assert rows[RANDOM].index.max() == most
    starts = [of["error"].iloc[0] for name, of in rows.items() if name != MEANS]
    assert len(set(starts)) == 1
    assert len({of["right"].iloc[0] for of in rows.values()}) == 1
    # One direction takes the classes' difference from a probe that is fitted to other images.
    before, after = rows[MEANS]["error_validation"]
    assert before < 0.01
    assert after > 0.2
    assert rows[MEANS]["right"][1] < 0.7
    assert rows[PROBE]["error_validation"].notna().sum() == 2
    assert table["right"].between(0, 1).all()
    assert len(layer.test.a) == COUNTS["test"]
