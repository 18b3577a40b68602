"""What k coordinates of a basis do: probes on them, and patching them.

Beside every order of coordinates stand random orders of the coordinates of the same basis.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stages.common import discriminant, measures
from stages.common.bases import AUROC, EFFECT, PATCHING, PROBE
from stages.common.cases import DIRECTIONS, HALF
from stages.common.controls import control_columns, controlled, curve_ks
from stages.common.discriminant import Discriminant, Probes
from stages.common.edits import Edit, each_k, prepare, single_point_effects
from stages.common.trained import Head
from stages.directions.layer import Layer, Pair, Swap

ORDERS = 20  # random orders of coordinates
STEPS = 25  # numbers of coordinates tried along each, beside those of the curve


def wrong(probes: Probes, images: Pair) -> np.ndarray:
    """Share of the images that each probe gets wrong, (P,); a score above 0 says b."""
    counts = (probes.scores(images.a) > 0).sum(axis=1) + (probes.scores(images.b) <= 0).sum(axis=1)
    return counts / sum(map(len, images))


def by_auroc(images: Pair) -> np.ndarray:
    """The coordinates by |AUROC - 0.5|, the largest first: int (m,)."""
    return np.argsort(-np.abs(measures.auroc(*images).value - 0.5), kind="stable")


def probe_errors(
    fitted: Discriminant, order: np.ndarray, ks: Sequence[int], ridges: Sequence[float],
    validation: Pair, test: Pair,
) -> np.ndarray:  # fmt: skip
    """Test errors (K,) of probes on the first k coordinates of `order`, for rising `ks`.

    Each k takes the ridge with the least error on validation images, the largest of equals.
    """
    order = order[: ks[-1]]
    fitted, first = fitted.subset(order), np.arange(len(order))
    validation, test = validation.take(order), test.take(order)
    probes = [discriminant.on_first(fitted, first, ks, r) for r in sorted(ridges, reverse=True)]
    chosen = np.argmin([wrong(of, validation) for of in probes], axis=0)
    return np.array([wrong(of, test) for of in probes])[chosen, np.arange(len(ks))]


def probe_curves(
    layer: Layer, orders: dict[str, np.ndarray], ridges: Sequence[float],
    generator: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """The rows of `curves.csv` on probes, for each of `orders` int (m,) by name, and by AUROC."""
    validation, test = (layer.of_live(split) for split in ("validation", "test"))
    fitted, size = discriminant.fit(*layer.fit), len(layer.live)
    ks = curve_ks(size)
    few = controlled(ks, size)
    held = ridges, validation, test
    drawn = np.full((ORDERS, len(ks)), np.nan)
    for row in drawn if few else ():
        row[: len(few)] = probe_errors(fitted, generator.permutation(size), few, *held)
    tables = []
    for name, order in ({AUROC: by_auroc(validation)} | orders).items():
        columns = {"measure": PROBE, "order": name, "direction": "both", "k": ks}
        columns["value"] = probe_errors(fitted, order, ks, *held)
        tables.append(pd.DataFrame(columns | control_columns("control", drawn)))
    return pd.concat(tables, ignore_index=True)


def by_effect(layer: Layer, base: int) -> np.ndarray:
    """The coordinates by mean effect on the logit difference, the largest first: int (m,).

    Of validation images of class `base`, in which a coordinate alone takes the other class's mean.
    """
    images, mean = layer.validation[base], layer.validation[1 - base].mean(axis=0)
    effects = single_point_effects(layer.head, images, mean, layer.pair).mean(axis=1, dtype=float)
    return np.argsort((2 * base - 1) * effects[layer.live], kind="stable")


def flipped(
    head: Head, prepared: Edit, order: np.ndarray, ks: Sequence[int], target: int
) -> np.ndarray:
    """Share of the edited images answered `target` at each of `ks`, (K,); NaN where none is."""
    if not prepared.hidden.shape[1]:
        return np.full(len(ks), np.nan)
    answers = (of.argmax(axis=0) for of in each_k(head, prepared, order, ks))
    return np.array([(of == target).mean() for of in answers])


def first_k(head: Head, prepared: Edit, order: np.ndarray, target: int) -> float:
    """The first number of coordinates along `order` that flips half; NaN where none does."""
    if prepared.hidden.shape[1]:
        ks = range(1, len(order) + 1)
        for k, logits in zip(ks, each_k(head, prepared, order, ks), strict=True):
            if (logits.argmax(axis=0) == target).mean() >= HALF:
                return float(k)
    return np.nan


def crossing(ks: np.ndarray, shares: np.ndarray) -> float:
    """The number, (K,) rising `ks`, at which `shares` (K,) first reach half; NaN where none does.

    Between two numbers the share is taken to be linear, from 0 at 0.
    """
    at = int(np.argmax(shares >= HALF))
    if not shares[at] >= HALF:
        return np.nan
    before, low = (ks[at - 1], shares[at - 1]) if at else (0, 0.0)
    part = (HALF - low) / (shares[at] - low)
    return float(np.ceil(before + part * (ks[at] - before)))


def patching(
    layer: Layer, swap: Swap, generator: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, object], np.ndarray]:
    """Its rows of `curves.csv`, its part of a row of `half.csv`, and the coordinates in order."""
    prepared = prepare(layer.head, *swap.images(layer))
    target, size = layer.pair[1 - swap.base], len(layer.live)
    ks, places = np.array(curve_ks(size)), by_effect(layer, swap.base)
    order = layer.live[places]
    tried = np.union1d(ks, np.arange(1, STEPS) * size // STEPS + 1)
    one = swap._replace(partners=swap.partners[:, :1])  # source an image: orders are many
    prepared_one = prepare(layer.head, *one.images(layer))
    drawn = np.array([
        flipped(layer.head, prepared_one, generator.permutation(layer.live), tried, target)
        for _ in range(ORDERS)
    ])  # fmt: skip
    columns = {"measure": PATCHING, "order": EFFECT, "direction": DIRECTIONS[swap.base], "k": ks}
    columns["value"] = flipped(layer.head, prepared, order, ks, target)
    columns |= control_columns("control", drawn[:, np.searchsorted(tried, ks)])
    half = {"direction": DIRECTIONS[swap.base], "live": size}
    half["k"] = first_k(layer.head, prepared, order, target)
    half["random_k"] = float(np.mean([crossing(tried, shares) for shares in drawn]))
    return pd.DataFrame(columns), half, places
