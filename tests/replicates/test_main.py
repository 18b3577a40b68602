"""From the files of several seeds to the tables: points carried over, chance, one seed, errors."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files, resampling
from stages.common.measures import centred_gram
from stages.replicates import __main__ as stage
from stages.replicates.pattern_pairs import matched_patterns
from stages.replicates.similarity import kernels_r

from .. import designs

MAPS = {"conv_1": (4, 3), "conv_2": (3, 4), "conv_3": (2, 25)}  # side, maps
IMAGES = 30
CHANGES = {"dataset.name": "digits", "claims.resamples": 100}
WRITTEN = [file for file in files.FILES if file.stage == "replicates"]


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


def write_dataset(images):
    """What resamples read of the dataset: classes, of which the images are the first."""
    labels = (np.arange(2 * images) % 10).astype(np.uint8)
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, validation_labels=labels, test_labels=labels)


def write_kernels(seed, number):
    """In the order of network `number` after training, others before it."""
    first = np.random.default_rng(2).normal(size=(3, 3, 1, 3)).astype(np.float32)
    before = np.random.default_rng(seed).normal(size=(3, 3, 1, 3)).astype(np.float32)
    arrays = {"trained": np.roll(first, number, axis=-1), "untrained": before}
    artifacts.write(files.KERNELS, arrays, seed=seed)


@pytest.fixture
def run(tmp_path, monkeypatch, settings):
    """Run the stage for these seeds; network j is network i with its maps reordered."""
    monkeypatch.chdir(tmp_path)

    def make(seeds, images=IMAGES):
        Path("params.yaml").write_text(settings(CHANGES | {
            "train.seeds": list(seeds), "analysis.shown_seeds": list(seeds)
        }))  # fmt: skip
        write_dataset(images)
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
            write_kernels(seed, number)
        stage.main()
        return [artifacts.read(file) for file in (files.MATCHING, files.CKA, files.SELECTED_POINTS)]

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
    assert cka[["cka", "untrained_cka"]].to_numpy() == pytest.approx(1)
    assert list(selected["k"]) == list(stage.SELECTED) * 3
    assert (selected["jaccard"] == 1).all()
    assert (selected["expected"] < 1).all()
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_resamples_of_reordered_networks(run):
    seeds = (5, 0, 7)
    matching, *_ = run(seeds)
    table, last = artifacts.read(files.MATCHING_RESAMPLES), matching[matching["layer"] == "conv_3"]
    keys = list(table[["seed_i", "seed_j", "resample"]].itertuples(index=False, name=None))
    assert keys == [(*pair, row) for pair in combinations(seeds, 2) for row in range(101)]
    as_they_are = table[table["resample"] == 0]
    for column in ("matched_r", "untrained_r", "identity_r", "random_r"):
        assert as_they_are[column].to_numpy() == pytest.approx(last[column].to_numpy(), abs=1e-12)
    for column in ("matched_r", "untrained_r", "kernels_r"):
        assert table[column].to_numpy() == pytest.approx(1)
    assert table["gain"].to_numpy() == pytest.approx(0, abs=1e-9)
    assert table["order"].to_numpy() == pytest.approx(table["identity_r"] - table["random_r"])
    assert table.groupby(["seed_i", "seed_j"])["identity_r"].std().min() > 0
    for (i, j), rows in table.groupby(["seed_i", "seed_j"], sort=False):
        before = (artifacts.read(files.KERNELS, seed=seed)["untrained"] for seed in (i, j))
        assert rows["untrained_kernels_r"].to_numpy() == pytest.approx(kernels_r(*before))
        assert rows["untrained_kernels_r"].max() < 0.95


def test_gain_is_beyond_the_untrained_networks(run):
    run((3, 4))
    path = artifacts.path_of(files.UNTRAINED, seed=4, split="test")
    arrays = artifacts.read(files.UNTRAINED, seed=4, split="test")
    arrays["conv_3"] = np.random.default_rng(8).random(arrays["conv_3"].shape, np.float32)
    np.savez(path, **arrays)
    stage.main()
    table = artifacts.read(files.MATCHING_RESAMPLES)
    assert (table["untrained_r"].abs() < 0.3).all()
    assert table["gain"].to_numpy() == pytest.approx(1 - table["untrained_r"])


def test_images_are_weighted_by_their_row_in_their_split(run, monkeypatch):
    """In the third row, all weight is on the images in which the second network is the first.

    In validation images these are the first eight, and the others would match maps in reverse; in
    test images they are every second.
    """
    run((3, 4))
    alike = {"validation": np.arange(60) < 8, "test": np.arange(60) % 2 == 1}
    for split, rows in alike.items():
        arrays = artifacts.read(files.SAMPLE, seed=3, split=split)
        first, noise = arrays["conv_3"], np.random.default_rng(9).random((IMAGES, 2, 2, 25))
        others = first[..., ::-1] if split == "validation" else noise
        where = rows[arrays["index"]][:, np.newaxis, np.newaxis, np.newaxis]
        arrays["conv_3"] = np.where(where, first, others).astype(np.float32)
        artifacts.write(files.SAMPLE, arrays, seed=4, split=split)
    counts = np.array([[1, 1], [2, 0], [0, 2]], np.float32)
    monkeypatch.setattr(
        stage.resampling, "of_split",
        lambda _, split: resampling.Resamples(alike[split].astype(int), counts),
    )  # fmt: skip
    stage.main()
    matched = artifacts.read(files.MATCHING_RESAMPLES)["matched_r"]
    assert matched[2] == pytest.approx(1)
    assert abs(matched[1]) < 0.2


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
        changes = CHANGES | {"train.seeds": [3, 4], "analysis.shown_seeds": [3, 4]} | change
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
    assert artifacts.read(files.MATCHING_RESAMPLES).empty
    assert artifacts.read(files.CORRELATIONS)["seeds"].shape == (0, 2)
    assert "needs two seeds" in capsys.readouterr().out


def test_a_tiny_sample_gives_nan_not_an_error(run):
    matching, cka, _ = run((0, 1), images=3)
    assert cka["cka"].isna().all()
    assert matching["matched_r"].notna().all()


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
