"""Whether attributions depend on what the network has learned: its weights made random.

Adebayo et al. 2018 (1810.03292): an attribution that looks the same with random weights shows the
image and not the network. Layers take random weights from the logits down, each together with all
above it; then the network as it was before training.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from stages.attribution.deletion import mean_interval

INK, BEFORE = "ink", "untrained"
COLUMNS = ("all_pixels", "ink_pixels", "signed")
Weights = list[tuple[str, list[np.ndarray]]]  # of each layer that has some, from the image on


def replaced(trained: Weights, other: Weights) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The lowest layer with `other` weights, and all weights, from the logits down."""
    for at in range(len(trained) - 1, -1, -1):
        mixed = [*trained[:at], *other[at:]]
        yield trained[at][0], [values for _, layer in mixed for values in layer]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation of two arrays of one shape; NaN where one of them is constant."""
    one, other = one.ravel(), other.ravel()
    if len(one) < 2 or min(np.ptp(one), np.ptp(other)) == 0:
        return np.nan
    return float(stats.spearmanr(one, other).statistic)


def correlations(images: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """By image, (n, 3): COLUMNS of files.RANDOMISED.

    `images` uint8 (n, side, side); `one` and `other`, attributions, of that shape. Background
    pixels have an attribution of 0 in every network, so that over all pixels any two networks look
    alike. Over ink pixels the size still has the pixel as a factor, which the sign has not.
    """
    rows = [
        (
            correlation(abs(a), abs(b)),
            correlation(abs(a[ink]), abs(b[ink])),
            correlation(a[ink], b[ink]),
        )
        for a, b, ink in zip(one, other, images > 0, strict=True)
    ]
    return np.array(rows).reshape(-1, len(COLUMNS))


def table(
    images: np.ndarray, attributions: np.ndarray, cases: list[tuple[str, np.ndarray]]
) -> pd.DataFrame:
    """The rows of files.RANDOMISED: `attributions` against those of `cases`, of several networks.

    A case is a name and attributions (n, side, side); of one name all are averaged by image.
    """
    rows = []
    for name in dict.fromkeys(name for name, _ in cases):
        of = [correlations(images, attributions, other) for case, other in cases if case == name]
        row, by_image = {"randomised": name}, np.mean(of, axis=0)
        for column, values in zip(COLUMNS, by_image.T, strict=True):
            parts = mean_interval(values[~np.isnan(values)])
            names = (column, f"{column}_low", f"{column}_high")
            row |= dict(zip(names, map(float, parts), strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def cases(
    images: np.ndarray, trained: Weights, randoms: list[Weights], untrained: Weights,
    attribute: Callable[[list[np.ndarray]], np.ndarray],
) -> list[tuple[str, np.ndarray]]:  # fmt: skip
    """What attributions are compared with, by name: the ink, networks in part random, untrained.

    `attribute` gives the attributions of a network with these weights.
    """
    found = [(INK, images.astype(float))]
    for other in randoms:
        found += [(name, attribute(weights)) for name, weights in replaced(trained, other)]
    return [*found, (BEFORE, attribute([values for _, layer in untrained for values in layer]))]
