"""Deletion curves of a difference that rests on known pixels, and their parts by loops."""

import numpy as np
import pytest
from scipy import stats

from stages.attribution import deletion

SIDE = 6


@pytest.fixture
def images():
    images = np.random.default_rng(0).integers(1, 256, (8, SIDE, SIDE)).astype(np.uint8)
    images[:, :2] = 0
    images[:, 3, 3] = 20  # what the difference rests on, and not dark
    return images


def of_one_pixel(images: np.ndarray) -> np.ndarray:
    """A logit difference that only pixel (3, 3) moves."""
    return images[:, 3, 3] / 20.0


def test_a_share_takes_the_fewest_pixels_that_hold_as_much_ink(images):
    image, generator = images[0], np.random.default_rng(1)
    order = generator.permutation(SIDE * SIDE)
    for share, found in zip(deletion.SHARES, deletion.without(image, order), strict=True):
        flat, taken = image.ravel().copy(), 0.0
        for pixel in order:
            if taken >= share * image.sum() - 1e-6:
                break
            taken += float(flat[pixel])
            flat[pixel] = 0
        np.testing.assert_array_equal(found.ravel(), flat)


def test_the_ends_are_the_image_and_nothing(images):
    stack = deletion.without(images[0], np.arange(SIDE * SIDE))
    np.testing.assert_array_equal(stack[0], images[0])
    assert not stack[-1].any()
    assert (np.diff(stack.sum(axis=(1, 2), dtype=int)) <= 0).all()


def test_orders(images):
    towards = np.random.default_rng(2).normal(size=(SIDE, SIDE))
    by_name = deletion.orders(images[0], towards, np.random.default_rng(3))
    (best,), (dark,) = by_name[deletion.ATTRIBUTION], by_name[deletion.INK]
    assert (np.diff(towards.ravel()[best]) <= 0).all()
    assert (np.diff(images[0].ravel()[dark].astype(int)) <= 0).all()
    drawn = by_name[deletion.CHANCE]
    assert len(drawn) == deletion.RANDOM
    assert all(sorted(order) == list(range(SIDE * SIDE)) for order in drawn)
    assert len({tuple(order) for order in drawn}) == deletion.RANDOM


def test_the_pixel_that_matters_is_removed_first(images):
    towards = np.zeros(images.shape)
    towards[:, 3, 3] = 1
    sign = np.where(np.arange(len(images)) % 2, 1, -1)
    found = deletion.curves(images, towards, sign, of_one_pixel, np.random.default_rng(4))
    np.testing.assert_array_equal(found[deletion.ATTRIBUTION][:, 0], sign)
    assert not found[deletion.ATTRIBUTION][:, 1:].any()
    assert not found[deletion.INK][:, -1].any()
    assert (np.abs(found[deletion.INK][:, 10]) == 1).all()  # dark pixels go first
    right = {name: of[sign > 0] for name, of in found.items()}
    areas = deletion.areas(right)
    assert 0 < areas["below_random"] < areas["below_ink"]
    by_hand = (right[deletion.INK] - right[deletion.ATTRIBUTION]).mean(axis=1)
    assert areas["below_ink"] == pytest.approx(by_hand.mean())
    wrong_way = deletion.areas({name: of[sign < 0] for name, of in found.items()})
    assert wrong_way["below_ink"] < 0


def test_random_is_the_mean_of_its_orders(images):
    towards = np.zeros(images.shape)
    found = deletion.curves(images, towards, np.ones(8), of_one_pixel, np.random.default_rng(5))
    values = set(np.round(found[deletion.CHANCE] * deletion.RANDOM, 9).ravel())
    assert values == set(range(deletion.RANDOM + 1))


def test_the_interval_is_students():
    values = np.random.default_rng(6).normal(size=(9, 4))
    mean, low, high = deletion.mean_interval(values)
    expected = stats.t.interval(0.95, 8, loc=values.mean(axis=0), scale=stats.sem(values))
    np.testing.assert_allclose((low, high), expected)
    np.testing.assert_allclose(mean, values.mean(axis=0))
    mean, low, high = deletion.mean_interval(values[:1])
    np.testing.assert_array_equal(mean, values[0])
    assert np.isnan([low, high]).all()
    assert np.isnan(deletion.mean_interval(values[:0])).all()


def test_the_table_has_a_row_an_order_and_share():
    found = {name: np.arange(42.0).reshape(2, 21) for name in ("x", "y")}
    table = deletion.curve_table(found)
    assert table["order"].tolist() == ["x"] * 21 + ["y"] * 21
    assert table["difference"].tolist()[:2] == [10.5, 11.5]
    assert table["removed"].tolist()[:3] == pytest.approx([0, 0.05, 0.1])
