"""The search itself: one batch of images, all improved together by Keras's `fit`.

The images are the weights of a small layer in front of the frozen network. Its loss is minus
the objective, summed over the images, so that none feels how many others there are:

    objective(x) = d . r(x + jitter) - l2 * mean(x^2) - total_variation * mean(|dx|)

with r(x) the point or the mean of every map before its activation (or the logits), d a direction
among them, and x in [0, 1]. Olah et al. 2017, "Feature Visualization"; Mahendran & Vedaldi 2015
(1412.0035).
"""

import math
from collections.abc import Sequence

import numpy as np

from stages.common import console
from stages.common.backend import keras
from stages.common.params import Patterns


class Images(keras.layers.Layer):
    """Trainable images (n, side, side) in [0, 1]; the input says how far each one is translated.

    The input is int32 (n, 2), how far down and right, counted from 0 for `-jitter`. Zeros fill
    what a translation leaves. The output is the translated images, (n, side, side, 1), and the
    images as they are.
    """

    def __init__(self, starts: np.ndarray, jitter: int) -> None:
        super().__init__()
        self.images = self.add_weight(
            shape=starts.shape,
            initializer=lambda shape, dtype: keras.ops.reshape(starts, shape),  # noqa: ARG005
            constraint=lambda images: keras.ops.clip(images, 0, 1),
        )
        # A product with one of these translates rows up or down; with it from the right, columns.
        side, diagonals = starts.shape[1], range(-jitter, jitter + 1)
        self.translations = np.stack([np.eye(side, k=k, dtype=np.float32) for k in diagonals])

    def call(self, distances):
        if len(self.translations) == 1:
            return keras.ops.expand_dims(self.images, -1), self.images
        down, right = (keras.ops.take(self.translations, distances[:, axis], 0) for axis in (0, 1))
        down = keras.ops.transpose(down, (0, 2, 1))
        translated = keras.ops.matmul(keras.ops.matmul(down, self.images), right)
        return keras.ops.expand_dims(translated, -1), self.images

    def compute_output_shape(self, input_shape):  # noqa: ARG002
        # Keras on JAX cannot infer it from `call`.
        return (*self.images.shape, 1), tuple(self.images.shape)


def stop_at_nan(what: str, done: int) -> "keras.callbacks.Callback":
    """Raise StageError at the first step, after `done`, whose objective is no finite number."""

    def check(batch: int, logs: dict) -> None:
        if not math.isfinite(logs["loss"]):
            raise console.StageError(
                f"The search for input patterns of {what} stopped at step {done + batch + 1}: its "
                f"objective became {-logs['loss']}. Lower patterns.learning_rate in params.yaml; "
                "if that does not help, the network's own weights are no numbers: train it with "
                "a lower cnn.learning_rate."
            )

    return keras.callbacks.LambdaCallback(on_train_batch_end=check)


def penalty(images, settings: Patterns):
    """What each image (n, side, side) pays for its ink and for its edges, (n,).

    l2 * mean(x^2) + total_variation * (mean |x - x below| + mean |x - x to the right|).

    One convolution gives each pixel and both its differences, so that no tensor has more than
    two uses: TensorFlow adds the gradients of three or more in the order in which they are
    ready, and then no two searches are the same.
    """
    ops, side = keras.ops, images.shape[1]
    repeated = np.eye(side + 1, side, dtype=np.float32)
    repeated[-1, -1] = 1  # the last row and column twice: there a difference is 0
    framed = ops.matmul(ops.matmul(repeated, images), repeated.T)
    kernel = np.zeros((2, 2, 1, 3), np.float32)
    kernel[0, 0, 0] = [1, -1, -1]
    kernel[1, 0, 0, 1] = kernel[0, 1, 0, 2] = 1
    cells = ops.conv(ops.expand_dims(framed, -1), kernel)
    of_edges = settings.total_variation * side / max(side - 1, 1)  # as many are not 0
    ink = ops.square(cells) * np.array([settings.l2, 0, 0], np.float32)
    edges = ops.abs(cells) * np.array([0, of_edges, of_edges], np.float32)
    return ops.sum(ops.mean(ink + edges, axis=(1, 2)), axis=1)


def search(
    probe: "keras.Model",
    starts: np.ndarray,
    directions: np.ndarray,
    settings: Patterns,
    jitter: np.ndarray,
    what: str,
    looks: Sequence[int] = (),
) -> np.ndarray:
    """Improve all `starts`, float32 (n, side, side), at once: float32 (looks + 1, n, side, side).

    `probe` turns images into responses (n, channels); each image has its direction among
    them, float32 (n, channels). `jitter`, int (steps, n, 2), is as the input of `Images`. The
    result holds the images after as many steps as each of `looks` says, in order, and at the end.
    Raises StageError, which names `what`, where the objective is no number.
    """
    n = len(starts)
    distances = keras.Input(batch_shape=(n, 2), dtype="int32")
    layer = Images(starts, settings.jitter)
    translated, images = layer(distances)
    response = keras.ops.sum(probe(translated) * directions, axis=1)
    model = keras.Model(distances, response - penalty(images, settings))
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, settings.steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)  # else the first step would be compiled twice
    model.compile(optimizer, lambda _, objective: -keras.ops.sum(objective))
    frames = []
    for done, part in zip((0, *looks), np.split(jitter.astype(np.int32), looks), strict=True):
        if len(part):  # of very few steps, two looks may be at the same
            model.fit(
                part.reshape(-1, 2), np.zeros(n * len(part), np.float32), batch_size=n,
                shuffle=False, callbacks=[stop_at_nan(what, done)], verbose=0,
            )  # fmt: skip
        frames.append(keras.ops.convert_to_numpy(layer.images))
    return np.stack(frames)
