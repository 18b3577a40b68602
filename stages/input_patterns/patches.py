"""What one point sees of an image: patches, and how rough they are."""

import numpy as np


def cut(images: np.ndarray, corners: np.ndarray, size: int) -> np.ndarray:
    """Patches (..., size, size) of images (..., side, side) from `corners` int (..., 2) on."""
    down, right = (corners[..., axis, np.newaxis] + np.arange(size) for axis in (0, 1))
    rows = np.take_along_axis(images, down[..., :, np.newaxis], axis=-2)
    return np.take_along_axis(rows, right[..., np.newaxis, :], axis=-1)


def roughness(images: np.ndarray) -> np.ndarray:
    """Total variation over contrast, (t,), the mean over k images (t, k, side, side).

    mean |dx| down and right, over the pixels' standard deviation: about 0.6 for strokes, 2.3 for
    independent noise. Images of one grey do not count; NaN where there is no other.
    """
    if images.shape[-1] < 2:
        return np.full(len(images), np.nan)
    edges = sum(np.abs(np.diff(images, axis=axis)).mean(axis=(2, 3)) for axis in (2, 3))
    contrast = images.std(axis=(2, 3))
    counted = contrast > 1e-6
    ratio = np.divide(edges, contrast, out=np.zeros_like(edges), where=counted)
    count = counted.sum(axis=1)
    return np.divide(ratio.sum(axis=1), count, out=np.full(len(count), np.nan), where=count > 0)
