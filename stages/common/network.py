"""Builds the two networks compared, in Keras 3 and nothing of its backends.

Keras is imported inside the functions that need it: that takes seconds, and most stages do not.
`architecture` says which layers there are; `trained` reads what training leaves.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from stages.common.architecture import Design

if TYPE_CHECKING:
    import keras


def as_input(images: np.ndarray) -> np.ndarray:
    """Turn uint8 images (n, side, side) into the networks' input.

    That is float32 (n, side, side, 1) in [0, 1].
    """
    return images[..., np.newaxis].astype(np.float32) / np.float32(255)


def build(design: Design, l2: float = 0.0, to_train: bool = False) -> keras.Model:
    """Build an untrained network.

    `l2` is the factor of the penalty on each kernel's squared weights. The initial weights
    follow from `keras.utils.set_random_seed`. Raises StageError where images are too small.

    With `to_train` the weights and the logits are the same, but max pooling stands before the
    activation f, which then has a quarter of the values to go through: max(f(x)) = f(max(x)),
    since f never falls.
    """
    from stages.common.backend import keras

    layers, settings = keras.layers, design.settings
    penalty = keras.regularizers.L2(l2) if l2 else None
    image = x = keras.Input((design.side, design.side, 1), name="image")
    if design.model == "cnn":
        settings.sides(design.side)
        hidden = {"activation": settings.activation, "kernel_regularizer": penalty}
        pooling = layers.MaxPooling2D if settings.pooling == "max" else layers.AveragePooling2D
        pool_first = to_train and settings.pooling == "max"
        for layer, after in pairwise((*settings.layers, None)):
            name, maps, kernel, stride = layer
            if layer.is_pool:
                x = pooling(kernel, name=name)(x)
                x = layers.Activation(settings.activation)(x) if pool_first else x
                continue
            linear = {"activation": None} if pool_first and after and after.is_pool else {}
            x = layers.Conv2D(maps, kernel, strides=stride, name=name, **hidden | linear)(x)
        x = layers.Flatten(name="points")(x)
        x = layers.Dense(settings.dense, name="dense", **hidden)(x)
    else:
        hidden = {"activation": "relu", "kernel_regularizer": penalty}
        x = layers.Flatten(name="pixels")(x)
        for number, units in enumerate(settings.hidden, start=1):
            x = layers.Dense(units, name=f"dense_{number}", **hidden)(x)
    logits = layers.Dense(design.classes, kernel_regularizer=penalty, name="logits")(x)
    return keras.Model(image, logits, name=design.model)


def untrained(design: Design, seed: int, l2: float = 0.0, to_train: bool = False) -> keras.Model:
    """A network as it is before training from `seed`, whatever `l2` and `to_train` are.

    Sets the global seed of Python, NumPy and the backend.
    """
    from stages.common.backend import keras

    keras.utils.set_random_seed(seed)
    return build(design, l2, to_train)
