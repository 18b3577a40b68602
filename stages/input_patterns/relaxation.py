"""The highest value of one point over all patches, bounded by linear relaxation.

CROWN (Zhang et al. 2018, 1811.00866): going back from the point to the pixels, each activation with
its pooling is replaced by a line above it where its weight is positive and by a line below it where
that is negative. Of a linear function the highest value on pixels between 0 and 1 is known. Every
mixture of two valid lines is valid, so mixtures are improved step by step, as in alpha-CROWN (Xu et
al. 2021, 2011.13824); level lines alone are interval arithmetic.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stages.common.architecture import SELU_ALPHA, SELU_SCALE, Cnn, activate

STEPS = 30
START = 0.5  # the share of the second line
RATE = 1.0  # by how much a share moves at first, where it matters most
STEEPEST = {"relu": 1.0, "elu": 1.0, "selu": SELU_SCALE * SELU_ALPHA}  # the highest slope there is


class Block(NamedTuple):
    """A convolution, its activation, and the pooling that follows."""

    kernel: np.ndarray  # float64 (rows, columns, maps before, maps)
    bias: np.ndarray
    stride: int
    window: int  # of the pooling; 1 without
    average: bool


class Lines(NamedTuple):
    """Two lines above, and two below, a pooled activation: slope * (sum over window) + level.

    Each is float64 (2 lines, slope and level, maps). They hold where each value of the window is
    within its map's bounds.
    """

    above: np.ndarray
    below: np.ndarray


def blocks(cnn: Cnn, weights: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Block]:
    """The convolutions of a network with their weights."""
    found, rest = [], iter(weights)
    for layer in cnn.layers:
        if layer.is_pool:
            found[-1] = found[-1]._replace(window=layer.kernel, average=cnn.pooling == "average")
        else:
            kernel, bias = (values.astype(float) for values in next(rest))
            found.append(Block(kernel, bias, layer.stride, 1, False))
    return found


def lines_of(low: np.ndarray, high: np.ndarray, activation: str, block: Block) -> Lines:
    """The lines for values before the activation between `low` and `high`, (maps,).

    The activations are convex on either side of 0. The steep line above joins both ends, or what
    is higher, the lower end and 0: f(x) - f(low) <= slope * (x - low). The highest of a window of
    n exceeds f(low) by no more than all n together. The steep line below has the highest slope
    there is and meets f at the upper end, or at 0 where that is below.
    """
    at_low, at_high = activate(activation, low), activate(activation, high)
    width, n = high - low, block.window**2
    chord = np.divide(at_high - at_low, width, out=np.zeros_like(width), where=width > 0)
    bent = (low < 0) & (high > 0)
    chord = np.where(bent, np.maximum(chord, at_low / np.where(bent, low, 1)), chord)
    steep = np.where(low >= 0, chord, STEEPEST[activation])
    top = np.maximum(high, 0)
    share, count = (1 / n, 1) if block.average else (1, n)
    above = chord * share, at_low - count * chord * low
    below = steep / n, activate(activation, top) - steep * top
    # Where all values are above 0 the steep lines are exact, but for the highest of several.
    exact, flat = (low >= 0) & (count == 1), np.zeros_like(low)
    return Lines(
        np.stack([np.where(exact, above, (flat, at_high)), above]),
        np.stack([np.where(exact, below, (flat, at_low)), below]),
    )


def forward(values: np.ndarray, block: Block) -> np.ndarray:
    """The convolution of values (s, side, side, before)."""
    size, side = block.kernel.shape[0], values.shape[1]
    out = (side - size) // block.stride + 1
    span = block.stride * (out - 1) + 1
    cells = np.zeros((len(values), out, out, len(block.bias))) + block.bias
    for row, column in np.ndindex(size, size):
        part = values[:, row : row + span : block.stride, column : column + span : block.stride]
        cells += part @ block.kernel[row, column]
    return cells


def backward(weights: np.ndarray, block: Block) -> np.ndarray:
    """The weights (s, out, out, maps) of the convolution's results as weights of its inputs."""
    size, out = block.kernel.shape[0], weights.shape[1]
    span = block.stride * (out - 1) + 1
    side = span - 1 + size
    cells = np.zeros((len(weights), side, side, block.kernel.shape[2]))
    for row, column in np.ndindex(size, size):
        part = cells[:, row : row + span : block.stride, column : column + span : block.stride]
        part += weights @ block.kernel[row, column].T
    return cells


def pooled(values: np.ndarray, window: int) -> np.ndarray:
    """Sums over windows of values (s, side, side, maps)."""
    s, side, _, maps = values.shape
    return values.reshape(s, side // window, window, side // window, window, maps).sum(axis=(2, 4))


def mixed(lines: Lines, above: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and level of the mixture of two lines, above or below, with `share` of the second."""
    slopes, levels = (np.where(above, up, down) for up, down in zip(
        *(of.swapaxes(0, 1)[:, :, np.newaxis, np.newaxis, np.newaxis] for of in lines), strict=True
    ))  # fmt: skip
    return tuple(first + share * (second - first) for first, second in (slopes, levels))


def way_back(
    stack: Sequence[Block], lines: Sequence[Lines], shares: Sequence[np.ndarray],
    functions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:  # fmt: skip
    """Bound `functions`, float64 (s, maps), of the last convolution's single point.

    `shares`, (s, side, side, maps), are those of the second line at each pooled activation, the
    first convolution's first. Returns the bounds (s,), the pixels (s, side, side, 1) at which the
    linear functions are highest, and the weights of each pooled activation.
    """
    bound, kept = functions @ stack[-1].bias, []
    weights = backward(functions[:, np.newaxis, np.newaxis], stack[-1])
    for block, of, share in reversed(list(zip(stack, lines, shares, strict=False))):
        kept.insert(0, weights)
        slope, level = mixed(of, weights > 0, share)
        bound = bound + (weights * level).sum(axis=(1, 2, 3))
        weights = (weights * slope).repeat(block.window, axis=1).repeat(block.window, axis=2)
        bound += weights.sum(axis=(1, 2)) @ block.bias
        weights = backward(weights, block)
    pixels = (weights > 0).astype(float)
    return bound + (weights * pixels).sum(axis=(1, 2, 3)), pixels, kept


def highest(
    stack: Sequence[Block], below: Sequence[tuple[np.ndarray, np.ndarray]], activation: str,
    functions: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """What no patch exceeds, (s,), of `functions`, float64 (s, maps), of the last block's point.

    `below` are the lowest and highest values of the other blocks' maps before their activation.
    The shares of the lines go down the slope of the bound: at the pixels where the linear function
    is highest, they move to the line that is better there.
    """
    lines = [lines_of(*ends, activation, of) for ends, of in zip(below, stack, strict=False)]
    best = np.full(len(functions), np.inf)
    shares = [START] * len(lines)
    for step in range(STEPS):
        bound, values, weights = way_back(stack, lines, shares, functions)
        best = np.minimum(best, bound)
        for number, (block, of, weight) in enumerate(zip(stack, lines, weights, strict=False)):
            total, above = pooled(forward(values, block), block.window), weight > 0
            ends = [slope * total + level for slope, level in (mixed(of, above, k) for k in (0, 1))]
            gain = weight * (ends[1] - ends[0])
            size = np.abs(gain).max(axis=(1, 2, 3), keepdims=True)
            rate = RATE * (1 - step / STEPS)
            values = ends[0] + shares[number] * (ends[1] - ends[0])
            moved = shares[number] - rate * gain / np.where(size > 0, size, 1)
            shares[number] = np.clip(moved, 0, 1)
    return best
