"""The resamples of images behind every claim: drawn once, the same for all networks.

Groups of images are resampled as a whole, a bootstrap of clusters (Davison & Hinkley 1997, 3.8).
On MNIST a group is 250 neighbouring rows of the test images, since neighbours share writers.
Elsewhere images are dealt to groups at random, each class evenly. A statistic is computed from the
weights of the images: how often each is in a resample. Row 0 is the images as they are, so a
statistic's first value is the observed one.

Fit images are not resampled: every network of the recipe is trained on the same.
"""

from typing import NamedTuple

import numpy as np

from stages.common.run import Run

GROUPS = 40  # of a split, at most; as many as there are images of the smallest class
BLOCK = 250  # neighbouring rows of MNIST's test images


class Resamples(NamedTuple):
    """What R resamples and, as row 0, the images as they are, hold of a split."""

    group: np.ndarray  # int (n,), of each image of the split
    counts: np.ndarray  # float32 (1 + R, groups), how often each group is in it

    @property
    def weights(self) -> np.ndarray:
        """How often each image is in it, float32 (1 + R, n)."""
        return self.counts[:, self.group]


def deal(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A group for each image, int (n,): at random, every class evenly over all groups."""
    smallest = min(np.unique(labels, return_counts=True)[1], default=1)
    groups = max(2, min(GROUPS, smallest))
    shuffled = generator.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    group = np.empty(len(labels), int)
    group[by_class] = np.arange(len(labels)) % groups
    return group


def draw(group: np.ndarray, resamples: int, generator: np.random.Generator) -> Resamples:
    """`resamples` draws, with replacement, of as many of the groups as there are."""
    groups = group.max(initial=0) + 1
    counts = generator.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    return Resamples(group, np.concatenate([np.ones((1, groups)), counts]).astype(np.float32))


def of_split(run: Run, split: str) -> Resamples:
    """The resamples of the validation or test images: a function of labels and settings alone."""
    generator = np.random.default_rng((run.params.claims.seed, split == "test"))
    if split == "test" and run.params.dataset.name == "mnist":
        group = run.dataset_array("test_index") // BLOCK
    else:
        group = deal(run.dataset_array(f"{split}_labels"), generator)
    return draw(group, run.params.claims.resamples, generator)


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean over images of `values` (n,) or (R, n), for `weights` (R, n): float64 (R,).

    NaN where no image has weight.
    """
    weights = weights.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weights * values).sum(axis=1) / weights.sum(axis=1)
