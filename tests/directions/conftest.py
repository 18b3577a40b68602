"""A small made-up head and Gaussian points whose classes differ along one known direction."""

import numpy as np
import pytest

from stages.common.trained import Head
from stages.directions.layer import Layer, Pair

PAIR = (2, 1)  # the higher class first
POINTS, CLASSES = 24, 3
COUNTS = {"fit": 400, "validation": 200, "test": 150}
APART = 8.0  # between the class means along the direction, in standard deviations


def planted(direction, noise=1.0, dead=0, seed=0, apart=APART):
    """A layer whose answer is the sign of one number, and whose classes differ in it alone.

    `direction` (m,) has length 1. Both logits are read from one pair of units, so that the head is
    linear: z_b - z_a = x . direction. `noise` is the standard deviation of each point, and of
    points beyond m, `dead` in number, all values are 0.
    """
    generator, size = np.random.default_rng(seed), len(direction)

    def images(count):
        parts = []
        for side in (-1, 1):
            values = generator.normal(size=(count, size)) * noise + side * apart / 2 * direction
            parts.append(values)
        return parts

    def padded(values):
        return np.hstack([values, np.zeros((len(values), dead))]).astype(np.float32)

    kernel = np.zeros((size + dead, 2), np.float32)
    kernel[:size, 0], kernel[:size, 1] = direction, -direction
    logits = np.zeros((2, CLASSES), np.float32)
    logits[0, PAIR[1]] = logits[1, PAIR[0]] = 1
    bias = np.array([-100, 0, 0], np.float32)
    head = Head(kernel, np.zeros(2, np.float32), logits, bias)
    splits = {name: images(count) for name, count in COUNTS.items()}
    fit = Pair(*(of.astype(np.float32) for of in splits.pop("fit")))
    held = {name: Pair(*map(padded, of)) for name, of in splits.items()}
    return Layer(head, PAIR, np.arange(size), fit, **held)


@pytest.fixture
def axis():
    """A direction that is the fourth point."""
    return np.eye(POINTS)[3]
