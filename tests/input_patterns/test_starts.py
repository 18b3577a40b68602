"""The random images that searches start from."""

import numpy as np

from stages.input_patterns.starts import random_starts


def test_starts_fill_the_range_and_follow_from_the_generator():
    starts = random_starts(20, 28, np.random.default_rng(4))
    assert starts.shape == (20, 28, 28)
    assert starts.dtype == np.float32
    np.testing.assert_array_equal(starts.min(axis=(1, 2)), 0)
    np.testing.assert_array_equal(starts.max(axis=(1, 2)), 1)
    np.testing.assert_array_equal(starts, random_starts(20, 28, np.random.default_rng(4)))
    assert len(np.unique(starts, axis=0)) == 20


def test_starts_fluctuate_on_long_and_on_short_scales():
    """In independent noise, neighbours are no more alike than distant pixels; here some are."""
    starts = random_starts(300, 28, np.random.default_rng(0))
    starts -= starts.mean(axis=(1, 2), keepdims=True)

    def alike(apart: int) -> np.ndarray:
        products = (starts[:, :, apart:] * starts[:, :, :-apart]).mean(axis=(1, 2))
        return products / (starts**2).mean(axis=(1, 2))

    near, middle, far = alike(1), alike(4), alike(20)
    assert near.mean() > middle.mean() + 0.2 > far.mean() + 0.2
    assert near.min() < 0.4  # grain
    assert near.max() > 0.9  # blotches


def test_a_patch_of_any_size_has_starts():
    for side in (1, 2, 3, 5, 18):
        starts = random_starts(6, side, np.random.default_rng(1))
        assert starts.shape == (6, side, side)
        assert starts.min() >= 0
        assert starts.max() == (side > 1)
