"""From the files of several seeds to the tables: points carried over, chance, one seed, errors."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files, intervals
from stages.common.measures import centred_gram
from stages.replicates import __main__ as stage
from stages.replicates.pattern_pairs import matched_patterns
from stages.replicates.similarity import Comparison

from .. import designs

MAPS = {"conv_1": (4, 3), "conv_2": (3, 4), "conv_3": (2, 25)}  # side, maps
IMAGES = 30
WRITTEN = [file for file in files.FILES if file.stage == "replicates"]
TABLES = [file for file in WRITTEN if file.path.endswith(".csv")]


def points(generator, maps=25, positions=4, dead=0.1):
    """A table of points: which are dead, and the AUROC of each."""
    is_dead = generator.random(maps * positions) < dead
    auroc = np.where(is_dead, 0.5, generator.random(maps * positions))
    return pd.DataFrame({"dead": is_dead, "auroc": auroc})


def write_points(seed, table):
    """As `points.csv`, with whatever in the columns that are not read."""
    columns = {"int": 0, "float": 0.5, "bool": False}
    others = {name: columns[form.dtype] for name, form in artifacts.forms(files.POINTS).items()}
    artifacts.write(files.POINTS, pd.DataFrame(others, table.index).assign(**table), seed=seed)


def write_patterns(seed, number):
    """Of every map a pattern, in the order of network `number`; map 1 of the first is silent."""
    generator, layers = np.random.default_rng(1), list(MAPS)
    arrays = {"layer": np.concatenate([np.full(MAPS[name][1], name) for name in layers])}
    status = []
    for name, (_, maps) in MAPS.items():
        patterns = generator.random((maps, 6, 6)).astype(np.float32)
        arrays[f"{name}_pattern"] = np.roll(patterns, number, axis=0)
        of = np.where(np.arange(maps) == 1, "silent", "reached")
        status.append(np.roll(of, number))
    arrays["status"] = np.concatenate(status)
    path = artifacts.path_of(files.PATTERNS, seed=seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)


@pytest.fixture
def run(tmp_path, monkeypatch, settings):
    """Run the stage for these seeds; network j is network i with its maps reordered."""
    monkeypatch.chdir(tmp_path)

    def make(seeds, images=IMAGES):
        Path("params.yaml").write_text(
            settings({"train.seeds": list(seeds), "analysis.shown_seeds": list(seeds)})
        )
        generator = np.random.default_rng(0)
        arrays = {
            "index": np.arange(images, dtype=np.int32),
            "labels": (np.arange(images) % 10).astype(np.uint8),
        }
        table = points(generator)
        for file in (files.SAMPLE, files.UNTRAINED):
            for split in ("validation", "test"):
                first = {
                    name: generator.random((images, side, side, maps), np.float32)
                    for name, (side, maps) in MAPS.items()
                }
                highest = {f"{name}_max": x.max(axis=(1, 2)) for name, x in first.items()}
                for number, seed in enumerate(seeds):
                    layers = {name: np.roll(x, number, axis=-1) for name, x in first.items()}
                    artifacts.write(file, arrays | layers | highest, seed=seed, split=split)
        grams = {
            name + ending: centred_gram(of).astype(np.float32)
            for name, of in first.items() for ending in ("", "_untrained")
        }  # fmt: skip
        for number, seed in enumerate(seeds):
            artifacts.write(files.GRAMS, grams, seed=seed)
            rolled = np.roll(np.arange(100).reshape(25, 4), number, axis=0).ravel()
            write_points(seed, table.iloc[rolled].reset_index(drop=True))
        for number, seed in enumerate(seeds):
            write_patterns(seed, number)
        stage.main()
        return [artifacts.read(file) for file in TABLES if file is not files.MATCHED_PATTERNS]

    return make


def test_tables_of_three_reordered_networks(run, capsys):
    seeds = (5, 0, 7)
    matching, cka, selected = run(seeds)
    pairs = list(combinations(seeds, 2))
    for table in (matching, cka):
        result = list(table[["layer", "seed_i", "seed_j"]].itertuples(index=False, name=None))
        assert result == [(layer, *pair) for layer in designs.CONV_LAYERS for pair in pairs]
    for column in ("matched_r", "semi_matched_r", "residual_r", "untrained_r"):
        assert matching[column].to_numpy() == pytest.approx(1)
    assert (matching["identity_r"].abs() < 0.5).all()
    assert (matching["constant_maps"] == 0).all()
    assert (matching["gain"].abs() < 1e-6).all()
    expected = (matching["identity_r"] - matching["random_r"]) / (1 - matching["random_r"])
    assert matching["order_kept"].to_numpy() == pytest.approx(expected, abs=1e-5)
    assert cka[["cka", "untrained_cka"]].to_numpy() == pytest.approx(1)
    assert list(selected["k"]) == list(stage.SELECTED) * 3
    assert (selected["jaccard"] == 1).all()
    assert (selected["expected"] < 1).all()
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_correlations_of_the_first_pair_give_its_matching_back(run):
    matching, *_ = run((3, 4, 5))
    arrays = artifacts.read(files.CORRELATIONS)
    assert arrays["seeds"].tolist() == [[3, 4], [3, 5], [4, 5]]
    for layer, (_, maps) in MAPS.items():
        correlation, assignment = arrays[layer], arrays[f"{layer}_assignment"]
        assert correlation.shape == (maps, maps)
        row = matching.query(f"layer == '{layer}' and seed_j == 4").iloc[0]
        matched = correlation[np.arange(maps), assignment].mean()
        assert matched == pytest.approx(row["matched_r"], abs=1e-6)
        assert correlation.mean() == pytest.approx(row["random_r"], abs=1e-6)


def test_matched_maps_of_reordered_networks_look_for_the_same(run, settings):
    run((3, 4))
    table = artifacts.read(files.MATCHED_PATTERNS)
    assert table["layer"].tolist() == list(MAPS)
    assert table["maps"].tolist() == [maps - 1 for _, maps in MAPS.values()]  # one is silent
    assert table["matched_r"].to_numpy() == pytest.approx(1)
    last = table.iloc[-1]
    assert last["random_r_low"] < last["random_r"] < last["random_r_high"] < 0.2
    for change in ({"patterns.objective": "map"}, {"analysis.shown_seeds": [3]}):
        changes = {"train.seeds": [3, 4], "analysis.shown_seeds": [3, 4]} | change
        Path("params.yaml").write_text(settings(changes))
        stage.main()
        assert artifacts.read(files.MATCHED_PATTERNS).empty


def test_patterns_in_any_order_against_loops():
    generator = np.random.default_rng(2)
    first, second = generator.random((2, 7, 5, 5))
    second[3] = 0.5  # of one grey: correlates with nothing
    matched, random = matched_patterns(first, second, np.random.default_rng(0))
    r = np.array([[np.corrcoef(a.ravel(), b.ravel())[0, 1] if b.std() else 0 for b in second]
                  for a in first])  # fmt: skip
    assert matched == pytest.approx(np.diag(r).mean())
    assert random.value == pytest.approx(r.mean())
    assert random.low < random.value < random.high


def test_same_bytes_at_every_run(run):
    run((0, 1))
    before = [artifacts.path_of(file).read_bytes() for file in WRITTEN]
    stage.main()
    assert [artifacts.path_of(file).read_bytes() for file in WRITTEN] == before


def test_a_single_seed_has_empty_tables_and_a_note(run, capsys):
    assert all(table.empty for table in run((2,)))
    assert artifacts.read(files.CORRELATIONS)["seeds"].shape == (0, 2)
    assert "needs two seeds" in capsys.readouterr().out


def test_a_tiny_sample_gives_nan_not_an_error(run):
    matching, cka, _ = run((0, 1), images=3)
    assert cka["cka"].isna().all()
    assert matching["matched_r"].notna().all()


def kept(order):
    """How much of five maps' own order the best order `order` keeps: r is 0.9 in it, else 0.1."""
    correlation = np.full((5, 5), 0.1)
    correlation[np.arange(5), order] = 0.9
    counts = intervals.resample_counts(np.zeros(5), 200, np.random.default_rng(0))
    return stage.order_kept(np.full(5, 0.9), np.diag(correlation), correlation.mean(axis=1), counts)


def test_the_order_kept_is_1_in_the_same_order_and_below_0_in_another():
    np.testing.assert_allclose(kept([0, 1, 2, 3, 4]), (1, 1, 1))
    np.testing.assert_allclose(kept([1, 2, 3, 4, 0]), [-0.25] * 3)  # (0.1 - 0.26) / (0.9 - 0.26)
    part = kept([0, 1, 2, 4, 3])
    assert part.value == pytest.approx((3 - 2 * 0.25) / 5)
    assert part.low < part.value < part.high
    assert np.isnan(stage.order_kept(*np.zeros((3, 5)), np.ones((9, 5)))).all()


def test_a_random_order_is_the_mean_of_all_orders_and_gain_is_beyond_untrained():
    generator = np.random.default_rng(9)
    r, before = generator.random((2, 6, 6))
    trained, untrained = (Comparison(of, np.arange(6), *[0] * 6) for of in (r, before))
    result = stage.layer_columns(trained, untrained, 100, np.random.default_rng(0))
    drawn = [r[np.arange(6), generator.permutation(6)].mean() for _ in range(5000)]
    assert result["random_r"] == pytest.approx(np.mean(drawn), abs=0.01)
    assert result["gain"] == pytest.approx(np.diag(r - before).mean(), abs=1e-6)
    assert result["gain_low"] <= result["gain"] <= result["gain_high"]


def test_jaccard_of_carried_points():
    generator = np.random.default_rng(0)
    i, j = points(generator), points(generator)
    order = generator.permutation(25)
    for row in stage.selected_points(i, j, order):
        best_i, best_j = (
            (x["auroc"] - 0.5).abs().sort_values(ascending=False).index[: row["k"]] for x in (i, j)
        )
        carried = {(order[point // 4], point % 4) for point in best_i}
        own = {(point // 4, point % 4) for point in best_j}
        assert row["jaccard"] == len(carried & own) / len(carried | own)


def test_no_more_points_than_are_live():
    i, j = (points(np.random.default_rng(seed), dead=0) for seed in (0, 1))
    j.loc[15:, ["dead", "auroc"]] = True, 0.5
    assert [row["k"] for row in stage.selected_points(i, j, np.arange(25))] == [5, 10]
    j.loc[:, "dead"] = True
    assert stage.selected_points(i, j, np.arange(25)) == []


@pytest.mark.parametrize(("k", "total", "dead"), [(5, 40, 0), (12, 20, 3), (5, 5, 0)])
def test_expected_jaccard_is_the_mean_of_random_draws(k, total, dead):
    generator = np.random.default_rng(k)
    live_i, live_j = np.arange(dead, total), np.arange(total - dead)
    values = []
    for _ in range(2000):
        i, j = (set(generator.choice(live, k, replace=False)) for live in (live_i, live_j))
        values.append(len(i & j) / len(i | j))
    expected = stage.expected_jaccard(k, len(live_i), len(live_j), total - 2 * dead)
    assert abs(np.mean(values) - expected) <= 4 * np.std(values) / np.sqrt(len(values)) + 1e-12
