"""What the searches read inside a network: points and maps before their activation, and logits."""

from functools import cache
from typing import NamedTuple

import numpy as np

from stages.common.backend import keras
from stages.common.fields import Row
from stages.input_patterns.patches import cut

LOGITS = "logits"
BATCH = 500  # images at once


def before_activation(network: "keras.Model", x=None, last: str = LOGITS) -> dict:
    """The symbolic outputs of every convolution before its activation, and logits, by name.

    They hang on `x`, the input of `network` where it is None, and end at the layer `last`. They
    copy and freeze the weights: a ReLU below zero passes no gradient, so a search that starts
    where a map is silent could not begin.
    """
    x = network.inputs[0] if x is None else x
    outputs = {}
    for layer in network.layers[1:]:
        layer.trainable = False
        if isinstance(layer, keras.layers.Conv2D):
            changed = {"name": f"{layer.name}_before_activation", "activation": "linear"}
            convolution = type(layer).from_config(layer.get_config() | changed)
            outputs[layer.name] = convolution(x)
            convolution.set_weights(layer.get_weights())
            convolution.trainable = False
            if layer.name == last:
                return outputs
            x = layer.activation(outputs[layer.name])
        else:
            x = layer(x)
    return {**outputs, LOGITS: x}


class Response(NamedTuple):
    """How the channels of one layer, maps or logits, answer images; float32 (n, channels)."""

    value: np.ndarray  # what a search raises: the map's mean before its activation, or as below
    highest: np.ndarray  # of the map's points, before the activation: active above 0


def answers(model: "keras.Model", inputs: np.ndarray) -> np.ndarray:
    """As `predict`, for few inputs: nothing is compiled."""
    parts = (model(inputs[row : row + BATCH]) for row in range(0, len(inputs), BATCH))
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


class Subject:
    """A network that is searched in `layers` and logits, beside `inputs`.

    These are all real images, float32 (n, side, side, 1); `seen` are its responses to them. Of
    logits, both parts of a response are the logits. With `fields` a search of a layer raises one
    point, in a patch as large as its field; without them, a map's mean in a whole image.
    """

    def __init__(
        self, network: "keras.Model", layers: tuple[str, ...], inputs: np.ndarray,
        fields: dict[str, Row] | None = None,
    ) -> None:  # fmt: skip
        self.values = before_activation(network)
        responses = {LOGITS: Response(self.values[LOGITS], self.values[LOGITS])}
        for layer in layers:
            highest = keras.ops.max(self.values[layer], axis=(1, 2))
            value = highest if fields else keras.ops.mean(self.values[layer], axis=(1, 2))
            responses[layer] = Response(value, highest)
        self.network, self.responses, self.inputs = network, responses, inputs
        self.fields = fields or {}
        self.model = keras.Model(network.inputs, responses)
        self.seen = self.observe(inputs)
        self.probe = cache(self._probe)

    def observe(self, inputs: np.ndarray) -> dict[str, Response]:
        """Responses by layer, and of the logits, to any images (n, side, side, 1) in [0, 1]."""
        return self.model.predict(inputs, batch_size=BATCH, verbose=0)

    def side(self, name: str) -> int:
        """Pixels along each axis of what is searched: a point's field, or the whole image."""
        return self.fields[name].field if name in self.fields else self.inputs.shape[1]

    def _probe(self, name: str, highest: bool = False) -> "keras.Model":
        """From images of that side to what a search of a layer raises, (n, channels).

        With `highest` it is the highest point of each map. The model ends at that layer.
        """
        if name in self.fields:
            side = self.side(name)
            image = keras.Input((side, side, 1))
            point = before_activation(self.network, image, name)[name]
            return keras.Model(image, keras.ops.squeeze(point, axis=(1, 2)))
        response = self.responses[name]
        return keras.Model(self.network.inputs, response.highest if highest else response.value)

    def respond(self, name: str, images: np.ndarray) -> Response:
        """The response of a layer or the logits to images (n, side, side) of that side."""
        if name not in self.fields:
            return self.observe(images[..., np.newaxis])[name]
        values = answers(self.probe(name), images[..., np.newaxis])
        return Response(values, values)

    def corners(self, name: str, rows: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """Row and column of the first pixel that each map's best point sees, int32 (t, k, 2).

        `rows`, int (t, k), are images of each of the `channels`, int (t,). A search of whole images
        has its corner at 0.
        """
        corners = np.zeros((*rows.shape, 2), np.int32)
        if name not in self.fields or not rows.size:
            return corners
        used, place = np.unique(rows, return_inverse=True)
        layer = keras.Model(self.network.inputs[0], self.values[name])
        maps = answers(layer, self.inputs[used])
        flat = maps.reshape(len(used), -1, maps.shape[3])
        best = flat[place.reshape(rows.shape), :, channels[:, np.newaxis]].argmax(axis=2)
        points = np.stack(np.divmod(best, maps.shape[2]), axis=-1)
        return (points * self.fields[name].stride).astype(np.int32)

    def patches(self, name: str, rows: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """What is there: float32 (t, k, side, side) of the side that is searched."""
        corners = self.corners(name, rows, channels)
        return cut(self.inputs[rows, ..., 0], corners, self.side(name))
