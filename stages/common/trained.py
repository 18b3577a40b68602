"""Reads what training leaves: a network's weights, its layers' outputs, its head in NumPy.

`Head` is what the CNN does after its last conv layer. The points of that layer stand in one
order everywhere: map, row, column.
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

from stages.common.architecture import Design, activate
from stages.common.console import StageError
from stages.common.network import build

if TYPE_CHECKING:
    import keras

# Keras names variables in a file by kind of layer and count, not by the layer's name.
HEAD_VARIABLES = ("dense/vars/0", "dense/vars/1", "dense_1/vars/0", "dense_1/vars/1")


def load(design: Design, path: Path) -> keras.Model:
    """The network with the weights in `path`; StageError where they do not fit."""
    network = build(design)
    with _errors_explained(path, design.model), warnings.catch_warnings():
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
    """As `extractor`, with `conv_N_max` and `conv_N_mean`, (n, maps), of every conv layer.

    The mean counts what is below 0 as 0, so that it is 0 where a map is nowhere active.
    """
    from stages.common.backend import keras

    outputs = extractor(network, layers).output
    for layer in network.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        name, maps = layer.name, layer.output
        outputs[f"{name}_max"] = keras.ops.max(maps, axis=(1, 2))
        outputs[f"{name}_mean"] = keras.ops.mean(keras.ops.relu(maps), axis=(1, 2))
    return keras.Model(network.inputs, outputs)


def as_points(values: np.ndarray) -> np.ndarray:
    """(n, rows, columns, maps) as (n, points), points in the order map, row, column."""
    images, *places = values.shape
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2)).reshape(images, math.prod(places))


class Head(NamedTuple):
    """The MLP part of the CNN, from its last conv layer's points to the logits; float32.

    `dense_kernel` (points, units) has its rows in the order map, row, column, as `as_points`
    gives them; Keras flattens to row, column, map, so its kernel is permuted once, here.
    """

    dense_kernel: np.ndarray
    dense_bias: np.ndarray
    logits_kernel: np.ndarray
    logits_bias: np.ndarray
    activation: str = "relu"

    def hidden(self, points: np.ndarray) -> np.ndarray:
        """The dense layer before its activation, (n, units), from points (n, points)."""
        return points @ self.dense_kernel + self.dense_bias

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Logits (n, classes) from points (n, points)."""
        return self.activate(self.hidden(points)) @ self.logits_kernel + self.logits_bias

    def activate(self, sums: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """The dense layer after its activation, from before; into `out` where it is given."""
        return activate(self.activation, sums, out)


def read_head(path: Path, design: Design) -> Head:
    """The head of the CNN of this design; StageError where the weights do not fit it."""
    settings, classes = design.settings, design.classes
    side, maps, units = settings.sides(design.side)[-1], settings.maps[-1], settings.dense
    with _errors_explained(path, "cnn"), h5py.File(path) as file:
        kernel, *others = (file[f"layers/{name}"][()] for name in HEAD_VARIABLES)
        shapes = [values.shape for values in (kernel, *others)]
        if shapes != [(side * side * maps, units), (units,), (units, classes), (classes,)]:
            raise ValueError("its layers have other shapes")
    by_place = kernel.reshape(side, side, maps, units)
    kernel = by_place.transpose(2, 0, 1, 3).reshape(-1, units)
    return Head(kernel, *others, activation=settings.activation)


def parameter_count(path: Path) -> int:
    """How many weights the file `path` holds. Raises StageError when it is missing or damaged."""
    sizes: list[int] = []
    with _errors_explained(path, "network"), h5py.File(path) as file:
        file.visititems(lambda _, item: sizes.append(getattr(item, "size", 0)))  # groups have none
    return sum(sizes)
