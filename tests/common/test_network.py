"""The two networks are those of the design, and what is read from them is what they compute."""

import numpy as np
import pytest

from stages.common import network
from stages.common.backend import keras
from stages.common.console import StageError

# name, output shape, parameters: the table of the design
CNN = [
    ("conv_1", (26, 26, 32), 320),
    ("pool_1", (13, 13, 32), 0),
    ("conv_2", (11, 11, 64), 18_496),
    ("pool_2", (5, 5, 64), 0),
    ("conv_3", (3, 3, 128), 73_856),
    ("points", (1152,), 0),
    ("dense", (100,), 115_300),
    ("logits", (10,), 1_010),
]
MLP = [
    ("pixels", (784,), 0),
    ("dense_1", (70,), 54_950),
    ("dense_2", (30,), 2_130),
    ("logits", (10,), 310),
]
TOTAL = {"cnn": 208_982, "mlp": 57_390}


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (7, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(3)
    return {name: network.build(name) for name in TOTAL}


@pytest.fixture(scope="module")
def saved(networks, tmp_path_factory):
    """The folder of each network's weights."""
    folders = {}
    for name, model in networks.items():
        folders[name] = tmp_path_factory.mktemp(name)
        network.save_weights(model, folders[name] / network.WEIGHTS)
    return folders


def run(model, images):
    return model.predict(network.as_input(images), verbose=0)


@pytest.mark.parametrize(("name", "table"), [("cnn", CNN), ("mlp", MLP)])
def test_layers_are_those_of_the_design(networks, name, table):
    layers = networks[name].layers[1:]
    found = [(layer.name, tuple(layer.output.shape[1:]), layer.count_params()) for layer in layers]
    assert found == table
    assert networks[name].count_params() == TOTAL[name]
    assert networks[name].input.shape == (None, 28, 28, 1)


def test_kernels_strides_and_activations_are_those_of_the_design(networks):
    for name in network.CONV_LAYERS:
        config = networks["cnn"].get_layer(name).get_config()
        assert (config["kernel_size"], config["strides"]) == ((3, 3), (1, 1))
        assert (config["padding"], config["activation"]) == ("valid", "relu")
    for name in ("pool_1", "pool_2"):
        config = networks["cnn"].get_layer(name).get_config()
        assert (config["pool_size"], config["strides"], config["padding"]) == (
            (2, 2), (2, 2), "valid",
        )  # fmt: skip
    for model in networks.values():
        assert model.get_layer("logits").get_config()["activation"] == "linear"
        hidden = [layer for layer in model.layers if layer.name.startswith("dense")]
        assert hidden
        assert all(layer.get_config()["activation"] == "relu" for layer in hidden)


def test_the_first_layer_s_values_are_a_correlation_with_its_kernel(networks, images):
    layer = networks["cnn"].get_layer("conv_1")
    kernel, bias = (np.asarray(values) for values in layer.get_weights())
    values = run(network.extractor(networks["cnn"], ["conv_1"]), images)["conv_1"]
    x = network.as_input(images)
    for row, column, map_ in ((0, 0, 0), (25, 25, 31), (7, 19, 12)):
        patch = x[:, row : row + 3, column : column + 3, 0]
        expected = (patch * kernel[:, :, 0, map_]).sum(axis=(1, 2)) + bias[map_]
        np.testing.assert_allclose(values[:, row, column, map_], np.maximum(expected, 0), atol=1e-5)


def test_the_seed_gives_the_weights():
    def weights(seed):
        keras.utils.set_random_seed(seed)
        return np.concatenate([values.ravel() for values in network.build("cnn").get_weights()])

    np.testing.assert_array_equal(weights(5), weights(5))
    assert (weights(5) != weights(6)).mean() > 0.9


@pytest.mark.parametrize("name", TOTAL)
def test_the_penalty_is_on_every_kernel_and_on_no_bias(name):
    model = network.build(name, l2=0.5)
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    squares = sum(float((np.asarray(kernel) ** 2).sum()) for kernel in kernels)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(0.5 * squares, rel=1e-5)
    assert network.build(name).losses == []


def test_input_is_the_share_of_white():
    images = np.arange(256, dtype=np.uint8).repeat(784).reshape(256, 28, 28)
    x = network.as_input(images)
    assert x.shape == (256, 28, 28, 1)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x[:, 0, 0, 0], np.arange(256, dtype=np.float32) / 255)


def test_saved_weights_load_into_the_same_network(networks, saved, images):
    for name, model in networks.items():
        loaded = network.load(name, saved[name])
        np.testing.assert_array_equal(run(loaded, images), run(model, images))


def test_an_extractor_gives_the_values_of_the_network_itself(networks, images):
    model = networks["cnn"]
    outputs = run(network.extractor(model, network.CONV_AND_POOL_LAYERS), images)
    assert set(outputs) == {*network.CONV_AND_POOL_LAYERS, "logits"}
    for name, shape, _ in CNN[:5]:
        assert outputs[name].shape == (7, *shape)
        assert outputs[name].dtype == np.float32
        assert (outputs[name] >= 0).all()
    np.testing.assert_allclose(outputs["logits"], run(model, images), atol=1e-6)
    pooled = outputs["conv_1"].reshape(7, 13, 2, 13, 2, 32).max(axis=(2, 4))
    np.testing.assert_array_equal(outputs["pool_1"], pooled)


def test_an_extractor_of_no_layer_gives_logits(networks, images):
    for model in networks.values():
        outputs = run(network.extractor(model, ()), images)
        assert list(outputs) == ["logits"]
        assert outputs["logits"].shape == (7, 10)


def test_the_dense_part_reads_the_points_of_conv_3(networks, images):
    outputs = run(network.extractor(networks["cnn"], ["conv_3", "points", "dense"]), images)
    np.testing.assert_array_equal(outputs["points"], outputs["conv_3"].reshape(7, 1152))
    kernel, bias = networks["cnn"].get_layer("dense").get_weights()
    hidden = np.maximum(outputs["points"] @ kernel + bias, 0)
    np.testing.assert_allclose(outputs["dense"], hidden, atol=1e-5)


def test_map_activity_is_the_highest_and_the_mean_value_of_each_map(networks, images):
    model = networks["cnn"]
    activity = run(network.map_activity_extractor(model, ["conv_3"]), images)
    layers = run(network.extractor(model, network.CONV_LAYERS), images)
    assert set(activity) == {
        "conv_3", "logits",
        *(f"{name}_{what}" for name in network.CONV_LAYERS for what in ("max", "mean")),
    }  # fmt: skip
    for name in network.CONV_LAYERS:
        values = layers[name].astype(np.float64)
        np.testing.assert_allclose(activity[f"{name}_max"], values.max(axis=(1, 2)), rtol=1e-6)
        np.testing.assert_allclose(activity[f"{name}_mean"], values.mean(axis=(1, 2)), rtol=1e-5)


def test_the_last_two_rows_and_columns_reach_no_point_of_conv_3(networks, images):
    conv_3 = network.extractor(networks["cnn"], ["conv_3"])
    changed = images.copy()
    changed[:, 26:, :] = 255 - changed[:, 26:, :]
    changed[:, :, 26:] = np.random.default_rng(1).integers(0, 256, (7, 28, 2))
    before, after = run(conv_3, images), run(conv_3, changed)
    np.testing.assert_array_equal(after["conv_3"], before["conv_3"])
    np.testing.assert_array_equal(after["logits"], before["logits"])


@pytest.mark.parametrize(("row", "column"), [(25, 13), (13, 25), (0, 0), (25, 25)])
def test_every_other_row_and_column_does_reach_one(networks, images, row, column):
    conv_3 = network.extractor(networks["cnn"], ["conv_3"])
    changed = images.copy()
    changed[:, row, column] = 255 - changed[:, row, column]
    assert (run(conv_3, images)["conv_3"] != run(conv_3, changed)["conv_3"]).any()


def test_missing_weights_are_a_sentence(tmp_path):
    with pytest.raises(StageError) as error:
        network.load("cnn", tmp_path)
    assert str(error.value) == (
        f"{tmp_path / network.WEIGHTS} is missing. Run `dvc repro`, which trains that network."
    )


def check_refused(name, folder):
    with pytest.raises(StageError) as error:
        network.load(name, folder)
    message = str(error.value)
    assert message.startswith(f"{folder / network.WEIGHTS} does not hold the weights of a {name} (")
    assert message.endswith("). Delete it, then run `dvc repro`, which trains that network anew.")
    assert "\n" not in message


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.99])
def test_weights_cut_off_are_a_sentence(saved, tmp_path, share):
    whole = (saved["cnn"] / network.WEIGHTS).read_bytes()
    (tmp_path / network.WEIGHTS).write_bytes(whole[: int(share * len(whole))])
    check_refused("cnn", tmp_path)


@pytest.mark.filterwarnings("error")
def test_damaged_weights_and_other_networks_weights_are_sentences(saved, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / network.WEIGHTS).write_text("no weights\n")
    check_refused("mlp", tmp_path / "text")
    check_refused("cnn", saved["mlp"])
    check_refused("mlp", saved["cnn"])
