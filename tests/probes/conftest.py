"""Planted images of two classes, in which it is known which points carry the classes."""

import numpy as np
import pytest

from stages.probes.scoring import Images

SIZES = {"fit": 600, "validation": 900, "test": 600}
CARRIERS = np.arange(5, 240, 20)  # twelve of 240 points


def split_images(points, is_b, generator):
    """With seven weightings: 1, 2, and what resamples of groups of images might draw."""
    weights = generator.poisson(1, (7, 20)).astype(float)[:, np.arange(len(is_b)) // 2 % 20]
    weights[0], weights[1] = 1, 2
    return Images(points.astype(np.float32), is_b, weights)


@pytest.fixture
def planted():
    """By split: twelve points differ between the classes, the other 228 are noise."""
    generator, found = np.random.default_rng(0), {}
    for split, n in SIZES.items():
        is_b, points = np.arange(n) % 2 == 1, generator.normal(size=(n, 240))
        points[:, CARRIERS] += 2 * is_b[:, np.newaxis]
        found[split] = split_images(points, is_b, generator)
    return found


@pytest.fixture
def redundant():
    """By split: every one of 240 points carries the classes, with noise of its own."""
    generator, found = np.random.default_rng(1), {}
    for split, n in SIZES.items():
        is_b = np.arange(n) % 2 == 1
        points = generator.normal(size=(n, 240)) + is_b[:, np.newaxis]
        found[split] = split_images(points, is_b, generator)
    return found


@pytest.fixture
def shuffled(planted):
    """The planted images with labels that say nothing."""
    generator = np.random.default_rng(2)
    return {
        split: images._replace(is_b=generator.permutation(images.is_b))
        for split, images in planted.items()
    }
