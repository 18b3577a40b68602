"""The stage on the workshop's network and on tiny ones: other layers, few points, no answers."""

import sys
from pathlib import Path

import numpy as np
import pytest

from stages.common import artifacts, files, network, trained
from stages.common.bases import AXES, BASES, MEANS, PATCHING, POINTS, PROBE, ROTATION
from stages.common.cases import DIRECTIONS
from stages.common.params import read_params
from stages.common.run import Run
from stages.directions import __main__ as stage
from stages.directions.curves import by_effect
from stages.directions.layer import swaps

PAIR, SIDE, CLASSES = (2, 1), 20, 3
WRITTEN = [file for file in files.FILES if file.stage == "directions"]
IMAGES = {"fit": 40, "validation": 24, "test": 30}  # of each class


def run_stage(monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["directions", "--seed", "0"])
    stage.main()


@pytest.fixture(scope="module")
def run(workshop, tmp_path_factory):
    """A folder in which the stage wrote its files for the workshop's first network."""
    folder = tmp_path_factory.mktemp("directions")
    for path in ("params.yaml", "data/raw", "data/models", "data/activations"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(workshop / path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_stage(patch)
    return Run.of(folder)


def test_the_workshop_has_every_basis_and_direction(run):
    curves, half = (run.read(file, seed=0) for file in (files.BASIS_CURVES, files.BASIS_HALF))
    live = half["live"].unique().item()
    assert list(curves["basis"].unique()) == list(half["basis"].unique()) == list(BASES)
    draws = [half.loc[half["basis"] == basis, "draw"].nunique() for basis in BASES]
    assert draws == [1, 1, stage.ROTATIONS]
    last = curves[curves["k"] == live]
    for _, of in last[last["measure"] == PATCHING].groupby("direction"):
        assert not of["value"].max() - of["value"].min() > 0.05  # all coordinates are one edit
    assert last.loc[last["order"] == "variance", "value"].between(0, 1).all()
    ratio = half["changed"][half["k"].notna()]
    assert ratio.between(0, 1.001).all()
    assert (half.loc[half["basis"] == POINTS, "negative"].dropna() == 0).all()


def test_the_last_numbers_are_those_of_the_network(run):
    """All coordinates patched are the source's own answer; nothing removed, the image's own."""
    logits = {}
    for label in run.pair:
        points = trained.as_points(run.maps(0, "test", label))
        logits[label] = run.head(0)(points).argmax(axis=1)
    erasure = run.read(files.ERASURE, seed=0)
    right = np.mean([(logits[label] == label).mean() for label in run.pair])
    np.testing.assert_allclose(erasure.loc[erasure["k"] == 0, "right"], right)
    single = run.read(files.SINGLE_DIRECTIONS, seed=0)
    assert single["changed"].dropna().between(0, 2).all()
    assert (erasure.loc[erasure["method"] == MEANS, "k"] == [0, 1]).all()


def test_a_second_run_writes_the_same_bytes(run, monkeypatch):
    monkeypatch.chdir(run.root)
    paths = [artifacts.path_of(file, seed=0) for file in WRITTEN]
    before = [path.read_bytes() for path in paths]
    run_stage(monkeypatch)
    assert [path.read_bytes() for path in paths] == before


@pytest.fixture
def tiny(tmp_path, monkeypatch, settings):
    """Run the stage in an empty project on a network of random filters; what it wrote, by file.

    Its logits are a regression on fit images, or of one class alone where not `right`.
    """
    monkeypatch.chdir(tmp_path)

    def make(right=True, live=True, **changes):
        cnn = {"maps": [6], "kernel": 15, "dense": 9} | changes
        keys = {f"network.cnn.{name}": value for name, value in cnn.items()}
        keys |= {"analysis.pair": list(PAIR), "analysis.contrast": []}
        keys |= {"activations.classes": list(PAIR)}
        Path("params.yaml").write_text(settings(keys))
        generator, dataset = np.random.default_rng(3), {}
        shapes = generator.integers(0, 160, (CLASSES, SIDE, SIDE))
        for split, count in IMAGES.items():
            labels = np.tile(np.arange(CLASSES, dtype=np.uint8), count)
            noise = generator.integers(0, 95, (len(labels), SIDE, SIDE))
            dataset[f"{split}_images"] = (shapes[labels] + noise).astype(np.uint8)
            dataset[f"{split}_labels"] = labels
        path = artifacts.path_of(files.DATASET)
        path.parent.mkdir(parents=True)
        np.savez(path, class_names=np.array(["0", "1", "2"]), **dataset)
        run = Run(read_params())
        net = network.untrained(run.design, 0)
        fit_head(net, dataset, right)
        if not live:
            layer = net.get_layer(run.last)
            kernel, bias = layer.get_weights()
            layer.set_weights([0 * kernel, bias - 1])
        weights = run.path(files.WEIGHTS, model="cnn", seed=0)
        weights.parent.mkdir(parents=True)
        net.save_weights(weights)
        see = trained.extractor(net, [run.last])
        for split in ("validation", "test"):
            for label in PAIR:
                rows = np.flatnonzero(dataset[f"{split}_labels"] == label)
                seen = see.predict(network.as_input(dataset[f"{split}_images"][rows]), verbose=0)
                arrays = {"index": rows.astype(np.int32), run.last: seen[run.last]}
                artifacts.write(files.ACTIVATIONS, arrays, seed=0, split=split, label=label)
        run_stage(monkeypatch)
        return {file: artifacts.read(file, seed=0) for file in WRITTEN}

    return make


def fit_head(net, dataset, right):
    see = trained.extractor(net, ["dense"])
    units = see.predict(network.as_input(dataset["fit_images"]), verbose=0)["dense"]
    wanted = np.eye(CLASSES)[dataset["fit_labels"]]
    if not right:
        wanted = np.eye(CLASSES)[np.zeros_like(dataset["fit_labels"])]
    with_one = np.c_[units, np.ones(len(units))]
    weights = np.linalg.lstsq(with_one, wanted, rcond=None)[0].astype(np.float32)
    net.get_layer("logits").set_weights([weights[:-1], weights[-1]])


@pytest.mark.parametrize("changes", [
    {"activation": "selu"},
    {"maps": [4, 6], "pooling": "average", "convolutions": 2, "kernel": 3},
    {"kernel": SIDE, "maps": [3]},  # three points
], ids=["selu", "two layers", "few points"])  # fmt: skip
def test_other_networks(tiny, changes, capsys):
    written = tiny(**changes)
    half, single = written[files.BASIS_HALF], written[files.SINGLE_DIRECTIONS]
    assert len(half) == 2 * (2 + stage.ROTATIONS)
    known = half["k"].notna()
    assert (half.loc[known, "k"] <= half.loc[known, "live"]).all()
    assert half["negative"].notna().any() == ("activation" not in changes and known.any())
    assert single["flipped"].notna().all()
    erased = written[files.ERASURE]
    assert (erased.loc[erased["method"] == PROBE, "k"].max() or 1) <= half["live"].iloc[0]
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 and "nan" not in line for line in lines)
    assert {AXES, ROTATION} <= set(written[files.BASIS_CURVES]["basis"])


def test_the_size_of_an_edit_of_points_is_that_of_its_points(tiny):
    """From the same draws as the stage's, in the basis of the points themselves."""
    half, run = tiny()[files.BASIS_HALF], Run(read_params())
    layer = stage.read_layer(run, 0)
    start = np.random.default_rng((run.params.interventions.seed, 0))
    pairs = swaps(layer, run.params.interventions.interchange_sources, start.spawn(1)[0])
    for swap in pairs:
        here = half[(half["basis"] == POINTS) & (half["direction"] == DIRECTIONS[swap.base])]
        order = layer.live[by_effect(layer, swap.base)][: int(here["k"].item())]
        base, source = swap.images(layer)
        squares = ((source - base) ** 2).astype(float)
        wanted = squares[:, order].sum() / squares[:, layer.live].sum()
        assert here["changed"].item() == pytest.approx(wanted, rel=1e-4)
        assert 0 < wanted < 1


def test_a_network_that_answers_neither_class(tiny, capsys):
    written = tiny(right=False)
    curves = written[files.BASIS_CURVES]
    assert curves.loc[curves["measure"] == PATCHING, "value"].isna().all()
    assert curves.loc[curves["measure"] == PROBE, "value"].notna().all()
    assert written[files.BASIS_HALF]["k"].isna().all()
    assert written[files.SINGLE_DIRECTIONS]["flipped"].isna().all()
    assert (written[files.ERASURE]["right"] == 0).all()
    assert "nan" not in capsys.readouterr().out


def test_a_network_without_live_points_leaves_empty_tables(tiny):
    written = tiny(live=False)
    assert all(table.empty for table in written.values())
    for file, table in written.items():
        assert list(table) == list(artifacts.forms(file))


def test_a_class_of_one_image_is_a_sentence(tiny, fails):
    tiny(right=False)
    path = artifacts.path_of(files.DATASET)
    arrays = dict(np.load(path))
    kept = np.flatnonzero(arrays["fit_labels"] != PAIR[1])[:40]
    kept = np.r_[kept, np.flatnonzero(arrays["fit_labels"] == PAIR[1])[:1]]
    for name in ("fit_images", "fit_labels"):
        arrays[name] = arrays[name][kept]
    np.savez(path, **arrays)
    message = fails(stage.main, "--seed", "0")
    assert message.startswith(f"Class {PAIR[1]} has 1 fit images; directions need 2.")
