"""Matching against every order there is, CKA against the formula, both on what they must ignore."""

from itertools import permutations

import numpy as np
import pytest

from stages.common.measures import centred_gram
from stages.replicates import similarity
from stages.replicates.similarity import assigned_mean, cka


@pytest.fixture(params=range(3))
def generator(request):
    return np.random.default_rng(request.param)


def layer(generator, images=12, maps=6):
    """Activations like a layer's after its ReLU."""
    return np.maximum(generator.normal(size=(images, 3, 2, maps)), 0).astype(np.float32)


def compare(validation, test, labels):
    """Of one layer's activations, one array a network."""
    residual = [similarity.without_class_means(of, labels) for of in test]
    units = ([similarity.unit_maps(x) for x in of] for of in (validation, test, residual))
    return similarity.compare(*units, [centred_gram(of) for of in test])


def hsic(K, L):
    """Unbiased HSIC, as equation 5 of Song et al. 2012 has it."""
    n = len(K)
    K, L = (gram - np.diag(np.diag(gram)) for gram in (K, L))
    one = np.ones(n)
    products = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    return (np.trace(K @ L) + products - 2 / (n - 2) * one @ K @ L @ one) / (n * (n - 3))


def test_unit_maps_multiply_to_pearson_r(generator):
    i, j = layer(generator), layer(generator, maps=4)
    expected = np.corrcoef(i.reshape(-1, 6).T, j.reshape(-1, 4).T)[:6, 6:]
    assert similarity.unit_maps(i).T @ similarity.unit_maps(j) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, 123.456])
def test_constant_map_has_r_of_exactly_0(value):
    activations = layer(np.random.default_rng(0), images=101)
    activations[..., 2] = value
    assert not similarity.unit_maps(activations)[:, 2].any()
    [found] = compare([activations] * 2, [activations] * 2, np.arange(101) % 3)
    assert found.constant_maps == 2
    assert (found.matched_r, found.residual_r) == pytest.approx((5 / 6, 5 / 6))


def test_assignment_beats_every_order(generator):
    correlation = generator.uniform(-1, 1, (6, 6))
    best = max(permutations(range(6)), key=lambda order: assigned_mean(correlation, order))
    assert np.array_equal(similarity.best_assignment(correlation), best)


def test_semi_matching_takes_the_best_partner_of_each_map_on_validation(generator):
    validation, test = generator.uniform(-1, 1, (2, 4, 4))
    of_i = [test[i, max(range(4), key=lambda j: validation[i, j])] for i in range(4)]
    of_j = [test[max(range(4), key=lambda i: validation[i, j]), j] for j in range(4)]
    expected = (np.mean(of_i) + np.mean(of_j)) / 2
    assert similarity.semi_matched_mean(validation, test) == pytest.approx(expected)


def test_permuted_network_is_recognised(generator):
    validation, test = layer(generator), layer(generator)
    order = generator.permutation(6)
    # Map m of i is map order[m] of j, at another scale.
    inverse = np.argsort(order)
    labels = np.arange(12) % 3
    both = [validation, 2 * validation[..., inverse]], [test, test[..., inverse]]
    [result] = compare(*both, labels)
    assert np.array_equal(result.assignment, order)
    scores = (result.matched_r, result.semi_matched_r, result.residual_r, result.cka)
    assert scores == pytest.approx((1, 1, 1, 1))
    same_order = similarity.unit_maps(test).T @ similarity.unit_maps(test[..., inverse])
    assert result.identity_r == pytest.approx(same_order.trace() / 6)
    assert result.random_r == pytest.approx(same_order.mean())


def test_among_orders_of_equal_sums_rounding_does_not_choose():
    correlation = np.zeros((5, 5))
    correlation[0, 0], correlation[1, 2] = 0.3, 0.7
    expected = similarity.best_assignment(correlation)
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 1e-15, (5, 5))
        np.testing.assert_array_equal(similarity.best_assignment(correlation + noise), expected)


def test_kernels_are_matched_by_the_r_of_their_weights(generator):
    i, j = generator.normal(size=(2, 3, 2, 2, 5))
    r = np.corrcoef(i.reshape(12, 5).T, j.reshape(12, 5).T)[:5, 5:]
    best = max(assigned_mean(r, order) for order in permutations(range(5)))
    assert similarity.kernels_r(i, j) == pytest.approx(best)
    order = generator.permutation(5)
    alike = 3 * i[..., order] + 1  # kernels of other scale and mean
    assert similarity.kernels_r(i, alike) == pytest.approx(1)
    alike[..., 0] = 0.2
    assert similarity.kernels_r(i, alike) == pytest.approx(4 / 5)


def test_match_is_made_on_validation_and_scored_on_test():
    generator = np.random.default_rng(1)
    i, j, unrelated = (layer(generator, images=400) for _ in range(3))
    [result] = compare([i, i[..., ::-1]], [j, unrelated], np.zeros(400))
    assert np.array_equal(result.assignment, np.arange(6)[::-1])
    assert abs(result.matched_r) < 0.05


def test_residual_is_what_class_means_leave(generator):
    activations, labels = layer(generator), generator.integers(0, 3, 12)
    means = [activations[labels == label].mean(axis=0, dtype=float) for label in labels]
    assert similarity.without_class_means(activations, labels) == pytest.approx(activations - means)


def test_networks_that_share_only_the_class_have_no_residual_r():
    generator = np.random.default_rng(4)
    labels = np.repeat(np.arange(10), 60)
    pattern = 5 * layer(generator, images=10)[labels]
    i, j = (pattern + layer(generator, images=600) for _ in range(2))
    [result] = compare([i, j], [i, j], labels)
    assert result.matched_r > 0.8
    assert abs(result.residual_r) < 0.05


@pytest.mark.parametrize("features", [3, 200])
def test_cka_is_the_formula_of_song(generator, features):
    x = generator.normal(3, 1, (20, features))
    y = x[:, :3] @ generator.normal(size=(3, 5)) + generator.normal(size=(20, 5))
    K, L = x @ x.T, y @ y.T
    expected = hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))
    assert cka(centred_gram(x), centred_gram(y)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "activations", [np.zeros((9, 2, 2, 3), np.float32), np.ones((3, 2, 2, 3)), np.ones((0, 2))]
)
def test_cka_of_nothing_is_nan(activations):
    gram = centred_gram(activations)
    assert np.isnan(cka(gram, gram))
