"""Do matched maps of two networks look for the same? Their input patterns, by Pearson r."""

import numpy as np

from stages.common.intervals import Value

ORDERS = 1000
LEVELS = (0.025, 0.975)


def unit_images(images: np.ndarray) -> np.ndarray:
    """Images (n, side, side) without their mean, of length 1, (n, pixels); 0 where constant."""
    flat = images.reshape(len(images), -1).astype(float)
    flat -= flat.mean(axis=1, keepdims=True)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, size, out=np.zeros_like(flat), where=size > 1e-6)


def matched_patterns(
    first: np.ndarray, second: np.ndarray, generator: np.random.Generator
) -> tuple[float, Value]:
    """Mean r of patterns (n, side, side) with those of their partners, and in random order.

    The second is the mean over all pairs, with the central 95% of ORDERS random orders.
    """
    r = unit_images(first) @ unit_images(second).T
    rows = np.arange(len(r))
    orders = [r[rows, generator.permutation(len(r))].mean() for _ in range(ORDERS)]
    low, high = np.quantile(orders, LEVELS)
    return float(np.trace(r) / len(r)), Value(float(r.mean()), float(low), float(high))
