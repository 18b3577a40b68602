"""Probes against scikit-learn and on planted layers."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler

from stages.depth import probes


def layer(n: int, units: int, classes: int, noise: float, seed: int = 0):
    """Units float32 (n, units) whose means differ between `classes`, and these."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % classes + 3
    means = np.random.default_rng(9).normal(size=(classes, units))
    values = means[labels - 3] + noise * generator.normal(size=(n, units)) + 5
    return values.astype(np.float32), labels


@pytest.mark.parametrize("units", [12, 300], ids=["fewer than images", "more than images"])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_probe_is_scikit_learns_ridge_classifier(units, classes):
    known, held, test = (
        layer(n, units, classes, 4.0, seed) for seed, n in enumerate((80, 60, 200))
    )
    probe = probes.fit(*known, *held)
    scaler = StandardScaler().fit(known[0])
    level = len(known[0]) * units / min(len(known[0]), units)  # of units of variance 1
    models = {
        ridge: RidgeClassifier(alpha=ridge * level).fit(scaler.transform(known[0]), known[1])
        for ridge in probes.RIDGES
    }
    errors = {
        ridge: (of.predict(scaler.transform(held[0])) != held[1]).sum()
        for ridge, of in models.items()
    }
    assert probe.ridge == min(probes.RIDGES, key=errors.get)
    expected = models[probe.ridge].predict(scaler.transform(test[0]))
    np.testing.assert_array_equal(probe.answers(test[0]), expected)
    assert 1 / classes < (expected == test[1]).mean() < 1


def test_a_class_that_one_unit_holds_is_read():
    generator = np.random.default_rng(0)
    values, labels = generator.normal(size=(300, 20)).astype(np.float32), np.arange(300) % 2
    blind = probes.fit(values[:200], labels[:200], values[200:], labels[200:])
    assert (blind.answers(values[200:]) == labels[200:]).mean() < 0.7
    values[:, 7] = labels + 0.01 * values[:, 7]
    values[:, 8] = 4  # a dead unit
    seen = probes.fit(values[:200], labels[:200], values[200:], labels[200:])
    assert (seen.answers(values[200:]) == labels[200:]).all()
    assert np.abs(seen.weights[:, 0]).argmax() == 7
    assert not seen.weights[8].any()


def test_noise_takes_more_ridge_and_equally_good_ones_the_largest():
    ridges = []
    for noise in (0.01, 8.0):
        known, held = layer(60, 50, 2, noise, 0), layer(400, 50, 2, noise, 1)
        ridges.append(probes.fit(*known, *held).ridge)
    assert ridges[0] == probes.RIDGES[0]  # all are right
    assert ridges[1] >= probes.RIDGES[1]


def test_a_constant_layer_answers_one_class():
    values, labels = np.full((10, 4), 2, np.float32), np.arange(10) % 2
    assert len(set(probes.fit(values, labels, values, labels).answers(values))) == 1
