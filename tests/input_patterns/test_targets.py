"""What is counted as reached, by hand."""

import numpy as np
import pytest

from stages.input_patterns import targets
from stages.input_patterns.subject import Response
from stages.input_patterns.targets import Natural, Searched


def searched(active, values=None, activates=None, maximum=0.0):
    values = np.array(np.zeros(np.shape(activates)) if values is None else values, np.float32)
    activates = np.zeros(values.shape, bool) if activates is None else np.asarray(activates, bool)
    ones = np.ones(len(active), np.float32)
    top = np.zeros((len(active), 5), int)
    natural = Natural(np.eye(len(active)), maximum * ones, ones, top, np.array(active))
    images = values[..., None, None].repeat(28, axis=2).repeat(28, axis=3)
    return Searched(natural, images, values, activates, images[:, :, None])


@pytest.mark.parametrize(
    ("active", "random", "data", "status"),
    [
        (True, (0, 1), 1, "reached"),
        (True, (0, 1), 0, "reached"),
        (True, (0, 0), 0, "unreached"),
        (True, (0, 0), 1, "unreached"),  # the image itself is no success of the search
        (False, (1, 1), 0, "silent"),
        (False, (0, 0), 1, "silent"),  # no image activates the map, so this was the search
        (False, (0, 0), 0, "dead"),
    ],
)
def test_status_by_images_and_search(active, random, data, status):
    both = searched([active, True], activates=[[*random, data], [1, 1, 1]])
    assert targets.statuses(both).tolist() == [status, "reached"]


def test_success_counts_random_starts_above_every_image():
    ends = [[1, 2, 3, 4, 9], [1, 1, 1, 1, 9], [5, 5, 5, 5, 0]]
    maximum = np.array([2, 1, 4], np.float32)
    three = searched([True] * 3, ends, maximum=maximum)
    assert targets.success_rate(three).tolist() == [0.5, 0, 1]
    np.testing.assert_array_equal(targets.beyond(three), [4, 1, 5] - maximum)


@pytest.mark.parametrize(
    ("active", "activates", "value"),
    [
        (True, (0, 0, 0), 3),
        (True, (0, 0, 1), 3),  # the start from the best image counts where no image activates it
        (False, (0, 0, 0), 7),
        (True, (1, 0, 1), 1),  # starts that activate the map come before all others
        (False, (1, 0, 0), 1),
    ],
)
def test_the_best_start_gives_the_pattern(active, activates, value):
    pattern, best, way = targets.best(searched([active], [[1, 3, 7]], [activates]))
    assert best.tolist() == [value]
    np.testing.assert_array_equal(pattern, np.full((1, 28, 28), value))
    np.testing.assert_array_equal(way[:, -1], pattern)


def test_what_images_reach_against_loops():
    generator = np.random.default_rng(0)
    mean = generator.normal(size=(30, 4)).astype(np.float32)
    mean[:, 3] = 2  # all images do the same
    highest = mean + generator.normal(size=mean.shape).astype(np.float32)
    highest[:, 1] = -np.abs(highest[:, 1])
    directions = np.eye(4, dtype=np.float32)
    directions[2] = [-1, 0, 1, 0]
    natural = targets.natural(Response(mean, highest), directions)
    assert natural.spread[3] == 1
    for row, direction in enumerate(directions[:3]):
        values = [float(direction @ of) for of in mean]
        best = sorted(range(30), key=lambda image: -values[image])[: targets.TOP]
        assert natural.top[row].tolist() == best
        assert natural.maximum[row] == pytest.approx(max(values), abs=1e-6)
        assert natural.spread[row] == pytest.approx(np.std(values), rel=1e-5)
    assert natural.active.tolist() == (highest > 0).any(axis=0).tolist()
    few = targets.natural(Response(mean[:3], highest[:3]), directions)
    assert few.top.shape == (4, 3)


def test_a_second_search_adds_activations_and_replaces_where_no_image_has_any():
    active, quiet = [True, False, True], np.array([True, True, False])
    first = searched(active, [[1, 2], [3, 4], [5, 6]], [[0, 1], [0, 1], [1, 1]])
    second = searched(active[:2], [[7, 8], [9, 10]], [[1, 0], [1, 0]])
    both = targets.completed(first, second, quiet)
    assert both.values.tolist() == [[1, 2], [9, 10], [5, 6]]
    assert both.activates.tolist() == [[True, True], [True, False], [True, True]]
    np.testing.assert_array_equal(both.images[:, :, 0, 0], both.values)
    np.testing.assert_array_equal(both.way[:, :, 0], both.images)
    assert first.values.tolist() == [[1, 2], [3, 4], [5, 6]]  # not changed in place
    assert not first.activates[:2, 0].any()


def test_the_best_image_of_each_class():
    values = np.array([[1, 9], [5, 2], [7, 3], [4, 8], [6, 1]], np.float32)
    found = targets.best_of_classes(values, np.array([3, 0, 3, 0, 3]))
    assert found.tolist() == [[1, 2], [3, 0]]
