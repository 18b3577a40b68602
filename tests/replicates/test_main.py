"""From the files of several seeds to the tables: points carried over, chance, one seed, errors."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.common import artifacts, network
from stages.common.console import StageError
from stages.replicates.__main__ import (
    SELECTED,
    TABLES,
    expected_jaccard,
    main,
    selected_points,
)

ROOT = Path(__file__).parents[2]
MAPS = {"conv_1": (4, 3), "conv_2": (3, 4), "conv_3": (2, 25)}  # side, maps
IMAGES = 30


def points(generator, maps=25, positions=4, dead=0.1):
    """A table of points: which are dead, and the AUROC of each."""
    is_dead = generator.random(maps * positions) < dead
    auroc = np.where(is_dead, 0.5, generator.random(maps * positions))
    return pd.DataFrame({"dead": is_dead, "auroc": auroc})


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the files of these seeds; network j is network i with its maps reordered."""
    monkeypatch.chdir(tmp_path)

    def make(seeds, images=IMAGES):
        values = YAML().load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        values["train"]["seeds"] = list(seeds)
        with Path("params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(values, file)
        generator = np.random.default_rng(0)
        labels = (np.arange(images) % 10).astype(np.uint8)
        table = points(generator)
        for kind in ("sample", "untrained"):
            for split in ("validation", "test"):
                first = {
                    name: generator.random((images, side, side, maps), np.float32)
                    for name, (side, maps) in MAPS.items()
                }
                for number, seed in enumerate(seeds):
                    layers = {name: np.roll(x, number, axis=-1) for name, x in first.items()}
                    artifacts.write_npz(
                        artifacts.activations_folder(seed) / f"{kind}_{split}.npz",
                        {"index": np.arange(images, dtype=np.int32), "labels": labels, **layers},
                    )
        for number, seed in enumerate(seeds):
            rolled = table.iloc[np.roll(np.arange(100).reshape(25, 4), number, axis=0).ravel()]
            artifacts.write_csv(artifacts.statistics_folder(seed) / "points_conv_3.csv", rolled)
        return artifacts.REPLICATES

    return make


def read(folder):
    return {name: artifacts.read_csv(folder / f"{name}.csv", TABLES[name]) for name in TABLES}


def test_tables_of_three_reordered_networks(project):
    seeds = (5, 0, 7)
    folder = project(seeds)
    main()
    tables = read(folder)
    assert {name: list(table) for name, table in tables.items()} == TABLES
    pairs = list(combinations(seeds, 2))
    for name in ("matching", "cka"):
        table = tables[name]
        found = list(table[["layer", "seed_i", "seed_j"]].itertuples(index=False, name=None))
        assert found == [(layer, *pair) for layer in network.CONV_LAYERS for pair in pairs]
    for column in ("matched_r", "semi_matched_r", "residual_r", "untrained_r"):
        assert tables["matching"][column].to_numpy() == pytest.approx(1)
    assert (tables["matching"]["identity_r"].abs() < 0.5).all()
    assert (tables["matching"]["constant_maps"] == 0).all()
    assert tables["cka"][["cka", "untrained_cka"]].to_numpy() == pytest.approx(1)
    assert list(tables["selected_points"]["k"]) == list(SELECTED) * 3
    assert (tables["selected_points"]["jaccard"] == 1).all()
    assert (tables["selected_points"]["expected"] < 1).all()


def test_correlations_give_the_matching_back(project):
    folder = project((3, 4, 5))
    main()
    arrays = artifacts.read_npz(folder / "correlations.npz")
    assert arrays["seeds"].tolist() == [[3, 4], [3, 5], [4, 5]]
    matching = artifacts.read_csv(folder / "matching.csv")
    for layer, (_, maps) in MAPS.items():
        rows = matching[matching["layer"] == layer]
        for name, column in ((layer, "matched_r"), (f"{layer}_untrained", "untrained_r")):
            correlation, assignment = arrays[name], arrays[f"{name}_assignment"]
            assert correlation.shape == (3, maps, maps)
            assert (correlation.dtype, assignment.dtype) == (np.float32, np.int32)
            after = np.take_along_axis(correlation, assignment[:, np.newaxis], axis=2)
            diagonal = np.diagonal(after, axis1=1, axis2=2).mean(axis=1)
            assert diagonal == pytest.approx(rows[column].to_numpy(), abs=1e-6)


def test_same_bytes_at_every_run(project):
    folder = project((0, 1))
    main()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    main()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert len(before) == 4


def test_single_seed_has_empty_tables_and_a_note(project, capsys):
    folder = project((2,))
    main()
    assert all(table.empty for table in read(folder).values())
    assert artifacts.read_npz(folder / "correlations.npz")["seeds"].shape == (0, 2)
    assert "needs two seeds" in capsys.readouterr().out


def test_output_is_one_line_a_layer_within_80_columns(project, capsys):
    project((0, 1))
    main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(network.CONV_LAYERS)
    assert max(map(len, lines)) <= 80


def test_tiny_sample_gives_nan_not_an_error(project):
    folder = project((0, 1), images=3)
    main()
    tables = read(folder)
    assert tables["cka"]["cka"].isna().all()
    assert tables["matching"].notna().all(axis=None)


def test_networks_run_on_other_images_are_refused(project):
    project((0, 1))
    path = artifacts.activations_folder(1) / "untrained_test.npz"
    arrays = artifacts.read_npz(path)
    artifacts.write_npz(path, arrays | {"index": arrays["index"] + 1})
    with pytest.raises(StageError, match=r"cnn-1.untrained_test.npz is of other images than"):
        main()


def test_missing_file_is_named(project):
    project((0, 1))
    (artifacts.activations_folder(1) / "sample_test.npz").unlink()
    with pytest.raises(StageError, match=r"cnn-1.sample_test.npz is missing"):
        main()


def test_keras_is_not_imported():
    code = "import sys, stages.replicates.__main__; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("seed", range(5))
def test_points_of_a_reordered_network_are_the_same_points(seed):
    generator = np.random.default_rng(seed)
    i = points(generator)
    order = generator.permutation(25)
    j = i.iloc[np.arange(100).reshape(25, 4)[np.argsort(order)].ravel()]
    assert [row["jaccard"] for row in selected_points(i, j, order)] == [1.0] * len(SELECTED)


@pytest.mark.parametrize("seed", range(5))
def test_jaccard_of_carried_points(seed):
    generator = np.random.default_rng(seed)
    i, j = points(generator), points(generator)
    order = generator.permutation(25)
    for row in selected_points(i, j, order):
        best_i, best_j = (
            (x["auroc"] - 0.5).abs().sort_values(ascending=False).index[: row["k"]] for x in (i, j)
        )
        carried = {(order[point // 4], point % 4) for point in best_i}
        own = {(point // 4, point % 4) for point in best_j}
        assert row["jaccard"] == len(carried & own) / len(carried | own)


def test_no_more_points_than_are_live():
    generator = np.random.default_rng(0)
    i, j = points(generator, dead=0), points(generator, dead=0)
    j.loc[15:, ["dead", "auroc"]] = True, 0.5
    assert [row["k"] for row in selected_points(i, j, np.arange(25))] == [5, 10]
    j.loc[:, "dead"] = True
    assert selected_points(i, j, np.arange(25)) == []


@pytest.mark.parametrize(("k", "total", "dead"), [(5, 40, 0), (5, 30, 4), (12, 20, 3), (1, 9, 1)])
def test_expected_jaccard_is_the_mean_of_random_draws(k, total, dead):
    generator = np.random.default_rng(k)
    live_i, live_j = np.arange(dead, total), np.arange(total - dead)
    values = []
    for _ in range(4000):
        i, j = (set(generator.choice(live, k, replace=False)) for live in (live_i, live_j))
        values.append(len(i & j) / len(i | j))
    expected = expected_jaccard(k, len(live_i), len(live_j), total - 2 * dead)
    assert abs(np.mean(values) - expected) < 4 * np.std(values) / np.sqrt(len(values))


def test_expected_jaccard_where_there_is_one_choice():
    assert expected_jaccard(5, 5, 5, 5) == pytest.approx(1)
    assert expected_jaccard(5, 8, 9, 0) == 0
