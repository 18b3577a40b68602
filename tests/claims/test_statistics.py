"""The claims' own statistics against loops and hand-made cases."""

import math

import numpy as np
import pytest

from stages.claims import evidence, intervals, statistics
from stages.common import discriminant

KS = np.array([1, 2, 3, 5, 8, 20])
NO_CONTROLS = np.full((6, 2), np.nan)


def sampled(n, resamples=200, strata=None):
    strata = np.zeros(n) if strata is None else strata
    return intervals.resample_counts(strata, resamples, np.random.default_rng(0))


@pytest.fixture
def curve():
    """Out-of-fold answers that are better with more points up to the fourth set, and folds."""
    generator = np.random.default_rng(5)
    folds = np.arange(200) % 5
    accuracy = np.array([0.6, 0.75, 0.85, 0.99, 0.99, 0.97])
    return generator.random((6, 200)) < accuracy[:, None], folds


def test_few_points_are_those_of_the_rule(curve):
    right, folds = curve
    found = statistics.telling_share(right, folds, KS, 40, sampled(200, strata=folds))
    chosen = discriminant.one_standard_error(discriminant.fold_accuracy(right, folds))
    assert found.value == KS[chosen] / 40
    assert 5 / 40 <= found.low <= found.value <= found.high <= 20 / 40


def test_the_rule_in_a_bootstrap_sample_is_that_of_its_images(curve):
    right, folds = curve
    counts = sampled(200, 20, folds)
    found = []
    for row in counts.astype(int):
        images = np.repeat(np.arange(200), row)
        accuracy = discriminant.fold_accuracy(right[:, images], folds[images])
        found.append(KS[discriminant.one_standard_error(accuracy)] / 40)
    value = statistics.telling_share(right, folds, KS, 40, counts)
    np.testing.assert_allclose(value[1:], np.quantile(found, (0.025, 0.975)))


def test_where_the_least_set_is_as_good_one_point_is_enough():
    folds = np.arange(50) % 5
    found = statistics.telling_share(np.ones((6, 50), bool), folds, KS, 100, sampled(50))
    assert found == (0.01, 0.01, 0.01)


def test_an_empty_curve_is_nothing():
    nothing, images = np.zeros((0, 50), bool), np.arange(50)
    found = statistics.telling_share(nothing, images % 5, KS[:0], 0, sampled(50))
    assert all(map(math.isnan, found))
    arguments = (KS[:0], np.zeros((0, 2)), 0, sampled(50))
    found = statistics.deciding_share(nothing * 1.0, images >= 0, images > 9, *arguments)
    assert all(map(math.isnan, (*found.share, found.points, *found.by_class)))


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ([0.5, 0.9, 1, 1, 1, 1], 1),
        ([0, 0.5, 1, 1, 1, 1], 2),
        ([0, 0, 0, 0.4, 0.6, 1], math.sqrt(5 * 8)),
        ([0, 0, 0, 0, 0.25, 0.75], math.sqrt(8 * 20)),
        ([0, 0.7, 0.2, 0.1, 0.4, 0.4], 2 ** (0.5 / 0.7)),
        ([0, 0, 0, 0, 0.1, 0.49], math.nan),
    ],
)
def test_half_is_reached_between_two_sets(share, expected):
    found = statistics.first_crossing(np.array([share]), KS, np.ones((1, 6), bool))
    np.testing.assert_allclose(found, [expected])


def test_a_set_that_random_points_match_does_not_count():
    share = np.array([[0, 0.6, 0.7, 0.8, 0.9, 1.0]])
    allowed = np.array([[True, False, False, True, True, True]])
    np.testing.assert_allclose(statistics.first_crossing(share, KS, allowed), [5])


@pytest.fixture
def patched():
    """Flips of 30 images of a and 50 of b, more with more points; two were never right."""
    generator = np.random.default_rng(6)
    right, is_b = np.arange(80) % 40 != 7, np.arange(80) >= 30
    half = np.where(is_b, 2, 6)
    flips = (KS[:, None] / half / 2 + generator.normal(0, 0.1, (6, 80))).clip(0, 1) * right
    return flips, right, is_b


def test_deciding_points_against_a_loop(patched):
    flips, right, is_b = patched
    counts = sampled(80, 50, is_b)
    found = statistics.deciding_share(flips, right, is_b, KS, NO_CONTROLS, 40, counts)

    def crossing(images):
        share = flips[:, images].sum(axis=1) / right[images].sum()
        at = int(np.argmax(share >= 0.5))
        if at == 0:
            return 1
        return np.exp(np.interp(0.5, share[at - 1 : at + 1], np.log(KS[at - 1 : at + 1])))

    def worse(images):
        return max(crossing(images[is_b[images] == label]) for label in (False, True))

    everything = np.arange(80)
    assert found.points == pytest.approx(worse(everything))
    assert found.share.value == pytest.approx(found.points / 40)
    of_class = [crossing(everything[is_b == label]) for label in (False, True)]
    np.testing.assert_allclose(found.by_class, of_class)
    assert found.by_class[1] < found.points == found.by_class[0]
    samples = [worse(np.repeat(everything, row)) / 40 for row in counts.astype(int)]
    np.testing.assert_allclose(found.share[1:], np.quantile(samples, (0.025, 0.975)))


def test_deciding_points_must_beat_random_ones_in_both_directions(patched):
    flips, right, is_b = patched
    arguments = (40, sampled(80, 50, is_b))
    free = statistics.deciding_share(flips, right, is_b, KS, NO_CONTROLS, *arguments)
    everyone = np.stack([np.zeros(6), np.ones(6)], axis=1)  # random points flip all images of b
    held = statistics.deciding_share(flips, right, is_b, KS, everyone, *arguments)
    assert held.share == (1, 1, 1)
    assert math.isnan(held.points)
    assert math.isnan(held.by_class[1])
    assert held.by_class[0] == free.by_class[0]


def test_flips_that_never_reach_half_count_as_all_points(patched):
    flips, right, is_b = patched

    def found(flips, right):
        counts = sampled(80, 50, is_b)
        return statistics.deciding_share(flips, right, is_b, KS, NO_CONTROLS, 40, counts)

    assert found(flips * 0.1, right).share == (1, 1, 1)
    one_class = found(flips * is_b, right & is_b)  # nothing is divided by 0 images of a
    assert math.isnan(one_class.by_class[0])
    assert one_class.by_class[1] > 0
    assert math.isnan(one_class.points)
    assert one_class.share == (1, 1, 1)
    assert all(map(math.isnan, found(flips * 0, right & False).share))


def test_silence_that_is_the_class_is_read_and_silence_that_is_not_is_not():
    generator = np.random.default_rng(7)
    labels = np.arange(200) % 10
    own = np.eye(10, dtype=bool)[labels]
    assert statistics.silence_right(own, labels, own, labels).all()
    noise = generator.random((400, 10)) < 0.5
    assert statistics.silence_right(noise[:200], labels, noise[200:], labels).mean() < 0.25
    same = np.ones((200, 10), bool)
    assert statistics.silence_right(same, labels, same, labels).mean() == pytest.approx(0.1)


def test_a_map_is_silent_where_all_of_it_is_zero():
    maps = np.zeros((2, 3, 3, 2), np.float32)
    maps[0, 2, 1, 1] = 1e-30
    assert evidence.silent(maps).tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize("features", [3, 60])
def test_all_points_at_once_are_the_discriminant(features):
    generator = np.random.default_rng(8)
    a, b = generator.normal(size=(2, 14, features)).astype(np.float32)
    b += np.float32(0.4)
    a[:, 0] = b[:, 0] = 0.1
    tested = tuple(generator.normal(size=(n, features)) for n in (6, 9))
    fitted = discriminant.fit(a, b, 0.3)
    everything = np.arange(features)[np.newaxis]
    scores = discriminant.scores(fitted, np.concatenate(tested), everything)[0]
    by_all = discriminant.scores_by_all(a, b, np.concatenate(tested), 0.3)
    np.testing.assert_allclose(by_all, scores, atol=1e-9)
    right = statistics.pair_right((a, b), tested, 0.3)
    np.testing.assert_array_equal(right, (scores > 0) == (np.arange(15) >= 6))
    assert len(statistics.pair_right((a[:0], b), tested, 0.3)) == 0


def test_features_are_levels_places_and_means():
    maps = np.zeros((1, 2, 2, 2), np.float32)
    maps[0, 0, 1] = (4, 2)
    assert evidence.levels(maps).tolist() == [[0, 0, 4, 2, 0, 0, 0, 0]]
    assert evidence.on_or_off(maps).tolist() == [[0, 0, 1, 1, 0, 0, 0, 0]]
    assert evidence.map_means(maps).tolist() == [[1, 0.5]]
    assert evidence.levels(maps[:0]).shape == (0, 8)


def maps_with(order):
    """r of five maps of i with five of j: the best is `order`, all others 0.1."""
    correlation = np.full((5, 5), 0.1)
    correlation[np.arange(5), order] = 0.9
    return statistics.maps_of(correlation, np.array(order), np.full((5, 5), 0.2), np.arange(5))


def test_the_order_kept_is_1_in_the_same_order_and_below_0_in_another():
    counts = sampled(5)
    same = statistics.order_kept(maps_with([0, 1, 2, 3, 4]), counts)
    np.testing.assert_allclose(same, (1, 1, 1))
    other = statistics.order_kept(maps_with([1, 2, 3, 4, 0]), counts)
    np.testing.assert_allclose(other, [-0.25] * 3)  # (0.1 - 0.26) / (0.9 - 0.26)
    part = statistics.order_kept(maps_with([0, 1, 2, 4, 3]), counts)
    assert part.value == pytest.approx((3 - 2 * 0.25) / 5)
    assert part.low < part.value < part.high
    nothing = statistics.order_kept(statistics.Maps(*np.zeros((4, 5))), counts)
    assert all(map(math.isnan, nothing))


def test_a_random_order_is_the_mean_of_all_orders():
    generator = np.random.default_rng(9)
    correlation = generator.random((6, 6))
    maps = statistics.maps_of(correlation, np.arange(6), correlation, np.arange(6))
    drawn = [correlation[np.arange(6), generator.permutation(6)].mean() for _ in range(5000)]
    assert maps.random.mean() == pytest.approx(np.mean(drawn), abs=0.005)


def test_changes_are_the_farthest_shifts_minus_none():
    shifts = np.array([(0, 0), (1, 0), (-3, 0), (0, 3)])
    right = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 0, 1]], bool)
    assert statistics.changes_by_shift(right, shifts).tolist() == [-0.5, -1, 1]
