"""An erasure that opens a loop at its top, narrower ones, and erasures of as much ink elsewhere."""

import numpy as np

from stages.strokes import loops
from stages.strokes.closing import alike, ink_of

TRIES, ROUNDS = 60, 10  # erasures tried at once, this often
QUARTERS = (1, 2, 3)  # turns by 90 degrees that bring another side of a loop to the top


def largest_hole(image: np.ndarray) -> np.ndarray:
    """The largest hole of `image` uint8 (side, side), bool of the same shape; may be empty."""
    ink = loops.inked(image)[np.newaxis]
    found = loops.holes(ink)[0]
    if not found.any():
        found = loops.holes(loops.closed(ink))[0]
    sizes = np.bincount(found.ravel())
    sizes[0] = 0
    return (found == sizes.argmax()) & (found > 0)


def top(image: np.ndarray, width: int | None = None) -> np.ndarray:
    """The pixels to erase, bool (side, side): the ink above the largest hole.

    In every column of the hole, or in the `width` columns nearest to its middle, all that is not 0
    from the hole up to the next background.
    """
    hole, erased = largest_hole(image), np.zeros(image.shape, bool)
    columns = np.flatnonzero(hole.any(axis=0))
    middle = np.argwhere(hole)[:, 1].mean() if len(columns) else 0
    nearest = columns[np.argsort(np.abs(columns - middle), kind="stable")]
    for column in nearest[:width]:
        row = np.flatnonzero(hole[:, column])[0] - 1
        while row >= 0 and image[row, column]:
            erased[row, column] = True
            row -= 1
    return erased


def erase(image: np.ndarray, erased: np.ndarray) -> np.ndarray:
    """`image` with 0 where `erased`; both may have further axes."""
    return np.where(erased, 0, image).astype(np.uint8)


def at_another_side(image: np.ndarray) -> np.ndarray | None:
    """`image` opened to the left, right or bottom, where that takes most nearly as much ink.

    None where none of them opens the loop.
    """
    wanted = image[top(image)].sum(dtype=float)
    opened = []
    for quarters in QUARTERS:
        turned = np.rot90(image, quarters)
        result = np.rot90(erase(turned, top(turned)), -quarters)
        if not loops.has_loop(result[np.newaxis])[0]:
            opened.append(result)
    if not opened:
        return None
    taken = -255 * ink_of(np.array(opened), image)
    return opened[np.abs(taken - wanted).argmin()]


def elsewhere(image: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """At most `count` images with such an erasure at a random place, uint8 (m, side, side).

    The erased pixels have the shape of `top`, turned by quarters; they hold as much ink within
    ALIKE, and the loop stays.
    """
    erased = top(image)
    (wanted,) = ink_of(erase(image, erased)[np.newaxis], image)
    accepted: dict[bytes, np.ndarray] = {}  # the same one may be drawn twice
    places = np.argwhere(erased) - np.argwhere(erased).mean(axis=0)
    ink = np.argwhere(loops.inked(image))
    for _ in range(ROUNDS):
        turns = np.array([[1, 0], [0, 1]]), np.array([[0, 1], [-1, 0]])
        masks = np.zeros((TRIES, *image.shape), bool)
        for mask in masks:
            turn, sign = turns[generator.integers(2)], generator.choice((-1, 1))
            moved = places @ turn * sign + ink[generator.integers(len(ink))]
            rows, columns = np.round(moved).astype(int).T
            inside = (rows >= 0) & (columns >= 0) & (rows < len(image)) & (columns < len(image))
            mask[rows[inside], columns[inside]] = True
        left = erase(image, masks)
        left = left[alike(left, image, wanted)]
        accepted |= {one.tobytes(): one for one in left[loops.has_loop(left)]}
        if len(accepted) >= count:
            break
    return np.array(list(accepted.values())[:count], np.uint8).reshape(-1, *image.shape)
