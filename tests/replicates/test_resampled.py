"""Matching on resamples of images, against images that are really repeated."""

from itertools import combinations, permutations

import numpy as np
import pytest

from stages.common.resampling import Resamples, draw
from stages.replicates import resampled
from stages.replicates.resampled import Sample
from stages.replicates.similarity import compare, unit_maps

MAPS, POSITIONS, IMAGES = 4, 6, 25
SPLITS = ("validation", "test")


def layer(seed, maps=MAPS):
    """Activations like a layer's after its ReLU, (images, rows, columns, maps)."""
    generator = np.random.default_rng(seed)
    return np.maximum(generator.normal(size=(IMAGES, 3, 2, maps)), 0).astype(np.float32)


def resamples_of(seed, groups=7):
    """30 resamples of a split of 60 images."""
    generator = np.random.default_rng(seed)
    return draw(generator.permutation(np.arange(60) % groups), 30, generator)


def sample_of(resamples, seed=0):
    """The sample, and how often each of its images is in each resample, int (1 + R, images)."""
    index = np.sort(np.random.default_rng(seed).permutation(60)[:IMAGES])
    weights = resamples.weights[:, index].astype(int)
    return Sample.of(resamples, index, POSITIONS), weights


def pearson(i, j):
    """r of every map of i with every of j, (images, rows, columns, maps); 0 for constant ones."""
    i, j = (of.reshape(-1, of.shape[-1]).astype(float) for of in (i, j))
    r = [[np.corrcoef(x, y)[0, 1] if np.ptp(x) and np.ptp(y) else 0 for y in j.T] for x in i.T]
    return np.array(r)


def correlations(i, j, sample):
    units = tuple(map(unit_maps, (i, j)))
    of = tuple(resampled.moments(unit, sample) for unit in units)
    return np.array(list(resampled.correlations(units, of, sample)))


@pytest.mark.parametrize("seed", range(3))
def test_r_in_every_resample_is_that_of_repeated_images(seed):
    sample, weights = sample_of(resamples_of(seed), seed)
    i, j = layer(seed), layer(seed + 100, maps=3)
    found = correlations(i, j, sample)
    assert found.shape == (31, MAPS, 3)
    for r, counts in zip(found, weights, strict=True):
        rows = np.repeat(np.arange(IMAGES), counts)
        assert r == pytest.approx(pearson(i[rows], j[rows]), abs=1e-12)
    assert found[0] == pytest.approx(pearson(i, j), abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.1, 123.456])
def test_a_map_that_is_constant_in_a_resample_has_r_of_exactly_0_there(level):
    resamples = resamples_of(1)
    sample, weights = sample_of(resamples, 1)
    i, j = layer(1), layer(2)
    i[..., 0] = level
    alone = np.unique(sample.group)[2]
    of_image = sample.group.reshape(IMAGES, POSITIONS)[:, 0]
    i[of_image == alone, ..., 0] += layer(5)[of_image == alone, ..., 0]
    j[..., 1] = level  # constant everywhere
    found = correlations(i, j, sample)
    without = weights[:, of_image == alone].sum(axis=1) == 0
    assert 3 < without.sum() < 28
    assert not found[without, 0].any()
    assert found[~without, 0].any(axis=1).all()
    assert not found[:, :, 1].any()


def test_no_weights_of_images_outside_the_sample_are_used():
    resamples = resamples_of(0)
    index = np.flatnonzero(resamples.group < 5)[:IMAGES]
    sample = Sample.of(resamples, index, POSITIONS)
    assert sample.shares.shape == (31, 5)
    other = resamples.counts.copy()
    other[:, 5:] = 9
    changed = Sample.of(Resamples(resamples.group, other), index, POSITIONS)
    np.testing.assert_array_equal(changed.shares, sample.shares)


def both_splits(networks, samples):
    """The scores of every pair, from activations by network and split."""
    maps = {split: [unit_maps(of[split]) for of in networks] for split in SPLITS}
    return list(resampled.resampled(maps, samples))


def test_maps_are_matched_on_validation_and_scored_on_test_in_every_resample():
    drawn = {split: sample_of(resamples_of(n), n) for n, split in enumerate(SPLITS)}
    networks = [{split: layer(10 * n + m) for m, split in enumerate(SPLITS)} for n in range(3)]
    found = both_splits(networks, {split: sample for split, (sample, _) in drawn.items()})
    orders, rows = list(permutations(range(MAPS))), np.arange(MAPS)
    better_on_test = 0
    for (i, j), scores in zip(combinations(networks, 2), found, strict=True):
        assert scores.shape == (31, 3)
        for number, (matched, identity, random) in enumerate(scores):
            repeated = {
                split: np.repeat(np.arange(IMAGES), weights[number])
                for split, (_, weights) in drawn.items()
            }
            validation, test = (
                pearson(i[split][repeated[split]], j[split][repeated[split]]) for split in SPLITS
            )
            best = max(orders, key=lambda order: validation[rows, order].sum())
            assert matched == pytest.approx(test[rows, best].mean())
            assert identity == pytest.approx(np.trace(test) / MAPS)
            assert random == pytest.approx(test.mean())
            better_on_test += max(test[rows, order].mean() for order in orders) > matched + 0.01
    assert better_on_test > 20


def test_the_images_as_they_are_have_the_values_of_the_whole_comparison():
    samples = {split: sample_of(resamples_of(n), n)[0] for n, split in enumerate(SPLITS)}
    networks = [{split: layer(10 * n + m) for m, split in enumerate(SPLITS)} for n in range(3)]
    found = both_splits(networks, samples)
    units = {split: [unit_maps(of[split]) for of in networks] for split in SPLITS}
    whole = compare(**units, residual=units["test"], grams=[np.eye(IMAGES)] * 3)
    for scores, comparison in zip(found, whole, strict=True):
        expected = (comparison.matched_r, comparison.identity_r, comparison.random_r)
        assert scores[0] == pytest.approx(expected, abs=1e-12)


def test_networks_alike_in_one_group_of_images_alone_match_where_it_alone_is_drawn():
    group = np.arange(IMAGES) // 5
    counts = np.array([[1, 1, 1, 1, 1], [0, 0, 5, 0, 0], [5, 0, 0, 0, 0]], np.float32)
    sample = Sample.of(Resamples(group, counts), np.arange(IMAGES), POSITIONS)
    i, j = layer(0), layer(1)
    j[group == 2] = i[group == 2][..., ::-1]
    scores, = both_splits([dict.fromkeys(SPLITS, i), dict.fromkeys(SPLITS, j)],
                          dict.fromkeys(SPLITS, sample))  # fmt: skip
    matched = scores[:, 0]
    assert matched[1] == pytest.approx(1)
    assert max(matched[0], matched[2]) < 0.7


def test_a_resample_without_any_image_of_the_sample_has_no_number():
    counts = np.array([[1, 1, 1], [2, 0, 1], [0, 0, 3]], np.float32)
    resamples = Resamples(np.repeat(np.arange(3), 20), counts)
    sample = Sample.of(resamples, np.arange(IMAGES), POSITIONS)  # of two groups
    networks = [dict.fromkeys(SPLITS, layer(seed)) for seed in (0, 1)]
    scores, = both_splits(networks, dict.fromkeys(SPLITS, sample))  # fmt: skip
    assert np.isfinite(scores[:2]).all()
    assert np.isnan(scores[2]).all()
