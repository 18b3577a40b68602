"""A stroke that closes a loop, and controls: with a gap, lower, turned about a tip, elsewhere.

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
TRIES, ROUNDS = 60, 10  # strokes tried at once, this often
TURN = np.pi / 4  # of a stroke about one of its tips
SHORTER = 40  # lengths of it that are tried
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


def alike(drawn: np.ndarray, image: np.ndarray, wanted: float) -> np.ndarray:
    """Which of `drawn` (n, side, side) differ from `image` by the `wanted` ink, bool (n,)."""
    return np.abs(ink_of(drawn, image) - wanted) <= ALIKE * abs(wanted)


def lower(image: np.ndarray, stroke: Stroke, pixels: int) -> np.ndarray | None:
    """The stroke so many `pixels` further down, where it still closes a loop with as much ink."""
    (wanted,) = ink_of(draw(image, stroke)[np.newaxis], image)
    down = np.array([pixels, 0])
    drawn = draw(image, Stroke(stroke.start + down, stroke.end + down))[np.newaxis]
    return drawn[0] if loops.has_loop(drawn)[0] and alike(drawn, image, wanted)[0] else None


def hinged(image: np.ndarray, stroke: Stroke) -> np.ndarray:
    """The stroke turned up about each of its tips, uint8 (m, side, side).

    It closes no loop. It is shortened until it adds as much ink, since it covers ink at one tip
    alone; left out where it never does, or would leave the image.
    """
    (wanted,) = ink_of(draw(image, stroke)[np.newaxis], image)
    turned = []
    for tip, end in ((stroke.start, stroke.end), (stroke.end, stroke.start)):
        down, right = end - tip
        angle = np.arctan2(down, right) + TURN * (-1 if right > 0 else 1)
        direction = np.array([np.sin(angle), np.cos(angle)])
        for length in np.linspace(stroke.length, 0, SHORTER):
            other = tip + length * direction
            drawn = draw(image, Stroke(tip, other))[np.newaxis]
            inside = (other >= 0).all() and (other < len(image)).all()
            if inside and alike(drawn, image, wanted)[0] and not loops.has_loop(drawn)[0]:
                turned.append(drawn[0])
                break
    return np.array(turned, np.uint8).reshape(-1, *image.shape)


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
    side = len(image)
    for _ in range(ROUNDS):
        middles = generator.uniform(low, high, (TRIES, 2))
        angles = generator.uniform(0, np.pi, TRIES)
        halves = stroke.length / 2 * np.stack([np.sin(angles), np.cos(angles)], axis=1)
        ends = np.stack([middles - halves, middles + halves], axis=1)
        inside = ((ends >= 0) & (ends < side)).all(axis=(1, 2))
        pens = [pen(side, Stroke(*of)) for of in ends[inside]]
        pens = np.array(pens, np.uint8).reshape(-1, side, side)
        drawn = np.maximum(image, pens)
        touches = (loops.inked(pens) & ink).any(axis=(1, 2))
        good = drawn[alike(drawn, image, wanted) & touches]
        accepted += list(good[~loops.has_loop(good)])
        if len(accepted) >= count:
            break
    return np.array(accepted[:count], np.uint8).reshape(-1, side, side)
