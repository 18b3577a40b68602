"""What the searches read inside a network: maps before their ReLU, and logits."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from stages.common.backend import keras

LOGITS = "logits"


def before_relu(network: "keras.Model") -> dict:
    """The symbolic outputs of every convolution before its ReLU, and the logits, by name.

    They hang on the input of `network`, whose weights they copy and freeze: a ReLU at zero
    passes no gradient, so a search that starts where a map is silent could not begin.
    """
    x = network.inputs[0]
    outputs = {}
    for layer in network.layers[1:]:
        layer.trainable = False
        if isinstance(layer, keras.layers.Conv2D):
            changed = {"name": f"{layer.name}_before_relu", "activation": "linear"}
            convolution = type(layer).from_config(layer.get_config() | changed)
            outputs[layer.name] = convolution(x)
            convolution.set_weights(layer.get_weights())
            convolution.trainable = False
            x = keras.ops.relu(outputs[layer.name])
        else:
            x = layer(x)
    return {**outputs, LOGITS: x}


def probe(network: "keras.Model", name: str, highest: bool = False) -> "keras.Model":
    """From images to the mean over each map of layer `name` before its ReLU, (n, maps).

    With `highest`, to its highest point. For `logits`, to the logits, (n, classes). The model ends
    at that layer.
    """
    values = before_relu(network)[name]
    if name != LOGITS:
        values = (keras.ops.max if highest else keras.ops.mean)(values, axis=(1, 2))
    return keras.Model(network.inputs, values)


class Response(NamedTuple):
    """How the channels of one layer, maps or logits, answer images; float32 (n, channels)."""

    mean: np.ndarray  # over the map's positions, before the ReLU: what a search raises
    highest: np.ndarray  # of the map's positions, before the ReLU: activated above 0


def observer(
    network: "keras.Model", layers: tuple[str, ...]
) -> Callable[[np.ndarray], dict[str, Response]]:
    """What turns images, float32 (n, 28, 28, 1) in [0, 1], into responses of `layers` and logits.

    Logits are both the mean and the highest.
    """
    values = before_relu(network)
    outputs = {LOGITS: Response(values[LOGITS], values[LOGITS])}
    for layer in layers:
        mean, highest = (of(values[layer], axis=(1, 2)) for of in (keras.ops.mean, keras.ops.max))
        outputs[layer] = Response(mean, highest)
    return partial(keras.Model(network.inputs, outputs).predict, batch_size=500, verbose=0)
