"""The linear discriminant against scikit-learn, the greedy ranking against brute force."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from stages.common import discriminant

RIDGE = 0.3


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


@pytest.mark.parametrize("chosen", [[3], [0, 5, 2], [7, 1, 0, 2, 3, 4, 5, 6]])
def test_scikit_learn_answers_the_same(pair, chosen):
    fitted = discriminant.fit(*pair, RIDGE)
    train = np.concatenate(pair)[:, chosen].astype(float)
    scaler = StandardScaler().fit(train)
    # A ridge r beside the covariance S is scikit-learn's shrinkage s where
    # s mean(diag S) / (1 - s) = r; its S divides by n, not n - 2, which only rescales.
    ridge = RIDGE * 78 / 80
    biased = fitted.covariance[np.ix_(chosen, chosen)] * 78 / 80
    shrinkage = ridge / np.diag(biased).mean()
    reference = LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage, priors=[0.5, 0.5])
    reference.fit(scaler.transform(train), np.repeat([0, 1], 40))
    test = np.random.default_rng(1).normal(size=(200, 9)) * 3
    ours = discriminant.scores(fitted, test, np.array([chosen]))[0]
    ratio = reference.decision_function(scaler.transform(test[:, chosen])) / ours
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    assert ratio[0] > 0


def test_sets_are_independent_of_their_batch_and_order(pair, monkeypatch):
    fitted = discriminant.fit(*pair, RIDGE)
    sets = np.random.default_rng(0).permuted(np.tile(np.arange(9), (7, 1)), axis=1)[:, :4]
    together = discriminant.scores(fitted, pair[0], sets)
    monkeypatch.setattr(discriminant, "SOLVE_VALUES", 33)  # two sets at a time
    np.testing.assert_allclose(discriminant.scores(fitted, pair[0], sets), together)
    for row, chosen in zip(together, sets, strict=True):
        alone = discriminant.scores(fitted, pair[0], chosen[None, ::-1])
        np.testing.assert_allclose(alone[0], row)


def test_no_points_and_a_point_that_never_varies_say_nothing(pair):
    fitted = discriminant.fit(*pair, RIDGE)
    for chosen in (np.empty((1, 0), int), np.array([[8]])):
        assert not discriminant.scores(fitted, pair[1], chosen).any()


@pytest.mark.parametrize("features", [3, 60])
def test_a_probe_on_all_points_is_the_discriminant(features):
    """Also where there are more points than images, and from one image of each class."""
    generator = np.random.default_rng(8)
    for n in (14, 1):
        a, b = generator.normal(size=(2, n, features)).astype(np.float32)
        a[:, 0] = b[:, 0] = 0.1
        tested = generator.normal(size=(15, features))
        fitted = discriminant.fit(a, b, RIDGE)
        scores = discriminant.scores(fitted, tested, np.arange(features)[np.newaxis])[0]
        by_all = discriminant.scores_by_all(a, b, tested, RIDGE)
        np.testing.assert_allclose(by_all, scores, atol=1e-9)


def test_forward_order_is_the_brute_force_one(pair):
    fitted = discriminant.fit(*pair, RIDGE)
    covariance, difference = within_covariance(*pair)
    candidates = np.array([0, 1, 2, 4, 5, 6, 7])

    def distance(chosen):
        part = covariance[np.ix_(chosen, chosen)]
        return difference[chosen] @ np.linalg.solve(part, difference[chosen])

    order: list[int] = []
    for _ in range(5):
        left = set(candidates.tolist()) - set(order)
        order.append(max(left, key=lambda point: distance([*order, point])))
    np.testing.assert_array_equal(discriminant.forward_order(fitted, candidates, 5), order)
    order = discriminant.forward_order(fitted, np.array([8, 3, 1]), 144)
    assert (sorted(order), order[-1]) == ([1, 3, 8], 8)  # point 8 never varies
    assert len(discriminant.forward_order(fitted, np.empty(0, int), 144)) == 0


def test_cross_validation_shows_no_classifier_the_images_it_answers():
    a, b = np.arange(10.0)[:, None], np.arange(100.0, 113)[:, None]
    folds = discriminant.stratified_folds(10, 13, np.random.default_rng(0))
    assert sorted(np.bincount(folds[10:])) == [2, 2, 3, 3, 3]  # each class is shared out
    seen = []

    def answer(some_a, some_b, held):
        train = np.concatenate([some_a, some_b])
        assert not np.isin(held, train).any()
        assert some_a.max() < 100 <= some_b.min()
        seen.extend(held[:, 0])
        return {"right": held.T >= 100, "always b": np.ones((2, len(held)), bool)}

    right = discriminant.cross_validate(a, b, folds, answer)
    assert sorted(seen) == [*range(10), *range(100, 113)]
    assert right["right"].all()
    accuracy = discriminant.fold_accuracy(right["always b"], folds)[0]
    np.testing.assert_allclose(accuracy, np.bincount(folds[10:]) / np.bincount(folds))


def test_one_standard_error_takes_the_first_that_is_as_good_as_all_points():
    accuracy = np.array([[0.70, 0.72], [0.86, 0.88], [0.95, 0.97], [0.88, 0.92]])
    assert discriminant.one_standard_error(accuracy) == 2  # 0.87 < 0.90 - 0.02
    accuracy[1] += 0.01
    assert discriminant.one_standard_error(accuracy) == 1
    assert discriminant.one_standard_error(np.full((3, 5), 0.9)) == 0
