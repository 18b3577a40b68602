"""How alike the maps of two networks are on every resample of the images, which claims read.

A resample is of groups of images (see `resampling`), so products are summed once a group, and a
resample's are sums over groups. 1 + R is the number of weightings, the first as the images are.
Maps are `unit_maps`, float64 (rows, maps): a row for each image and position.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from stages.common.resampling import Resamples
from stages.replicates.similarity import assigned_mean, best_assignment

AT_ONCE = 16  # weightings: their matrices of r stay in the processor's cache
# A map's variance in a resample is a difference of sums. Below this share of its mean square it is
# rounding: the map is constant there, so that its r is 0.
ROUNDING = 1e-12


class Sample(NamedTuple):
    """The images of a split in which maps are compared."""

    group: np.ndarray  # int (rows,), of the row's image, numbered from 0
    shares: np.ndarray  # float64 (1 + R, groups), what sums over groups times these are means;
    # NaN where a resample has none of the images

    @classmethod
    def of(cls, resamples: Resamples, index: np.ndarray, positions: int) -> "Sample":
        """The images `index` (n,) of the split that was resampled, with `positions` rows each."""
        present, group = np.unique(resamples.group[index], return_inverse=True)
        group, counts = np.repeat(group, positions), resamples.counts[:, present].astype(float)
        with np.errstate(invalid="ignore"):
            return cls(group, counts / (counts @ np.bincount(group))[:, np.newaxis])

    def parts(self, maps: np.ndarray) -> list[np.ndarray]:
        """The rows of each group."""
        return [maps[self.group == number] for number in range(self.shares.shape[1])]


class Moments(NamedTuple):
    """A network's maps in every weighting, float64 (1 + R, maps)."""

    mean: np.ndarray
    scale: np.ndarray  # one over the standard deviation; 0 where a map is constant


def moments(maps: np.ndarray, sample: Sample) -> Moments:
    """Of one network's maps."""
    parts = sample.parts(maps)
    mean = sample.shares @ np.array([part.sum(axis=0) for part in parts])
    square = sample.shares @ np.array([(part**2).sum(axis=0) for part in parts])
    variance = square - mean**2
    variance[variance <= ROUNDING * square] = np.inf
    return Moments(mean, 1 / np.sqrt(variance))


def correlations(
    maps: tuple[np.ndarray, np.ndarray], of: tuple[Moments, Moments], sample: Sample
) -> Iterator[np.ndarray]:
    """Pearson r of the maps of i with those of j, float64 (maps_i, maps_j), in every weighting."""
    i, j = of
    pairs = zip(*map(sample.parts, maps), strict=True)
    products = np.array([part_i.T @ part_j for part_i, part_j in pairs])
    for start in range(0, len(sample.shares), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        r = np.tensordot(sample.shares[rows], products, axes=1)
        r -= i.mean[rows, :, np.newaxis] * j.mean[rows, np.newaxis]
        r *= i.scale[rows, :, np.newaxis] * j.scale[rows, np.newaxis]
        yield from r


def scores(validation: np.ndarray, test: np.ndarray) -> tuple[float, float, float]:
    """Mean r on `test` in the best order on `validation`, in the same order, in a random order.

    Both (maps, maps). NaN where the resample has no image of the sample.
    """
    if np.isnan(validation).any():
        return (np.nan,) * 3
    matched = assigned_mean(test, best_assignment(validation))
    return matched, assigned_mean(test, np.arange(len(test))), test.mean()


def resampled(
    maps: dict[str, list[np.ndarray]], samples: dict[str, Sample]
) -> Iterator[np.ndarray]:
    """The `scores` of every pair of networks in every weighting, float64 (1 + R, 3).

    `maps` are each network's, by split; pairs come in the order of `combinations`.
    """
    of = {split: [moments(one, samples[split]) for one in maps[split]] for split in samples}
    for i, j in combinations(range(len(maps["test"])), 2):
        validation, test = (
            correlations((maps[split][i], maps[split][j]), (of[split][i], of[split][j]), sample)
            for split, sample in (("validation", samples["validation"]), ("test", samples["test"]))
        )
        yield np.array([scores(*both) for both in zip(validation, test, strict=True)])
