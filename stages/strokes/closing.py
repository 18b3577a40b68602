"""A stroke that closes a loop, the same stroke with a gap, and strokes of as much ink elsewhere.

An open loop is a bay: what the convex hull of the ink adds to it, open towards one edge of the
hull. A stroke from tip to tip along that edge closes it. Points are (row, column) in pixels.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from stages.strokes import loops

SHORTEST = 3  # pixels: of the edges of the hull that are the mouth of a bay
REACH = 2  # pixels around a corner of the hull that are its tip
RADIUS = 1.0  # of a pen, as MNIST's strokes are some 3 pixels wide with their soft edges
DRAWS = 60  # strokes tried at once, this often
ROUNDS = 10
ALIKE = 0.1  # of the ink: controls differ from it by at most this share


class Stroke(NamedTuple):
    """A straight line from `start` to `end`, float64 (2,) each."""

    start: np.ndarray
    end: np.ndarray

    @property
    def length(self) -> float:
        """In pixels."""
        return float(np.hypot(*(self.end - self.start)))


def pen(side: int, stroke: Stroke, gap: float = 0) -> np.ndarray:
    """The stroke's ink, uint8 (side, side), but for a `gap` of so many pixels in its middle.

    255 up to RADIUS - 1/2 from the line, falling to 0 at RADIUS + 1/2. A gap's ends are as soft.
    """
    places = np.moveaxis(np.indices((side, side)), 0, -1) - stroke.start
    length = max(stroke.length, 1e-9)
    direction = (stroke.end - stroke.start) / length
    along = places @ direction
    nearest = np.clip(along, 0, length)[..., np.newaxis] * direction
    ink = np.clip(RADIUS + 0.5 - np.linalg.norm(places - nearest, axis=-1), 0, 1)
    if gap:
        ink *= np.clip(np.abs(along - length / 2) - gap / 2 + 0.5, 0, 1)
    return np.round(255 * ink).astype(np.uint8)


def draw(image: np.ndarray, stroke: Stroke, gap: float = 0) -> np.ndarray:
    """`image` uint8 (side, side) with the stroke: a pixel takes the larger of both values."""
    return np.maximum(image, pen(len(image), stroke, gap))


def mouths(image: np.ndarray) -> list[Stroke]:
    """A stroke across the mouth of every bay of `image`, uint8 (side, side), the highest first."""
    ink = loops.inked(image)
    pixels = np.argwhere(ink)
    try:
        corners = pixels[ConvexHull(pixels).vertices]
    except (QhullError, ValueError):  # all on one line, or too few
        return []

    def tip(corner: np.ndarray) -> np.ndarray:
        return pixels[(np.abs(pixels - corner) <= REACH).all(axis=1)].mean(axis=0)

    edges = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    strokes = [
        Stroke(tip(start), tip(end)) for start, end in edges if np.hypot(*(end - start)) >= SHORTEST
    ]
    return sorted(strokes, key=lambda stroke: stroke.start[0] + stroke.end[0])


def closing_strokes(image: np.ndarray) -> Iterator[Stroke]:
    """The strokes of `mouths` that give an image without a loop one."""
    for stroke in mouths(image):
        if loops.has_loop(draw(image, stroke)[np.newaxis])[0]:
            yield stroke


def ink_of(images: np.ndarray, image: np.ndarray) -> np.ndarray:
    """How much ink `images` uint8 (n, side, side) have more than `image`; 1 is a full pixel."""
    return (images.astype(float) - image).sum(axis=(1, 2)) / 255


def elsewhere(
    image: np.ndarray, stroke: Stroke, count: int, generator: np.random.Generator
) -> np.ndarray:
    """At most `count` images with such a stroke at a random place, uint8 (m, side, side).

    It is as long, adds as much ink within ALIKE, begins or ends or crosses ink, and makes no loop.
    """
    (wanted,) = ink_of(draw(image, stroke)[np.newaxis], image)
    ink = loops.inked(image)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    low, high = np.array([rows[0], columns[0]]) - REACH, np.array([rows[-1], columns[-1]]) + REACH
    accepted: list[np.ndarray] = []
    for _ in range(ROUNDS):
        middles, angles = (
            generator.uniform(low, high, (DRAWS, 2)),
            generator.uniform(0, np.pi, DRAWS),
        )
        halves = stroke.length / 2 * np.stack([np.sin(angles), np.cos(angles)], axis=1)
        starts, ends = middles - halves, middles + halves
        inside = ((np.minimum(starts, ends) >= 0) & (np.maximum(starts, ends) < len(image))).all(
            axis=1
        )
        pens = np.array(
            [pen(len(image), Stroke(*of)) for of in zip(starts[inside], ends[inside], strict=True)]
        )
        drawn = np.maximum(image, pens)
        alike = np.abs(ink_of(drawn, image) - wanted) <= ALIKE * wanted
        good = drawn[alike & (loops.inked(pens) & ink).any(axis=(1, 2))]
        accepted += list(good[~loops.has_loop(good)])
        if len(accepted) >= count:
            break
    return np.array(accepted[:count], np.uint8).reshape(-1, *image.shape)
