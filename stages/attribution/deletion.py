"""Deletion curves: how far the logit difference falls as ink is removed in some order.

An order of pixels is good where the answer's logit difference falls early (Petsiuk et al. 2018,
1806.07421). Removed pixels are set to 0, background. Images are compared at equal shares of the
ink removed, the sum of pixel values, so that an order of dark pixels first has no head start.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from stages.common import measures

SHARES = np.arange(21) / 20  # of the ink, removed
RANDOM = 3  # orders of an image
ATTRIBUTION, INK, CHANCE = "attribution", "ink", "random"


def without(image: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The image (side, side) with SHARES of its ink removed: uint8 (shares, side, side).

    `order` int (pixels,) is of all pixels, the first to be removed first. Each share takes the
    fewest pixels that hold at least as much ink.
    """
    flat = image.reshape(-1)
    removed = np.cumsum(flat[order], dtype=float)
    counts = np.searchsorted(removed, SHARES * removed[-1] - 1e-6) + 1
    counts[0] = 0
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    return (flat * (place >= counts[:, np.newaxis])).reshape(-1, *image.shape)


def orders(
    image: np.ndarray, towards: np.ndarray, generator: np.random.Generator
) -> dict[str, list[np.ndarray]]:
    """Orders of an image's pixels by name; `towards` (side, side) is attribution to the answer.

    Of equal pixels the upper left comes first. Where background stands in an order does not matter:
    it holds no ink.
    """
    return {
        ATTRIBUTION: [np.argsort(-towards.reshape(-1), kind="stable")],
        INK: [np.argsort(-image.reshape(-1).astype(int), kind="stable")],
        CHANCE: [generator.permutation(image.size) for _ in range(RANDOM)],
    }


def curves(
    images: np.ndarray, towards: np.ndarray, sign: np.ndarray,
    difference: Callable[[np.ndarray], np.ndarray], generator: np.random.Generator,
) -> dict[str, np.ndarray]:  # fmt: skip
    """The logit difference towards the answer by order, float64 (n, shares) each.

    `images` uint8 (n, side, side), `towards` (n, side, side), `sign` (n,): 1 where b is the
    answer, -1 where a is. `difference` gives b minus a of uint8 images.
    """
    counts = {ATTRIBUTION: 1, INK: 1, CHANCE: RANDOM}
    if not len(images):
        return {name: np.zeros((0, len(SHARES))) for name in counts}
    edited = []
    for image, of_image in zip(images, towards, strict=True):
        by_name = orders(image, of_image, generator)
        edited += [without(image, order) for name in counts for order in by_name[name]]
    values = difference(np.concatenate(edited)).astype(float)  # one call: each costs time
    values = sign[:, np.newaxis, np.newaxis] * values.reshape(len(images), -1, len(SHARES))
    parts = np.split(values, np.cumsum(list(counts.values()))[:-1], axis=1)
    return {name: of.mean(axis=1) for name, of in zip(counts, parts, strict=True)}


def mean_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over images of `values` (n, ...) and its 95 % t interval; NaN below 2 images."""
    n = len(values)
    if n < 2:
        mean = values.mean(axis=0) if n else np.full(values.shape[1:], np.nan)
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = stats.t.ppf(0.5 + measures.CONFIDENCE / 2, n - 1)
    half = half * values.std(axis=0, ddof=1) / np.sqrt(n)
    return values.mean(axis=0), values.mean(axis=0) - half, values.mean(axis=0) + half


def curve_table(found: dict[str, np.ndarray]) -> pd.DataFrame:
    """The rows of files.DELETION."""
    tables = []
    for name, values in found.items():
        mean, low, high = mean_interval(values)
        columns = {"difference": mean, "difference_low": low, "difference_high": high}
        tables.append(pd.DataFrame({"order": name, "removed": SHARES, **columns}))
    return pd.concat(tables, ignore_index=True)


def areas(found: dict[str, np.ndarray]) -> dict[str, float]:
    """How far the curve by attribution lies below the others: columns of files.ATTRIBUTION.

    The mean over shares of the difference of two curves, in logits, with its interval over images.
    """
    columns = {}
    for name in (INK, CHANCE):
        of_images = (found[name] - found[ATTRIBUTION]).mean(axis=1)
        parts = zip(("", "_low", "_high"), mean_interval(of_images), strict=True)
        columns |= {f"below_{name}{part}": float(value) for part, value in parts}
    return columns
