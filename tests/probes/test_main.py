"""Linear probes on silence, points and map means, on hand-made cases and on the whole stage."""

import numpy as np
import pytest

from stages import probes
from stages.common import artifacts, discriminant, files, intervals
from stages.common.names import HELD_OUT
from stages.common.run import Run


def test_silence_that_is_the_class_is_read_and_silence_that_is_not_is_not():
    generator = np.random.default_rng(7)
    labels = np.arange(200) % 10
    own = np.eye(10, dtype=bool)[labels]
    assert probes.silence_right(own, labels, own, labels).all()
    noise = generator.random((400, 10)) < 0.5
    assert probes.silence_right(noise[:200], labels, noise[200:], labels).mean() < 0.25
    same = np.ones((200, 10), bool)
    assert probes.silence_right(same, labels, same, labels).mean() == pytest.approx(0.1)


def test_a_map_is_silent_where_all_of_it_is_zero():
    highest = np.array([[0, 1e-30], [-1, 0]], np.float32)
    silent = probes.silent({"conv_2_max": highest}, "conv_2")
    assert silent.tolist() == [[True, False], [True, True]]


def test_a_row_of_silence_is_the_mean_over_draws_of_maps():
    """Maps 0 to 9 name the class, maps 10 to 19 are random."""
    generator = np.random.default_rng(1)
    labels = np.arange(100) % 10
    silence = np.c_[np.eye(10, dtype=bool)[labels], generator.random((100, 10)) < 0.5]
    both = {"all": silence, "sample": silence[:50], "untrained": silence[:50] * False}
    cases = {which: [(of, labels[: len(of)])] * 2 for which, of in both.items()}
    row = probes.silence_row("conv_3", cases, [np.arange(10), np.arange(10, 20)])
    random = probes.silence_right(silence[:, 10:], labels, silence[:, 10:], labels)
    assert (row["maps"], row["sample"], row["untrained"]) == (10, 50, pytest.approx(0.1))
    assert row["accuracy"] == pytest.approx((1 + random.mean()) / 2)
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]


def test_features_are_levels_places_and_means():
    maps = np.zeros((1, 2, 2, 2), np.float32)
    maps[0, 0, 1] = (4, 2)
    assert probes.levels(maps).tolist() == [[0, 0, 4, 2, 0, 0, 0, 0]]
    assert probes.on_or_off(maps).tolist() == [[0, 0, 1, 1, 0, 0, 0, 0]]
    assert probes.map_means(maps).tolist() == [[1, 0.5]]
    assert probes.levels(maps[:0]).shape == (0, 8)


@pytest.fixture
def pair():
    """Validation and test images of a and of b; b has its ink one row lower, as much of it."""
    generator = np.random.default_rng(8)
    images = generator.random((4, 30, 3, 3, 4)).astype(np.float32)
    images[1::2, :, 1] += 1
    images[::2, :, 0] += 1
    return (images[0], images[1]), (images[2], images[3][:20])


def test_a_probe_is_right_where_the_discriminant_is(pair):
    validation, test = pair
    right = probes.pair_right(validation, test, probes.levels, 0.3)
    fitted = discriminant.fit(*map(probes.levels, validation), 0.3)
    scored = np.concatenate([probes.levels(of) for of in test])
    scores = discriminant.scores(fitted, scored, np.arange(36)[np.newaxis])[0]
    np.testing.assert_array_equal(right, (scores > 0) == (np.arange(50) >= 30))


def test_points_gain_over_map_means_where_the_place_is_the_class(pair):
    row = probes.feature_row("conv_3", "map_means", *pair, 0.3)
    assert (row["n"], row["fitted"], row["points"]) == (50, 60, 1)
    assert row["gain"] == pytest.approx(row["points"] - row["other"])
    assert 0 < row["gain_low"] < row["gain"] < row["gain_high"]


@pytest.fixture
def written(bench, monkeypatch):  # noqa: ARG001
    """What the stage wrote for the first network: silence and features."""
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    probes.main()
    return [artifacts.read(file, seed=0) for file in (files.SILENCE, files.FEATURES)]


def test_the_stage_reads_what_the_tables_say(bench, written):
    silence, features = written
    run = Run.of(bench)
    assert silence["layer"].tolist() == ["conv_2", "conv_3"]
    assert silence["maps"].tolist() == [12, 12]
    known, scored = (run.read(files.MAP_ACTIVITY, seed=0, split=split) for split in HELD_OUT)
    right = probes.silence_right(
        known["conv_2_max"] == 0, known["labels"], scored["conv_2_max"] == 0, scored["labels"]
    )
    assert silence["accuracy"][0] == pytest.approx(intervals.accuracy(right).value)
    pairs = list(zip(features["layer"], features["against"], strict=True))
    assert pairs == [("conv_2", "map_means"), ("conv_3", "map_means"), ("conv_3", "on_or_off")]
    validation, test = (run.pair_maps(0, split) for split in HELD_OUT)
    right = probes.pair_right(validation, test, probes.map_means, 0.3)
    assert features["other"][1] == pytest.approx(right.mean())
    assert features["n"][1] == sum(map(len, test))
    assert features["fitted"][0] < features["fitted"][1]  # a sample of the layer before


@pytest.mark.usefixtures("written")
def test_a_second_run_writes_the_same_bytes():
    paths = [artifacts.path_of(file, seed=0) for file in (files.SILENCE, files.FEATURES)]
    before = [path.read_bytes() for path in paths]
    probes.main()
    assert [path.read_bytes() for path in paths] == before
