"""Integrated gradients of the logit difference with respect to the pixels.

Along the straight path from an empty image to an image x, with f the logit difference,

    attribution_i = x_i * mean over t of  df/dx_i (t x),   t in (0, 1)

Their sum is f(x) - f(0), but for the error of the mean over finitely many t: completeness
(Sundararajan et al. 2017, 1703.01365, eq. 1 and proposition 1). The mean is the midpoint rule.

Keras 3 has no gradient of its own that every backend shares. What all have is a step of training:
a layer adds weights of 0 to the images of the path, and one step of plain gradient descent at rate
1 leaves minus the gradient in them.
"""

from typing import NamedTuple

import numpy as np

from stages.common import network
from stages.common.backend import keras

PATHS = 16  # parts of paths that go through the network at once
STEPS = 16  # on a path at first
MOST = 8192  # steps: then an image keeps what gap it has
GAP = 0.01  # of completeness, from which on an image gets twice the steps


class Attributions(NamedTuple):
    """Of n images."""

    pixels: np.ndarray  # float32 (n, side, side): what each pixel adds to the logit difference
    gaps: np.ndarray  # float64 (n,): |their sum - (f(x) - f(0))| over |f(x) - f(0)|
    steps: np.ndarray  # int (n,): on the path


class Path(keras.layers.Layer):
    """Images (k, side, side, 1) on their paths, at shares t (k, m): (k m, side, side, 1).

    To all images of a path the same weights are added, which are 0.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.added = self.add_weight(shape=shape, initializer="zeros")

    def call(self, images, shares):
        ops = keras.ops
        scaled = ops.expand_dims(images, 1) * shares[..., None, None, None]
        path = scaled + ops.expand_dims(self.added, 1)
        return ops.reshape(path, (-1, *path.shape[2:]))

    def compute_output_shape(self, images_shape, shares_shape):
        # Keras on JAX cannot infer it from `call`.
        return (shares_shape[0] * shares_shape[1], *images_shape[1:])


class Gradients:
    """Mean gradients of a network's logit difference on paths; it follows the network's weights."""

    def __init__(self, net: "keras.Model", pair: tuple[int, int]) -> None:
        net.trainable = False
        self.net, (a, b) = net, pair
        (_, side, _, _), classes = net.input_shape, net.output_shape[-1]
        shape = (PATHS, side, side, 1)
        self.direction = np.zeros(classes, np.float32)
        self.direction[[a, b]] = -1, 1
        images, shares = keras.Input(batch_shape=shape), keras.Input(batch_shape=(PATHS, STEPS))
        self.path = Path(shape)
        logits = keras.ops.reshape(net(self.path(images, shares)), (PATHS, STEPS, classes))
        mean = keras.ops.mean(logits, axis=1)
        self.model = keras.Model([images, shares], keras.ops.sum(mean * self.direction, axis=1))
        self.model.compile(keras.optimizers.SGD(1.0), lambda _, of: keras.ops.sum(of))

    def along(self, images: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """The mean gradient, float64 (n, side, side), of `images` (n, side, side, 1).

        It is at `shares` (m,) of each, where m is a multiple of STEPS.
        """
        n, parts = len(images), shares.reshape(-1, STEPS).astype(np.float32)
        of, part = np.divmod(np.arange(n * len(parts)), len(parts))
        found = np.zeros(images.shape[:3])
        for start in range(0, len(of), PATHS):
            rows = np.resize(np.arange(start, min(start + PATHS, len(of))), PATHS)
            inputs = [images[of[rows]], parts[part[rows]]]
            self.model.train_on_batch(inputs, np.zeros(PATHS, np.float32))
            step = keras.ops.convert_to_numpy(self.path.added)[: len(of) - start, ..., 0]
            np.subtract.at(found, of[start : start + PATHS], step / len(parts))
            self.path.added.assign(np.zeros(self.path.added.shape, np.float32))
        return found

    def difference(self, images: np.ndarray) -> np.ndarray:
        """The logit difference, float32 (n,), of `images` (n, side, side, 1)."""
        return self.net.predict(images, batch_size=250, verbose=0) @ self.direction


def integrated(gradients: Gradients, images: np.ndarray, most: int = MOST) -> Attributions:
    """The integrated gradients of `images` uint8 (n, side, side) from the empty image.

    An image gets STEPS, and twice as many for as long as its gap is GAP or more, up to `most`, or
    STEPS alone where that is less.
    """
    inputs, n = network.as_input(images), len(images)
    values, gaps, steps = np.zeros(images.shape, np.float32), np.zeros(n), np.full(n, STEPS)
    if not n:
        return Attributions(values, gaps, steps)
    start = np.zeros_like(inputs[:1])
    change = (gradients.difference(inputs) - gradients.difference(start)).astype(float)
    count, open_ = STEPS, np.arange(n)
    while len(open_) and (count == STEPS or count <= most):
        shares = (np.arange(count) + 0.5) / count
        mean = gradients.along(inputs[open_], shares)
        values[open_], steps[open_] = inputs[open_, ..., 0] * mean, count
        error = np.abs(values[open_].sum(axis=(1, 2), dtype=float) - change[open_])
        gaps[open_] = error / np.where(change[open_], np.abs(change[open_]), 1)
        open_, count = open_[gaps[open_] >= GAP], 2 * count
    return Attributions(values, gaps, steps)
