"""Whether the network uses where its points are active, and how much: its own head, edited points.

The head reads the pair's test images with the positions of each map shuffled, with every position
at its map's mean, and with every active point at one level. It errs where the logit difference
z_b - z_a has the wrong sign. Points below 0, which some activations have, count as not active.
"""

from typing import NamedTuple

import numpy as np

from stages.common import resampling
from stages.common.trained import Head

SHUFFLES = 5  # of every map in every image


class Sample(NamedTuple):
    """The pair's images of a split, those of a first."""

    points: np.ndarray  # float32 (n, p)
    is_b: np.ndarray  # bool (n,)
    weights: np.ndarray  # float32 (R, n), in each resample


def shuffled(points: np.ndarray, maps: int, generator: np.random.Generator) -> np.ndarray:
    """`points` (n, p) with the positions of each map in random order, anew in each image."""
    by_map = points.reshape(len(points), maps, -1)
    return generator.permuted(by_map, axis=2).reshape(points.shape)


def map_means(points: np.ndarray, maps: int) -> np.ndarray:
    """`points` (n, p) with every position of a map at the map's mean in that image."""
    by_map = points.reshape(len(points), maps, -1)
    return np.broadcast_to(by_map.mean(axis=2, keepdims=True), by_map.shape).reshape(points.shape)


def active_means(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each point's weighted mean over the images (n, p) in which it is above 0, float32 (R, p).

    NaN where it is in none; `weights` (R, n).
    """
    weights = weights.astype(float)
    total, count = weights @ np.maximum(points, 0), weights @ (points > 0)
    with np.errstate(invalid="ignore"):
        return (total / count).astype(np.float32)


def one_level(points: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """`points` (n, p) with those above 0 at their `levels` (p,); without one they stay."""
    return np.where((points > 0) & ~np.isnan(levels), levels, points)


def wrong(head: Head, pair: tuple[int, int], points: np.ndarray, is_b: np.ndarray) -> np.ndarray:
    """Whether the logit difference takes each image (n, p) for the other class, bool (n,)."""
    logits, (a, b) = head(points), pair
    return (logits[:, b] > logits[:, a]) != is_b


def use_columns(
    head: Head, pair: tuple[int, int], maps: int, validation: Sample, test: Sample,
    generator: np.random.Generator,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The errors of each edit and what it adds, float64 (R,) each, as in INTERVENTION_RESAMPLES.

    The points are of `maps` maps; shuffled and means are NaN where a map is one point. Levels are
    redone in each resample of the validation images.
    """
    points, is_b, weights = test

    def error(edited: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return resampling.mean(wrong(head, pair, edited, is_b), weights)

    drawn = [error(shuffled(points, maps, generator), weights) for _ in range(SHUFFLES)]
    means = error(map_means(points, maps), weights)
    if points.shape[1] == maps:  # a map is one point: neither edit changes anything
        drawn, means = (np.full_like(of, np.nan) for of in (drawn, means))
    levels = active_means(validation.points, validation.weights)
    each = zip(levels, weights[:, np.newaxis], strict=True)
    columns = {
        "error": error(points, weights),
        "error_shuffled": np.mean(drawn, axis=0),
        "error_means": means,
        "error_levels": np.concatenate([error(one_level(points, of), row) for of, row in each]),
    }
    losses = {
        f"{name}_loss": columns[f"error_{name}"] - columns["error"]
        for name in ("shuffled", "means", "levels")
    }
    return columns | losses
