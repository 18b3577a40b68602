"""The linear discriminant against scikit-learn and direct solves, forward order by brute force."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from stages.common import discriminant

RIDGE = 0.3
IS_B = np.arange(80) >= 40


@pytest.fixture
def pair():
    """Class a and class b, 40 images each of 9 correlated points; point 8 never varies."""
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(9, 9))
    a, b = generator.normal(size=(2, 40, 9)) @ mixing
    b += generator.normal(size=9)
    a[:, 8] = b[:, 8] = 0.1
    return a.astype(np.float32), b.astype(np.float32)


def within_covariance(*pair):
    """The ridged covariance within classes of standardised points, and the mean difference."""
    scaled = StandardScaler().fit(np.concatenate(pair, dtype=float))
    a, b = (scaled.transform(of.astype(float)) for of in pair)
    pooled = (np.cov(a.T) * (len(a) - 1) + np.cov(b.T) * (len(b) - 1)) / (len(a) + len(b) - 2)
    return pooled + RIDGE * np.eye(a.shape[1]), b.mean(axis=0) - a.mean(axis=0)


def test_a_fit_has_the_pooled_covariance_and_the_difference_of_means(pair):
    fitted = discriminant.fit(*pair)
    covariance, difference = within_covariance(*pair)
    np.testing.assert_allclose(fitted.ridged(RIDGE), covariance, atol=1e-6)
    np.testing.assert_allclose(fitted.difference, difference, atol=1e-6)


@pytest.mark.parametrize("chosen", [[3], [0, 5, 2], [7, 1, 0, 2, 3, 4, 5, 6]])
def test_scikit_learn_answers_the_same(pair, chosen):
    fitted = discriminant.fit(*pair)
    train = np.concatenate(pair)[:, chosen].astype(float)
    scaler = StandardScaler().fit(train)
    # A ridge r beside the covariance S is scikit-learn's shrinkage s where
    # s mean(diag S) / (1 - s) = r; its S divides by n, not n - 2, which only rescales.
    ridge = RIDGE * 78 / 80
    biased = fitted.covariance[np.ix_(chosen, chosen)] * 78 / 80
    shrinkage = ridge / (ridge + np.diag(biased).mean())
    reference = LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage, priors=[0.5, 0.5])
    reference.fit(scaler.transform(train), np.repeat([0, 1], 40))
    test = np.random.default_rng(1).normal(size=(200, 9)) * 3
    (ours,) = discriminant.on_sets(fitted, np.array([chosen]), RIDGE).scores(test)
    ratio = reference.decision_function(scaler.transform(test[:, chosen])) / ours
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    assert ratio[0] > 0


def test_sets_are_independent_of_their_batch_and_order(pair, monkeypatch):
    fitted = discriminant.fit(*pair)
    sets = np.random.default_rng(0).permuted(np.tile(np.arange(9), (7, 1)), axis=1)[:, :4]
    together = discriminant.on_sets(fitted, sets, RIDGE).scores(pair[0])
    monkeypatch.setattr(discriminant, "SOLVE_VALUES", 33)  # two sets at a time
    by_two = discriminant.on_sets(fitted, sets, RIDGE).scores(pair[0])
    np.testing.assert_allclose(by_two, together)
    for row, chosen in zip(together, sets, strict=True):
        alone = discriminant.on_sets(fitted, chosen[None, ::-1], RIDGE)
        np.testing.assert_allclose(alone.scores(pair[0])[0], row)


def test_a_set_is_what_a_fit_to_these_points_alone_gives(pair):
    chosen = np.array([6, 1, 3])
    whole = discriminant.on_sets(discriminant.fit(*pair), chosen[np.newaxis], RIDGE)
    few = discriminant.fit(*(of[:, chosen] for of in pair))
    alone = discriminant.on_first(few, np.arange(3), [3], RIDGE)
    subset = discriminant.on_first(discriminant.fit(*pair).subset(chosen), np.arange(3), [3], RIDGE)
    for probes in (alone, subset):
        scores = probes.scores(pair[1][:, chosen])
        np.testing.assert_allclose(scores, whole.scores(pair[1]))


def test_no_points_and_a_point_that_never_varies_say_nothing(pair):
    fitted = discriminant.fit(*pair)
    for chosen in (np.empty((1, 0), int), np.array([[8]])):
        assert not discriminant.on_sets(fitted, chosen, RIDGE).scores(pair[1]).any()


def test_the_first_k_of_an_order_are_sets(pair):
    fitted, order = discriminant.fit(*pair), np.random.default_rng(3).permutation(9)
    nested = discriminant.on_first(fitted, order, (1, 4, 9), RIDGE).scores(pair[0])
    for row, k in zip(nested, (1, 4, 9), strict=True):
        direct = discriminant.on_sets(fitted, order[np.newaxis, :k], RIDGE).scores(pair[0])
        np.testing.assert_allclose(row, direct[0])


def test_without_points_is_the_direct_solve_on_the_others(pair):
    fitted = discriminant.fit(*pair)
    removed = [np.array([4, 0]), np.array([], int), np.array([8, 1, 2, 3, 5, 7]), np.arange(9)]
    probes = discriminant.without(fitted, removed, RIDGE)
    for row, out in zip(probes.scores(pair[0]), removed, strict=True):
        left = np.setdiff1d(np.arange(9), out)
        direct = discriminant.on_sets(fitted, left[np.newaxis], RIDGE).scores(pair[0])
        np.testing.assert_allclose(row, direct[0], atol=1e-12)
    for row, out in zip(probes.weights, removed, strict=True):
        assert not row[out].any()


@pytest.mark.parametrize("features", [3, 60])
def test_a_probe_on_all_points_is_the_discriminant(features):
    """Also where there are more points than images, and from one image of each class."""
    generator = np.random.default_rng(8)
    for n in (14, 1):
        a, b = generator.normal(size=(2, n, features)).astype(np.float32)
        a[:, 0] = b[:, 0] = 0.1
        tested = generator.normal(size=(15, features))
        fitted = discriminant.fit(a, b)
        found = discriminant.on_all(a, b, (3.0, RIDGE))
        for probes, ridge in zip(found, (3.0, RIDGE), strict=True):
            direct = discriminant.on_sets(fitted, np.arange(features)[np.newaxis], ridge)
            np.testing.assert_allclose(
                probes.scores(tested), direct.scores(tested), rtol=1e-4, atol=1e-4
            )


def test_forward_order_is_the_brute_force_one(pair):
    covariance, difference = within_covariance(*pair)

    def distance(chosen):
        part = covariance[np.ix_(chosen, chosen)]
        return difference[chosen] @ np.linalg.solve(part, difference[chosen])

    order: list[int] = []
    for _ in range(8):
        left = set(range(8)) - set(order)
        order.append(max(left, key=lambda point: distance([*order, point])))
    once = np.ones((1, 80))
    (found,) = discriminant.forward_orders(np.concatenate(pair), IS_B, once, RIDGE, 144)
    np.testing.assert_array_equal(found, [*order, 8])  # point 8 never varies
    none = np.empty((80, 0))
    assert discriminant.forward_orders(none, IS_B, once, RIDGE, 5).shape == (1, 0)


def test_forward_orders_of_weights_are_those_of_repeated_images(pair, monkeypatch):
    points = np.concatenate(pair)
    points[3, 8] = 5  # varies by one image alone, which the third weighting leaves out
    weights = np.random.default_rng(5).integers(0, 4, (4, 80)).astype(np.float32)
    weights[0], weights[1], weights[2, 3] = 1, 2, 0
    monkeypatch.setattr(discriminant, "FACTOR_VALUES", 2 * 9 * 9)  # two weightings at a time
    found = discriminant.forward_orders(points, IS_B, weights, RIDGE, 9)
    for row, weight in zip(found, weights.astype(int), strict=True):
        images = np.repeat(np.arange(80), weight)
        once = np.ones((1, len(images)))
        (alone,) = discriminant.forward_orders(points[images], IS_B[images], once, RIDGE, 9)
        np.testing.assert_array_equal(row, alone)
    assert len(np.unique(found, axis=0)) > 1
    assert found[2][-1] == 8
