"""What the searches read inside a network: maps before their activation, and logits."""

from typing import NamedTuple

import numpy as np

from stages.common.backend import keras

LOGITS = "logits"


def before_activation(network: "keras.Model") -> dict:
    """The symbolic outputs of every convolution before its activation, and logits, by name.

    They hang on the input of `network`, whose weights they copy and freeze: a ReLU below zero
    passes no gradient, so a search that starts where a map is silent could not begin.
    """
    x = network.inputs[0]
    outputs = {}
    for layer in network.layers[1:]:
        layer.trainable = False
        if isinstance(layer, keras.layers.Conv2D):
            changed = {"name": f"{layer.name}_before_activation", "activation": "linear"}
            convolution = type(layer).from_config(layer.get_config() | changed)
            outputs[layer.name] = convolution(x)
            convolution.set_weights(layer.get_weights())
            convolution.trainable = False
            x = layer.activation(outputs[layer.name])
        else:
            x = layer(x)
    return {**outputs, LOGITS: x}


class Response(NamedTuple):
    """How the channels of one layer, maps or logits, answer images; float32 (n, channels)."""

    mean: np.ndarray  # over the map's positions, before the activation: what a search raises
    highest: np.ndarray  # of the map's positions, before the activation: active above 0


class Subject:
    """A network that is searched in `layers` and logits, beside `inputs`.

    These are all real images, float32 (n, side, side, 1); `seen` are its responses to them. Of
    logits, both parts of a response are the logits.
    """

    def __init__(self, network: "keras.Model", layers: tuple[str, ...], inputs: np.ndarray) -> None:
        values = before_activation(network)
        responses = {LOGITS: Response(values[LOGITS], values[LOGITS])}
        for layer in layers:
            ends = (of(values[layer], axis=(1, 2)) for of in (keras.ops.mean, keras.ops.max))
            responses[layer] = Response(*ends)
        self.network, self.responses, self.inputs = network, responses, inputs
        self.model = keras.Model(network.inputs, responses)
        self.seen = self.observe(inputs)

    def observe(self, inputs: np.ndarray) -> dict[str, Response]:
        """Responses by layer, and of the logits, to any images (n, side, side, 1) in [0, 1]."""
        return self.model.predict(inputs, batch_size=500, verbose=0)

    def probe(self, name: str, highest: bool = False) -> "keras.Model":
        """From images to the mean, or with `highest` to the highest point, of each map of a layer.

        For `logits`, to the logits. The model ends at that layer: (n, channels).
        """
        response = self.responses[name]
        return keras.Model(self.network.inputs, response.highest if highest else response.mean)
