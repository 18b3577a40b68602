"""Holes against the Euler number, counted in another way, and gaps that are bridged."""

import numpy as np
import pytest
from scipy import ndimage

from stages.strokes import loops

from .shapes import LEFT, TOP, cup, ring


def euler_number(ink: np.ndarray) -> int:
    """Pieces minus holes of one image, pieces joined at corners: from its 2 x 2 windows.

    Gray 1971: (Q1 - Q3 - 2 QD) / 4, the windows with one and three pixels and with a diagonal.
    """
    framed = np.pad(ink, 1).astype(int)
    windows = [framed[:-1, :-1], framed[:-1, 1:], framed[1:, :-1], framed[1:, 1:]]
    count, diagonal = sum(windows), windows[0] + windows[3]
    twos = (count == 2) & (diagonal != 1)
    return int(((count == 1).sum() - (count == 3).sum() - 2 * twos.sum()) // 4)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_holes_are_pieces_minus_the_euler_number(share, monkeypatch):
    monkeypatch.setattr(loops, "SMALLEST", 1)
    ink = np.random.default_rng(0).random((40, 12, 12)) < share
    found = loops.holes(ink)
    for image, numbers in zip(ink, found, strict=True):
        pieces = ndimage.label(image, np.ones((3, 3)))[1]
        assert len(set(numbers.ravel()) - {0}) == pieces - euler_number(image)
        assert not (image & (numbers > 0)).any()


def test_a_hole_is_of_two_pixels_and_does_not_reach_the_border():
    assert loops.has_loop(np.stack([ring(), cup()])).tolist() == [True, False]
    small = np.full((1, 5, 6), True)
    small[0, 2, 2] = False
    assert not loops.holes(small).any()
    small[0, 2, 3] = False
    assert (loops.holes(small) > 0).sum() == 2
    small[0, 2] = False
    assert not loops.holes(small).any()


def test_images_of_a_stack_are_apart():
    """The ring's hole must not leave through the images beside it."""
    stack = np.stack([np.zeros_like(ring()), ring(), np.full_like(ring(), 255), ring()])
    assert loops.has_loop(stack).tolist() == [False, True, False, True]
    assert loops.has_loop(stack[:0]).shape == (0,)


@pytest.mark.parametrize(("width", "loop"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_closing_bridges_a_gap_of_two_pixels(width, loop):
    image = ring()
    image[TOP : TOP + 2, LEFT + 3 : LEFT + 3 + width] = 0
    assert loops.has_loop(image[np.newaxis])[0] == loop


def test_ink_is_a_quarter():
    assert loops.has_loop(np.stack([np.where(ring() > 0, level, 0) for level in (63, 64)])
                          .astype(np.uint8)).tolist() == [False, True]  # fmt: skip
