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
    rates = targets.success_rate(
        found([[1, 2, 3, 4, 9], [1, 1, 1, 1, 9], [5, 5, 5, 5, 0]]), known([True] * 3, [2, 1, 4])
    )
    assert rates.tolist() == [0.5, 0, 1]
    assert rates.dtype == np.float32


def test_the_best_random_start_gives_the_pattern():
    """The start from data counts where no image activates the map."""
    ends = found([[1, 3, 2], [1, 2, 7], [1, 2, 7]])
    pattern, value = targets.best(ends, known([True, True, False]))
    assert value.tolist() == [3, 2, 7]
    np.testing.assert_array_equal(pattern[:, 0, 0], [3, 2, 7])
    assert ends.values.tolist() == [[1, 3, 2], [1, 2, 7], [1, 2, 7]]


@pytest.mark.parametrize("seed", range(3))
def test_what_images_reach_against_loops(seed):
    generator = np.random.default_rng(seed)
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


def test_starts_that_activate_the_map_come_before_all_others():
    ends = found([[1, 3, 2], [1, 3, 2]], fires=[[1, 0, 1], [0, 0, 1]])
    assert targets.best(ends, known([True, True]))[1].tolist() == [1, 3]
    assert targets.best(ends, known([False, False]))[1].tolist() == [2, 2]


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
