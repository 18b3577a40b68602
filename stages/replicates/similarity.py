"""How alike one layer of two networks is: matched maps, and debiased CKA.

Maps are matched on validation images and the match is scored on test images, so that a search
among 128! orders cannot flatter itself. Pure functions of arrays, images first and maps last.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment


class Comparison(NamedTuple):
    """One layer of two networks, i and j. Every r is of test images."""

    correlation: np.ndarray  # float64 (maps_i, maps_j), Pearson r
    assignment: np.ndarray  # int (maps,), the map of j given to each map of i on validation
    matched_r: float  # mean r of each map of i with the one given to it
    identity_r: float  # with the one of the same number
    random_r: float  # with any, the mean over all orders
    semi_matched_r: float
    residual_r: float  # as matched_r, class means removed
    cka: float
    constant_maps: int  # of both networks together


def unit_maps(activations: np.ndarray) -> np.ndarray:
    """Maps as unit vectors, so that a matrix product of two networks' is their Pearson r.

    From (images, rows, columns, maps) to float64 (images x rows x columns, maps): each map less
    its mean, over its norm. A constant map becomes zeros, and so has r = 0 with any other: sums
    of equal float32 values are exact in float64, so its norm is exactly 0.
    """
    maps = activations.reshape(-1, activations.shape[-1]).astype(np.float64)
    maps -= maps.mean(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", maps, maps))
    maps /= np.where(norm == 0, 1, norm)
    return maps


def without_class_means(activations: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What (images, ...) activations keep, as float64, beside each class's mean at each position.

    Two networks that read digits alike correlate through the digits alone; this is the rest.
    """
    rest = activations.astype(np.float64)
    for label in np.unique(labels):
        rest[labels == label] -= rest[labels == label].mean(axis=0)
    return rest


def best_assignment(correlation: np.ndarray) -> np.ndarray:
    """The one-to-one order of j's maps, int (maps,), whose sum of r is highest.

    `correlation` is (maps, maps), i in rows. Li et al. 2016, 1511.07543; the solution is exact for
    r of 6 decimals. Where maps are constant, orders have equal sums: rounding must not choose.
    """
    return linear_sum_assignment(correlation.round(6), maximize=True)[1]


def assigned_mean(correlation: np.ndarray, assignment: np.ndarray) -> float:
    """Mean r of each map of i with the map of j given to it."""
    return float(correlation[np.arange(len(assignment)), assignment].mean())


def semi_matched_mean(validation: np.ndarray, test: np.ndarray) -> float:
    """Mean r on `test` of each map with its best partner on `validation`, (maps_i, maps_j).

    A partner may serve several maps, so the two directions differ; this is their average.
    """
    of_i = assigned_mean(test, validation.argmax(axis=1))
    of_j = assigned_mean(test.T, validation.argmax(axis=0))
    return (of_i + of_j) / 2


def cka(gram_i: np.ndarray, gram_j: np.ndarray) -> float:
    """Debiased linear CKA of two U-centred Gram matrices of the same images.

    1 for networks that differ by a rotation and a scale, 0 in expectation for independent ones,
    however many features they have; NaN where one is constant. Kornblith et al. 2019, 1905.00414.
    """
    scale = np.sqrt(np.vdot(gram_i, gram_i) * np.vdot(gram_j, gram_j))
    return float(np.vdot(gram_i, gram_j) / scale) if scale > 0 else np.nan


def kernels_r(kernels_i: np.ndarray, kernels_j: np.ndarray) -> float:
    """Mean Pearson r of the weights of the kernels of two layers, matched one to one.

    Float (rows, columns, channels, maps); a constant kernel has r = 0.
    """
    r = unit_maps(kernels_i).T @ unit_maps(kernels_j)
    return assigned_mean(r, best_assignment(r))


def compare(
    validation: list[np.ndarray], test: list[np.ndarray], residual: list[np.ndarray],
    grams: list[np.ndarray],
) -> Iterator[Comparison]:  # fmt: skip
    """Compare one layer of every pair of networks, in the order of `combinations`.

    One entry a network: `unit_maps` of validation images, of the same test images, and of these
    `without_class_means`; the U-centred Gram matrix (n, n) of the test images.
    """
    for i, j in combinations(range(len(test)), 2):
        selected, scored, rest = (of[i].T @ of[j] for of in (validation, test, residual))
        assignment = best_assignment(selected)
        yield Comparison(
            correlation=scored,
            assignment=assignment,
            matched_r=assigned_mean(scored, assignment),
            identity_r=assigned_mean(scored, np.arange(len(scored))),
            random_r=float(scored.mean()),
            semi_matched_r=semi_matched_mean(selected, scored),
            residual_r=assigned_mean(rest, assignment),
            cka=cka(grams[i], grams[j]),
            constant_maps=sum(int((~test[of].any(axis=0)).sum()) for of in (i, j)),
        )
