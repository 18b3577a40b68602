"""What no image can make a map do: bounds that hold for every input.

A search that finds nothing proves nothing. Interval arithmetic does: it follows, layer by
layer, how low and how high a value can be when every pixel is anywhere between 0 and 1.
Gowal et al. 2018 (1810.12715). The bounds are sure, but wide: what they allow may be unreachable.
"""

from collections.abc import Sequence

import numpy as np

from stages.common.architecture import activate


def upper_bounds(
    layers: Sequence[tuple[np.ndarray, np.ndarray]], activation: str
) -> list[np.ndarray]:
    """For each convolution, a value that no point of each map exceeds before its activation.

    `layers` are kernels (rows, columns, maps before, maps) and biases (maps,), in their order,
    with `activation`, which never falls, and pooling between them; the results are float64
    (maps,). Without padding all points of a map have the same bounds, and pooling keeps them.
    """
    low, high = np.zeros(1), np.ones(1)
    bounds = []
    for kernel, bias in layers:
        summed = kernel.astype(float).sum(axis=(0, 1))
        size = np.abs(kernel.astype(float)).sum(axis=(0, 1))
        centre, reach = (low + high) / 2 @ summed + bias, (high - low) / 2 @ size
        bounds.append(centre + reach)
        low, high = (activate(activation, end) for end in (centre - reach, centre + reach))
    return bounds
