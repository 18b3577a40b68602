"""A network cut at one of its layers: what comes before, and what comes after."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from stages.common import network

if TYPE_CHECKING:
    import keras

BATCH = 500  # images
PIXELS = "pixels"
See = Callable[[np.ndarray], np.ndarray]  # float32 (n, p) from uint8 images (n, side, side)


def applied(net: "keras.Model", values: np.ndarray) -> np.ndarray:
    """What `net` gives for inputs (n, ...), at least one; `predict` would compile for each n."""
    from stages.common.backend import keras

    parts = [net(values[start : start + BATCH]) for start in range(0, len(values), BATCH)]
    return np.concatenate([keras.ops.convert_to_numpy(of) for of in parts])


def seeing(net: "keras.Model", layer: str) -> See:
    """What gives a layer's units, float32 (n, p), for uint8 images."""
    from stages.common.backend import keras

    if layer == PIXELS:
        return lambda images: network.as_input(images).reshape(len(images), -1)
    model = keras.Model(net.inputs[0], net.get_layer(layer).output)
    return lambda images: applied(model, network.as_input(images)).reshape(len(images), -1)


def rest_of(net: "keras.Model", layer: str) -> "keras.Model":
    """The network from the output of `layer` to the logits."""
    from stages.common.backend import keras

    names = [of.name for of in net.layers]
    values = x = keras.Input(net.get_layer(layer).output.shape[1:])
    for of in net.layers[names.index(layer) + 1 :]:
        x = of(x)
    return keras.Model(values, x)
