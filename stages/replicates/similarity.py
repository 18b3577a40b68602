"""How alike one layer of two networks is: matched maps, and debiased CKA.

Maps are matched on validation images and the match is scored on test images, so that a search
among 128! orders cannot flatter itself. Pure functions of arrays, images first and maps last.
"""

from collections.abc import Iterable
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

    `correlation` is (maps, maps), i in rows. Li et al. 2016, 1511.07543; the solution is exact.
    """
    return linear_sum_assignment(correlation, maximize=True)[1]


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


def centred_gram(activations: np.ndarray) -> np.ndarray:
    """The U-centred linear Gram matrix of (n, ...) activations, float64 (n, n), zero diagonal.

    The mean product of two such matrices, over n (n - 3), is the unbiased HSIC of Song et al.
    2012 (JMLR 13, eq. 5), in the form of Székely & Rizzo 2014 (1310.2926). NaN below 4 images.
    """
    n = len(activations)
    if n < 4:
        return np.full((n, n), np.nan)
    features = activations.reshape(n, -1).astype(np.float64)
    features -= features.mean(axis=0)  # changes nothing but the rounding
    gram = features @ features.T
    np.fill_diagonal(gram, 0)
    rows = gram.sum(axis=0)
    gram += rows.sum() / ((n - 1) * (n - 2)) - (rows + rows[:, np.newaxis]) / (n - 2)
    np.fill_diagonal(gram, 0)
    return gram


def cka(gram_i: np.ndarray, gram_j: np.ndarray) -> float:
    """Debiased linear CKA of two U-centred Gram matrices of the same images.

    1 for networks that differ by a rotation and a scale, 0 in expectation for independent ones,
    however many features they have; NaN where one is constant. Kornblith et al. 2019, 1905.00414.
    """
    scale = np.sqrt(np.vdot(gram_i, gram_i) * np.vdot(gram_j, gram_j))
    return float(np.vdot(gram_i, gram_j) / scale) if scale > 0 else np.nan


def compare(
    validation: list[np.ndarray], test: list[np.ndarray], test_labels: np.ndarray
) -> list[Comparison]:
    """Compare one layer of every pair of networks, in the order of `combinations`.

    Each list holds one float32 (images, rows, columns, maps) a network, of the same images.
    """
    on_validation = _correlations(map(unit_maps, validation))
    units = list(map(unit_maps, test))
    constant = [int((~unit.any(axis=0)).sum()) for unit in units]
    on_test = _correlations(units)
    del units  # the residuals below take as much
    residual = _correlations(unit_maps(without_class_means(x, test_labels)) for x in test)
    grams = list(map(centred_gram, test))
    pairs = combinations(range(len(test)), 2)
    comparisons = []
    for (i, j), selected, scored, rest in zip(pairs, on_validation, on_test, residual, strict=True):
        assignment = best_assignment(selected)
        comparisons.append(
            Comparison(
                correlation=scored,
                assignment=assignment,
                matched_r=assigned_mean(scored, assignment),
                identity_r=assigned_mean(scored, np.arange(len(scored))),
                semi_matched_r=semi_matched_mean(selected, scored),
                residual_r=assigned_mean(rest, assignment),
                cka=cka(grams[i], grams[j]),
                constant_maps=constant[i] + constant[j],
            )
        )
    return comparisons


def _correlations(units: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Pearson r, (maps_i, maps_j), of every pair of networks' unit maps."""
    return [i.T @ j for i, j in combinations(units, 2)]
