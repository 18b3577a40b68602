"""Whether searches end alike, and how rough their patterns are, by hand."""

import numpy as np
import pytest

from stages.input_patterns import endings, patches

GENERATOR = np.random.default_rng(0)
STROKE = np.zeros((12, 12))
STROKE[:, 5:7] = 1
OTHER = STROKE.T


def noisy(image, size=0.05):
    return np.clip(image + GENERATOR.normal(0, size, image.shape), 0, 1)


def test_two_kinds_of_endings_are_two_groups_and_what_does_not_activate_is_none():
    images = np.stack([noisy(STROKE), noisy(OTHER), noisy(STROKE), noisy(STROKE), noisy(OTHER)])
    values = np.array([1, 5, 3, 2, 4], np.float32)
    on = np.array([1, 1, 1, 1, 0], bool)
    found = endings.endings(images[None], values[None], on[None])
    assert found.different.tolist() == [2]
    assert found.counts.tolist() == [[1, 3, 0, 0]]
    np.testing.assert_array_equal(found.values, [[5, 3, np.nan, np.nan]])
    np.testing.assert_allclose(found.images[0, :2], images[[1, 2]], atol=1e-6)
    assert not found.images[0, 2:].any()
    r = np.corrcoef(images[:4].reshape(4, -1))
    assert found.agreement[0] == pytest.approx(r[np.triu_indices(4, 1)].mean(), abs=1e-6)


def test_one_ending_or_none_agrees_with_nothing():
    images, values = np.stack([STROKE, OTHER])[None], np.array([[1, 2]], np.float32)
    one = endings.endings(images, values, np.array([[True, False]]))
    none = endings.endings(images, values, np.zeros((1, 2), bool))
    assert np.isnan([one.agreement[0], none.agreement[0]]).all()
    assert (one.different[0], none.different[0]) == (1, 0)
    empty = endings.endings(images[:0], values[:0], np.zeros((0, 2), bool))
    assert empty.images.shape == (0, endings.KEPT, 12, 12)


def test_an_image_of_one_grey_correlates_with_nothing():
    r = endings.correlations(np.stack([np.full((12, 12), 0.3), STROKE, 1 - STROKE]))
    np.testing.assert_allclose(r, [[0, 0, 0], [0, 1, -1], [0, -1, 1]], atol=1e-9)
    assert endings.between(np.stack([STROKE, 1 - STROKE])) == pytest.approx(-1)
    assert np.isnan(endings.between(STROKE[None]))


def test_noise_is_rougher_than_a_stroke():
    """Of independent normal values, |x - y| is 2 / sqrt(pi) on average, down and right."""
    noise = GENERATOR.normal(size=(1, 1, 300, 300))
    stroke, grey = STROKE[None, None], np.full((1, 1, 12, 12), 0.5)
    assert patches.roughness(noise)[0] == pytest.approx(4 / np.sqrt(np.pi), abs=0.02)
    expected = 2 / 11 / STROKE.std()  # two edges of 1 in each row of 11 differences
    assert patches.roughness(stroke)[0] == pytest.approx(expected)
    assert np.isnan(patches.roughness(grey)[0])
    both = patches.roughness(np.concatenate([stroke, grey, noise[..., :12, :12]], axis=1))
    alone = [patches.roughness(of)[0] for of in (stroke, noise[..., :12, :12])]
    assert both[0] == pytest.approx(np.mean(alone))


def test_patches_are_cut_where_the_corner_is():
    images = np.arange(2 * 3 * 36).reshape(2, 3, 6, 6)
    corners = GENERATOR.integers(0, 4, (2, 3, 2))
    found = patches.cut(images, corners, 3)
    for place in np.ndindex(2, 3):
        down, right = corners[place]
        np.testing.assert_array_equal(
            found[place], images[place][down : down + 3, right : right + 3]
        )
