"""The stage on a small trained network: what it writes is what the network and the images say."""

import sys

import numpy as np
import pytest

from stages.common import artifacts, files, network, sampling, trained
from stages.common.run import Run
from stages.orientation.__main__ import main
from stages.orientation.energy import energy, pooled_index

A, B = 7, 2  # of the workshop
WRITTEN = (files.ORIENTATION, files.MAP_ORIENTATION, files.BACKGROUND, files.ORIENTED_MAPS)


@pytest.fixture
def written(bench, monkeypatch):
    """The bench, with what the stage wrote for its first network."""
    monkeypatch.setattr(sys, "argv", ["orientation", "--seed", "0"])
    main()
    return Run.of(bench)


@pytest.fixture
def of_a(written):
    """Rows of the sample's images of a, among the test images of a; and their conv_1 and conv_3."""
    labels = written.dataset_array("test_labels")
    rows = sampling.balanced_rows(labels, written.params.replicates.images)
    dump = written.read(files.ACTIVATIONS, seed=0, split="test", label=A)
    at = np.isin(dump["index"], rows)
    return {layer: dump[layer][at] for layer in ("conv_1", "conv_3")}


def test_the_index_is_that_of_the_dumped_maps(written, of_a):
    table = written.read(files.ORIENTATION, seed=0)
    assert table["layer"].unique().tolist() == list(written.conv_layers)
    assert set(table["class"]) == set(range(10))
    by_map = written.read(files.MAP_ORIENTATION, seed=0)
    for layer, maps in of_a.items():
        row = table[(table["layer"] == layer) & (table["class"] == A)].iloc[0]
        assert row["images"] == len(maps)
        assert row["upright"] == pytest.approx(pooled_index(energy(maps)), abs=1e-5)
        found = by_map[by_map["layer"] == layer]["upright"]
        np.testing.assert_allclose(found, pooled_index(energy(maps), axis=0), atol=1e-4)


def test_maps_active_on_background_are_those_with_a_bias_above_0(written, of_a):
    net = trained.load(written.design, written.path(files.WEIGHTS, model="cnn", seed=0))
    kernel, biases = net.get_layer("conv_1").get_weights()
    table, by_map = (
        written.read(file, seed=0) for file in (files.BACKGROUND, files.MAP_ORIENTATION)
    )
    assert table["on_background"].tolist() == (biases > 0).tolist()
    np.testing.assert_allclose(
        table["kernel_sum"], kernel.sum(axis=(0, 1, 2)), rtol=1e-4, atol=1e-6
    )
    on_empty = by_map[by_map["layer"] == "conv_1"]["on_empty"]
    assert on_empty.tolist() == table["on_background"].tolist()
    active = (of_a["conv_1"] > 0).sum(axis=(1, 2)).mean(axis=0)
    np.testing.assert_allclose(table["outside"] + table["inside"], active, atol=0.5)
    assert not network.untrained(written.design, 0).get_layer("conv_1").get_weights()[1].any()


def test_the_pictures_are_of_one_image_of_a(written):
    data = written.read(files.ORIENTED_MAPS, seed=0)
    label = written.dataset_array("test_labels")[data["index"]]
    assert label == A
    assert data["image_index"][1] == pytest.approx(-data["image_index"][0])
    net = trained.load(written.design, written.path(files.WEIGHTS, model="cnn", seed=0))
    turned = network.as_input(np.rot90(data["image"])[np.newaxis].copy())
    maps = trained.extractor(net, ("conv_2",)).predict(turned, verbose=0)["conv_2"][0]
    np.testing.assert_allclose(maps[..., data["conv_2_map"]], data["conv_2_turned"], atol=1e-5)


def test_a_second_run_writes_the_same_bytes(written):
    paths = [written.path(file, seed=0) for file in WRITTEN]
    before = [path.read_bytes() for path in paths]
    main()
    assert [path.read_bytes() for path in paths] == before
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


def test_one_layer_of_another_activation(bench, workshop_settings, monkeypatch):
    """Its values go below 0, and its weights are those before training."""
    changes = {"network.cnn.maps": [6], "network.cnn.activation": "selu"}
    (bench / "params.yaml").write_text(workshop_settings(changes | {"activations.layers": "last"}))
    run = Run.of(bench)
    net = network.untrained(run.design, 0)
    biases = np.array([1, -1, 0.5, -0.5, 0, 0], np.float32)
    net.get_layer("conv_1").set_weights([net.get_layer("conv_1").get_weights()[0], biases])
    net.save_weights(run.path(files.WEIGHTS, model="cnn", seed=0))
    monkeypatch.setattr(sys, "argv", ["orientation", "--seed", "0"])
    main()
    table, first = (run.read(file, seed=0) for file in (files.ORIENTATION, files.BACKGROUND))
    assert table["layer"].unique().tolist() == ["conv_1"]
    assert first["on_background"].tolist() == [True, False, True, False, False, False]
    assert first["value"].tolist() == pytest.approx(
        [1.0507, -1.1113, 0.5254, -0.6918, 0, 0], abs=1e-3
    )


@pytest.mark.usefixtures("bench")
def test_missing_weights_are_a_sentence(fails):
    path = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    path.unlink()
    assert fails(main, "--seed", "0").startswith(f"{path} is missing")
