"""Single images: which are shown through the dense layer, and which class an image resembles."""

import numpy as np
import pandas as pd

from stages.common import measures

SHOWN = 3  # images of each class
TAKEN = 6  # images of a that are answered b, at most
ROLES = ("clear", "typical", "hard", "listed")  # of exemplars that stand for their class


def representatives(
    index: np.ndarray, margins: np.ndarray, exemplars: dict[str, np.ndarray], label: int
) -> list[tuple[int, str]]:
    """Three images of a class, fewer where it has fewer: positions in `index`, and their roles.

    `index` int (n,) are the class's rows of the test images, ascending; `margins` (n,). The
    exemplars of the class come first, then those whose margins are nearest to the median.
    """
    own = exemplars["label"] == label
    chosen = {
        int(np.searchsorted(index, row)): str(role)
        for row, role in zip(exemplars["index"][own], exemplars["role"][own], strict=True)
        if role in ROLES
    }
    nearest = np.argsort(np.abs(margins - np.median(margins)), kind="stable")
    chosen |= {int(row): "typical" for row in nearest[: 2 * SHOWN] if int(row) not in chosen}
    return [*chosen.items()][:SHOWN]


def taken_for(logits: np.ndarray, label: int, other: int) -> np.ndarray:
    """Images of `label` answered `other`, the worst first: int (at most 6); logits (n, classes)."""
    rows = np.flatnonzero(logits.argmax(axis=1) == other)
    difference = logits[rows, other] - logits[rows, label]
    return rows[np.argsort(-difference, kind="stable")[:TAKEN]]


def correlation(values: np.ndarray, with_: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of `values` (n, m) with `with_` (m,); NaN where one is constant."""
    x, y = values.astype(float), with_.astype(float)
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x @ y) / (np.linalg.norm(x, axis=1) * np.linalg.norm(y))


def resemblance(
    layer: str, exemplars: np.ndarray, own: np.ndarray, mean: np.ndarray, other_mean: np.ndarray
) -> pd.DataFrame:
    """How alike `exemplars` (k, m) of one class are to the means (m,) of their class and the other.

    `own` (n, m) are the class's test images: `closer_other` of these are more like the other
    class than their own, and `as_close` of them are as much more like it as the exemplar is.
    """

    def towards(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return correlation(values, mean), correlation(values, other_mean)

    (r_own, r_other), (known, known_other) = towards(exemplars), towards(own)
    gaps, gap = known_other - known, r_other - r_own
    as_close = (gaps >= gap[:, np.newaxis]).mean(axis=1)
    columns = {"layer": layer, "r_own": r_own, "r_other": r_other}
    closer = float((gaps > 0).mean())
    columns |= {"as_close": np.where(np.isnan(gap), np.nan, as_close), "closer_other": closer}
    return pd.DataFrame(columns)


def margins(logits: np.ndarray, label: int) -> np.ndarray:
    """The margins of images of one class, (n,), from logits (n, classes)."""
    return measures.margin(logits, np.full(len(logits), label))
