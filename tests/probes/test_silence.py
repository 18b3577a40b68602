"""Claim C: shared silence by hand, the probe for the class against scikit-learn."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from stages.probes import silence
from stages.probes.silence import Silence


def test_a_map_is_silent_where_all_of_it_is_at_most_0():
    arrays = {"conv_2_max": np.array([[0, 1e-30], [-1, 0]], np.float32), "labels": np.arange(2)}
    found = Silence.of(arrays, "conv_2", np.ones((1, 2)))
    assert found.silent.tolist() == [[1, 0], [1, 1]]


def test_silent_maps_of_a_are_counted_and_compared_with_all_maps():
    """Class 0 is a: maps 0 and 1 are silent in it, and map 3 in the second resample."""
    silent = np.array([[1, 1, 0, 1], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [1, 0, 0, 0.0]])
    labels = np.array([0, 0, 5, 5, 6])
    weights = np.array([[1, 1, 1, 1, 1], [1, 0, 0, 1, 1], [1, 1, 0, 1, 0.0]])
    images = Silence(silent, labels, weights)
    maps = silence.mostly_silent(images, 0, 0.95)
    assert maps.astype(int).tolist() == [[1, 1, 0, 0], [1, 1, 0, 1], [1, 1, 0, 0]]
    found = silence.shared(maps, images, (5, 9), 0.95)  # no image is of class 9
    assert found["silent_maps"].tolist() == [2, 3, 2]
    assert found["silent_shared"].tolist() == [1 / 2, 2 / 3, 1]
    assert found["silent_expected"].tolist() == [2 / 4, 3 / 4, 3 / 4]
    np.testing.assert_allclose(found["silent_gain"], [0, 2 / 3 - 3 / 4, 1 / 4])
    both = silence.shared(maps, images, (5, 6), 0.95)
    assert both["silent_shared"].tolist() == [1 / 2, 1 / 3, 1]  # 6 has no weight in the last
    assert silence.mostly_silent(images, 5, 0.5)[0].tolist() == [True, True, True, False]


def test_without_silent_maps_or_contrast_there_is_no_share():
    images = Silence(np.ones((2, 3)), np.array([0, 1]), np.ones((1, 2)))
    none = silence.shared(np.zeros((1, 3), bool), images, (1,), 0.95)
    alone = silence.shared(np.ones((1, 3), bool), images, (), 0.95)
    assert (none.pop("silent_maps").tolist(), alone.pop("silent_maps").tolist()) == ([0], [3])
    assert all(np.isnan(of).all() for of in (*none.values(), *alone.values()))


@pytest.fixture
def maps():
    """Silence of seven maps in images of four classes, 60 each: known and scored."""
    generator = np.random.default_rng(3)
    rates = generator.random((4, 7))
    labels = np.repeat([0, 1, 3, 8], 60)
    silent = generator.random((2, 240, 7)) < rates[np.repeat(np.arange(4), 60)]
    silent[:, :, 6] = True
    return [Silence(of.astype(float), labels, np.ones((1, 240))) for of in silent]


def test_scikit_learn_gives_the_same_classes(maps):
    known, scored = maps
    values = (known.silent - known.silent.mean(axis=0)) / np.maximum(known.silent.std(axis=0), 1e-9)
    within = np.mean([np.cov(values[known.labels == of].T, ddof=0) for of in (0, 1, 3, 8)], axis=0)
    chosen = np.array([5, 0, 3, 2])
    ridge = silence.RIDGE * 236 / 240
    shrinkage = ridge / (ridge + np.diag(within)[chosen].mean())
    reference = LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage, priors=[0.25] * 4)
    reference.fit(values[:, chosen], known.labels)
    classes = silence.Classes.of(known, 0)
    np.testing.assert_allclose(classes.covariance[:6, :6] * 236 / 240, within[:6, :6])
    weights, offsets = classes.functions(chosen)
    scaled = (scored.silent - known.silent.mean(axis=0)) / np.maximum(
        known.silent.std(axis=0), 1e-9
    )
    answers = classes.label[np.argmax(scored.silent @ weights + offsets, axis=1)]
    np.testing.assert_array_equal(answers, reference.predict(scaled[:, chosen]))
    accuracy = silence.class_accuracy(known, scored, 0, chosen[np.newaxis])
    assert accuracy == pytest.approx(np.mean(answers == scored.labels))


def test_weighted_images_are_repeated_ones_and_a_class_may_be_missing(maps):
    known, scored = maps
    weights = np.random.default_rng(4).poisson(1, (2, 240)).astype(float)
    weights[:, 60:120] *= np.array([[1], [0]])
    known, scored = (of._replace(weights=weights) for of in (known, scored))
    chosen = np.array([[0, 1, 2], [3, 4, 6]])
    for row in (0, 1):
        rows = np.repeat(np.arange(240), weights[row].astype(int))
        plain = (Silence(of.silent[rows], of.labels[rows], np.ones((1, len(rows)))) for of in maps)
        alone = silence.class_accuracy(*plain, 0, chosen)
        assert silence.class_accuracy(known, scored, row, chosen) == pytest.approx(alone)


def test_silence_that_is_the_class_is_read_and_silence_that_is_not_is_not():
    generator = np.random.default_rng(7)
    labels, every = np.arange(200) % 10, np.arange(10)[np.newaxis]
    own = Silence(np.eye(10)[labels], labels, np.ones((1, 200)))
    assert silence.class_accuracy(own, own, 0, every) == 1
    noise = [own._replace(silent=1.0 * (generator.random((200, 10)) < 0.5)) for _ in range(2)]
    assert silence.class_accuracy(*noise, 0, every) < 0.25
    same = own._replace(silent=np.ones((200, 10)))
    assert silence.class_accuracy(same, same, 0, every) == pytest.approx(0.1)


def test_layers_are_compared_by_as_many_maps_drawn_anew_in_each_resample(maps, monkeypatch):
    fewer = [of._replace(silent=of.silent[:, :4], weights=np.ones((3, 240))) for of in maps]
    more = [of._replace(weights=np.ones((3, 240))) for of in maps]
    used = []
    monkeypatch.setattr(
        silence, "class_accuracy", lambda *of: used.append(of[-1]) or len(of[-1]) / 100
    )
    known, scored = zip(more, fewer, strict=True)
    found = silence.accuracies(known, scored, np.random.default_rng(0))
    assert found.tolist() == [[silence.MAP_DRAWS / 100, 0.01], [0.01, 0.01], [0.01, 0.01]]
    assert used[0].shape == (silence.MAP_DRAWS, 4)
    assert used[1].tolist() != used[2].tolist()
    assert all(len(set(row)) == 4 and set(row) <= set(range(7)) for row in used[0].tolist())
    assert all(of.tolist() == [[0, 1, 2, 3]] for of in used[3:])
