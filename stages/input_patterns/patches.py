"""What one point sees of an image: its receptive field, and how rough it is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stages.common.architecture import Layer


class Field(NamedTuple):
    """The receptive field of a layer's points, in pixels along each axis."""

    size: int
    stride: int  # from a point to the next


def fields(layers: Sequence[Layer]) -> dict[str, Field]:
    """The field of each layer, by name. Without padding, an image of its size has one point there.

    Each layer adds kernel - 1 of the steps before it (Dumoulin & Visin 2016, 1603.07285).
    """
    size, stride, by_name = 1, 1, {}
    for layer in layers:
        size += (layer.kernel - 1) * stride
        stride *= layer.stride
        by_name[layer.name] = Field(size, stride)
    return by_name


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
    edges = sum(np.abs(np.diff(images, axis=axis)).mean(axis=(2, 3)) for axis in (2, 3))
    contrast = images.std(axis=(2, 3))
    counted = contrast > 1e-6
    ratio = np.divide(edges, contrast, out=np.zeros_like(edges), where=counted)
    count = counted.sum(axis=1)
    return np.divide(ratio.sum(axis=1), count, out=np.full(len(count), np.nan), where=count > 0)
