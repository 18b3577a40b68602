"""A head and images small enough for loops."""

import numpy as np
import pytest

from stages.common import trained
from stages.dense import units

PAIR = (2, 1)
POINTS, UNITS, CLASSES = 18, 8, 4


@pytest.fixture
def head():
    generator = np.random.default_rng(21)
    shapes = [(POINTS, UNITS), (UNITS,), (UNITS, CLASSES), (CLASSES,)]
    weights = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    weights[-1][list(PAIR)] = (20, 20)  # every answer is one of the pair, and both occur
    return trained.Head(*weights)


@pytest.fixture
def points():
    """By split, points of a and of b; the classes differ in points 0 to 4, point 5 is dead."""
    generator = np.random.default_rng(1)
    values = np.maximum(generator.normal(size=(4, 15, POINTS)), 0).astype(np.float32)
    values[1::2, :, :5] += 0.5
    values[:, :, 5] = 0
    return {"validation": (values[0], values[1]), "test": (values[2], values[3][:12])}


@pytest.fixture
def layer(head, points):
    values = (tuple(units.dense(head, of) for of in pair) for pair in points.values())
    return units.Layer(head, PAIR, *values)


def planted(logits_kernel, bias, *values) -> units.Layer:
    """A layer whose units, rows of `logits_kernel`, have these values in images of a and of b."""
    kernel = np.array(logits_kernel, np.float32)
    nothing = np.zeros((1, len(kernel)), np.float32)
    head = trained.Head(nothing, nothing[0], kernel, np.array(bias, np.float32))
    images = tuple(np.array(of, np.float32) for of in values)
    return units.Layer(head, (0, 1), images, images)
