"""Builds the two networks compared, in Keras 3 and nothing of its backends.

Keras is imported inside the functions that need it: that takes seconds, and most stages do not.
`architecture` says which layers there are; `trained` reads what training leaves.
"""

from __future__ import annotations

from pathlib import Path
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


def build(design: Design, l2: float = 0.0) -> keras.Model:
    """Build an untrained network.

    `l2` is the factor of the penalty on each kernel's squared weights. The initial weights
    follow from `keras.utils.set_random_seed`. Raises StageError where images are too small.
    """
    from stages.common.backend import keras

    layers, settings = keras.layers, design.settings
    penalty = keras.regularizers.L2(l2) if l2 else None
    image = x = keras.Input((design.side, design.side, 1), name="image")
    if design.model == "cnn":
        settings.sides(design.side)
        hidden = {"activation": settings.activation, "kernel_regularizer": penalty}
        pooling = layers.MaxPooling2D if settings.pooling == "max" else layers.AveragePooling2D
        for name, maps, kernel, stride in settings.layers:
            if name.startswith("conv"):
                x = layers.Conv2D(maps, kernel, strides=stride, name=name, **hidden)(x)
            else:
                x = pooling(kernel, name=name)(x)
        x = layers.Flatten(name="points")(x)
        x = layers.Dense(settings.dense, name="dense", **hidden)(x)
    else:
        hidden = {"activation": "relu", "kernel_regularizer": penalty}
        x = layers.Flatten(name="pixels")(x)
        for number, units in enumerate(settings.hidden, start=1):
            x = layers.Dense(units, name=f"dense_{number}", **hidden)(x)
    logits = layers.Dense(design.classes, kernel_regularizer=penalty, name="logits")(x)
    return keras.Model(image, logits, name=design.model)


def untrained(design: Design, seed: int, l2: float = 0.0) -> keras.Model:
    """A network as it is before training from `seed`, whatever `l2` is.

    Sets the global seed of Python, NumPy and the backend, which training goes on drawing from.
    """
    from stages.common.backend import keras

    keras.utils.set_random_seed(seed)
    return build(design, l2)


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a network's weights alone: a compiled model would add its optimizer's state."""
    from stages.common.backend import keras

    # The name goes into the file; without one, Keras numbers the models of the process.
    keras.Model(model.inputs, model.outputs, name=model.name).save_weights(path)
