"""What no image can make a map do: bounds that hold for every input.

A search that finds nothing proves nothing. Bounds do. A patch as large as a point's field is all
that the point sees, so what holds for it holds for the map. Interval arithmetic follows, layer by
layer, how low and how high a value can be when every pixel is anywhere between 0 and 1 (Gowal et
al. 2018, 1810.12715). `relaxation` is tighter, since it keeps which pixels a value hangs on, but
hardly so with max pooling. There `joint` is: all maps of the first layer see the same pixels.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from stages.common.architecture import SELU_SCALE, Cnn, activate
from stages.input_patterns.relaxation import Block, blocks, forward, highest

MOST_PIXELS = 16  # of a window, for all black and white images of it
AT_ONCE = 4096  # of these

Weights = Sequence[tuple[np.ndarray, np.ndarray]]
Ends = np.ndarray | float
Box = tuple[np.ndarray, np.ndarray]  # lowest and highest


def intervals(weights: Weights, activation: str, low: Ends = 0.0, high: Ends = 1.0) -> list[Box]:
    """For each convolution, how low and how high each map is anywhere before its activation.

    `weights` are kernels (rows, columns, maps before, maps) and biases (maps,), in their order,
    with `activation`, which never falls, and pooling between them. What enters the first is between
    `low` and `high`, (maps before,). The results are float64 (maps,). Without padding all points
    of a map have the same bounds, and pooling keeps them.
    """
    bounds = []
    for kernel, bias in weights:
        summed = kernel.astype(float).sum(axis=(0, 1))
        size = np.abs(kernel.astype(float)).sum(axis=(0, 1))
        low, high = (np.broadcast_to(end, len(summed)) for end in (low, high))
        centre, reach = (low + high) / 2 @ summed + bias, (high - low) / 2 @ size
        bounds.append((centre - reach, centre + reach))
        low, high = (activate(activation, end) for end in bounds[-1])
    return bounds


def both(first: Box, second: Box) -> Box:
    """What two bounds say together."""
    return np.maximum(first[0], second[0]), np.minimum(first[1], second[1])


def joint(first: Block, kernel: np.ndarray, bias: np.ndarray, box: Box, activation: str) -> Box:
    """How low and how high the second convolution gets, (maps,), if each window is alone.

    A window of the pooling sees few pixels. With all its weights above 0, what enters there is
    convex in them, hence highest in an image of black and white: all are tried. Weights below 0
    take the lowest that intervals allow. Infinite where the window has more than MOST_PIXELS.
    """
    side = first.kernel.shape[0] + (first.window - 1) * first.stride
    weights = kernel.astype(float).transpose(2, 0, 1, 3)
    weights = np.concatenate([-weights, weights], axis=3).reshape(len(first.bias), -1)
    total = np.concatenate([-bias, bias]).astype(float)
    if side**2 > MOST_PIXELS or first.average:
        return np.full(len(bias), -np.inf), np.full(len(bias), np.inf)
    best = np.full(weights.shape[1], -np.inf)
    scale = SELU_SCALE if activation == "selu" else 1.0
    for start in range(0, 2 ** (side**2), AT_ONCE):
        numbers = np.arange(start, min(start + AT_ONCE, 2 ** (side**2)))
        images = numbers[:, np.newaxis] >> np.arange(side**2) & 1
        cells = forward(images.reshape(-1, side, side, 1).astype(float), first)
        pooled = scale * np.maximum(cells.max(axis=(1, 2)), 0)  # convex, and not below the true one
        best = np.maximum(best, (pooled @ np.maximum(weights, 0)).max(axis=0))
    best += activate(activation, box[0]) @ np.minimum(weights, 0)
    ends = best.reshape(-1, 2 * len(bias)).sum(axis=0) + total
    return -ends[: len(bias)], ends[len(bias) :]


def upper_bounds(
    cnn: Cnn, weights: Weights, maps: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """For each conv layer, a value that no point of each map exceeds before its activation.

    float64 (maps,) by layer: from the relaxation for the numbers in `maps`, int (q,) by layer, and
    from intervals for the others. On the first layer intervals are exact.
    """
    box = intervals(weights, cnn.activation)
    bounds = {name: high.copy() for name, (_, high) in zip(cnn.conv_layers, box, strict=True)}
    wanted = [number for number, name in enumerate(cnn.conv_layers) if len(maps.get(name, ()))]
    stack = blocks(cnn, weights)
    if max(wanted, default=0):
        box[1] = both(box[1], joint(stack[0], *weights[1], box[0], cnn.activation))
        entering = (activate(cnn.activation, end) for end in box[1])
        box[2:] = map(both, box[2:], intervals(weights[2:], cnn.activation, *entering))
    for number in range(1, max(wanted, default=0) + 1):
        name, every = cnn.conv_layers[number], np.eye(len(weights[number][1]))
        so_far = stack[: number + 1], box[:number], cnn.activation
        if number == wanted[-1]:
            tighter = highest(*so_far, every[maps[name]])
        else:  # those above need every map, from both sides
            ends = -highest(*so_far, -every), highest(*so_far, every)
            box[number] = both(box[number], ends)
            entering = (activate(cnn.activation, end) for end in box[number])
            rest = intervals(weights[number + 1 :], cnn.activation, *entering)
            box[number + 1 :] = map(both, box[number + 1 :], rest)
            tighter = box[number][1][maps.get(name, [])]
        if number in wanted:
            bounds[name][maps[name]] = np.minimum(box[number][1][maps[name]], tighter)
    return bounds
