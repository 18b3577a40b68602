"""The stage on small trained networks, against the whole network."""

import numpy as np
import pytest

from stages.common import artifacts, files, network, sampling, trained
from stages.common.cases import CLOSED, DRAWN, OPENED, TRAINED, UNTRAINED
from stages.common.run import Run
from stages.depth import __main__ as stage
from stages.depth import layers, patching
from stages.strokes.__main__ import main as strokes_main

from .. import designs
from ..loop.conftest import PIXEL
from ..strokes.shapes import SIDE

WRITTEN = [file for file in files.FILES if file.stage == "depth"]


@pytest.fixture(scope="module")
def run(workshop, tmp_path_factory):
    """A folder in which the stage wrote its files for the workshop's first network."""
    folder = tmp_path_factory.mktemp("depth")
    network_files = [
        artifacts.path_of(of, model="cnn", seed=0) for of in (files.WEIGHTS, files.LOGITS)
    ]
    for path in ("params.yaml", artifacts.path_of(files.DATASET), *network_files):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(workshop / path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["stage", "--seed", "0"])
        strokes_main()
        stage.main()
    return Run.of(folder)


def test_every_layer_is_probed_in_both_networks_for_both_tasks(run):
    table = run.read(files.LAYER_PROBES, seed=0)
    expected = ["pixels", *run.params.network.cnn.names, "dense"]
    for network_name in (TRAINED, UNTRAINED):
        for task in ("pair", "all"):
            of = table[(table["network"] == network_name) & (table["task"] == task)]
            assert of["layer"].tolist() == expected
    pixels = table[table["layer"] == "pixels"].groupby("task")["accuracy"].nunique()
    assert (pixels == 1).all()  # pixels are not trained
    assert (table.loc[table["task"] == "all", "tested"] == 150).all()
    assert run.read(files.LAYER_EDITS, seed=0).empty  # checkerboards have no loop


def test_the_dense_layer_is_read_as_scikit_learn_does(run):
    from sklearn.linear_model import RidgeClassifier
    from sklearn.preprocessing import StandardScaler

    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    units = {}
    for split, count in stage.IMAGES.items():
        images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        rows = np.flatnonzero(np.isin(labels, run.pair))
        rows = rows[sampling.balanced_rows(labels[rows], count)]
        outputs = trained.extractor(net, ["dense"]).predict(
            network.as_input(images[rows]), verbose=0
        )
        units[split] = outputs["dense"], labels[rows]
    row = run.read(files.LAYER_PROBES, seed=0).query(
        "layer == 'dense' and task == 'pair' and network == 'trained'"
    ).iloc[0]  # fmt: skip
    scaler = StandardScaler().fit(units["fit"][0])
    spread = scaler.transform(units["fit"][0])
    level = (spread**2).sum() / min(spread.shape)
    model = RidgeClassifier(alpha=row["ridge"] * level).fit(spread, units["fit"][1])
    right = model.predict(scaler.transform(units["test"][0])) == units["test"][1]
    assert row["accuracy"] == pytest.approx(right.mean())
    assert (row["fitted"], row["tested"]) == (len(spread), len(right))


def test_a_network_cut_at_any_layer_is_the_same_network():
    design = designs.changed(maps=[3, 4], dense=7, side=20, activation="selu")
    net = network.untrained(design, 0)
    images = np.random.default_rng(7).integers(0, 256, (9, 20, 20)).astype(np.uint8)
    whole = net.predict(network.as_input(images), verbose=0)
    for layer in (*design.settings.names, "dense"):
        values = layers.seeing(net, layer)(images)
        shape = net.get_layer(layer).output.shape[1:]
        after = layers.rest_of(net, layer)
        found = layers.applied(after, values.reshape(len(images), *shape))
        np.testing.assert_allclose(found, whole, atol=1e-5)
    pixels = layers.seeing(net, "pixels")(images)
    np.testing.assert_array_equal(pixels, images.reshape(9, -1) / np.float32(255))


@pytest.fixture
def planted(project, monkeypatch):
    """Cups and rings, and a network that reads two pixels, after the stage."""
    strokes_main()
    monkeypatch.setattr("sys.argv", ["depth", "--seed", "0"])
    stage.main()
    return Run.of(project.root)


def test_patches_find_the_pixels_that_the_network_reads(planted):
    parts, sets = (planted.read(file, seed=0) for file in (files.LAYER_PARTS, files.LAYER_SETS))
    maps = parts[parts["kind"] == "map"].set_index("map")
    assert maps["effect"].round(4).tolist() == [1, 0]  # the second map is not read
    assert maps["known"].round(4).tolist() == [1, 0]
    places = parts[parts["kind"] == "place"]
    size = patching.block(SIDE - 2)
    assert size == 2
    assert len(places) == 9**2
    read = {
        ((PIXEL[0] + down - 1) // size * size, (PIXEL[1] - 1) // size * size) for down in (0, 1)
    }
    carrying = places[places["effect"] > 1e-4]
    assert set(zip(carrying["row"], carrying["column"], strict=True)) == read
    assert carrying["effect"].sum() == pytest.approx(1, abs=1e-4)
    assert parts["same_class"].abs().max() < 1e-4
    assert sets["k"].tolist() == [1, 2]
    assert sets["flipped"].tolist() == [1, 1]
    assert 0 < sets["random"][0] < 1  # the map that is read comes first in half of the orders


def test_probes_read_edited_images_as_the_other_class_where_the_layer_shows_it(planted):
    edits = planted.read(files.LAYER_EDITS, seed=0).set_index(["layer", "network", "edit"])
    flipped = edits["flipped"]["dense", TRAINED]
    assert flipped[OPENED] == 1  # nothing is left at the pixels
    assert flipped[CLOSED] > flipped[DRAWN] == 0  # with less ink than the rings have
    images = edits.loc[("pixels", TRAINED, CLOSED), "images"]
    assert images == edits.loc[("pixels", UNTRAINED, CLOSED), "images"] <= 11


def test_ridges_and_orders_are_selected_on_validation_images(planted, monkeypatch):
    """Effects that fall with the map's number on validation images, and rise with it on test."""
    held, orders = [], []
    fit, known = stage.probes.fit, 2 * 5  # five of each class: of six cups one has a loop

    def fitted(units, labels, held_units, held_labels):
        held.append(len(held_labels))
        return fit(units, labels, held_units, held_labels)

    def effects(rest, patches, masks, source):  # noqa: ARG001
        number = np.arange(len(masks))[:, None] * np.ones(len(patches.base))
        return -number if len(patches.base) == known else number

    def flipped(rest, patches, order, ks):  # noqa: ARG001
        orders.append(order.tolist())
        return np.ones(len(ks))

    monkeypatch.setattr(stage.probes, "fit", fitted)
    monkeypatch.setattr(stage.patching, "effects", effects)
    monkeypatch.setattr(stage.patching, "flipped", flipped)
    stage.main()
    assert set(held) == {12}  # of 24 test images
    assert orders[-1] == [0, 1]  # after those at random
    assert len(planted.read(files.LAYER_SETS, seed=0)) == 2


def test_only_images_that_a_probe_reads_rightly_before_count(planted):
    edits = planted.read(files.LAYER_EDITS, seed=0)
    samples, edited = stage.split_samples(planted), stage.edited_images(planted)
    see = layers.seeing(None, "pixels")
    known, held = samples["fit"], samples["validation"]
    probe = stage.probes.fit(see(known.images), known.labels, see(held.images), held.labels)
    index, images = edited[CLOSED]
    before = probe.answers(see(samples["test"].images[index])) == samples["test"].labels[index]
    after = probe.answers(see(images)) != samples["test"].labels[index]
    row = edits.query("layer == 'pixels' and network == 'trained' and edit == @CLOSED").iloc[0]
    assert row["images"] == before.sum()
    assert row["flipped"] == pytest.approx(after[before].mean())


def test_the_untrained_network_is_another(planted):
    table = planted.read(files.LAYER_PROBES, seed=0).query("layer == 'dense'")
    ridges = table.groupby("network")[["ridge", "accuracy"]].first()
    edits = planted.read(files.LAYER_EDITS, seed=0).query("layer == 'dense'")
    flipped = edits.pivot_table("flipped", "edit", "network")
    assert not ridges.loc[TRAINED].equals(ridges.loc[UNTRAINED]) or not np.allclose(
        flipped[TRAINED], flipped[UNTRAINED]
    )


def test_images_are_paired_with_the_other_class_and_with_their_own(planted):
    labels = planted.dataset_array("test_labels")
    base, source, same = stage.chosen_rows(planted, 0, "test", np.random.default_rng(0))
    assert set(labels[base]) == set(planted.pair)
    assert (labels[base] != labels[source]).all()
    assert (labels[base] == labels[same]).all()
    assert (base != same).all()
    logits = planted.read(files.LOGITS, model="cnn", seed=0)["test_logits"]
    for rows in (base, source, same):
        assert (logits[rows].argmax(axis=1) == labels[rows]).all()


def test_a_second_run_writes_the_same_bytes(run, monkeypatch, capsys):
    monkeypatch.chdir(run.root)
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    paths = [run.path(of, seed=0) for of in WRITTEN]
    before = [path.read_bytes() for path in paths]
    stage.main()
    assert [path.read_bytes() for path in paths] == before
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_a_network_that_is_never_right_is_not_patched(run):
    """The workshop's, after two epochs, confuses the checkerboards that are much alike."""
    assert run.read(files.LAYER_PARTS, seed=0).empty
    assert run.read(files.LAYER_SETS, seed=0).empty
