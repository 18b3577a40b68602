"""The whole stage on the workshop's networks, and on others: selu, one conv layer, never right."""

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files, network, trained
from stages.common.cases import DIRECTIONS
from stages.common.measures import margin
from stages.common.params import read_params
from stages.common.run import Run
from stages.smallest_change import __main__ as stage
from stages.smallest_change import placement, steps, tables

PAIR = (9, 6)  # boards that the workshop's networks answer rightly
WRITTEN = [file for file in files.FILES if file.stage == "smallest_change"]
MODELS = (("cnn", 0), ("cnn", 1), ("mlp", 0))


def write_effects(points: int, side: int) -> None:
    """Effects of all points, in their order; only the first half has one."""
    cells = np.stack(np.unravel_index(np.arange(points), (points // side**2, side, side)), axis=1)
    table = pd.DataFrame(cells, columns=["map", "row", "column"])
    effects = np.random.default_rng(0).normal(size=(points, 2))
    effects[points // 2 :] = 0
    table[[f"effect_{direction}" for direction in DIRECTIONS]] = effects
    artifacts.write(files.EFFECTS, table, seed=0)


@pytest.fixture(scope="module")
def run(workshop, workshop_settings, tmp_path_factory):
    """A folder in which the stage wrote its files for the workshop's first network."""
    folder = tmp_path_factory.mktemp("change")
    inputs = [
        artifacts.path_of(files.DATASET),
        artifacts.path_of(files.LOGITS, model="cnn", seed=0),
    ]
    inputs += [artifacts.path_of(files.WEIGHTS, model=model, seed=seed) for model, seed in MODELS]
    pair = {"analysis.pair": list(PAIR), "analysis.contrast": [], "activations.classes": list(PAIR)}
    (folder / "params.yaml").write_text(workshop_settings(pair), encoding="utf-8")
    for path in inputs:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(workshop / path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["stage", "--seed", "0"])
        patch.setattr(steps, "STEPS", 40)
        write_effects(16 * 9, 3)
        stage.main()
        yield Run.of(folder)


def tables_of(run) -> dict:
    return {file: run.read(file, seed=0) for file in WRITTEN}


def test_every_image_that_is_answered_wrongly_is_corrected(run, monkeypatch):
    monkeypatch.setattr(steps, "STEPS", 40)
    confused = (7, 2)  # boards that are much alike
    analysis = run.params.analysis.model_copy(update={"pair": confused, "contrast": ()})
    changed = Run(run.params.model_copy(update={"analysis": analysis}), run.root)
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    table = stage.correct(changed, 0, net)
    logits = run.read(files.LOGITS, model="cnn", seed=0)["test_logits"]
    labels = run.dataset_array("test_labels")
    wrong = np.isin(labels, confused) & (logits.argmax(axis=1) != labels)
    assert wrong.sum() > 5
    assert table["index"].tolist() == np.flatnonzero(wrong).tolist()
    assert table["label"].tolist() == labels[wrong].tolist()
    assert table["succeeded"].mean() > 0.5
    moved = table["pixels"] > 0
    assert (moved == (table["l1"] > placement.LEAST)).mean() > 0.9
    assert (table.loc[table["succeeded"], "l1"] > 0).all()
    written = run.read(files.CORRECTED, seed=0)
    own = np.isin(labels, PAIR) & (logits.argmax(axis=1) != labels)
    assert written["index"].tolist() == np.flatnonzero(own).tolist()


def test_a_success_has_the_margin_and_all_images_are_answered_rightly_before(run):
    written = tables_of(run)
    arrays, table = written[files.CHANGED_IMAGES], written[files.CHANGED]
    table = table[~table["boundary"]]
    assert table["index"].tolist() == arrays["index"].tolist()
    labels = run.dataset_array("test_labels")[arrays["index"]].astype(int)
    np.testing.assert_array_equal(arrays["label"], labels)
    assert set(labels) == set(PAIR)
    images = network.as_input(run.dataset_array("test_images")[arrays["index"]])
    np.testing.assert_array_equal(arrays["image"], images[..., 0])
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    before, after = (
        net.predict(shown, verbose=0) for shown in (images, arrays["changed"][..., None])
    )
    np.testing.assert_allclose(arrays["logits"][:, 0], before, atol=1e-4)
    np.testing.assert_allclose(arrays["logits"][:, -1], after, atol=1e-4)
    assert (before.argmax(axis=1) == labels).all()
    wanted = written[files.SMALLEST_CHANGE].query("not boundary").set_index("direction")["margin"]
    reached = margin(after, sum(PAIR) - labels)
    succeeded = reached >= wanted[table["direction"]].to_numpy() - 1e-4
    np.testing.assert_array_equal(table["succeeded"], succeeded)
    assert succeeded.mean() > 0.5


def test_sizes_are_those_of_the_images(run):
    written = tables_of(run)
    arrays, table = written[files.CHANGED_IMAGES], written[files.CHANGED]
    changed = arrays["changed"].astype(float) - arrays["image"]
    of_real, across = table[~table["boundary"]], table[table["boundary"]]
    np.testing.assert_allclose(of_real["l1"], np.abs(changed).sum(axis=(1, 2)), rtol=1e-4)
    both = of_real["succeeded"].to_numpy() & across["succeeded"].to_numpy()
    smaller = across["l1"].to_numpy()[both] <= of_real["l1"].to_numpy()[both] * 1.05
    assert smaller.mean() > 0.9
    labels, images = run.dataset_array("fit_labels"), run.dataset_array("fit_images") / 255
    a, b = (images[labels == label] for label in PAIR)
    first = np.abs(b - arrays["image"][0]).sum(axis=(1, 2)).min()
    assert of_real["nearest"].iloc[0] == pytest.approx(first, rel=1e-4)
    inside = placement.region(a.mean(axis=0), b.mean(axis=0))
    share = np.abs(changed[:, inside]).sum(axis=1) / np.abs(changed).sum(axis=(1, 2))
    np.testing.assert_allclose(of_real["region"], share, rtol=1e-3)


def test_readers_answer_as_they_do_elsewhere(run):
    written = tables_of(run)
    arrays, table = written[files.CHANGED_IMAGES], written[files.CHANGED].query("not boundary")
    read = written[files.CHANGE_TRANSFER]
    assert len(read) == 2 * len(MODELS) * len(DIRECTIONS)
    labels = arrays["label"].astype(int)
    mlp = run.design._replace(settings=run.params.network.mlp)
    for model, seed in MODELS:
        design = run.design if model == "cnn" else mlp
        net = trained.load(design, run.path(files.WEIGHTS, model=model, seed=seed))
        before, after = (
            net.predict(arrays[name][..., None], verbose=0).argmax(axis=1)
            for name in ("image", "changed")
        )
        of_reader = read.query("not boundary and model == @model and reader == @seed")
        for direction, label in zip(DIRECTIONS, PAIR, strict=True):
            known = (before == labels) & (labels == label) & table["succeeded"].to_numpy()
            (row,) = of_reader[of_reader["direction"] == direction].to_dict("records")
            share = (after[known] == sum(PAIR) - label).mean() if known.any() else np.nan
            assert row["flipped"] == pytest.approx(share, nan_ok=True)


def test_points_are_those_of_the_layer(run):
    written = tables_of(run)
    arrays, table = written[files.CHANGED_IMAGES], written[files.CHANGED].query("not boundary")
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    extract = trained.extractor(net, [run.last])
    before, after = (
        extract.predict(arrays[name][..., None], verbose=0)[run.last]
        for name in ("image", "changed")
    )
    points = written[files.CHANGED_POINTS]
    for direction, label in zip(DIRECTIONS, PAIR, strict=True):
        here = (arrays["label"] == label) & table["succeeded"].to_numpy()
        change = (after[here] - before[here]).mean(axis=0)
        wanted = change[points["row"], points["column"], points["map"]]
        np.testing.assert_allclose(points[f"change_{direction}"], wanted, atol=1e-4)
    on = ((after > 0) & (before <= 0)).sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(table["turned_on"], on)


def test_a_second_run_writes_the_same_bytes(run, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    paths = [run.root / artifacts.path_of(file, seed=0) for file in WRITTEN]
    before = [path.read_bytes() for path in paths]
    stage.main()
    assert [path.read_bytes() for path in paths] == before
    lines = capsys.readouterr().out.splitlines()
    known = run.read(files.CHANGE_TRANSFER, seed=0)["flipped"].notna().sum()
    assert len(lines) == 1 + 2 * len(DIRECTIONS) + known
    assert all(len(line) <= 80 and "nan" not in line for line in lines)


@pytest.mark.parametrize(
    ("cnn", "right"),
    [({"maps": [4], "kernel": 19}, True), ({"activation": "selu"}, True),
     ({"convolutions": 2, "pooling": "average"}, True), ({}, False)],
)  # fmt: skip
def test_the_stage_runs_on_other_networks(tmp_path, monkeypatch, settings, capsys, cnn, right):
    """Untrained ones, on noise of 20 x 20 pixels, which answer class 1 or, `right`, class 1 or 2.

    One network alone is shown; where none of its answers is right, there is nothing to change.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    monkeypatch.setattr(steps, "STEPS", 10)
    chosen = {"maps": [4, 6], "kernel": 3, "dense": 8} | cnn
    changes = {f"network.cnn.{key}": value for key, value in chosen.items()}
    changes |= {"analysis.pair": [2, 1], "analysis.contrast": [], "activations.classes": [1, 2],
                "train.seeds": [0], "analysis.shown_seeds": [0]}  # fmt: skip
    (tmp_path / "params.yaml").write_text(settings(changes))
    generator = np.random.default_rng(0)
    arrays = {"class_names": np.array(list("0123"))}
    for split in ("fit", "validation", "test"):
        images = generator.integers(0, 255, (24, 20, 20)).astype(np.uint8)
        arrays |= {f"{split}_images": images, f"{split}_labels": np.arange(24, dtype=np.uint8) % 4}
    artifacts.path_of(files.DATASET).parent.mkdir(parents=True)
    np.savez(artifacts.path_of(files.DATASET), **arrays)
    run = Run(read_params())
    designs = {"cnn": run.design, "mlp": run.design._replace(settings=run.params.network.mlp)}
    for model, design in designs.items():
        path = artifacts.path_of(files.WEIGHTS, model=model, seed=0)
        path.parent.mkdir(parents=True)
        network.untrained(design, 0).save_weights(path)
    answers = np.eye(4, dtype=np.float32)[arrays["test_labels"] if right else np.zeros(24, int)]
    logits = {"validation_logits": answers, "test_logits": answers}
    artifacts.write(files.LOGITS, logits, model="cnn", seed=0)
    side = run.design.settings.sides(20)[-1]
    write_effects(side**2 * run.design.settings.maps[-1], side)
    stage.main()
    written = {file: artifacts.read(file, seed=0) for file in WRITTEN}
    counts = written[files.SMALLEST_CHANGE]["images"]
    assert (counts == (6 if right else 0)).all()
    assert len(written[files.CHANGED]) == 2 * counts[:2].sum()
    assert len(written[files.CHANGED_POINTS]) == side**2 * run.design.settings.maps[-1]
    assert (written[files.SMALLEST_CHANGE]["margin"] >= tables.BOUNDARY).all()
    assert all(
        len(line) <= 80 and "nan" not in line for line in capsys.readouterr().out.splitlines()
    )
