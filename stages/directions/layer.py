"""Orthonormal bases of the live points, and one network seen in each.

With a basis B (m, m), a direction in each column, an image x of m live points has the coordinates
B'x. Patching k of these from a source s is

    x + B_k B_k' (s - x)

with B_k the k columns. The head is linear up to its dense layer, so it answers the same to the
coordinates with B' times its kernel. Points are the basis B = I: one code for all bases.
"""

from typing import NamedTuple

import numpy as np

from stages.common.controls import pairing
from stages.common.names import HELD_OUT
from stages.common.trained import Head

NO_VARIANCE = 1e-5  # of the largest standard deviation: what is less is rounding


class Pair(NamedTuple):
    """Images of class a and of class b, float32 (n, points or coordinates) each."""

    a: np.ndarray
    b: np.ndarray

    @property
    def both(self) -> np.ndarray:
        """All images, those of a first."""
        return np.concatenate(self)

    def take(self, columns: np.ndarray) -> "Pair":
        """The same images, by some of the points or coordinates alone."""
        return Pair(*(of[:, columns] for of in self))


class Layer(NamedTuple):
    """One network after its last conv layer, and the pair's images in that layer."""

    head: Head
    pair: tuple[int, int]
    live: np.ndarray  # int (m,): the points whose space is compared; what else there is stays
    fit: Pair  # of the live points alone
    validation: Pair  # of all points, as the next
    test: Pair

    def of_live(self, split: str) -> Pair:
        """The live points of validation or test images."""
        return getattr(self, split).take(self.live)

    def to(self, axes: np.ndarray) -> "Layer":
        """The same network and images in the basis `axes` (m, m) of the live points."""
        axes, kernel, held = axes.astype(np.float32), self.head.dense_kernel.copy(), {}
        kernel[self.live] = axes.T @ kernel[self.live]
        for split in HELD_OUT:
            held[split] = Pair(*(of.copy() for of in getattr(self, split)))
            for of in held[split]:
                of[:, self.live] = of[:, self.live] @ axes
        fit = without_rounding(Pair(*(of @ axes for of in self.fit)))
        return self._replace(head=self.head._replace(dense_kernel=kernel), fit=fit, **held)


def without_rounding(images: Pair) -> Pair:
    """The images with 0 in coordinates that hold rounding alone, as where axes outnumber images."""
    spread = images.both.std(axis=0)
    kept = (spread > NO_VARIANCE * spread.max(initial=0)).astype(np.float32)
    return Pair(*(of * kept for of in images))


def principal_axes(images: np.ndarray) -> np.ndarray:
    """The principal axes of `images` (n, m), most variance first, float64 (m, m)."""
    covariance = np.cov(images, rowvar=False, dtype=float).reshape(images.shape[1], -1)
    return np.linalg.eigh(covariance)[1][:, ::-1]


def rotation(size: int, generator: np.random.Generator) -> np.ndarray:
    """A random orthogonal matrix, float64 (size, size), uniform over all of them.

    The QR decomposition of a Gaussian matrix, with the signs of R's diagonal moved into Q, without
    which it is not uniform: Mezzadri 2007 (math-ph/0609050).
    """
    q, r = np.linalg.qr(generator.normal(size=(size, size)))
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


class Swap(NamedTuple):
    """Which test images take values of which, in one direction. The same in all bases."""

    base: int  # 0: images of a take values of images of b; 1: the other way
    rows: np.ndarray  # int (n,) of the base class's test images: those answered rightly
    partners: np.ndarray  # int (n, s) rows of the other class's test images

    def images(self, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
        """Base and source images, float32 (n s, points) each, the sources of one side by side."""
        base, source = layer.test[self.base], layer.test[1 - self.base]
        repeated = np.repeat(base[self.rows], self.partners.shape[1], axis=0)
        return repeated, source[self.partners.ravel()]


def swaps(layer: Layer, sources: int, generator: np.random.Generator) -> tuple[Swap, Swap]:
    """From a to b, and from b to a."""
    pairs = []
    for base, label in enumerate(layer.pair):
        images, others = layer.test[base], layer.test[1 - base]
        right = np.flatnonzero(layer.head(images).argmax(axis=1) == label)
        partners = pairing(len(images), len(others), sources, generator)
        pairs.append(Swap(base, right, partners[right]))
    return pairs[0], pairs[1]
