"""Made-up points in which one pair of classes differs in one point alone, another in many."""

import numpy as np
import pytest

from stages.common.names import SPLITS
from stages.pairs import ranking
from stages.pairs.__main__ import Network
from stages.pairs.linear import Fitted

CLASSES, POINTS, EACH = 4, 40, 120
ONE, MANY = (0, 1), (2, 3)  # pairs
HALF_FLAT = 5  # this point is 0 in classes 0 and 1, 1 in the others


@pytest.fixture(scope="session")
def splits():
    """By split, points (n, p) and labels. Point 3 is higher in class 1, 10 to 29 in class 3."""
    found = {}
    for at, split in enumerate(SPLITS):
        labels = np.repeat(np.arange(CLASSES), EACH)
        values = np.random.default_rng(at).normal(size=(len(labels), POINTS))
        values[labels == 1, 3] += 4
        values[labels == 3, 10:30] += 0.9
        values[labels >= 2, 35] += 50  # so that other pairs are easy
        values[:, HALF_FLAT] = labels >= 2
        values[:, 0] = -1  # dead
        found[split] = values.astype(np.float32), labels
    return found


@pytest.fixture
def net(splits):
    """As the stage reads it; every answer is right but some of class 0."""
    return made(splits)


def made(splits, shared=True) -> Network:
    """The network of these splits, with one resample: class 0 alone once, class 1 twice."""
    known, of_class = splits["fit"]
    fit = [Fitted.of(known[of_class == label], shared) for label in range(CLASSES)]
    points, labels = ({s: splits[s][at] for s in ("validation", "test")} for at in (0, 1))
    answers = labels["test"].copy()
    answers[:3] = 1, 1, 2
    weights = np.stack([np.ones(len(answers)), 1 + (labels["test"] == 1)]).astype(np.float32)
    aurocs = ranking.pair_aurocs(points["validation"], labels["validation"], CLASSES)
    return Network(fit, points, labels, aurocs, answers, weights)
