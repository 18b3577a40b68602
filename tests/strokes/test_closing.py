"""Strokes on known shapes."""

import numpy as np
import pytest

from stages.strokes import closing, loops
from stages.strokes.closing import Stroke

from .shapes import LEFT, RIGHT, TOP, cup, ring


def stroke(*ends) -> Stroke:
    return Stroke(*(np.array(end, float) for end in ends))


def test_a_pen_is_full_on_its_line_and_soft_at_its_edge():
    ink = closing.pen(12, stroke((5, 3), (5, 8)))
    assert (ink[5, 3:9] == 255).all()
    assert (ink[[4, 6], 3:9] == 128).all()  # a pixel away: half, rounded to even
    assert not ink[[3, 7]].any()
    assert ink[5, 2] == 128
    assert ink[5, 9] == 128
    np.testing.assert_array_equal(closing.pen(12, stroke((3, 5), (8, 5))), ink.T)


def test_a_gap_is_in_the_middle():
    whole, broken = (closing.pen(12, stroke((5, 2), (5, 9)), gap) for gap in (0, 4))
    assert np.flatnonzero(broken[5] == 0).tolist() == [0, 4, 5, 6, 7, 11]
    assert (broken <= whole).all()
    np.testing.assert_array_equal(broken, broken[:, ::-1])


def test_the_stroke_runs_from_tip_to_tip_of_the_highest_bay():
    first, *_ = closing.mouths(cup())
    ends = sorted((first.start.tolist(), first.end.tolist()), key=lambda end: end[1])
    assert np.allclose([end[1] for end in ends], (LEFT + 0.5, RIGHT - 0.5))
    assert all(TOP <= end[0] <= TOP + 2 for end in ends)
    (found,) = closing.closing_strokes(cup())
    closed = closing.draw(cup(), found)
    assert loops.has_loop(closed[np.newaxis])[0]
    assert (closed >= cup()).all()
    assert closed[TOP + 1, (LEFT + RIGHT) // 2] > 200


def test_a_stroke_turns_with_the_image():
    """A cup open to the left is closed there; one of two open sides is closed at the higher one."""
    (found,) = closing.closing_strokes(np.rot90(cup()).copy())
    assert found.start[1] == pytest.approx(found.end[1])
    both = np.maximum(cup(), np.roll(cup()[::-1], 3, axis=0))  # an H of two cups, bottom to bottom
    strokes = list(closing.closing_strokes(both))
    heights = [found.start[0] + found.end[0] for found in strokes]
    assert heights == sorted(heights)
    assert strokes[0].length == strokes[-1].length == found.length


def test_where_nothing_can_be_closed_there_is_no_stroke():
    empty, line = np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8)
    line[5:15, 9] = 255
    assert not closing.mouths(empty)
    assert not closing.mouths(line)
    square = np.zeros((20, 20), np.uint8)
    square[4:15, 3:12] = 255
    assert closing.mouths(square)
    assert not list(closing.closing_strokes(square))


def test_strokes_elsewhere_have_as_much_ink_and_no_loop():
    (found,) = closing.closing_strokes(cup())
    (wanted,) = closing.ink_of(closing.draw(cup(), found)[np.newaxis], cup())
    drawn = closing.elsewhere(cup(), found, 60, np.random.default_rng(0))
    assert drawn.shape == (60, 20, 20)
    assert drawn.dtype == np.uint8
    assert not loops.has_loop(drawn).any()
    assert (np.abs(closing.ink_of(drawn, cup()) / wanted - 1) <= 0.1).all()
    added = drawn > cup()
    for pixels in map(np.argwhere, added):  # as long, less what ink covers at its ends
        reach = np.linalg.norm(pixels[:, None] - pixels, axis=2).max()
        assert found.length - 3 <= reach <= found.length + 4
    touched = np.pad(cup() > 0, 1)
    near = touched[:-2, 1:-1] | touched[2:, 1:-1] | touched[1:-1, :-2] | touched[1:-1, 2:]
    assert (added & near).any(axis=(1, 2)).all()
    assert len({image.tobytes() for image in drawn}) == 60
    again = closing.elsewhere(cup(), found, 60, np.random.default_rng(0))
    np.testing.assert_array_equal(again, drawn)


def test_where_there_is_no_place_there_is_no_stroke_elsewhere():
    full = np.full((20, 20), 255, np.uint8)
    full[8:12, 8:12] = 0
    assert closing.elsewhere(full, stroke((0, 0), (19, 0)), 3, np.random.default_rng(0)).shape == (
        0, 20, 20,
    )  # fmt: skip


def test_ink_is_counted_in_full_pixels():
    assert closing.ink_of(ring()[np.newaxis], cup()).tolist() == [2 * (RIGHT - LEFT - 3)]


def test_where_no_stroke_lies_inside_there_is_none_elsewhere():
    """Longer than the image's diagonal."""
    drawn = closing.elsewhere(cup(), stroke((0, 0), (25, 25)), 3, np.random.default_rng(0))
    assert drawn.shape == (0, 20, 20)


def test_a_lower_stroke_closes_a_lower_loop_with_as_much_ink():
    (found,) = closing.closing_strokes(cup())
    (wanted,) = closing.ink_of(closing.draw(cup(), found)[np.newaxis], cup())
    lower = closing.lower(cup(), found, 3)
    assert loops.has_loop(lower[np.newaxis])[0]
    assert abs(closing.ink_of(lower[np.newaxis], cup())[0] / wanted - 1) <= 0.1
    middle = (LEFT + RIGHT) // 2
    assert not lower[TOP : TOP + 2, middle].any()
    assert lower[TOP + 4, middle] == 255
    np.testing.assert_array_equal(closing.lower(cup(), found, 0), closing.draw(cup(), found))
    assert closing.lower(cup(), found, 8) is None  # on the bottom: hardly any ink is added
    assert closing.lower(cup(), found, 12) is None  # below it


def test_a_turned_stroke_rises_from_a_tip_and_closes_nothing():
    (found,) = closing.closing_strokes(cup())
    (wanted,) = closing.ink_of(closing.draw(cup(), found)[np.newaxis], cup())
    turned = closing.hinged(cup(), found)
    assert len(turned) == 2
    assert not loops.has_loop(turned).any()
    assert (np.abs(closing.ink_of(turned, cup()) / wanted - 1) <= 0.1).all()
    added = turned > cup()
    for image, tip in zip(added, (found.start, found.end), strict=True):
        rows, columns = np.nonzero(image)
        assert rows.mean() < TOP  # up
        distance = np.hypot(rows - tip[0], columns - tip[1])
        assert distance.min() < 2
        towards = np.sign(found.start[1] + found.end[1] - 2 * tip[1])
        assert np.sign(columns.mean() - tip[1]) == towards  # over the mouth
    low = np.roll(cup(), -TOP, axis=0)  # without room above
    assert closing.hinged(low, next(closing.closing_strokes(low))).shape == (0, 20, 20)
