"""The two networks are those of the design, and what is read from them is what they compute."""

import hashlib
import warnings

import numpy as np
import pytest

from stages.common import network, trained
from stages.common.backend import keras
from stages.common.console import StageError

from .. import designs

# name, output shape, parameters: the table of the design
TABLES = {
    "cnn": [
        ("conv_1", (26, 26, 32), 320),
        ("pool_1", (13, 13, 32), 0),
        ("conv_2", (11, 11, 64), 18_496),
        ("pool_2", (5, 5, 64), 0),
        ("conv_3", (3, 3, 128), 73_856),
        ("points", (1152,), 0),
        ("dense", (100,), 115_300),
        ("logits", (10,), 1_010),
    ],
    "mlp": [
        ("pixels", (784,), 0),
        ("dense_1", (70,), 54_950),
        ("dense_2", (30,), 2_130),
        ("logits", (10,), 310),
    ],
}
FIRST_WEIGHTS = {  # of seed 0, before the layers were settings
    "cnn": "da5d813e5cfd29b2a3e23a7ca693a5be79d43f0f9762e242694fe46ab9248953",
    "mlp": "82b936ba560814b70d0105b1329e8ac12a44da03a1de67030cab9677dcdcf231",
}
TOTAL = {"cnn": 208_982, "mlp": 57_390}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (7, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(3)
    return {name: network.build(designs.DESIGNS[name]) for name in TOTAL}


@pytest.fixture(scope="module")
def saved(networks, tmp_path_factory):
    """The file of each network's weights."""
    folder = tmp_path_factory.mktemp("saved")
    paths = {name: folder / name / "model.weights.h5" for name in networks}
    for name, path in paths.items():
        path.parent.mkdir()
        networks[name].save_weights(path)
    return paths


@pytest.fixture(scope="module")
def outputs(networks, images):
    """What every layer of both networks gives for the images, as the stages read it."""
    layers = {name: [layer for layer, *_ in table] for name, table in TABLES.items()}
    return {name: run(trained.extractor(networks[name], of), images) for name, of in layers.items()}


def run(model, images):
    return model.predict(network.as_input(images), verbose=0)


@pytest.mark.parametrize("name", TOTAL)
def test_layers_are_those_of_the_design(networks, name):
    layers = networks[name].layers[1:]
    found = [(layer.name, tuple(layer.output.shape[1:]), layer.count_params()) for layer in layers]
    assert found == TABLES[name]
    assert networks[name].count_params() == TOTAL[name]
    assert networks[name].input.shape == (None, 28, 28, 1)


@pytest.mark.parametrize(("name", "sha256"), FIRST_WEIGHTS.items())
def test_training_starts_from_the_weights_that_it_always_did(name, sha256):
    weights = network.untrained(designs.DESIGNS[name], 0).get_weights()
    assert hashlib.sha256(b"".join(each.tobytes() for each in weights)).hexdigest() == sha256


@pytest.mark.parametrize("name", TOTAL)
def test_every_layer_computes_what_the_design_says(networks, images, outputs, name):
    """Convolutions of 3 x 3 without padding, max pooling of 2 x 2, ReLU, and linear logits."""
    x = network.as_input(images)
    for layer in networks[name].layers[1:]:
        weights = layer.get_weights()
        if layer.name.startswith("pool"):
            rows, columns = (size // 2 for size in x.shape[1:3])
            cut = x[:, : 2 * rows, : 2 * columns]
            expected = cut.reshape(len(x), rows, 2, columns, 2, -1).max(axis=(2, 4))
        elif layer.name.startswith("conv"):
            windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
            summed = np.einsum("nrcmij,ijmk->nrck", windows, weights[0], optimize=True)
            expected = np.maximum(summed + weights[1], 0)
        elif layer.name in ("points", "pixels"):
            expected = x.reshape(len(x), -1)
        else:
            summed = x @ weights[0] + weights[1]
            expected = summed if layer.name == "logits" else np.maximum(summed, 0)
        x = outputs[name][layer.name]
        np.testing.assert_allclose(x, expected, atol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"activation": "selu"},
        {"convolutions": 2},
        {"pooling": "average"},
        {"pooling": "stride"},
    ],
    ids=str,
)
def test_what_is_trained_has_the_weights_and_the_logits_of_what_is_read(changes, images):
    design = designs.changed(maps=[4, 5, 6], **changes)
    read = network.untrained(design, 1)
    trained_one = network.untrained(design, 1, to_train=True)
    weights = [each.get_weights() for each in (read, trained_one)]
    assert all(map(np.array_equal, *weights))
    np.testing.assert_allclose(run(trained_one, images), run(read, images), atol=1e-5)
    first = [model.get_layer("conv_1").output.shape for model in (read, trained_one)]
    assert first[0] == first[1]
    linear = trained_one.get_layer("conv_1").activation is keras.activations.linear
    assert linear == (design.settings.pooling == "max" and design.settings.convolutions == 1)


@pytest.mark.parametrize("name", TOTAL)
def test_the_penalty_is_on_every_kernel_and_on_no_bias(name):
    model = network.build(designs.DESIGNS[name], l2=0.5)
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    squares = sum(float((np.asarray(kernel) ** 2).sum()) for kernel in kernels)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(0.5 * squares, rel=1e-5)
    assert network.build(designs.DESIGNS[name]).losses == []


def test_input_is_the_share_of_white():
    images = np.arange(256, dtype=np.uint8).repeat(4).reshape(256, 2, 2)
    x = network.as_input(images)
    assert (x.shape, x.dtype) == ((256, 2, 2, 1), np.float32)
    np.testing.assert_array_equal(x[:, 0, 0, 0], np.arange(256, dtype=np.float32) / 255)


def test_missing_damaged_and_other_networks_weights_are_sentences(saved, tmp_path):
    path = tmp_path / "model.weights.h5"
    with pytest.raises(StageError, match=r"model.weights.h5 is missing. Run `dvc repro`"):
        trained.load(designs.CNN, path)
    whole = saved["cnn"].read_bytes()
    cut_off = (whole[: int(share * len(whole))] for share in (0, 0.001, 0.5, 0.99))
    for damaged in (b"no weights", saved["mlp"].read_bytes(), *cut_off):
        path.write_bytes(damaged)
        with warnings.catch_warnings(action="error"), pytest.raises(StageError) as error:
            trained.load(designs.CNN, path)
        message = str(error.value)
        assert message.startswith(f"{path} does not hold the weights of a cnn (")
        assert message.endswith("then run `dvc repro`, which trains that network anew.")
        assert "\n" not in message
