"""By how much one class leads in a network's answer, and the gradient of that in the pixels.

Keras alone gives the gradient, on any of its backends: a layer in front of the frozen network adds
an offset of 0 to the images. A step of gradient descent at rate 1 on minus the lead turns the
offset into the gradient of the lead.
"""

import numpy as np

from stages.common import measures, trained
from stages.common.backend import keras

BATCH = 500  # images at once
NOWHERE = 1e9  # subtracted from a logit that must not be the largest


class Offset(keras.layers.Layer):
    """Adds trainable values, 0 at first, to images of `shape` (n, side, side, 1)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.offset = self.add_weight(shape=shape, initializer="zeros")

    def call(self, images):
        return images + self.offset


class Lead:
    """The target's logit minus the largest other, of n images that each have a target.

    `net` turns images (n, side, side, 1) into logits (n, classes); `targets` int (n,), n above 0.
    """

    def __init__(self, net: "keras.Model", targets: np.ndarray) -> None:
        shape = (len(targets), *net.inputs[0].shape[1:])
        self.net, self.targets = net, targets
        self.is_target = np.eye(net.outputs[0].shape[1], dtype=np.float32)[targets]
        net.trainable = False
        image, self.layer = keras.Input(batch_shape=shape), Offset(shape)
        self.model = keras.Model(image, net(self.layer(image)))
        self.model.compile(keras.optimizers.SGD(1.0), _minus_lead)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The lead, float32 (n,), in float32 images (n, side, side)."""
        return measures.margin(self.net.predict_on_batch(images[..., np.newaxis]), self.targets)

    def gradient(self, images: np.ndarray) -> np.ndarray:
        """Its gradient there, float32 (n, side, side)."""
        self.layer.offset.assign(np.zeros(self.layer.offset.shape, np.float32))
        self.model.train_on_batch(images[..., np.newaxis], self.is_target)
        return keras.ops.convert_to_numpy(self.layer.offset)[..., 0]


def _minus_lead(is_target, logits):
    """Summed over the images, so that none feels how many others there are."""
    others = keras.ops.max(logits - NOWHERE * is_target, axis=1)
    return keras.ops.sum(others - keras.ops.sum(logits * is_target, axis=1))


def answers(model: "keras.Model", images: np.ndarray) -> np.ndarray:
    """What `model` makes of float32 images (n, side, side), perhaps none; nothing is compiled."""
    parts = [
        keras.ops.convert_to_numpy(model(images[row : row + BATCH, ..., np.newaxis]))
        for row in range(0, len(images), BATCH)
    ]
    return np.concatenate([np.empty((0, *model.outputs[0].shape[1:]), np.float32), *parts])


def logits_of(net: "keras.Model", images: np.ndarray) -> np.ndarray:
    """Logits float32 (..., classes) of float32 images (..., side, side)."""
    logits = answers(net, images.reshape(-1, *images.shape[-2:]))
    return logits.reshape(*images.shape[:-2], logits.shape[-1])


def points_of(net: "keras.Model", layer: str, images: np.ndarray) -> np.ndarray:
    """The points of a conv layer in float32 images (n, side, side): (n, points)."""
    maps = keras.Model(net.inputs[0], net.get_layer(layer).output)
    return trained.as_points(answers(maps, images))
