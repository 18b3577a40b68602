"""Attribution patching: what a point's edit does to the logit difference, by one gradient.

For an edit of point p from x_p to r_p the estimate is (r_p - x_p) df/dx_p, f the logit difference
(Nanda 2023, "Attribution Patching"; Syed et al. 2023, 2310.10348). The head has one activation
between two linear layers, so that its gradient is exact here, in NumPy.
"""

import numpy as np
import pandas as pd
from scipy import stats

from stages.common.architecture import SELU_ALPHA, SELU_SCALE
from stages.common.cases import DIRECTIONS
from stages.common.trained import Head

FIRST = 10  # points compared by rank


def slope(activation: str, sums: np.ndarray) -> np.ndarray:
    """The derivative of the activation at `sums`, of their shape; 0 at 0 for relu."""
    if activation == "relu":
        return (sums > 0).astype(sums.dtype)
    scale, alpha = (SELU_SCALE, SELU_ALPHA) if activation == "selu" else (1.0, 1.0)
    below = sums.dtype.type(scale * alpha) * np.exp(np.minimum(sums, 0))
    return np.where(sums > 0, sums.dtype.type(scale), below)


def estimates(
    head: Head, base: np.ndarray, replacement: np.ndarray, pair: tuple[int, int]
) -> np.ndarray:
    """Mean estimated change of z_b - z_a when one point alone is edited, float64 (points,).

    `base` float32 (n, points) are images, `replacement` (points,) what a point takes.
    """
    a, b = pair
    contrast = head.logits_kernel[:, b] - head.logits_kernel[:, a]
    gradient = (slope(head.activation, head.hidden(base)) * contrast) @ head.dense_kernel.T
    return ((replacement - base) * gradient).mean(axis=0, dtype=float)


def by_direction(
    head: Head, validation: tuple[np.ndarray, np.ndarray], pair: tuple[int, int]
) -> dict[str, np.ndarray]:
    """The estimates towards the other class, whose mean each point takes: (points,) each.

    As the measured ones of files.EFFECTS, from the points (n, points) of images of a and of b.
    """
    a, b = validation
    return {
        direction: sign * estimates(head, base, other.mean(axis=0), pair)
        for direction, base, other, sign in zip(DIRECTIONS, (a, b), (b, a), (1, -1), strict=True)
    }


def overlap(one: np.ndarray, other: np.ndarray, k: int) -> float:
    """The share of the k highest of `one` (m,) that are among the k highest of `other`."""
    first = (np.argsort(-values, kind="stable")[:k] for values in (one, other))
    return len(np.intersect1d(*first)) / k if k else np.nan


def agreement(
    estimated: np.ndarray, measured: np.ndarray, live: np.ndarray, half: float
) -> dict[str, float]:
    """A row of files.PATCHING_ESTIMATES, from the effects (points,) of all points.

    `live` int (m,); `half` is how many points flip half of the images, NaN where none do.
    """
    one, other = estimated[live], measured[live]
    varies = len(live) > 1 and min(np.ptp(one), np.ptp(other)) > 0
    first = min(FIRST, len(live))
    row = {"live": len(live), "spearman": stats.spearmanr(one, other)[0] if varies else np.nan}
    row |= {"first": first, "same_first": overlap(one, other, first), "half": half}
    row["same_half"] = overlap(one, other, int(half)) if half == half else np.nan
    worst = int(live[np.abs(one - other).argmax()]) if len(live) else 0
    return row | {"point": worst, "estimated": estimated[worst], "measured": measured[worst]}


def agreement_table(
    estimated: dict[str, np.ndarray], effects: pd.DataFrame, live: np.ndarray, half: pd.Series
) -> pd.DataFrame:
    """The rows of files.PATCHING_ESTIMATES; `effects` are files.EFFECTS, `half` is by direction."""
    rows = []
    for direction, values in estimated.items():
        measured = effects[f"effect_{direction}"].to_numpy()
        row = agreement(values, measured, live, half[direction])
        cell = effects.loc[row.pop("point"), ["map", "row", "column"]].astype(int).to_dict()
        rows.append({"direction": direction, **cell, **row})
    return pd.DataFrame(rows)
