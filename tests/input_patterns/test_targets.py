"""What is counted as reached, by hand."""

import numpy as np
import pytest

from stages.common.params import read_params
from stages.input_patterns import targets
from stages.input_patterns.probes import Response
from stages.input_patterns.targets import Found, Natural


def known(alive, maximum=None):
    t = len(alive)
    maximum = np.zeros(t, np.float32) if maximum is None else np.asarray(maximum, np.float32)
    rows = np.zeros((t, 5), np.int32)
    return Natural(maximum, np.ones(t, np.float32), rows, rows.astype(np.float32), np.array(alive))


def found(values=None, fires=None):
    values = np.zeros(np.shape(fires)) if values is None else np.asarray(values)
    values = values.astype(np.float32)
    fires = np.zeros(values.shape, bool) if fires is None else np.asarray(fires, bool)
    images = np.zeros((*values.shape, 28, 28), np.float32)
    images += values[..., np.newaxis, np.newaxis]
    return Found(images, values, fires)


@pytest.mark.parametrize(
    ("alive", "random", "data", "status"),
    [
        (True, (0, 1), 1, "reached"),
        (True, (0, 1), 0, "reached"),
        (True, (0, 0), 0, "unreached"),
        (True, (0, 0), 1, "unreached"),  # the image itself is no success of the search
        (False, (1, 1), 0, "silent"),
        (False, (0, 0), 1, "silent"),  # no image fires the map, so this was the search
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
    """The start from data counts where no image fires the map."""
    ends = found([[1, 3, 2], [1, 2, 7], [1, 2, 7]])
    pattern, value = targets.best(ends, known([True, True, False]))
    assert value.tolist() == [3, 2, 7]
    np.testing.assert_array_equal(pattern[:, 0, 0], [3, 2, 7])
    assert ends.values.tolist() == [[1, 3, 2], [1, 2, 7], [1, 2, 7]]


@pytest.mark.parametrize("seed", range(5))
def test_what_images_reach_against_loops(seed):
    generator = np.random.default_rng(seed)
    mean = generator.normal(size=(30, 4)).astype(np.float32)
    mean[:, 3] = 2  # all images do the same
    highest = mean + generator.normal(size=mean.shape).astype(np.float32)
    highest[:, 1] = -np.abs(highest[:, 1])
    directions = np.eye(4, dtype=np.float32)
    directions[2] = [-1, 0, 1, 0]
    natural = targets.natural(Response(mean, highest), directions)
    for row, direction in enumerate(directions):
        values = [float(direction @ of) for of in mean]
        best = sorted(range(30), key=lambda image: (-values[image], image))[: targets.TOP]
        assert natural.maximum[row] == pytest.approx(max(values), abs=1e-6)
        np.testing.assert_allclose(natural.top_values[row], [values[i] for i in best], rtol=1e-5)
        spread = np.std(values)
        assert natural.spread[row] == pytest.approx(1 if row == 3 else spread, rel=1e-5)
        if row != 3:
            assert natural.top[row].tolist() == best
    assert natural.alive.tolist() == [(highest[:, c] > 0).any() for c in (0, 1, 2, 3)]


def test_of_fewer_images_than_are_kept_all_are():
    natural = targets.natural(Response(np.eye(3), np.eye(3)), np.eye(3, dtype=np.float32))
    assert natural.top.shape == (3, 3)


def test_a_search_is_free_where_no_image_fires_the_map():
    settings = read_params().patterns.model_copy(update={"starts": 2})
    assert targets.free(known([True, False]), settings).tolist() == [False] * 3 + [True] * 3
