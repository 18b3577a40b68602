"""The two networks compared, in Keras 3 and nothing of its backends.

Keras is imported inside the functions that need it: that takes seconds, and most stages do not.

    CNN   28x28x1 -> conv_1 26x26x32 -> pool_1 13x13x32 -> conv_2 11x11x64 -> pool_2 5x5x64
          -> conv_3 3x3x128 -> dense 100 -> logits 10
    MLP   784 -> dense_1 70 -> dense_2 30 -> logits 10

`Head` is what the CNN does after conv_3, in NumPy. The points of conv_3 stand in one order
everywhere: map, row, column.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import h5py
import numpy as np

from stages.common.console import StageError

if TYPE_CHECKING:
    import keras

CONV_LAYERS = ("conv_1", "conv_2", "conv_3")
CONV_AND_POOL_LAYERS = ("conv_1", "pool_1", "conv_2", "pool_2", "conv_3")
LAST = CONV_LAYERS[-1]  # the layer whose points are compared
CLASSES = 10
# Keras names variables in a file by kind of layer and count, not by the layer's name.
HEAD_VARIABLES = ("dense/vars/0", "dense/vars/1", "dense_1/vars/0", "dense_1/vars/1")


def as_input(images: np.ndarray) -> np.ndarray:
    """Turn uint8 images (n, 28, 28) into the networks' input, float32 (n, 28, 28, 1) in [0, 1]."""
    return images[..., np.newaxis].astype(np.float32) / np.float32(255)


def build(model: str, l2: float = 0.0) -> keras.Model:
    """Build the untrained network called `model`, `cnn` or `mlp`.

    `l2` is the factor of the penalty on each kernel's squared weights. The initial weights
    follow from `keras.utils.set_random_seed`.
    """
    from stages.common.backend import keras

    layers = keras.layers
    penalty = keras.regularizers.L2(l2) if l2 else None
    hidden = {"activation": "relu", "kernel_regularizer": penalty}
    image = x = keras.Input((28, 28, 1), name="image")
    if model == "cnn":
        x = layers.Conv2D(32, 3, name="conv_1", **hidden)(x)
        x = layers.MaxPooling2D(2, name="pool_1")(x)
        x = layers.Conv2D(64, 3, name="conv_2", **hidden)(x)
        x = layers.MaxPooling2D(2, name="pool_2")(x)
        x = layers.Conv2D(128, 3, name="conv_3", **hidden)(x)
        x = layers.Flatten(name="points")(x)
        x = layers.Dense(100, name="dense", **hidden)(x)
    else:
        x = layers.Flatten(name="pixels")(x)
        x = layers.Dense(70, name="dense_1", **hidden)(x)
        x = layers.Dense(30, name="dense_2", **hidden)(x)
    logits = layers.Dense(CLASSES, kernel_regularizer=penalty, name="logits")(x)
    return keras.Model(image, logits, name=model)


def untrained(model: str, seed: int, l2: float = 0.0) -> keras.Model:
    """The network called `model` as it is before training from `seed`, whatever `l2` is.

    Sets the global seed of Python, NumPy and the backend, which training goes on drawing from.
    """
    from stages.common.backend import keras

    keras.utils.set_random_seed(seed)
    return build(model, l2)


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a network's weights alone: a compiled model would add its optimizer's state."""
    from stages.common.backend import keras

    # The name goes into the file; without one, Keras numbers the models of the process.
    keras.Model(model.inputs, model.outputs, name=model.name).save_weights(path)


def load(model: str, path: Path) -> keras.Model:
    """The network called `model` with the weights in `path`; StageError where they do not fit."""
    network = build(model)
    with _errors_explained(path, model), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of the details, then raises
        network.load_weights(path)
    return network


@contextmanager
def _errors_explained(path: Path, model: str) -> Iterator[None]:
    """What is wrong with a file of a network's weights, as a StageError."""
    if not path.is_file():
        raise StageError(f"{path} is missing. Run `dvc repro`, which trains that network.")
    try:
        yield
    except (OSError, ValueError, KeyError, IndexError, RuntimeError) as error:
        problem = " ".join(str(error).split()).partition(". ")[0]
        raise StageError(
            f"{path} does not hold the weights of a {model} ({problem}). Delete it, then run "
            "`dvc repro`, which trains that network anew."
        ) from None


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


def as_points(values: np.ndarray) -> np.ndarray:
    """(n, rows, columns, maps) as (n, points), points in the order map, row, column."""
    images, *places = values.shape
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2)).reshape(images, math.prod(places))


class Head(NamedTuple):
    """The MLP part of the CNN, from the points of conv_3 to the logits; float32 throughout.

    `dense_kernel` (points, units) has its rows in the order map, row, column, as `as_points`
    gives them; Keras flattens to row, column, map, so its kernel is permuted once, here.
    """

    dense_kernel: np.ndarray
    dense_bias: np.ndarray
    logits_kernel: np.ndarray
    logits_bias: np.ndarray

    def hidden(self, points: np.ndarray) -> np.ndarray:
        """The dense layer before its ReLU, (n, units), from points (n, points)."""
        return points @ self.dense_kernel + self.dense_bias

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Logits (n, classes) from points (n, points)."""
        return np.maximum(self.hidden(points), 0) @ self.logits_kernel + self.logits_bias


def read_head(path: Path, rows: int, columns: int, maps: int) -> Head:
    """The CNN's head, after maps of `rows` x `columns`; StageError where the weights do not fit."""
    with _errors_explained(path, "cnn"), h5py.File(path) as file:
        kernel, *others = (file[f"layers/{name}"][()] for name in HEAD_VARIABLES)
        units = kernel.shape[1]
        shapes = [values.shape for values in (kernel, *others)]
        if shapes != [(rows * columns * maps, units), (units,), (units, CLASSES), (CLASSES,)]:
            raise ValueError("its layers have other shapes")
    by_place = kernel.reshape(rows, columns, maps, units)
    return Head(by_place.transpose(2, 0, 1, 3).reshape(-1, units), *others)


def parameter_count(path: Path) -> int:
    """How many weights the file `path` holds. Raises StageError when it is missing or damaged."""
    sizes: list[int] = []
    with _errors_explained(path, "network"), h5py.File(path) as file:
        file.visititems(lambda _, item: sizes.append(getattr(item, "size", 0)))  # groups have none
    return sum(sizes)
