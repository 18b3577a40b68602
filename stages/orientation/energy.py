"""Which way the strokes of maps and images run: pure functions of arrays."""

import numpy as np

from stages.common import fields
from stages.common.architecture import Cnn

Energy = tuple[np.ndarray, np.ndarray]  # of differences downwards and to the right, (n, maps)


def energy(maps: np.ndarray) -> Energy:
    """Energy of the differences downwards and to the right, float64 (n, maps) each.

    `maps` float (n, rows, columns, maps). These are the diagonal of the structure tensor, summed
    over a map (Bigun & Granlund 1987, Optimal orientation detection of linear symmetry), with
    differences of neighbours as gradients: they fit small maps, and turn with the map.
    """
    down, right = (np.diff(maps.astype(float), axis=axis) for axis in (1, 2))
    return (down**2).sum(axis=(1, 2)), (right**2).sum(axis=(1, 2))


def horizontal_index(down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(down - right) / (down + right), float64: 1 for horizontal strokes, -1 for vertical ones.

    0 for diagonal ones, and where no direction prevails; NaN where nothing differs. It is the
    cosine component of orientation in double-angle form, over the whole energy.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(down - right) / (down + right)


def pooled_index(parts: Energy, axis: int | None = None) -> np.ndarray:
    """The index of energies (n, maps), summed over all or over an axis: a mean by energy."""
    return horizontal_index(*(part.sum(axis=axis) for part in parts))


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r of two indices (maps,), where both are defined; NaN for fewer than three."""
    both = np.isfinite(x) & np.isfinite(y)
    constant = both.sum() < 3 or np.ptp(x[both]) == 0 or np.ptp(y[both]) == 0
    return float("nan") if constant else float(np.corrcoef(x[both], y[both])[0, 1])


def field_means(images: np.ndarray, cnn: Cnn, layer: str) -> np.ndarray:
    """What each point of a layer sees, averaged: float64 (n, rows, columns, 1).

    `images` float (n, side, side, 1). The control for resolution: a layer of maps of this size
    whose filters prefer no direction.
    """
    row = fields.rows(cnn.layers, images.shape[1])[cnn.names.index(layer)]
    windows = np.lib.stride_tricks.sliding_window_view(
        images[..., 0].astype(float), (row.field, row.field), axis=(1, 2)
    )
    return windows[:, :: row.stride, :: row.stride].mean(axis=(3, 4))[..., np.newaxis]


def turned(images: np.ndarray) -> np.ndarray:
    """Images (n, rows, columns, ...) turned by 90 degrees, counterclockwise."""
    return np.ascontiguousarray(np.rot90(images, axes=(1, 2)))
