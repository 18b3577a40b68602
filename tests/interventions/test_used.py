"""Whether places and levels are used: heads that by construction use one of them or none."""

import numpy as np
import pytest

from stages.common import trained
from stages.common.architecture import activate
from stages.interventions import used
from stages.interventions.used import Sample

PAIR = (1, 0)
GENERATOR = np.random.default_rng(0)


def linear_head(weights, activation="relu"):
    """z_b - z_a is the sum of the points times `weights`."""
    kernel = np.array([weights, weights], np.float32).T * [1, -1]  # their difference is linear
    logits_kernel = np.array([[1, 0, 0], [-1, 0, 0]], np.float32)  # class 0 is b
    zeros = np.zeros(2, np.float32), np.array([0, 0, -99], np.float32)
    return trained.Head(kernel.astype(np.float32), zeros[0], logits_kernel, zeros[1], activation)


def sample(a, b, weights=None):
    points = np.concatenate([a, b]).astype(np.float32)
    is_b = np.repeat([False, True], [len(a), len(b)])
    return Sample(
        points, is_b, np.ones((1, len(points)), np.float32) if weights is None else weights
    )


def columns(head, maps, both, known=None):
    generator = np.random.default_rng(1)
    found = used.use_columns(head, PAIR, maps, known or both, both, generator)
    return {name: values[0] for name, values in found.items()}


def one_active(place, n=400, levels=(1, 2)):
    """n images of two maps of four positions with one active, at `place` of the first map."""
    points = np.zeros((n, 8))
    points[:, place] = np.random.default_rng(place).integers(*levels, size=n)
    return points


def test_shuffled_positions_and_map_means_are_of_each_map():
    points = GENERATOR.random((5, 12)).astype(np.float32)
    drawn = used.shuffled(points, 3, np.random.default_rng(0))
    by_map, drawn_by_map = points.reshape(5, 3, 4), drawn.reshape(5, 3, 4)
    np.testing.assert_array_equal(np.sort(by_map), np.sort(drawn_by_map))
    ranks = {tuple(row) for row in (drawn_by_map - by_map == 0).reshape(-1, 4)}
    assert len(ranks) > 3  # not one permutation for all
    means = used.map_means(points, 3).reshape(5, 3, 4)
    np.testing.assert_allclose(means, np.repeat(by_map.mean(axis=2, keepdims=True), 4, axis=2))


def test_a_head_that_reads_a_place_needs_it():
    """b is active at the first position, a at the second; the head compares the two."""
    head = linear_head([1, -1, 0, 0, 0, 0, 0, 0])
    found = columns(head, 2, sample(one_active(1, 200), one_active(0, 600)))
    assert found["error"] == 0
    # A tie answers a: b is right where its point stays, a is wrong where it moves to the first.
    assert found["shuffled_loss"] == pytest.approx(3 / 4 * 3 / 4 + 1 / 4 * 1 / 4, abs=0.02)
    assert found["means_loss"] == 3 / 4  # all are ties
    assert found["levels_loss"] == 0


def test_a_head_that_adds_up_a_map_does_not():
    head = linear_head([1, 1, 1, 1, -1, -1, -1, -1])
    a, b = one_active(1), one_active(0)
    found = columns(head, 2, sample(np.roll(a, 4, axis=1), b))
    assert all(values == 0 for values in found.values())


def test_a_head_that_compares_levels_needs_them():
    """Both points are active in both classes; b has more of the first, a of the second."""
    generator = np.random.default_rng(2)
    low, high = generator.uniform(1, 2, (2, 50, 2)) + np.array([[[0, 2]], [[2, 0]]])
    found = columns(linear_head([1, -1]), 2, sample(low, high))
    assert (found["error"], found["levels_loss"]) == (0, 0.5)
    # Maps of one position: nothing can be shuffled.
    assert np.isnan([found["shuffled_loss"], found["means_loss"]]).all()


def test_values_below_0_stay_and_unknown_levels_too():
    known = np.array([[-1.0, 2, 0, -3], [4, 6, 0, -5]], np.float32)
    levels = used.active_means(known, np.array([[1, 1], [1, 3], [1, 0]], np.float32))
    np.testing.assert_array_equal(
        levels, [[4, 4, np.nan, np.nan], [4, 5, np.nan, np.nan], [np.nan, 2, np.nan, np.nan]]
    )
    points = np.array([[3, -2, 7, 1], [-1, 9, 0, -4]], np.float32)
    edited = used.one_level(points, levels[1])
    np.testing.assert_array_equal(edited, [[4, -2, 7, 1], [-1, 5, 0, -4]])


@pytest.mark.parametrize("activation", ["relu", "selu"])
def test_errors_are_those_of_the_drawn_images(activation):
    """In each resample, against the images themselves, one after the other."""
    generator = np.random.default_rng(3)
    kernels = [generator.normal(size=shape).astype(np.float32) for shape in ((8, 5), (5, 3))]
    biases = np.zeros(5, np.float32), np.zeros(3, np.float32)
    head = trained.Head(kernels[0], biases[0], kernels[1], biases[1], activation)
    known, tested = (
        activate(activation, generator.normal(size=(n, 8)).astype(np.float32)) for n in (10, 14)
    )
    known_weights, weights = (
        np.concatenate([np.ones((1, n)), generator.multinomial(n, np.full(n, 1 / n), size=4)])
        for n in (10, 14)
    )
    validation = Sample(known, np.arange(10) > 4, known_weights.astype(np.float32))
    test = Sample(tested, np.arange(14) > 6, weights.astype(np.float32))
    found = used.use_columns(head, PAIR, 2, validation, test, np.random.default_rng(1))

    def error(edited, row):
        wrong = []
        for image, is_b in zip(edited, test.is_b, strict=True):
            logits = head(image[np.newaxis])[0]
            wrong.append((logits[PAIR[1]] > logits[PAIR[0]]) != is_b)
        return np.mean(np.repeat(wrong, row.astype(int)))

    same = np.random.default_rng(1)
    drawn = [used.shuffled(tested, 2, same) for _ in range(used.SHUFFLES)]
    for place, (row, known_row) in enumerate(zip(weights, known_weights, strict=True)):
        images = np.repeat(known, known_row.astype(int), axis=0)
        with np.errstate(invalid="ignore"):
            levels = (images * (images > 0)).sum(axis=0) / (images > 0).sum(axis=0)
        edited = np.where((tested > 0) & np.isfinite(levels), levels, tested).astype(np.float32)
        expected = {
            "error": error(tested, row),
            "error_shuffled": np.mean([error(of, row) for of in drawn]),
            "error_means": error(used.map_means(tested, 2), row),
            "error_levels": error(edited, row),
        }
        for name, value in expected.items():
            assert found[name][place] == pytest.approx(value), name
            if loss := name.removeprefix("error").removeprefix("_"):
                assert found[f"{loss}_loss"][place] == pytest.approx(value - expected["error"])
    assert len(set(found["error_levels"])) > 1
