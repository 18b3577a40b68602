"""The units of the dense layer: what each adds to the logit difference, and how few flip images.

The logits are linear in the units after their activation, so that a unit's part is exact:

    z_b - z_a = bias_b - bias_a + sum over units of h_u (w_ub - w_ua)

Images are the rows of `values`, float32 (n, units), the dense layer after its activation.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import measures
from stages.common.cases import HALF
from stages.common.controls import control_columns, controlled, curve_ks
from stages.common.trained import Head


class Layer(NamedTuple):
    """The dense layer of one network in the images of the pair, class a first."""

    head: Head
    pair: tuple[int, int]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]

    @property
    def weights(self) -> np.ndarray:
        """What each unit's activation is multiplied by in the logit difference, (units,)."""
        a, b = self.pair
        return self.head.logits_kernel[:, b] - self.head.logits_kernel[:, a]

    @property
    def active(self) -> np.ndarray:
        """The units above 0 in some validation image of the pair, int (m,)."""
        return np.flatnonzero(np.concatenate(self.validation).max(axis=0) > 0)

    @property
    def order(self) -> np.ndarray:
        """The active units, most contribution first."""
        of, active = contributions(self.weights, *self.validation), self.active
        return active[np.argsort(-of[active], kind="stable")]


def dense(head: Head, points: np.ndarray) -> np.ndarray:
    """The dense layer after its activation, (n, units), from points (n, points)."""
    return head.activate(head.hidden(points))


def logits(head: Head, values: np.ndarray) -> np.ndarray:
    """Logits (n, classes) from the dense layer."""
    return values @ head.logits_kernel + head.logits_bias


def contributions(weights: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Each unit's part of the difference of the two classes' mean logit differences, (units,).

    It is also what the mean logit difference changes by when the images of either class take
    the unit's mean in the other, towards that class.
    """
    return (b.mean(axis=0, dtype=float) - a.mean(axis=0, dtype=float)) * weights


def carrying(ordered: np.ndarray, total: float, share: float) -> float:
    """How many of the `ordered` contributions (m,) add up to `share` of `total`; NaN if none do."""
    reached = np.flatnonzero(np.cumsum(ordered) >= share * total)
    return float(reached[0] + 1) if total > 0 and reached.size else np.nan


def units_table(layer: Layer) -> pd.DataFrame:
    """Rows of `units.csv`, most contribution first; inactive units last."""
    weights = layer.head.logits_kernel.astype(float)
    of_validation, of_test = (
        contributions(layer.weights, *of) for of in (layer.validation, layer.test)
    )
    means = [of.mean(axis=0, dtype=float) for of in layer.validation]
    active = np.isin(np.arange(len(weights)), layer.active)
    columns = {"unit": np.arange(len(weights)), "active": active}
    columns |= {f"mean_{name}": mean for name, mean in zip("ab", means, strict=True)}
    for name, label in zip("ab", layer.pair, strict=True):
        columns[f"weight_{name}"] = weights[:, label]
    columns |= {"contribution": of_validation, "contribution_test": of_test}
    rest = np.setdiff1d(columns["unit"], layer.order)
    return pd.DataFrame(columns).iloc[[*layer.order, *rest]]


def flips_along(
    head: Head, base: np.ndarray, replacement: np.ndarray, order: np.ndarray, ks, target: int
) -> np.ndarray:
    """Whether the answer is `target` with the first k units of `order` replaced: bool (K, n).

    `base` (n, units), `replacement` (n, units) or (units,), K rising `ks`.
    """
    change = np.ascontiguousarray((replacement - base).T)
    now = np.ascontiguousarray(logits(head, base).T)
    flips = np.empty((len(ks), len(base)), bool)
    for row, (done, k) in enumerate(pairwise((0, *ks))):
        added = order[done:k]
        now += head.logits_kernel[added].T @ change[added]
        flips[row] = now.argmax(axis=0) == target
    return flips


def curve_table(
    layer: Layer, direction: str, mode: str, partners: np.ndarray, stand_ins: np.ndarray
) -> pd.DataFrame:
    """One curve of `patching.csv`: test images answered rightly that flip, for k units.

    `partners` int (n, m) are rows of the other class's test images for `interchange`; `mean`
    takes that class's mean on validation. `stand_ins` int (controls, units) are random units.
    The first k that flips half of the images is among the k.
    """
    step = 1 if direction == "a_to_b" else -1
    (label, target), (base, source) = layer.pair[::step], layer.test[::step]
    right = logits(layer.head, base).argmax(axis=1) == label
    replacement = layer.validation[::step][1].mean(axis=0)
    images = base[right]
    if mode == "interchange":
        images = np.repeat(images, partners.shape[1], axis=0)
        replacement = source[partners[right].ravel()]

    def flipped(order: np.ndarray, ks) -> np.ndarray:
        flips = flips_along(layer.head, images, replacement, order, ks, target)
        return flips.mean(axis=1) if len(images) else np.full(len(ks), np.nan)

    order = layer.order
    every = flipped(order, range(1, len(order) + 1))
    half = np.flatnonzero(every >= HALF)[:1] + 1
    ks = np.union1d(curve_ks(len(order)), half).astype(int)
    compared, outcomes = controlled(ks, len(order)), np.full((len(stand_ins), len(ks)), np.nan)
    for row, stand_in in enumerate(stand_ins if compared else ()):
        outcomes[row, : len(compared)] = flipped(stand_in[order], compared)
    columns = {"direction": direction, "mode": mode, "k": ks, "flipped": every[ks - 1]}
    columns |= control_columns("flipped_control", outcomes)
    columns["flipped_p"] = measures.empirical_p(columns["flipped"], outcomes)
    return pd.DataFrame(columns)


def summary_row(layer: Layer) -> dict[str, float]:
    """What `summary.csv` says of the units: how concentrated they are, and what misleads.

    A part is of the units whose weights are for b, or for a. `shift` is how far the test images
    of a that are answered b lie from the mean of a on validation; NaN where there are none.
    """
    b, weights, order = layer.pair[1], layer.weights, layer.order
    known, reported = (contributions(weights, *of) for of in (layer.validation, layer.test))
    total, first = known.sum(), carrying(known[order], known.sum(), HALF)
    taken = layer.test[0][logits(layer.head, layer.test[0]).argmax(axis=1) == b]
    shift = np.full(len(weights), np.nan)
    if len(taken):
        shift = contributions(weights, layer.validation[0], taken)
    half = order[: int(np.nan_to_num(first))]
    parts = {"difference": known, "shift": shift}
    of_parts = {
        f"{name}_{of}": values[chosen].sum()
        for name, values in parts.items()
        for of, chosen in (("a", weights < 0), ("b", weights >= 0))
    }
    return {
        "units": len(weights), "active": len(order), "half": first,
        "most": carrying(known[order], total, 0.9),
        "half_test": reported[half].sum() / reported.sum() if half.size else np.nan,
        "half_random": half.size * reported[order].mean() / reported.sum() if half.size else np.nan,
        "taken": len(taken), **of_parts,
    }  # fmt: skip
