"""Where changes lie, by hand and by loops, and the same changes at random places."""

import numpy as np
import pytest

from stages.smallest_change import placement

SIDE = 8


@pytest.fixture
def image() -> np.ndarray:
    """A stroke: a column of full ink, half ink beside it."""
    image = np.zeros((SIDE, SIDE), np.float32)
    image[1:7, 3], image[1:7, 4] = 1, 0.5
    return image


@pytest.fixture
def change(image) -> np.ndarray:
    change = np.zeros_like(image)
    change[0, 0], change[2, 3], change[3, 3], change[2, 4], change[7, 7] = 1, -1, -0.8, 0.4, 0.2
    return change


def test_random_places_keep_every_value_and_stay_on_or_beside_ink(image, change):
    drawn = placement.placed(image, change, 50, np.random.default_rng(0))
    near = np.zeros((SIDE, SIDE), bool)
    near[0:8, 2:6] = True
    for one in drawn:
        np.testing.assert_array_equal(np.sort(one[one != 0]), np.sort(change[change != 0]))
        assert not one[~near].any()
        assert (image + one).min() >= -1e-6
        assert (image + one).max() <= 1 + 1e-6
    assert len(np.unique(drawn.reshape(50, -1), axis=0)) == 50
    used = (drawn > 0).any(axis=0)
    assert used[near & (image < 0.5)].all()  # every place with room is used in some draw


def test_a_value_without_room_is_left_out(image):
    change = np.zeros_like(image)
    change[:7, 0] = -1
    (drawn,) = placement.placed(image, change, 1, np.random.default_rng(0))
    assert (drawn == -1).sum() == 6  # seven values, six pixels of full ink
    assert not placement.placed(0 * image, change, 1, np.random.default_rng(0)).any()


def test_the_region_is_where_the_classes_differ_most():
    mean_a = np.zeros((10, 10))
    mean_b = np.arange(100).reshape(10, 10) * np.where(np.arange(100) % 2, -1, 1).reshape(10, 10)
    inside = placement.region(mean_a, mean_b)
    assert np.flatnonzero(inside).tolist() == list(range(90, 100))
    np.testing.assert_array_equal(placement.region(mean_b, mean_a), inside)


def test_shares_by_hand(change):
    inside = np.zeros((SIDE, SIDE), bool)
    inside[:3] = True
    assert placement.share_in(inside, change) == pytest.approx(2.4 / 3.4)
    # The two that take ink away touch; the one beside them adds ink.
    assert placement.share_joined(change) == pytest.approx(1.8 / 3.4)
    assert np.isnan(placement.share_in(inside, 0 * change))
    assert np.isnan(placement.share_joined(0 * change))


def test_joined_pixels_as_a_loop_finds_them():
    generator = np.random.default_rng(1)
    changes = generator.normal(size=(3, 2, SIDE, SIDE)) * (
        generator.random((3, 2, SIDE, SIDE)) < 0.2
    )
    for found, one in zip(
        placement.share_joined(changes).ravel(), changes.reshape(-1, SIDE, SIDE), strict=True
    ):
        joined = 0.0
        counted = np.where(np.abs(one) > placement.LEAST, np.sign(one), 0)
        for row, column in zip(*np.nonzero(counted), strict=True):
            around = counted[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            if (around == counted[row, column]).sum() > 1:
                joined += abs(one[row, column])
        assert found == pytest.approx(joined / np.abs(one).sum())
