"""The tables of points and maps, on hand-made activations and against loops over raw ones."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from stages import map_statistics
from stages.common import artifacts, measures, network

A, B = 7, 2
COLUMNS = [
    "map", "row", "column", "dead", "mean_a", "mean_b", "active_a", "active_b", "common_a",
    "common_b", "hedges_g", "auroc", "p_value", "q_value", "mean_a_test", "mean_b_test",
    "auroc_test", "auroc_test_low", "auroc_test_high",
]  # fmt: skip


@pytest.fixture
def points(workshop):
    return artifacts.read_csv(workshop / "data/statistics/cnn-0/points_conv_3.csv")


@pytest.fixture
def raw(workshop):
    """conv_3 of one split and class, as the network gave it."""

    def read(split, label):
        path = workshop / f"data/activations/cnn-0/{split}_{label}.npz"
        return artifacts.read_npz(path, "conv_3")["conv_3"]

    return read


def stack(*points):
    """Points of one row and one column each, from their values by image."""
    return np.array(points, np.float32).T[:, np.newaxis, np.newaxis, :]


# Hand-made activations: one map a point


@pytest.fixture
def hand():
    """Points: dead; constant; b above a; only on in b; dead on validation and live on test."""
    a = stack([0, 0, 0, 0], [5, 5, 5, 5], [1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 0])
    b = stack([0, 0, 0, 0], [5, 5, 5, 5], [5, 6, 7, 8], [0, 4, 8, 1], [0, 0, 0, 0])
    a_test = stack([0, 0], [5, 5], [1, 2], [0, 0], [1, 1])
    b_test = stack([0, 0, 0], [5, 5, 5], [0, 2, 9], [0, 4, 8], [3, 3, 3])
    return map_statistics.points_table((a, b), (a_test, b_test), 0.25, 0.75)


def test_points_by_hand(hand):
    assert list(hand.columns) == COLUMNS
    assert hand["map"].tolist() == [0, 1, 2, 3, 4]
    assert hand["dead"].tolist() == [True, False, False, False, True]
    assert hand["mean_a"].tolist() == [0, 5, 2.5, 0, 0]
    assert hand["mean_b"].tolist() == [0, 5, 6.5, 3.25, 0]
    assert hand["active_a"].tolist() == [0, 1, 1, 0, 0]
    assert hand["active_b"].tolist() == [0, 1, 1, 0.75, 0]
    # Of the third point's maximum of 8, a quarter is 2: a is above it in 3 and 4 alone.
    assert hand["common_a"].tolist() == [False, True, False, False, False]
    assert hand["common_b"].tolist() == [False, True, True, False, False]
    assert hand["auroc"].tolist() == [0.5, 0.5, 1, 0.875, 0.5]
    assert hand["mean_b_test"].tolist() == [0, 5, pytest.approx(11 / 3), 4, 3]
    assert hand["auroc_test"].tolist() == pytest.approx([0.5, 0.5, 3.5 / 6, 5 / 6, 1])


def test_dead_points_are_set_aside_before_testing(hand):
    np.testing.assert_array_equal(hand["p_value"].isna(), hand["dead"])
    np.testing.assert_array_equal(hand["q_value"].isna(), hand["dead"])
    live = hand[~hand["dead"]]
    np.testing.assert_allclose(live["q_value"], stats.false_discovery_control(live["p_value"]))
    assert live["p_value"].iloc[0] == 1  # constant, yet live
    assert hand["hedges_g"].isna().tolist() == [True, True, False, False, True]


def test_a_dead_point_is_common_to_no_class_even_where_every_share_would_do():
    dead = stack([0, 0, 0])
    table = map_statistics.points_table((dead, dead), (dead, dead), 0.25, 1e-9)
    assert not table[["common_a", "common_b"]].to_numpy().any()


@pytest.mark.parametrize(("share", "common"), [(0.5, True), (0.51, False)])
def test_the_share_of_a_common_point_is_reached_or_not(share, common):
    a, b = stack([0, 0, 4, 4]), stack([1, 1, 1, 1])
    table = map_statistics.points_table((a, b), (a, b), 0.25, share)
    assert table["common_a"].tolist() == [common]
    assert table["common_b"].tolist() == [False]  # 1 is not above a quarter of 4


def test_one_test_image_of_a_class_gives_a_value_without_an_interval():
    a, b = stack([1, 2, 3]), stack([2, 3, 4])
    table = map_statistics.points_table((a, b), (a[:1], b), 0.25, 0.75)
    assert table["auroc_test"].tolist() == [1]
    assert table[["auroc_test_low", "auroc_test_high"]].isna().to_numpy().all()


@pytest.mark.parametrize("seed", range(5))
def test_exchanging_the_classes_mirrors_the_table(seed):
    generator = np.random.default_rng(seed)
    a, b, a_test, b_test = (
        np.maximum(generator.normal(0, 1, (n, 2, 3, 4)), 0).astype(np.float32)
        for n in (9, 14, 8, 11)
    )
    one = map_statistics.points_table((a, b), (a_test, b_test), 0.25, 0.5)
    other = map_statistics.points_table((b, a), (b_test, a_test), 0.25, 0.5)
    for name in ("mean_{}", "active_{}", "common_{}", "mean_{}_test"):
        np.testing.assert_array_equal(one[name.format("a")], other[name.format("b")])
        np.testing.assert_array_equal(one[name.format("b")], other[name.format("a")])
    for name in ("dead", "p_value", "q_value", "map", "row", "column"):
        np.testing.assert_allclose(one[name], other[name])
    np.testing.assert_allclose(one["hedges_g"], -other["hedges_g"])
    np.testing.assert_allclose(one["auroc"], 1 - other["auroc"])
    np.testing.assert_allclose(one["auroc_test_low"], 1 - other["auroc_test_high"])


def test_points_stand_in_the_order_map_row_column():
    shape = (2, 3, 4)  # rows, columns, maps
    numbered = np.arange(24, dtype=np.float32).reshape(shape) + 1
    values = np.stack([numbered, numbered * 2])
    table = map_statistics.points_table((values, values), (values, values), 0.25, 0.75)
    places = list(zip(table["map"], table["row"], table["column"], strict=True))
    assert places == [(m, r, c) for m in range(4) for r in range(2) for c in range(3)]
    for (m, r, c), mean in zip(places, table["mean_a"], strict=True):
        assert mean == 1.5 * numbered[r, c, m]


# Hand-made maps


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
    return map_statistics.maps_table("conv_1", test, validation)


def test_maps_by_hand(maps):
    classes = [f"{what}_{label}" for what in ("active", "mean") for label in range(10)]
    assert list(maps.columns) == [
        "map", *classes, "preferred_class", "selectivity", "never_active", "active_upper", "images",
    ]  # fmt: skip
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
    table = map_statistics.maps_table("conv_2", values, values)
    assert (table["mean_0"][0], table["active_0"][0]) == (1, 1)
    assert table[["mean_5", "active_5"]].isna().to_numpy().all()


# The stage


def test_every_point_has_its_row(points):
    assert list(points.columns) == COLUMNS
    assert len(points) == 1_152
    assert list(zip(points["map"], points["row"], points["column"], strict=True)) == [
        (m, r, c) for m in range(128) for r in range(3) for c in range(3)
    ]
    assert points["dead"].dtype == points["common_a"].dtype == bool
    assert points["dead"].any()
    assert not points["dead"].all()


def test_points_are_selected_on_validation_and_reported_on_test(points, raw):
    validation = [raw("validation", label).astype(np.float64) for label in (A, B)]
    test = [raw("test", label).astype(np.float64) for label in (A, B)]
    generator = np.random.default_rng(0)
    live = np.flatnonzero(~points["dead"])
    for index in generator.choice(live, 25, replace=False):
        row = points.iloc[index]
        cell = (slice(None), int(row["row"]), int(row["column"]), int(row["map"]))
        a, b = (values[cell] for values in validation)
        a_test, b_test = (values[cell] for values in test)
        is_b = np.r_[np.zeros(len(a)), np.ones(len(b))]
        is_b_test = np.r_[np.zeros(len(a_test)), np.ones(len(b_test))]
        level = 0.25 * max(a.max(), b.max())
        expected = {
            "mean_a": a.mean(),
            "mean_b": b.mean(),
            "active_a": (a > 0).mean(),
            "active_b": (b > 0).mean(),
            "common_a": (a > level).mean() >= 0.75,
            "common_b": (b > level).mean() >= 0.75,
            "auroc": roc_auc_score(is_b, np.r_[a, b]),
            "p_value": stats.mannwhitneyu(a, b, method="asymptotic").pvalue,
            "hedges_g": measures.hedges_g(a[:, None], b[:, None])[0],
            "mean_a_test": a_test.mean(),
            "mean_b_test": b_test.mean(),
            "auroc_test": roc_auc_score(is_b_test, np.r_[a_test, b_test]),
        }
        found = {name: row[name] for name in expected}
        assert found == pytest.approx(expected, rel=1e-9, nan_ok=True), f"point {index}"


def test_dead_points_are_those_that_are_zero_on_validation(points, raw):
    both = np.concatenate([raw("validation", label) for label in (A, B)])
    zero = ~(both > 0).any(axis=0)
    for place, dead in zip(
        points[["map", "row", "column"]].to_numpy(), points["dead"], strict=True
    ):
        m, r, c = place
        assert dead == zero[r, c, m]


@pytest.mark.parametrize(("layer", "maps"), [("conv_1", 32), ("conv_2", 64), ("conv_3", 128)])
def test_every_map_has_its_row(workshop, made, layer, maps):
    table = artifacts.read_csv(workshop / f"data/statistics/cnn-0/maps_{layer}.csv")
    assert table["map"].tolist() == list(range(maps))
    folder = workshop / "data/activations/cnn-0"
    activity = {
        split: artifacts.read_npz(folder / f"map_activity_{split}.npz")
        for split in ("test", "validation")
    }
    labels = made["test_labels"]
    for label in (0, A):
        rows = activity["test"][f"{layer}_mean"][labels == label]
        np.testing.assert_allclose(table[f"mean_{label}"], rows.mean(axis=0), rtol=1e-5)
        rows = activity["test"][f"{layer}_max"][labels == label]
        np.testing.assert_allclose(table[f"active_{label}"], (rows > 0).mean(axis=0))
    peaks = np.concatenate([arrays[f"{layer}_max"] for arrays in activity.values()])
    np.testing.assert_array_equal(table["never_active"], ~(peaks > 0).any(axis=0))
    assert (table["images"] == len(peaks)).all()
    means = table[[f"mean_{label}" for label in range(10)]].to_numpy()
    np.testing.assert_array_equal(table["preferred_class"], means.argmax(axis=1))


@pytest.mark.usefixtures("bench")
def test_a_second_run_writes_the_same_bytes(monkeypatch):
    folder = artifacts.statistics_folder(0)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    map_statistics.main()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert set(before) == {
        "points_conv_3.csv", *(f"maps_{layer}.csv" for layer in network.CONV_LAYERS),
    }  # fmt: skip


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize("name", [f"validation_{A}.npz", f"test_{B}.npz", "map_activity_test.npz"])
def test_a_missing_or_damaged_input_is_a_sentence(fails, name):
    path = artifacts.activations_folder(0) / name
    path.write_bytes(path.read_bytes()[:1000])
    message = fails(map_statistics.main, "--seed", "0")
    assert message.startswith(f"{path} cannot be read, it is damaged (")
    path.unlink()
    message = fails(map_statistics.main, "--seed", "0")
    assert message.startswith(f"{path} is missing.")


@pytest.mark.usefixtures("bench")
def test_activations_without_the_layer_are_a_sentence(fails):
    path = artifacts.activations_folder(0) / f"test_{A}.npz"
    artifacts.write_npz(path, {"index": np.arange(3)})
    assert fails(map_statistics.main, "--seed", "0").startswith(f"{path} is not complete: conv_3")


@pytest.mark.usefixtures("bench")
def test_a_seed_that_was_never_run_is_a_sentence(fails):
    message = fails(map_statistics.main, "--seed", "12")
    assert message.startswith(f"data/activations/cnn-12/validation_{A}.npz is missing.")
