"""Erasures on known shapes."""

import numpy as np

from stages.strokes import loops, opening
from stages.strokes.closing import ink_of

from .shapes import LEFT, RIGHT, TOP, cup, ring


def test_the_top_is_the_ink_above_the_hole():
    erased = opening.top(ring())
    expected = np.zeros((20, 20), bool)
    expected[TOP : TOP + 2, LEFT + 2 : RIGHT - 1] = True
    np.testing.assert_array_equal(erased, expected)
    np.testing.assert_array_equal(opening.erase(ring(), erased), cup())


def test_a_narrow_opening_is_in_the_middle():
    for width in (1, 3):
        columns = np.flatnonzero(opening.top(ring(), width).any(axis=0))
        assert len(columns) == width
        assert columns.mean() == (LEFT + RIGHT) / 2


def test_the_ink_above_a_gap_stays():
    image = ring()
    image[1, :] = 255
    assert not opening.top(image)[1].any()


def test_of_two_holes_the_larger_is_opened():
    image = np.maximum(ring(-2, -4), np.roll(ring(), (-2, 5), axis=(0, 1)))
    image[6:8, 12:15] = 255  # makes the right hole smaller
    assert (np.flatnonzero(opening.top(image).any(axis=0)) < 10).all()


def test_a_hole_that_only_the_closing_finds_is_opened_too():
    image = ring()
    image[TOP : TOP + 2, LEFT + 4] = 0
    erased = opening.top(image)
    assert erased.any()
    assert not loops.has_loop(opening.erase(image, erased)[np.newaxis])[0]


def test_without_a_hole_nothing_is_erased():
    assert not opening.top(cup()).any()
    assert not opening.top(np.zeros((20, 20), np.uint8)).any()


def test_another_side_is_opened_with_as_much_ink():
    image = ring()
    image[:, LEFT - 2 : LEFT] = np.where(image[:, LEFT : LEFT + 2] > 0, 255, 0)  # a thick left
    opened = opening.at_another_side(image)
    assert not loops.has_loop(opened[np.newaxis])[0]
    assert (opened <= image).all()
    gone = opened < image
    assert not gone[:, :LEFT].any()
    assert not gone[TOP : TOP + 2, LEFT + 2 : RIGHT - 1].any()
    # Its bottom is as wide as its top; left and right are longer.
    assert np.flatnonzero(gone.any(axis=1)).min() > TOP + 5


def test_a_loop_in_a_loop_is_opened_at_no_side():
    image = ring()
    image[[1, 18], 1:19] = 255
    image[1:19, [1, 18]] = 255
    assert opening.at_another_side(image) is None


def test_erasures_elsewhere_take_as_much_ink_and_leave_the_loop():
    image = ring(-4)
    image[11:19, RIGHT - 3 : RIGHT + 1] = 255  # a tail: elsewhere the loop would open
    wanted = opening.top(image).sum()
    left = opening.elsewhere(image, 4, np.random.default_rng(0))
    assert len(left) == 4
    assert loops.has_loop(left).all()
    assert (np.abs(-ink_of(left, image) / wanted - 1) <= 0.1).all()
    assert (left <= image).all()
    assert len({of.tobytes() for of in left}) == 4
    assert opening.elsewhere(ring(), 4, np.random.default_rng(0)).shape[1:] == (20, 20)
