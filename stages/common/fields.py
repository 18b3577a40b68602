"""What follows from a stack of layers by counting: fields, strides, sides, weights, products.

A stack is a sequence of `architecture.Layer`, from the image on; nothing is padded. Unlike
`Cnn`, it may have any number of layers.
"""

from collections.abc import Sequence
from typing import NamedTuple

from stages.common.architecture import Layer

BYTES = 4  # of a float32


class Row(NamedTuple):
    """One layer: points along an axis, weights and biases, and in pixels its field and stride."""

    layer: Layer
    side: int
    parameters: int
    field: int
    stride: int
    products: int  # multiply-adds for one image


def rows(layers: Sequence[Layer], side: int) -> list[Row]:
    """Every layer of a stack, for images of `side` x `side` pixels.

    A layer adds (kernel - 1) strides of the layers before it to the field (Araujo et al. 2019,
    Computing receptive fields of convolutional neural networks, Distill).
    """
    found, field, stride, maps = [], 1, 1, 1
    for layer in layers:
        side = (side - layer.kernel) // layer.stride + 1
        field += (layer.kernel - 1) * stride
        stride *= layer.stride
        weights = 0 if layer.is_pool else layer.kernel**2 * maps * layer.maps
        biases = 0 if layer.is_pool else layer.maps
        found.append(Row(layer, side, weights + biases, field, stride, weights * side**2))
        maps = layer.maps
    return found


def by_name(layers: Sequence[Layer], side: int) -> dict[str, Row]:
    """The same by the layers' names."""
    return {row.layer.name: row for row in rows(layers, side)}


def feeding(layers: Sequence[Layer], point: int) -> list[range]:
    """Which points along an axis feed one `point` of the last layer: pixels, then of each layer."""
    fed = [range(point, point + 1)]
    for layer in reversed(layers):
        first, last = fed[-1][0] * layer.stride, fed[-1][-1] * layer.stride
        fed.append(range(first, last + layer.kernel))
    return fed[::-1]


def without_pooling(layers: Sequence[Layer]) -> list[Layer]:
    """The same convolutions in steps of one, with no pooling between them."""
    return [layer._replace(stride=1) for layer in layers if not layer.is_pool]


class Cost(NamedTuple):
    """What a network takes: weights, bytes of a batch's activations, multiply-adds an image."""

    dense_weights: int
    parameters: int
    activation_bytes: int
    products: int


def cost(layers: Sequence[Layer], side: int, units: int, classes: int, batch: int) -> Cost:
    """The cost of a stack with a dense layer of `units` and logits of `classes` behind it.

    Activations are what every layer gives out, once, in float32. Biases cost no product.
    """
    stack = rows(layers, side)
    points = stack[-1].side ** 2 * layers[-1].maps
    values = sum(row.side**2 * row.layer.maps for row in stack) + units + classes
    dense, logits = points * units, units * classes
    parameters = sum(row.parameters for row in stack) + dense + units + logits + classes
    products = sum(row.products for row in stack) + dense + logits
    return Cost(dense, parameters, values * batch * BYTES, products)
