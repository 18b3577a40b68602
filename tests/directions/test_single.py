"""Patching along one direction, where one direction is all that matters."""

import numpy as np
import pytest
from sklearn.covariance import empirical_covariance

from stages.common import discriminant
from stages.common.bases import COVARIANCE, MEANS, OBLIQUE, ORTHOGONAL, PROBE, RANDOM, WITHIN
from stages.directions import single
from stages.directions.layer import Pair, Swap, rotation, swaps
from stages.directions.single import Edits

from .conftest import PAIR, POINTS, planted


def parts(layer):
    """What `edits_of` takes, of a probe with next to no ridge."""
    fitted = discriminant.fit(*layer.fit)
    weights = np.linalg.solve(fitted.ridged(1e-9), fitted.difference) / fitted.scale
    deviations = np.concatenate([of - of.mean(axis=0) for of in layer.fit])
    covariance = fitted.covariance * np.outer(fitted.scale, fitted.scale)
    return weights, fitted.difference * fitted.scale, covariance, deviations


def table_of(layer):
    """The rows by direction in space, edit, and direction of patching."""
    edits = single.edits_of(*parts(layer), np.random.default_rng(0))
    pairs = swaps(layer, 2, np.random.default_rng(1))
    return single.single_table(layer, pairs, edits).set_index(["along", "edit", "direction"])


@pytest.fixture
def rotated():
    """A direction of no particular coordinates."""
    return rotation(POINTS, np.random.default_rng(2))[:, 0]


def test_the_planted_direction_is_recovered_and_flips_all(rotated):
    layer = planted(rotated, dead=2)
    edits = single.edits_of(*parts(layer), np.random.default_rng(0))
    for along in (PROBE, MEANS):
        assert abs(edits[along, ORTHOGONAL].read[:, 0] @ rotated) > 0.97
    table = table_of(layer)
    for direction in ("a_to_b", "b_to_a"):
        for case in ((PROBE, ORTHOGONAL), (PROBE, OBLIQUE), (MEANS, ORTHOGONAL)):
            row = table.loc[(*case, direction)]
            assert row["flipped"] > 0.99
            assert row["recovered"] == pytest.approx(1, abs=0.05)
            assert row["flipped_low"] < row["flipped"] < row["flipped_high"] + 1e-9
        for case in ((RANDOM, ORTHOGONAL), (COVARIANCE, ORTHOGONAL), (WITHIN, ORTHOGONAL)):
            assert table.loc[(*case, direction), "flipped"] < 0.1
            assert abs(table.loc[(*case, direction), "recovered"]) < 0.2


def test_the_least_change_of_a_probe_may_flip_nothing_where_the_oblique_one_flips_all():
    """Noise that a probe subtracts: its weights are on a point in which the classes are alike.

    Points 0 and 1 share a noise. Classes differ in point 0, the head reads point 0 alone. The
    probe is 0 minus 1, so its direction is half point 1, along which nothing changes the answer.
    """
    generator = np.random.default_rng(3)
    layer = planted(np.eye(POINTS)[0], noise=0.1, apart=1.0)
    held = {name: getattr(layer, name) for name in ("fit", "validation", "test")}
    for images in held.values():
        for of in images:
            of[:, :2] += 0.3 * generator.normal(size=(len(of), 1)).astype(np.float32)
    table = table_of(layer)
    least, along = (table.loc[(PROBE, kind, "a_to_b")] for kind in (ORTHOGONAL, OBLIQUE))
    assert least["recovered"] == pytest.approx(0.5, abs=0.1)
    assert along["recovered"] == pytest.approx(1, abs=0.1)
    assert along["flipped"] > least["flipped"] + 0.2


def test_an_edit_makes_what_it_reads_that_of_the_source(rotated):
    layer = planted(rotated, noise=np.linspace(0.3, 3, POINTS))
    for (_, kind), edits in single.edits_of(*parts(layer), np.random.default_rng(0)).items():
        np.testing.assert_allclose(np.sum(edits.read * edits.write, axis=0), 1)
        x, source = layer.test.a[0], layer.test.b[0]
        edited = x[:, np.newaxis] + edits.write * (edits.read.T @ (source - x))
        after = np.sum(edits.read * edited, axis=0)
        np.testing.assert_allclose(after, edits.read.T @ source, rtol=1e-4, atol=1e-4)
        if kind == ORTHOGONAL:
            np.testing.assert_allclose(edits.read, edits.write)


def test_the_oblique_edit_of_the_discriminant_goes_along_the_means(rotated):
    """S S^-1 d: the projection of LEACE for two classes, whose weights here are LEACE's own."""
    layer = planted(rotated, noise=np.linspace(0.3, 3, POINTS))
    weights, difference, covariance, deviations = parts(layer)
    edits = single.edits_of(weights, difference, covariance, deviations, np.random.default_rng(0))
    oblique = edits[PROBE, OBLIQUE]
    unit = oblique.write[:, 0] / np.linalg.norm(oblique.write)
    assert unit @ difference / np.linalg.norm(difference) == pytest.approx(1)
    # Belrose et al. 2023, theorem 4.3, with W the whitening of the total covariance.
    total = empirical_covariance(layer.fit.both.astype(float))
    values, vectors = np.linalg.eigh(total)
    whiten = vectors / np.sqrt(values) @ vectors.T
    seen = whiten @ difference
    projection = np.outer(seen, seen) / (seen @ seen)
    leace = np.linalg.inv(whiten) @ projection @ whiten
    np.testing.assert_allclose(oblique.write @ oblique.read.T, leace, atol=1e-6)
    erased = [of.astype(float) @ (np.eye(POINTS) - leace).T for of in layer.fit]
    np.testing.assert_allclose(erased[0].mean(axis=0), erased[1].mean(axis=0), atol=1e-6)


def test_random_directions_have_the_covariance_of_the_deviations():
    noise = np.r_[5.0, np.ones(POINTS - 1)]
    layer = planted(np.eye(POINTS)[3], noise=noise)
    edits = single.edits_of(*parts(layer), np.random.default_rng(4))
    first = {
        along: (edits[along, ORTHOGONAL].read[0] ** 2).mean() for along in (RANDOM, COVARIANCE)
    }
    assert first[RANDOM] == pytest.approx(1 / POINTS, abs=0.03)
    assert first[COVARIANCE] > 0.35
    assert abs(edits[WITHIN, ORTHOGONAL].read[0, 0]) > 0.99


def test_no_direction_is_no_edit(axis):
    layer, nothing = planted(axis), np.zeros((POINTS, 1))
    swap = swaps(layer, 2, np.random.default_rng(1))[0]
    for edits in (single.orthogonal(nothing), single.oblique(nothing, np.eye(POINTS))):
        found = single.outcomes(layer, swap, edits)
        assert (found["flipped"], found["recovered"], found["changed"]) == (0, 0, 0)


def test_what_is_changed_and_below_zero_by_hand():
    """The image (-4, 3) and its source (4, 1)."""
    layer = planted(np.array([1.0, 0.0]))
    images = Pair(np.array([[-4.0, 3]], np.float32), np.array([[4.0, 1]], np.float32))
    bias = np.array([-100, 0.5, 0], np.float32)  # of equal classes b is answered
    layer = layer._replace(test=images, head=layer.head._replace(logits_bias=bias))
    swap = Swap(0, np.array([0]), np.array([[0]]))
    diagonal = single.orthogonal(np.ones((2, 1)))
    # The difference is (8, -2); along the diagonal it is (3, 3), of squared length 18 of 68.
    assert single.outcomes(layer, swap, diagonal)["changed"][0] == pytest.approx(18 / 68)
    far = single.below_zero(layer, swap, diagonal)  # to (-1, 6)
    assert (far["negative"], far["below"]) == (0.5, pytest.approx(1 / 6))
    assert far["flipped_clipped"] == 1  # at (0, 6); at (-1, 6) the answer is a
    longer = Edits(np.array([[1.0], [0]]), np.array([[1.0], [1]]))  # by (8, 8)
    assert single.outcomes(layer, swap, longer)["changed"][0] == pytest.approx(128 / 68)
    assert single.outcomes(layer, swap, diagonal)["flipped"][0] == 0
    both = single.below_zero(layer, swap, Edits(np.eye(2), np.eye(2)))  # to (4, 1)
    assert list(both.values()) == [0, 0, 1]
    assert PAIR[1] == layer.head(images.b).argmax()


@pytest.mark.parametrize("activation", ["elu", "selu"])
def test_other_activations_may_be_below_zero(axis, activation):
    layer = planted(axis)
    layer = layer._replace(head=layer.head._replace(activation=activation))
    table = table_of(layer)
    assert table[["negative", "below", "flipped_clipped"]].isna().all(axis=None)
    assert table["flipped"].notna().all()


def test_nothing_answered_rightly_is_no_number(axis):
    layer = planted(axis)
    head = layer.head._replace(logits_bias=np.array([100, 0, 0], np.float32))
    table = table_of(layer._replace(head=head))
    assert table.isna().all(axis=None)
