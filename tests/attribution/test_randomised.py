"""The check with random weights: which weights are random, and the correlations."""

import numpy as np
import pytest
from scipy import stats

from stages.attribution import randomised


@pytest.fixture
def images():
    images = np.random.default_rng(0).integers(1, 256, (5, 6, 6)).astype(np.uint8)
    images[:, :3] = 0
    return images


@pytest.fixture
def attributions(images):
    return np.random.default_rng(1).normal(size=images.shape) * (images / 255)


def weights(value: int) -> randomised.Weights:
    return [(name, [np.full(2, value + at), np.array([value])]) for at, name in enumerate("abc")]


def test_layers_take_random_weights_from_the_top_down():
    known, other = weights(0), weights(10)
    found = {name: [int(of[0]) for of in every]
             for name, every in randomised.replaced(known, other)}  # fmt: skip
    assert found == {
        "c": [0, 0, 1, 0, 12, 10], "b": [0, 0, 11, 10, 12, 10], "a": [10, 10, 11, 10, 12, 10],
    }  # fmt: skip
    assert list(found) == ["c", "b", "a"]


def test_correlations_are_scipys(images, attributions):
    other = np.random.default_rng(2).normal(size=images.shape) * (images / 255)
    found = randomised.correlations(images, attributions, other)
    for row, (image, one, two) in enumerate(zip(images, attributions, other, strict=True)):
        ink = image > 0
        expected = [
            stats.spearmanr(np.abs(one).ravel(), np.abs(two).ravel()).statistic,
            stats.spearmanr(np.abs(one[ink]), np.abs(two[ink])).statistic,
            stats.spearmanr(one[ink], two[ink]).statistic,
        ]
        assert found[row] == pytest.approx(expected)
    assert (found[:, 0] > 0.7).all()  # of background alone
    assert np.abs(found[:, 2]).mean() < 0.5


def test_signs_count_in_the_last_alone(images, attributions):
    found = randomised.correlations(images, attributions, -attributions)
    np.testing.assert_allclose(found, [[1, 1, -1]] * 5)


def test_a_constant_has_no_correlation(images, attributions):
    assert np.isnan(randomised.correlations(images, attributions, 0 * attributions)).all()
    assert randomised.correlations(images[:0], attributions[:0], attributions[:0]).shape == (0, 3)


def test_the_table_averages_networks_of_one_case(images, attributions):
    cases = [("c", attributions), ("c", -attributions), ("untrained", 0 * attributions)]
    table = randomised.table(images, attributions, cases).set_index("randomised")
    assert table.loc["c", ["all_pixels", "ink_pixels", "signed"]].tolist() == pytest.approx(
        [1, 1, 0]
    )
    assert table.loc["untrained"].isna().all()


def test_every_case_has_its_network(images):
    """Attributions that are the sum of the weights name the weights they are of."""
    calls = []

    def attribute(every):
        calls.append(int(sum(of.sum() for of in every)))
        return np.zeros(images.shape)

    known, randoms, before = weights(0), [weights(10), weights(20)], weights(100)
    cases = randomised.cases(images, known, randoms, before, attribute)
    assert [name for name, _ in cases] == ["ink", *"cbacba", "untrained"]
    np.testing.assert_array_equal(cases[0][1], images)
    whole = [sum(of.sum() for _, layer in every for of in layer) for every in (*randoms, before)]
    assert [calls[2], calls[5], calls[6]] == whole
