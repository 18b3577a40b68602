"""A head and images small enough to check by hand."""

import numpy as np
import pytest

from stages.common import controls, trained
from stages.interventions import rankings

PAIR = (2, 7)
POINTS, UNITS = 24, 6
ORDER = np.random.default_rng(2).permutation(POINTS)


@pytest.fixture
def head():
    generator = np.random.default_rng(0)
    shapes = [(POINTS, UNITS), (UNITS,), (UNITS, 10), (10,)]
    weights = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    weights[-1][list(PAIR)] = (20, 18)  # every answer is one of the pair, and both occur
    return trained.Head(*weights)


@pytest.fixture
def images():
    """Base and source, float32 (12, points) each; point 5 is dead."""
    generator = np.random.default_rng(1)
    both = np.maximum(generator.normal(size=(2, 12, POINTS)), 0).astype(np.float32)
    both[:, :, 5] = 0
    return both


@pytest.fixture
def study(head, images):
    """Both as a study, whose classes differ in points 0 to 4; validation and test are the same."""
    images[1, :, :5] += 0.5
    live = np.delete(np.arange(POINTS), 5)
    both, ks = tuple(images), controls.curve_ks(len(live))
    ranked = rankings.rank(head, PAIR, *images, live)
    stand_ins = np.tile(np.arange(POINTS), (20, 1))
    return rankings.Study(head, PAIR, both, both, live, ks, *ranked, stand_ins)
