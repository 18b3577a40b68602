"""The two networks compared, in Keras 3 and nothing of its backends.

Keras is imported inside the functions that need it: the import takes seconds, and most stages
work on the files that these functions made.

    CNN   28x28x1 -> conv_1 26x26x32 -> pool_1 13x13x32 -> conv_2 11x11x64 -> pool_2 5x5x64
          -> conv_3 3x3x128 -> dense 100 -> logits 10                        208,982 parameters
    MLP   784 -> dense_1 70 -> dense_2 30 -> logits 10                         57,390 parameters
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stages.common.console import StageError

if TYPE_CHECKING:
    import keras

WEIGHTS = "model.weights.h5"
CONV_LAYERS = ("conv_1", "conv_2", "conv_3")
CONV_AND_POOL_LAYERS = ("conv_1", "pool_1", "conv_2", "pool_2", "conv_3")
CLASSES = 10


def as_input(images: np.ndarray) -> np.ndarray:
    """Turn uint8 images (n, 28, 28) into the networks' input, float32 (n, 28, 28, 1) in [0, 1]."""
    return images[..., np.newaxis].astype(np.float32) / np.float32(255)


def build(model: str, l2: float = 0.0) -> keras.Model:
    """Build the untrained network called `model`, `cnn` or `mlp`.

    `l2` is the factor of the penalty on each kernel's squared weights. The initial weights
    follow from `keras.utils.set_random_seed`.
    """
    return {"cnn": _cnn, "mlp": _mlp}[model](l2)


def _cnn(l2: float) -> keras.Model:
    from stages.common.backend import keras

    penalty = keras.regularizers.L2(l2) if l2 else None
    hidden = {"activation": "relu", "kernel_regularizer": penalty}
    image = keras.Input((28, 28, 1), name="image")
    x = keras.layers.Conv2D(32, 3, name="conv_1", **hidden)(image)
    x = keras.layers.MaxPooling2D(2, name="pool_1")(x)
    x = keras.layers.Conv2D(64, 3, name="conv_2", **hidden)(x)
    x = keras.layers.MaxPooling2D(2, name="pool_2")(x)
    x = keras.layers.Conv2D(128, 3, name="conv_3", **hidden)(x)
    x = keras.layers.Flatten(name="points")(x)
    x = keras.layers.Dense(100, name="dense", **hidden)(x)
    logits = keras.layers.Dense(CLASSES, kernel_regularizer=penalty, name="logits")(x)
    return keras.Model(image, logits, name="cnn")


def _mlp(l2: float) -> keras.Model:
    from stages.common.backend import keras

    penalty = keras.regularizers.L2(l2) if l2 else None
    hidden = {"activation": "relu", "kernel_regularizer": penalty}
    image = keras.Input((28, 28, 1), name="image")
    x = keras.layers.Flatten(name="pixels")(image)
    x = keras.layers.Dense(70, name="dense_1", **hidden)(x)
    x = keras.layers.Dense(30, name="dense_2", **hidden)(x)
    logits = keras.layers.Dense(CLASSES, kernel_regularizer=penalty, name="logits")(x)
    return keras.Model(image, logits, name="mlp")


def untrained(model: str, seed: int, l2: float = 0.0) -> keras.Model:
    """The network called `model` as it is before training from `seed`.

    Sets the global seed of Python, NumPy and the backend, which training goes on drawing from.
    `l2` changes the loss, not the initial weights.
    """
    from stages.common.backend import keras

    keras.utils.set_random_seed(seed)
    return build(model, l2)


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a network's weights alone: a compiled model would add its optimizer's state."""
    from stages.common.backend import keras

    keras.Model(model.inputs, model.outputs).save_weights(path)


def load(model: str, folder: Path) -> keras.Model:
    """Build the network called `model` and give it the weights in `folder`.

    Raises StageError when the weights are missing, damaged or another network's.
    """
    network = build(model)
    path = folder / WEIGHTS
    try:
        network.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise StageError(
            f"{path} does not hold the weights of a {model} ({str(error).splitlines()[0]}). "
            "Delete it if it is there, then run `dvc repro`, which trains that network anew."
        ) from None
    return network


def extractor(network: keras.Model, layers: Iterable[str]) -> keras.Model:
    """The network with the outputs of `layers`, by name, beside its `logits`."""
    from stages.common.backend import keras

    names = dict.fromkeys((*layers, "logits"))
    return keras.Model(network.inputs, {name: network.get_layer(name).output for name in names})


def map_activity_extractor(network: keras.Model, layers: Iterable[str]) -> keras.Model:
    """As `extractor`, with `conv_N_max` and `conv_N_mean`, (n, maps), of every conv layer."""
    from stages.common.backend import keras

    outputs = extractor(network, layers).output
    for name in CONV_LAYERS:
        maps = network.get_layer(name).output
        outputs[f"{name}_max"] = keras.ops.max(maps, axis=(1, 2))
        outputs[f"{name}_mean"] = keras.ops.mean(maps, axis=(1, 2))
    return keras.Model(network.inputs, outputs)
