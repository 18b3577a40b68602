"""The images that a search starts from: random fluctuations on several length scales."""

import numpy as np
from scipy import ndimage

SCALES = (14, 7, 4, 2, 1)  # pixels between independent values, coarse to fine


def random_starts(count: int, side: int, generator: np.random.Generator) -> np.ndarray:
    """`count` random images, float32 (count, side, side), each from 0 to 1.

    The sum of one field of independent normal values for each of SCALES, enlarged linearly to
    the whole image and weighted evenly at random between 0 and 1: some starts are blotches,
    some are grain. No single scale can suit maps that see few pixels and maps that see many. A
    scale wider than the image is left out.
    """
    starts = np.zeros((count, side, side))
    for scale in (scale for scale in SCALES if scale <= side):
        cells = side // scale
        coarse = generator.standard_normal((count, cells, cells))
        factors = (1, side / cells, side / cells)
        fine = ndimage.zoom(coarse, factors, order=1, mode="nearest", grid_mode=True)
        starts += generator.uniform(size=(count, 1, 1)) * fine
    starts -= starts.min(axis=(1, 2), keepdims=True)
    highest = starts.max(axis=(1, 2), keepdims=True)
    starts /= np.where(highest > 0, highest, 1)  # a single pixel has no range
    return starts.astype(np.float32)
