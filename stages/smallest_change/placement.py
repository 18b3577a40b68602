"""Where the changes of an image lie, and the same changes at random places as a control."""

import numpy as np
from scipy import ndimage

LEAST = 0.02  # of full ink: less is no ink, and no change that counts
PART = 0.1  # of all pixels: those in which the classes differ most
AROUND = np.ones((3, 3))  # a pixel and the eight that touch it
ROUNDING = 1e-5


def region(mean_a: np.ndarray, mean_b: np.ndarray) -> np.ndarray:
    """The tenth of the pixels in which the class means (side, side) differ most, bool."""
    distance = np.abs(mean_b - mean_a)
    order = np.argsort(-distance, axis=None, kind="stable")
    inside = np.zeros(distance.size, bool)
    inside[order[: round(PART * distance.size)]] = True
    return inside.reshape(distance.shape)


def near_ink(image: np.ndarray) -> np.ndarray:
    """Pixels with ink and those that touch them, bool (side, side)."""
    return ndimage.binary_dilation(image > LEAST, AROUND)


def placed(
    image: np.ndarray, change: np.ndarray, draws: int, generator: np.random.Generator
) -> np.ndarray:
    """The values of `change` (side, side) at random pixels near ink: (draws, side, side).

    The largest is placed first. Each takes a pixel that no other has, with room for it between 0
    and 1. A value that finds none is left out.
    """
    flat, values = image.ravel(), change[change != 0]
    values = values[np.argsort(-np.abs(values), kind="stable")]
    free, result = np.flatnonzero(near_ink(image)), np.zeros((draws, image.size), change.dtype)
    for row in result:
        places = generator.permutation(free)
        for value in values:
            room = 1 - flat[places] if value > 0 else flat[places]
            enough = room >= abs(value) - ROUNDING
            if enough.any():
                first = enough.argmax()
                row[places[first]] = value
                places = np.delete(places, first)
    return result.reshape(draws, *image.shape)


def share_in(inside: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """The share of each change (..., side, side) that lies `inside`; NaN where there is none."""
    return _share(np.abs(changes) * inside, changes)


def share_joined(changes: np.ndarray) -> np.ndarray:
    """The share of each change (..., side, side) in pixels that touch another of its sign.

    Of changed pixels that count. NaN where nothing is changed.
    """
    joined = np.zeros(changes.shape, bool)
    around = AROUND.reshape((1,) * (changes.ndim - 2) + AROUND.shape)
    for of_sign in (changes > LEAST, changes < -LEAST):
        joined |= of_sign & (ndimage.convolve(of_sign.astype(int), around, mode="constant") > 1)
    return _share(np.abs(changes) * joined, changes)


def _share(part: np.ndarray, changes: np.ndarray) -> np.ndarray:
    part, whole = (np.abs(of).sum(axis=(-2, -1), dtype=float) for of in (part, changes))
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
