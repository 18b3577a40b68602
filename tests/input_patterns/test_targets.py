"""What is counted as reached, by hand."""

import numpy as np
import pytest

from stages.input_patterns import targets
from stages.input_patterns.probes import Response
from stages.input_patterns.targets import Found, Natural


def known(alive, maximum=0.0):
    maximum = np.broadcast_to(np.float32(maximum), len(alive))
    return Natural(maximum, np.ones_like(maximum), np.zeros((len(alive), 5), int), np.array(alive))


def found(values=None, fires=None):
    values = np.array(np.zeros(np.shape(fires)) if values is None else values, np.float32)
    fires = np.zeros(values.shape, bool) if fires is None else np.asarray(fires, bool)
    return Found(values[..., None, None].repeat(28, axis=2).repeat(28, axis=3), values, fires)


@pytest.mark.parametrize(
    ("alive", "random", "data", "status"),
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
def test_status_by_images_and_search(alive, random, data, status):
    rows = found(fires=[[*random, data], [1, 1, 1]])
    assert targets.statuses(rows, known([alive, True])).tolist() == [status, "reached"]


def test_success_counts_random_starts_above_every_image():
    ends = found([[1, 2, 3, 4, 9], [1, 1, 1, 1, 9], [5, 5, 5, 5, 0]])
    assert targets.success_rate(ends, known([True] * 3, [2, 1, 4])).tolist() == [0.5, 0, 1]


@pytest.mark.parametrize(
    ("alive", "fires", "value"),
    [
        (True, (0, 0, 0), 3),
        (True, (0, 0, 1), 3),  # the start from the best image counts where no image activates it
        (False, (0, 0, 0), 7),
        (True, (1, 0, 1), 1),  # starts that activate the map come before all others
        (False, (1, 0, 0), 1),
    ],
)
def test_the_best_start_gives_the_pattern(alive, fires, value):
    pattern, best = targets.best(found([[1, 3, 7]], [fires]), known([alive]))
    assert best.tolist() == [value]
    np.testing.assert_array_equal(pattern, np.full((1, 28, 28), value))


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
    assert natural.alive.tolist() == (highest > 0).any(axis=0).tolist()
    few = targets.natural(Response(mean[:3], highest[:3]), directions)
    assert few.top.shape == (4, 3)


def test_a_second_search_adds_activations_and_replaces_where_no_image_has_any():
    first = found([[1, 2], [3, 4], [5, 6]], fires=[[0, 0], [0, 0], [1, 1]])
    second = found([[7, 8], [9, 10]], fires=[[0, 1], [1, 0]])
    quiet = np.array([True, True, False])
    both = targets.completed(first, second, quiet, known([True, False, True]))
    assert both.values.tolist() == [[1, 2], [9, 10], [5, 6]]
    assert both.fires.tolist() == [[False, True], [True, False], [True, True]]
    np.testing.assert_array_equal(both.images[:, :, 0, 0], both.values)
    assert first.values.tolist() == [[1, 2], [3, 4], [5, 6]]  # not changed in place
    assert not first.fires[:2].any()
