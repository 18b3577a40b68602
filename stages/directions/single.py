"""Patching along one direction: how much of the answer one number of an image carries.

An edit reads one number of an image, r'x, and writes it along v, with r'v = 1:

    x + v r' (s - x)

so that afterwards r'x is that of the source s. Orthogonal: r = v = the unit direction, the least
change that does it. Oblique: r is the direction and v = S r / r'S r, with S the covariance within
classes: what varies with r'x among images of a class goes along. v is the pattern of Haufe et al.
2014 (NeuroImage 87); for the discriminant without ridge v is the difference of the class means, and
I - v r' the projection of LEACE (Belrose et al. 2023, 2306.03819).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import linalg

from stages.common import measures
from stages.common.bases import (
    COVARIANCE,
    MEANS,
    OBLIQUE,
    ORTHOGONAL,
    PROBE,
    RANDOM,
    WITHIN,
)
from stages.common.cases import DIRECTIONS
from stages.directions.layer import Layer, Swap

DRAWS = 50  # random directions
NEGLIGIBLE = 1e-4  # of the mean of the points: what is below 0 by less is rounding


class Edits(NamedTuple):
    """R edits, each along one direction."""

    read: np.ndarray  # float64 (m, R)
    write: np.ndarray  # float64 (m, R)


def orthogonal(directions: np.ndarray) -> Edits:
    """Along `directions` (m, R) of any length; along one of length 0 nothing is edited."""
    length = np.linalg.norm(directions, axis=0)
    unit = directions / np.where(length, length, 1)
    return Edits(unit, unit)


def oblique(directions: np.ndarray, covariance: np.ndarray) -> Edits:
    """Along `directions` (m, R), with what varies with them by `covariance` (m, m)."""
    along = covariance @ directions
    variance = np.einsum("mr,mr->r", directions, along)
    return Edits(directions, along / np.where(variance, variance, 1))


def edits_of(
    probe: np.ndarray, difference: np.ndarray, covariance: np.ndarray, deviations: np.ndarray,
    generator: np.random.Generator,
) -> dict[tuple[str, str], Edits]:  # fmt: skip
    """All edits of `single.csv`, by direction and kind.

    From the weights of the probe and the difference of the class means, (m,), the covariance (m, m)
    and the deviations of images from their class's mean, (n, m). Controls are the direction of most
    variance within classes, and random ones: uniform, or with the covariance of the deviations, as
    a random sum of these has.
    """
    last = len(probe) - 1
    within = linalg.eigh(covariance, subset_by_index=(last, last))[1]
    uniform = generator.normal(size=(len(probe), DRAWS))
    varied = deviations.T @ generator.normal(size=(len(deviations), DRAWS))
    probe = probe[:, np.newaxis]
    return {
        (PROBE, ORTHOGONAL): orthogonal(probe),
        (PROBE, OBLIQUE): oblique(probe, covariance),
        (MEANS, ORTHOGONAL): orthogonal(difference[:, np.newaxis]),
        (WITHIN, ORTHOGONAL): orthogonal(within),
        (RANDOM, ORTHOGONAL): orthogonal(uniform),
        (COVARIANCE, ORTHOGONAL): orthogonal(varied),
        (RANDOM, OBLIQUE): oblique(uniform, covariance),
    }


def outcomes(layer: Layer, swap: Swap, edits: Edits) -> dict[str, np.ndarray]:
    """What each edit does to images answered rightly, all their sources alike; (R,) each.

    `flipped`: share answered as the other class. `recovered`: of the logit difference. `changed`:
    squared length of the edit over that of the difference from the source, both summed over images.
    NaN where nothing is to be flipped.
    """
    base, source = swap.images(layer)
    if not len(base):
        nothing = np.full(edits.read.shape[1], np.nan)
        return dict.fromkeys(("flipped", "recovered", "changed"), nothing)
    head, (a, b), target = layer.head, layer.pair, layer.pair[1 - swap.base]
    read, write = (of.astype(np.float32) for of in edits)
    change = (source - base)[:, layer.live]
    steps, whole = change @ read, (change**2).sum(dtype=float)
    hidden, written = head.hidden(base), write.T @ head.dense_kernel[layer.live]
    shares, differences = [], []
    for step, along in zip(steps.T, written, strict=True):
        active = head.activate(hidden + step[:, np.newaxis] * along)
        logits = active @ head.logits_kernel + head.logits_bias
        shares.append((logits.argmax(axis=1) == target).mean())
        differences.append((logits[:, b] - logits[:, a]).mean(dtype=float))
    ends = [(of[:, b] - of[:, a]).mean(dtype=float) for of in (head(base), head(source))]
    squares = (steps**2).sum(axis=0, dtype=float) * (edits.write**2).sum(axis=0)
    return {
        "flipped": np.array(shares),
        "recovered": measures.recovered(differences, *ends),
        "changed": squares / whole if whole else np.full(len(shares), np.nan),
    }


def below_zero(layer: Layer, swap: Swap, edits: Edits) -> dict[str, float]:
    """How far edited images are from what a ReLU can give, when all of `edits` are made at once.

    `negative`: share of live points below 0. `below`: what they add up to, over the sum of those
    above 0. `flipped_clipped`: share flipped with these points at 0. NaN for another activation,
    without edits and without images.
    """
    base, source = swap.images(layer)
    names = ("negative", "below", "flipped_clipped")
    if layer.head.activation != "relu" or not len(base) or not edits.read.shape[1]:
        return dict.fromkeys(names, np.nan)
    read, write = (of.astype(np.float32) for of in edits)
    edited = base[:, layer.live] + (source - base)[:, layer.live] @ read @ write.T
    low = edited < -NEGLIGIBLE * base[:, layer.live].mean()
    above = edited[edited > 0].sum(dtype=float)
    below = np.abs(edited[low]).sum(dtype=float) / above if above else np.nan
    clipped = base.copy()
    clipped[:, layer.live] = np.maximum(edited, 0)
    answers = layer.head(clipped).argmax(axis=1)
    share = float((answers == layer.pair[1 - swap.base]).mean())
    return dict(zip(names, (float(low.mean()), float(below), share), strict=True))


def single_table(
    layer: Layer, pairs: tuple[Swap, Swap], edits: dict[tuple[str, str], Edits]
) -> pd.DataFrame:
    """The rows of `single.csv`."""
    rows = []
    for swap in pairs:
        for (along, kind), of in edits.items():
            values = outcomes(layer, swap, of)
            row = {"along": along, "edit": kind, "direction": DIRECTIONS[swap.base]}
            row |= {name: float(np.mean(of_draws)) for name, of_draws in values.items()}
            ends = measures.control_band(values["flipped"])[1:]
            if alone := len(values["flipped"]) == 1:
                n = len(swap.rows)  # its sources are no images of their own
                ends = measures.wilson_interval(row["flipped"] * n, n)
            row |= {"flipped_low": float(ends[0]), "flipped_high": float(ends[1])}
            nothing = dict.fromkeys(("negative", "below", "flipped_clipped"), np.nan)
            rows.append(row | (below_zero(layer, swap, of) if alone else nothing))
    return pd.DataFrame(rows)
