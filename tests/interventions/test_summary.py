"""How many points a probe and patching take, against loops and hand-made cases."""

import math

import numpy as np
import pandas as pd
import pytest

from stages.common import discriminant, intervals, measures
from stages.interventions import summary
from stages.interventions.summary import Flips, patch_count, probe_share

KS = np.array([1, 2, 3, 5, 8, 20])
FREE = np.full((6, 2), np.nan)  # no controls


def sampled(strata, resamples=50):
    return intervals.resample_counts(strata, resamples, np.random.default_rng(0))


def test_the_probe_is_that_of_the_rule_in_every_bootstrap_sample():
    generator = np.random.default_rng(5)
    folds = np.arange(200) % 5
    accuracy = np.array([0.6, 0.75, 0.85, 0.99, 0.99, 0.97])
    right = generator.random((6, 200)) < accuracy[:, None]
    counts = sampled(folds)

    def chosen(images):
        accuracy = discriminant.fold_accuracy(right[:, images], folds[images])
        return KS[discriminant.one_standard_error(accuracy)] / 40

    result = probe_share(right, folds, KS, 40, counts)
    assert result.value == chosen(np.arange(200))
    assert 5 / 40 <= result.value <= 20 / 40
    samples = [chosen(np.repeat(np.arange(200), row)) for row in counts.astype(int)]
    np.testing.assert_allclose(result[1:], np.quantile(samples, (0.025, 0.975)))
    assert probe_share(np.ones((6, 200), bool), folds, KS, 100, counts) == (0.01, 0.01, 0.01)


@pytest.mark.parametrize(
    ("share", "first", "expected"),
    [
        ([0.5, 0.9, 1, 1, 1, 1], 1, 1),
        ([0, 0.5, 1, 1, 1, 1], 1, 2),
        ([0, 0, 0, 0.4, 0.6, 1], 1, math.sqrt(5 * 8)),
        ([0, 0.7, 0.2, 0.1, 0.4, 0.4], 1, 2 ** (0.5 / 0.7)),
        ([0, 0.6, 0.7, 0.8, 0.9, 1.0], 5, 5),
        ([0, 0, 0, 0, 0.1, 0.49], 1, math.nan),
    ],
)
def test_half_is_reached_between_two_sets(share, first, expected):
    """Sets of fewer than `first` points are matched by random ones and do not count."""
    result = summary.first_crossing(np.array([share]), KS, KS[np.newaxis] >= first)
    np.testing.assert_allclose(result, [expected])


@pytest.fixture
def patched():
    """Flips of 30 images of a and 50 of b, more with more points; two were never right."""
    generator = np.random.default_rng(6)
    right, is_b = np.arange(80) % 40 != 7, np.arange(80) >= 30
    half = np.where(is_b, 2, 6)
    flips = (KS[:, None] / half / 2 + generator.normal(0, 0.1, (6, 80))).clip(0, 1) * right
    return Flips(flips, right, is_b, KS, FREE)


def test_patched_points_against_a_loop(patched):
    flips, right, is_b, *_ = patched
    counts = sampled(is_b)

    def crossing(images):
        share = flips[:, images].sum(axis=1) / right[images].sum()
        at = int(np.argmax(share >= 0.5))
        if at == 0:
            return 1
        return np.exp(np.interp(0.5, share[at - 1 : at + 1], np.log(KS[at - 1 : at + 1])))

    def by_class(images):
        return [crossing(images[is_b[images] == label]) for label in (False, True)]

    result = patch_count(patched, 40, counts)
    np.testing.assert_allclose(result.by_class, by_class(np.arange(80)))
    assert result.by_class[1] < result.k == result.by_class[0]  # the class that needs more counts
    assert result.share.value == pytest.approx(result.k / 40)
    samples = [max(by_class(np.repeat(np.arange(80), row))) / 40 for row in counts.astype(int)]
    np.testing.assert_allclose(result.share[1:], np.quantile(samples, (0.025, 0.975)))


def test_patched_points_must_beat_random_ones_in_both_directions(patched):
    counts = sampled(patched.is_b)
    free = patch_count(patched, 40, counts)
    b_flips_anyhow = np.stack([np.zeros(6), np.ones(6)], axis=1)
    held = patch_count(patched._replace(control_high=b_flips_anyhow), 40, counts)
    assert held.share == (1, 1, 1)
    assert math.isnan(held.k)
    np.testing.assert_array_equal(held.by_class, (free.by_class[0], math.nan))


def test_where_half_is_never_reached_or_nothing_is_there(patched):
    counts, flips = sampled(patched.is_b), patched.flips
    assert patch_count(patched._replace(flips=flips * 0.1), 40, counts).share == (1, 1, 1)
    of_b = patched._replace(flips=flips * patched.is_b, right=patched.right & patched.is_b)
    one_class = patch_count(of_b, 40, counts)  # nothing is divided by 0 images of a
    assert (math.isnan(one_class.by_class[0]), one_class.share.value) == (True, 1)
    no_set = patched._replace(flips=flips[:0], ks=KS[:0], control_high=FREE[:0])
    for empty in (patched._replace(right=patched.right & False), no_set):
        result = patch_count(empty, 40, counts)
        assert all(map(math.isnan, (*result.share, result.k, *result.by_class)))
    assert all(map(math.isnan, probe_share(flips[:0], np.zeros(80), KS[:0], 0, counts)))


def test_the_best_typical_point_is_that_of_validation(study):
    auroc = measures.auroc(*study.validation).value
    points = pd.DataFrame({"typical_a": np.arange(24) < 4, "typical_b": False, "auroc": auroc})
    best = np.argmax(np.abs(auroc[:4] - 0.5))
    result = summary.typical_columns(study, points)
    test = measures.auroc(*(of[:, [best]] for of in study.test)).value[0]
    assert result["typical"] == 4
    assert result["typical_best"] == pytest.approx(test if auroc[best] > 0.5 else 1 - test)
    assert result["typical_joint"] >= 0.5
    none = summary.typical_columns(study, points.assign(typical_a=False))
    assert none["typical"] == 0
    assert np.isnan([none["typical_best"], none["typical_joint"]]).all()
