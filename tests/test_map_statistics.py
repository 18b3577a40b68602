"""The tables of points and maps, on hand-made activations and against loops over raw ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from stages import map_statistics
from stages.common import artifacts, files, measures, trained
from stages.common.console import StageError
from stages.common.run import Run

from . import designs

A, B = 7, 2


def stack(*points):
    """Points of one row and one column each, from their values by image."""
    return np.array(points, np.float32).T[:, np.newaxis, np.newaxis, :]


@pytest.fixture
def hand():
    """Points: dead; constant; b above a; only on in b; dead on validation and live on test."""
    a = stack([0, 0, 0, 0], [5, 5, 5, 5], [1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 0])
    b = stack([0, 0, 0, 0], [5, 5, 5, 5], [5, 6, 7, 8], [0, 4, 8, 1], [0, 0, 0, 0])
    a_test = stack([0, 0], [5, 5], [1, 2], [0, 0], [1, 1])
    b_test = stack([0, 0, 0], [5, 5, 5], [0, 2, 9], [0, 4, 8], [3, 3, 3])
    return map_statistics.points_table((a, b), (a_test, b_test), 0.25, 0.75)


def test_points_by_hand(hand):
    assert [*hand.columns, "shared"] == list(artifacts.forms(files.POINTS))
    assert hand["dead"].tolist() == [True, False, False, False, True]
    assert hand["mean_a"].tolist() == [0, 5, 2.5, 0, 0]
    assert hand["mean_b"].tolist() == [0, 5, 6.5, 3.25, 0]
    assert hand["active_a"].tolist() == [0, 1, 1, 0, 0]
    assert hand["active_b"].tolist() == [0, 1, 1, 0.75, 0]
    # Of the third point's maximum of 8, a quarter is 2: a is above it in 3 and 4 alone.
    assert hand["typical_a"].tolist() == [False, True, False, False, False]
    assert hand["typical_b"].tolist() == [False, True, True, False, False]
    assert hand["auroc"].tolist() == [0.5, 0.5, 1, 0.875, 0.5]
    assert hand["mean_b_test"].tolist() == [0, 5, pytest.approx(11 / 3), 4, 3]
    assert hand["auroc_test"].tolist() == pytest.approx([0.5, 0.5, 3.5 / 6, 5 / 6, 1])
    assert hand["separating"].tolist() == [False, False, False, True, False]  # the last is dead


def test_dead_points_are_set_aside_before_testing(hand):
    np.testing.assert_array_equal(hand["p_value"].isna(), hand["dead"])
    np.testing.assert_array_equal(hand["q_value"].isna(), hand["dead"])
    live = hand[~hand["dead"]]
    np.testing.assert_allclose(live["q_value"], stats.false_discovery_control(live["p_value"]))
    assert live["p_value"].iloc[0] == 1  # constant, yet live
    assert hand["hedges_g"].isna().tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(("share", "typical"), [(0.5, True), (0.51, False)])
def test_the_share_of_a_typical_point_is_reached_or_not(share, typical):
    a, b = stack([0, 0, 4, 4]), stack([1, 1, 1, 1])
    table = map_statistics.points_table((a, b), (a, b), 0.25, share)
    assert table["typical_a"].tolist() == [typical]
    assert table["typical_b"].tolist() == [False]  # 1 is not above a quarter of 4
    dead = map_statistics.points_table((0 * a, 0 * b), (a, b), 0.25, 1e-9)
    assert not dead[["typical_a", "typical_b"]].to_numpy().any()


@pytest.fixture
def maps():
    """Three maps: of class 3; dead on test and active once on validation; never active."""
    labels = np.repeat(np.arange(10), 2).astype(np.uint8)
    peak, mean = np.zeros((2, 20, 3), np.float32)
    peak[:, 0], mean[:, 0] = 1, 0.5
    peak[labels == 3, 0], mean[labels == 3, 0] = 8, 2
    peak[0, 0] = mean[0, 0] = 0
    before = np.zeros((20, 3), np.float32)
    before[5, 1] = 0.1
    test = {"labels": labels, "conv_1_max": peak, "conv_1_mean": mean}
    validation = {"labels": labels, "conv_1_max": before, "conv_1_mean": before}
    return map_statistics.maps_table("conv_1", test, validation, 10)


def test_maps_by_hand(maps):
    declared = [name for name in artifacts.forms(files.MAPS) if "{" not in name]
    by_class = {f"{name}_{label}" for name in ("active", "mean") for label in range(10)}
    assert set(maps) == by_class | set(declared)
    first = maps.iloc[0]
    assert (first["active_0"], first["active_3"], first["mean_0"]) == (0.5, 1, 0.25)
    assert (first["mean_3"], first["mean_9"]) == (2, 0.5)
    assert first["preferred_class"] == 3
    rest = (0.25 + 8 * 0.5) / 9
    assert first["selectivity"] == pytest.approx((2 - rest) / (2 + rest))
    assert maps["selectivity"].isna().tolist() == [False, True, True]


def test_whether_a_map_is_ever_active_is_of_both_splits(maps):
    assert maps["never_active"].tolist() == [False, False, True]
    assert maps["images"].tolist() == [40, 40, 40]
    assert maps["active_upper"][2] == pytest.approx(1 - 0.05 ** (1 / 40))
    once = stats.binomtest(1, 40, alternative="less").proportion_ci(0.95, method="exact").high
    assert maps["active_upper"][1] == pytest.approx(once)


def test_a_class_without_test_images_has_no_mean():
    labels = np.zeros(3, np.uint8)
    values = {"labels": labels, "conv_2_max": np.ones((3, 1)), "conv_2_mean": np.ones((3, 1))}
    table = map_statistics.maps_table("conv_2", values, values, 10)
    assert (table["mean_0"][0], table["active_0"][0]) == (1, 1)
    assert table[["mean_5", "active_5"]].isna().to_numpy().all()


def test_the_summary_counts_points_and_takes_the_best_of_validation(hand):
    short = map_statistics.summary(hand)
    counts = ("points", "live", "separating", "only_a", "only_b", "both", "best_map")
    assert [short[name] for name in counts] == [5, 3, 1, 0, 1, 1, 2]
    assert short["best_higher_for_b"]
    assert short["best_auroc"] == short["best_distance"] == pytest.approx(3.5 / 6)
    assert short["significant"] == (hand["q_value"] < 0.05).sum() / 3
    with pytest.raises(StageError, match="the network did not learn"):
        map_statistics.summary(hand[hand["dead"]])


def test_the_best_auroc_is_towards_the_class_that_it_is_higher_for_on_validation():
    """Where test images turn it round, it falls below a half; the distance does not."""
    a, b = stack([5, 6, 7, 8]), stack([1, 2, 3, 4])
    points = map_statistics.points_table((a, b), (b, a), 0.25, 0.75)
    short = map_statistics.summary(points)
    assert not short["best_higher_for_b"]
    ends = ("best_auroc", "best_auroc_low", "best_auroc_high", "best_distance")
    unseen = 1 - 0.05 ** (1 / 4)  # what a share of images not seen could do
    assert [short[name] for name in ends] == pytest.approx([0, 0, unseen, 1])


def test_points_are_selected_on_validation_and_reported_on_test(workshop):
    run = Run.of(workshop)
    points = run.read(files.POINTS, seed=0)
    of_splits = [run.pair_maps(0, split) for split in ("validation", "test")]
    validation, test = ([of.astype(np.float64) for of in pair] for pair in of_splits)
    zero = ~(np.concatenate(validation) > 0).any(axis=0)
    np.testing.assert_array_equal(points["dead"], trained.as_points(zero[np.newaxis])[0])
    assert 0 < points["dead"].sum() < 144 == len(points)
    live = np.flatnonzero(~points["dead"])
    for index in np.random.default_rng(0).choice(live, 25, replace=False):
        row = points.iloc[index]
        cell = (slice(None), int(row["row"]), int(row["column"]), int(row["map"]))
        a, b = (values[cell] for values in validation)
        a_test, b_test = (values[cell] for values in test)
        level = 0.25 * max(a.max(), b.max())
        expected = {
            "mean_a": a.mean(),
            "active_b": (b > 0).mean(),
            "typical_a": (a > level).mean() >= 0.75,
            "auroc": roc_auc_score([0] * len(a) + [1] * len(b), np.r_[a, b]),
            "p_value": stats.mannwhitneyu(a, b, method="asymptotic").pvalue,
            "hedges_g": measures.hedges_g(a[:, None], b[:, None])[0],
            "mean_a_test": a_test.mean(),
            "mean_b_test": b_test.mean(),
            "auroc_test": roc_auc_score([0] * len(a_test) + [1] * len(b_test), [*a_test, *b_test]),
            "auroc_test_low": measures.auroc(a_test[:, None], b_test[:, None]).low[0],
        }
        found = {name: row[name] for name in expected}
        assert found == pytest.approx(expected, rel=1e-9, nan_ok=True), f"point {index}"


@pytest.mark.parametrize("layer", designs.CONV_LAYERS)
def test_every_map_has_its_row(workshop, layer):
    run = Run.of(workshop)
    table = run.read(files.MAPS, seed=0, layer=layer)
    validation, test = (
        run.read(files.MAP_ACTIVITY, seed=0, split=split) for split in ("validation", "test")
    )
    expected = map_statistics.maps_table(layer, test, validation, 10)
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    rows = test[f"{layer}_mean"][test["labels"] == A]
    np.testing.assert_allclose(table[f"mean_{A}"], rows.mean(axis=0), rtol=1e-5)


@pytest.mark.usefixtures("bench")
def test_a_second_run_writes_the_same_bytes(monkeypatch, fails):
    folder = artifacts.path_of(files.POINTS, seed=0).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    map_statistics.main()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert len(before) == 6
    path = artifacts.path_of(files.ACTIVATIONS, seed=0, split="test", label=B)
    path.write_bytes(path.read_bytes()[:1000])
    assert fails(map_statistics.main, "--seed", "0").startswith(f"{path} cannot be used: ")
