"""The rows of planted pairs, and the whole stage on other networks and on few images."""

from itertools import combinations

import numpy as np
import pytest

from stages.common import artifacts, files, network
from stages.common.params import read_params
from stages.common.run import Run
from stages.pairs import __main__ as stage

from .conftest import CLASSES, MANY, ONE, made

RIDGES = (10.0, 1.0, 0.1)


def rows(net, share=0.03) -> dict[tuple[int, int], dict]:
    pairs = combinations(range(CLASSES), 2)
    return {pair: stage.compare(net, share, RIDGES, pair)[0] for pair in pairs}


def test_planted_pairs(net):
    """A pair that differs in one point has a good one and loses nothing; one of many does not."""
    found = rows(net)
    one, many = found[ONE], found[MANY]
    assert one["point"] == 3
    assert 10 <= many["point"] < 30
    assert many["auroc_test"] < 0.9 < one["auroc_test"]
    assert one["loss"] < 0.02
    assert many["loss"] > 0.1
    assert one["live"] == 38  # point 0 is dead in all, HALF_FLAT in this pair
    assert many["live"] == 39
    assert many["few"] == 1
    assert found[0, 2]["auroc_test"] == 1


def test_confusions_are_answers_with_the_other_class(net):
    found = rows(net)
    assert {pair: row["errors"] for pair, row in found.items() if row["errors"]} == {
        (0, 1): 2, (0, 2): 1,
    }  # fmt: skip
    assert {row["images"] for row in found.values()} == {240}
    _, hardness = stage.compare(net, 0.03, RIDGES, ONE)
    np.testing.assert_allclose(hardness["errors"], [2 / 240, 2 / 360])


def test_less_auroc_and_more_loss_are_harder(net):
    for pair in (ONE, MANY):
        row, hardness = stage.compare(net, 0.03, RIDGES, pair)
        assert hardness["auroc"][0] == -row["auroc_test"]
        assert hardness["loss"][0] == row["loss"]


def test_the_auroc_is_for_the_class_that_is_higher_on_validation_images(splits):
    swapped = {
        s: (values, np.array([1, 0, 2, 3])[labels]) for s, (values, labels) in splits.items()
    }
    lower, higher = rows(made(swapped))[ONE], rows(made(splits))[ONE]
    assert lower["auroc_test"] == pytest.approx(higher["auroc_test"])
    other_way = swapped | {"test": splits["test"]}
    assert rows(made(other_way))[ONE]["auroc_test"] == pytest.approx(1 - higher["auroc_test"])


def test_wide_layers_need_no_shared_scatter(splits):
    shared, own = (rows(made(splits, shared)) for shared in (True, False))
    assert shared == own


def test_what_few_images_do_not_give_is_missing(splits):
    few = {s: (v[n != 1], n[n != 1]) if s == "test" else (v, n) for s, (v, n) in splits.items()}
    found = rows(made(few))
    names = ("auroc_test", "error_few", "error_all", "loss")
    assert all(np.isnan(found[ONE][name]) for name in names)
    assert not any(np.isnan(found[MANY][name]) for name in names)


def test_a_pair_without_live_points_has_no_probe(splits):
    dead = {split: (np.minimum(values, 0), labels) for split, (values, labels) in splits.items()}
    row = rows(made(dead))[ONE]
    assert (row["live"], row["few"]) == (0, 0)
    assert np.isnan(row["loss"])
    assert row["auroc_test"] > 0.5


def run_in(folder, monkeypatch) -> bytes:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    stage.main()
    return artifacts.path_of(files.PAIRS, seed=0).read_bytes()


def test_the_stage_on_the_workshop(workshop, tmp_path, monkeypatch, capsys):
    weights = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    logits = artifacts.path_of(files.LOGITS, model="cnn", seed=0)
    for path in ("params.yaml", artifacts.path_of(files.DATASET), weights, logits):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).symlink_to(workshop / path)
    first = run_in(tmp_path, monkeypatch)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    assert run_in(tmp_path, monkeypatch) == first
    table = artifacts.read(files.PAIRS, seed=0)
    assert len(table) == 45
    evaluated = artifacts.read(files.PAIR, root=workshop).query("model == 'cnn' and seed == 0")
    here = table[(table["first"] == 2) & (table["second"] == 7)]
    assert here["errors"].item() == evaluated["errors"].item()
    points = artifacts.read(files.POINTS, root=workshop, seed=0)
    assert here["live"].item() == (~points["dead"]).sum()
    cell = points[(points[["map", "row", "column"]] == here[["map", "row", "column"]].to_numpy())
                  .all(axis=1)].iloc[0]  # fmt: skip
    distances = (points["auroc"] - 0.5).abs()
    assert distances.max() == pytest.approx(abs(cell["auroc"] - 0.5))
    b_higher = (cell["auroc"] >= 0.5) == (cell["auroc_test"] >= 0.5)
    expected = 0.5 + (1 if b_higher else -1) * abs(cell["auroc_test"] - 0.5)
    assert here["auroc_test"].item() == pytest.approx(expected)
    assert table["rank_errors"].min() == table["rank_loss"].min() == 1
    settings = read_params()
    few = settings.probes.model_copy(update={"fit_images": 20})
    net = stage.read_network(Run(settings.model_copy(update={"probes": few})), 0)
    assert {len(of.points) for of in net.fit} == {10}  # of each class


@pytest.mark.parametrize(
    "changes",
    [
        {"network.cnn.maps": [3], "network.cnn.activation": "selu"},
        {"network.cnn.maps": [2, 4], "network.cnn.pooling": "stride"},
    ],
)
def test_other_networks_and_rare_classes(tmp_path, monkeypatch, settings, changes):
    """Class 2 has no test image, class 0 one fit image."""
    monkeypatch.chdir(tmp_path)
    changes |= {"analysis.pair": [3, 1], "network.cnn.dense": 5, "claims.resamples": 100}
    (tmp_path / "params.yaml").write_text(settings(changes))
    generator, arrays = np.random.default_rng(0), {"class_names": np.array(list("abcd"))}
    for split, labels in {
        "fit": [0, *[1, 2, 3] * 9], "validation": [0, 1, 2, 3] * 5, "test": [0, 1, 3] * 6,
    }.items():  # fmt: skip
        arrays[f"{split}_images"] = generator.integers(0, 256, (len(labels), 20, 20), np.uint8)
        arrays[f"{split}_labels"] = np.array(labels, np.uint8)
        arrays[f"{split}_index"] = np.arange(len(labels), dtype=np.int32)
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True)
    np.savez(path, name=np.array("own"), **arrays)
    run = Run.of(tmp_path)
    weights = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    weights.parent.mkdir(parents=True)
    network.untrained(run.design, 0).save_weights(weights)
    logits = {f"{split}_logits": generator.normal(size=(n, 4)).astype(np.float32)
              for split, n in (("validation", 20), ("test", 18))}  # fmt: skip
    artifacts.write(files.LOGITS, logits, model="cnn", seed=0)
    assert run_in(tmp_path, monkeypatch) == run_in(tmp_path, monkeypatch)
    table = artifacts.read(files.PAIRS, seed=0).set_index(["first", "second"])
    assert table["loss"].notna().to_dict() == {
        pair: pair == (1, 3) for pair in combinations(range(4), 2)
    }
    assert table["rank_loss"].count() == 1
