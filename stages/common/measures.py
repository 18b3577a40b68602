"""The statistics, pure functions of arrays.

Classes `a` and `b` are the pair; their values are float (n_a, points) and (n_b, points), images
in rows. What cannot be computed is NaN, not an error. Intervals and bounds are at 95 %.
"""

from typing import NamedTuple

import numpy as np
from scipy import special, stats

CONFIDENCE = 0.95
Z = stats.norm.ppf(0.5 + CONFIDENCE / 2)


class Auroc(NamedTuple):
    """AUROC of b against a with its interval, each float64 (points,)."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def wilson_interval(successes: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a proportion, from counts of any shape; NaN where n is 0. Wilson 1927."""
    successes, n = np.asarray(successes, float), np.asarray(n, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = successes / n
        centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def rate_upper_bound(events: np.ndarray, n: int) -> np.ndarray:
    """One-sided upper bound on a rate of which `events` of n were seen. Clopper & Pearson 1934."""
    events = np.asarray(events, float)
    bound = stats.beta.ppf(CONFIDENCE, events + 1, np.maximum(n - events, 1))
    return np.where(events < n, bound, 1.0)


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Exact two-sided p of images that one of two classifiers alone gets right. McNemar 1947."""
    disagreements = only_first + only_second
    return float(stats.binomtest(only_first, disagreements).pvalue) if disagreements else 1.0


def margin(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The true class's logit minus the largest other, (n,), from logits (n, classes)."""
    rows = np.arange(len(labels))
    others = np.array(logits)
    others[rows, labels] = -np.inf
    return logits[rows, labels] - others.max(axis=1)


def auroc(a: np.ndarray, b: np.ndarray) -> Auroc:
    """P(B > A) + P(B = A)/2 for each point, with an interval of width above 0, in [0, 1].

    Mann & Whitney 1947 for the statistic, DeLong et al. 1988 for its variance, computed from
    mid-ranks (Sun & Xu 2014). The interval is NaN for a class of one image.

    It is DeLong's by the delta method on the scale log(AUROC / (1 - AUROC)), which is
    -log(1 - AUROC) near 1 and treats both directions alike. Half a pair of images is added to the
    n_a n_b in the right order and to those in the wrong order, as half a count to both sides of
    odds (Haldane 1956), so that the logarithm exists.

    DeLong's variance is near 0 where classes hardly overlap or a point hardly varies, however few
    the images. What n images of a class never show can still be a share of 1 - 0.05^(1/n) of it
    (Clopper & Pearson 1934). With n of the smaller class, the interval is extended to the AUROC
    that such a share would give on the wrong side of all others, and on the right side.
    """
    n_a, n_b = len(a), len(b)
    ranks = stats.rankdata(np.concatenate([a, b]), axis=0)
    # The share of b below each image of a, and of a below each image of b.
    below_a = (ranks[:n_a] - stats.rankdata(a, axis=0)) / n_b
    below_b = (ranks[n_a:] - stats.rankdata(b, axis=0)) / n_a
    value = below_b.mean(axis=0)
    if min(n_a, n_b) < 2:
        nothing = np.full_like(value, np.nan)
        return Auroc(value, nothing, nothing)
    variance = below_a.var(axis=0, ddof=1) / n_a + below_b.var(axis=0, ddof=1) / n_b
    centre = (value * n_a * n_b + 0.5) / (n_a * n_b + 1)
    half = Z * np.sqrt(variance) / (centre * (1 - centre))
    low, high = (special.expit(special.logit(centre) + side * half) for side in (-1, 1))
    unseen = rate_upper_bound(0, min(n_a, n_b))
    seen = (1 - unseen) * value
    return Auroc(value, np.minimum(low, seen), np.maximum(high, seen + unseen))


def mann_whitney_p(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Two-sided p of each point, (points,): asymptotic, corrected for ties; 1 for a constant."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    constant = np.minimum(a.min(0), b.min(0)) == np.maximum(a.max(0), b.max(0))
    p = np.ones(a.shape[1])
    if not constant.all():
        test = stats.mannwhitneyu(a[:, ~constant], b[:, ~constant], method="asymptotic")
        p[~constant] = test.pvalue
    return p


def q_values(p: np.ndarray) -> np.ndarray:
    """False-discovery rates, (points,); NaN is set aside and stays. Benjamini & Hochberg 1995."""
    q = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    return q


def hedges_g(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Standardised difference of means, b minus a, (points,), bias-corrected. Hedges 1981.

    NaN where the pooled standard deviation is 0 or there are fewer than three images.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    freedom = len(a) + len(b) - 2
    if freedom < 1:
        return np.full(a.shape[1], np.nan)
    squares = sum(((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in (a, b))
    pooled = np.sqrt(squares / freedom)
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = (1 - 3 / (4 * freedom - 1)) * (b.mean(axis=0) - a.mean(axis=0)) / pooled
    # A constant's deviation from its mean is rounding, not spread.
    constant = (a.min(axis=0) == a.max(axis=0)) & (b.min(axis=0) == b.max(axis=0))
    return np.where(constant | (pooled == 0), np.nan, effect)


def share_on(values: np.ndarray, maximum: np.ndarray, level: float) -> np.ndarray:
    """Share of images, (points,), in which a point is above `level` of its own `maximum`."""
    return (values > level * maximum).mean(axis=0)


def selectivity(class_means: np.ndarray) -> np.ndarray:
    """(highest - rest)/(highest + rest) of each map, (maps,), from means (maps, classes) >= 0.

    `rest` is the mean over the other classes; NaN where a map is dead. Morcos et al. 2018.
    """
    highest = class_means.max(axis=1)
    rest = (class_means.sum(axis=1) - highest) / (class_means.shape[1] - 1)
    with np.errstate(invalid="ignore"):
        return (highest - rest) / (highest + rest)


def recovered(patched: np.ndarray, base: np.ndarray, source: np.ndarray) -> np.ndarray:
    """(patched - base)/(source - base) of mean logit differences, any shapes that broadcast.

    0 when an edit does nothing, 1 when it takes base images to the source images' mean; NaN
    where source and base do not differ. Zhang & Nanda 2024 (2309.16042).
    """
    patched, base, source = (np.asarray(values, float) for values in (patched, base, source))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(source == base, np.nan, (patched - base) / (source - base))


def empirical_p(observed: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """One-sided p of `observed` (...) among `controls` (R, ...): (1 + #{control >= it})/(1 + R).

    NaN where anything is NaN. Davison & Hinkley 1997, 4.2.
    """
    p = (1 + (controls >= observed).sum(axis=0)) / (1 + len(controls))
    return np.where(np.isnan(observed) | np.isnan(controls).any(axis=0), np.nan, p)


def control_band(controls: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of `controls` (R, ...) and the band that holds the central 95 % of them."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(controls, (tail, 1 - tail), axis=0)
    return controls.mean(axis=0), low, high


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
