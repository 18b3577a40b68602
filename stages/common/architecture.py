"""The shape of the networks, from the settings under `network`: layers, sizes, names. No Keras.

The CNN's convolutions stand in blocks, one for each entry of `maps`, with pooling between them:

    image -> conv_1 -> pool_1 -> conv_2 -> pool_2 -> conv_3 -> dense -> logits

Nothing is padded. With `convolutions: 2` each block but the last has two of them. With
`pooling: stride` the last convolution of each block but the last goes in steps of 2 instead.
Layers are numbered by kind.
"""

from functools import cached_property
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator

from stages.common.console import StageError

MOST_POINTS = 6000  # of the last conv layer: statistics and patching go through each
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017, 1706.02515
Count = Annotated[int, Field(ge=1)]
Counts = Annotated[tuple[Count, ...], Field(min_length=1, strict=False)]
Maps = Annotated[tuple[Count, ...], Field(min_length=1, max_length=4, strict=False)]


class Layer(NamedTuple):
    """A convolution or pooling: a square window, `kernel` pixels wide, in steps of `stride`."""

    name: str
    maps: int
    kernel: int
    stride: int

    @property
    def is_pool(self) -> bool:
        """Whether it is a pooling."""
        return self.name.startswith("pool")


class Cnn(BaseModel, frozen=True, extra="forbid", strict=True):
    """The settings `network.cnn`, and what follows from them."""

    maps: Maps
    kernel: Count | Counts
    convolutions: Literal[1, 2]
    pooling: Literal["max", "average", "stride"]
    activation: Literal["relu", "elu", "selu"]
    dense: Count

    @model_validator(mode="after")
    def _a_kernel_for_each(self) -> Self:
        if len(self.kernels) != len(self.maps):
            raise ValueError(
                f"network.cnn.kernel must be one number, or a list as long as network.cnn.maps: "
                f"{len(self.maps)}, not {len(self.kernels)}"
            )
        return self

    @property
    def kernels(self) -> tuple[int, ...]:
        """The kernel of each block."""
        return self.kernel if isinstance(self.kernel, tuple) else (self.kernel,) * len(self.maps)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All convolutions and poolings, from the image on."""
        layers, convolutions, between = [], 0, len(self.maps) - 1
        for block, (maps, kernel) in enumerate(zip(self.maps, self.kernels, strict=True)):
            count = self.convolutions if block < between else 1
            strides = [1] * count
            if self.pooling == "stride" and block < between:
                strides[-1] = 2
            for stride in strides:
                convolutions += 1
                layers.append(Layer(f"conv_{convolutions}", maps, kernel, stride))
            if self.pooling != "stride" and block < between:
                layers.append(Layer(f"pool_{block + 1}", maps, 2, 2))
        return tuple(layers)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all convolutions and poolings."""
        return tuple(layer.name for layer in self.layers)

    @property
    def conv_layers(self) -> tuple[str, ...]:
        """The names of the convolutions."""
        return tuple(layer.name for layer in self.layers if not layer.is_pool)

    @property
    def parameters(self) -> tuple[int, ...]:
        """Weights and biases of each layer, of `layers`' length; pooling has none."""
        counts, before = [], 1
        for layer in self.layers:
            counts.append(0 if layer.is_pool else (layer.kernel**2 * before + 1) * layer.maps)
            before = layer.maps
        return tuple(counts)

    def sides(self, side: int) -> list[int]:
        """Rows, and columns, of each layer's maps for images of `side` x `side` pixels.

        Raises StageError where a layer would have none left, or the last one too many points.
        """
        sides, here = [], side
        for layer in self.layers:
            if layer.kernel > here:
                raise StageError(
                    f"network.cnn does not fit images of {side} x {side} pixels: {layer.name} has "
                    f"a window of {layer.kernel} x {layer.kernel}, but {here} x {here} points are "
                    "left before it. In params.yaml, choose fewer network.cnn.maps or a smaller "
                    "network.cnn.kernel."
                )
            here = (here - layer.kernel) // layer.stride + 1
            sides.append(here)
        if (points := here**2 * self.maps[-1]) > MOST_POINTS:
            raise StageError(
                f"network.cnn has {points:,} points in its last conv layer, {self.names[-1]}; at "
                f"most {MOST_POINTS:,} can be compared. In params.yaml, give it fewer "
                "network.cnn.maps, or put layers before it."
            )
        return sides


class Mlp(BaseModel, frozen=True, extra="forbid", strict=True):
    """The settings `network.mlp`."""

    hidden: Counts


class Design(NamedTuple):
    """Everything that decides a network's layers: settings, pixels along each axis, classes."""

    settings: Cnn | Mlp
    side: int
    classes: int

    @property
    def model(self) -> str:
        """`cnn` or `mlp`."""
        return "cnn" if isinstance(self.settings, Cnn) else "mlp"


def activate(name: str, sums: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The activation called `name` of float32 `sums`, into `out` where it is given.

    relu: max(x, 0). elu: x where it is above 0, else e^x - 1 (Clevert et al. 2016, 1511.07289).
    selu: 1.0507 elu(x), with 1.6733 (e^x - 1) below 0.
    """
    if name == "relu":
        return np.maximum(sums, 0, out=out)
    below = np.expm1(np.minimum(sums, 0))
    scale, alpha = (SELU_SCALE, SELU_ALPHA) if name == "selu" else (1.0, 1.0)
    values = np.where(sums > 0, sums, sums.dtype.type(alpha) * below) * sums.dtype.type(scale)
    if out is None:
        return values
    out[...] = values
    return out
