"""Which images are shown, by hand, and what is dumped, against the network itself."""

import shutil

import numpy as np
import pytest

from stages import activations
from stages.common import artifacts, files, network, trained
from stages.common.console import StageError
from stages.common.names import HELD_OUT
from stages.common.run import Run

from . import designs

PAIR, CONTRAST = (7, 2), (1, 3)
CNN = {"model": "cnn", "seed": 0}


def with_margins(labels, margins):
    """Logits (n, 10) with these margins: the true class's is the margin, all others are 0."""
    logits = np.zeros((len(labels), 10), np.float32)
    logits[np.arange(len(labels)), labels] = margins
    return logits


def choose(labels, margins, mlp_margins=None, pair=PAIR, contrast=()):
    labels = np.asarray(labels, np.uint8)
    mlp_margins = np.ones(len(labels)) if mlp_margins is None else mlp_margins
    return activations.choose_exemplars(
        labels, with_margins(labels, margins), with_margins(labels, mlp_margins), pair, contrast
    )


@pytest.mark.parametrize("seed", range(5))
def test_clear_typical_and_hard_are_percentiles_of_the_margin(seed):
    generator = np.random.default_rng(seed)
    n = int(generator.integers(30, 200))
    labels = generator.choice([7, 2, 5], n)
    margins = generator.normal(2, 2, n)
    chosen = choose(labels, margins)
    for label in PAIR:
        rows = np.flatnonzero(labels == label)
        own = margins[rows]
        expected = {
            "clear": rows[own == np.percentile(own, 95, method="nearest")],
            "typical": rows[own == np.percentile(own, 50, method="lower")],
            "hard": rows[own == own[own > 0].min()],
        }
        for role, row in expected.items():
            found = [index for index, given in chosen if given == role and labels[index] == label]
            assert found == row.tolist(), role


def test_the_order_is_that_of_the_pair_then_contrast_then_errors():
    labels = [2, 7, 1, 3, 2, 7]
    chosen = choose(labels, [5, 6, 7, 8, -1, 9], [1, -2, 1, 1, 1, 1], contrast=CONTRAST)
    assert chosen == [
        (5, "clear"), (1, "typical"), (1, "hard"),
        (0, "clear"), (4, "typical"), (0, "hard"),
        (2, "contrast"), (3, "contrast"),
        (4, "wrong"), (1, "mlp_wrong"),
    ]  # fmt: skip
    assert all(type(row) is int for row, _ in chosen)


def test_a_class_with_no_right_image_has_no_hard_one():
    chosen = choose([7, 7, 7, 2], [-3, -2, -1, 4])
    assert [(row, role) for row, role in chosen if row < 3] == [
        (2, "clear"), (1, "typical"), (0, "wrong"), (1, "wrong"), (2, "wrong"),
    ]  # fmt: skip


def test_equal_margins_go_by_row():
    assert choose([7, 7, 7, 2, 2], [1, 1, 1, 2, 2]) == [
        (2, "clear"), (1, "typical"), (0, "hard"), (4, "clear"), (3, "typical"), (3, "hard"),
    ]  # fmt: skip


def test_a_class_without_images_is_passed_over():
    assert choose([7], [1], contrast=(1,)) == [(0, "clear"), (0, "typical"), (0, "hard")]


def test_the_worst_errors_of_the_pair_are_shown_up_to_their_numbers():
    n = 40
    labels = np.r_[np.full(n, 7), np.full(n, 2), np.full(n, 5)]
    margins = np.r_[np.full(n, 1.0), -np.arange(1.0, n + 1), np.full(n, -99.0)]
    mlp_margins = np.r_[-np.arange(1.0, n + 1), np.full(2 * n, -99.0)]
    chosen = choose(labels, margins, mlp_margins)
    wrong = [row for row, role in chosen if role == "wrong"]
    mlp_wrong = [row for row, role in chosen if role == "mlp_wrong"]
    assert wrong == list(range(2 * n - 1, 2 * n - 13, -1))  # the most wrong first, none of class 5
    assert mlp_wrong == list(range(n - 1, n - 7, -1))  # of those the CNN gets right


def test_listed_exemplars_are_taken_as_they_are():
    assert activations.listed_exemplars((7, 0), 8) == [(7, "listed"), (0, "listed")]
    with pytest.raises(StageError, match=r"names test image 9, .* go from 0 to 7"):
        activations.listed_exemplars((0, 9, 8), 8)


@pytest.fixture(scope="module")
def run(workshop):
    return Run.of(workshop)


@pytest.fixture(scope="module")
def net(run):
    return trained.load(run.design, run.path(files.WEIGHTS, **CNN))


@pytest.mark.parametrize("split", HELD_OUT)
def test_dumps_are_what_the_network_gives_of_every_image_in_order(run, made, net, split):
    labels = made[f"{split}_labels"]
    whole = trained.extractor(net, designs.CONV_LAYERS)
    seen = whole.predict(network.as_input(made[f"{split}_images"]), verbose=0)
    activity = run.read(files.MAP_ACTIVITY, seed=0, split=split)
    np.testing.assert_array_equal(activity["labels"], labels)
    for layer in designs.CONV_LAYERS:
        close = {"rtol": 1e-4, "atol": 1e-4}
        highest, mean = seen[layer].max(axis=(1, 2)), seen[layer].mean(axis=(1, 2))
        np.testing.assert_allclose(activity[f"{layer}_max"], highest, **close)
        np.testing.assert_allclose(activity[f"{layer}_mean"], mean, **close)
    for label in (7, 2, 0) if split == "test" else (7, 2):
        arrays = run.read(files.ACTIVATIONS, seed=0, split=split, label=label)
        assert list(arrays) == ["index", "logits", "conv_3", "conv_1"]
        np.testing.assert_array_equal(arrays["index"], np.flatnonzero(labels == label))
        for name in ("logits", "conv_3", "conv_1"):
            np.testing.assert_allclose(arrays[name], seen[name][arrays["index"]], **close)


def test_kernels_are_those_of_the_first_conv_layer_after_and_before_training(run, net):
    kernels = run.read(files.KERNELS, seed=0)
    before = network.untrained(run.design, 0)
    for name, of in (("trained", net), ("untrained", before)):
        expected, _bias = of.get_layer("conv_1").get_weights()
        np.testing.assert_array_equal(kernels[name], expected)


def test_exemplars_are_the_chosen_images_through_all_layers(run, made):
    arrays = run.read(files.EXEMPLARS, seed=0)
    logits = [run.read(files.LOGITS, model=model, seed=0) for model in ("cnn", "mlp")]
    cnn, mlp = (of["test_logits"] for of in logits)
    index, roles, labels = (arrays[name] for name in ("index", "role", "label"))
    chosen = activations.choose_exemplars(made["test_labels"], cnn, mlp, PAIR, CONTRAST)
    assert list(zip(index.tolist(), roles.tolist(), strict=True)) == chosen
    assert set(arrays) > {"logits", *designs.LAYERS}
    np.testing.assert_array_equal(arrays["image"], made["test_images"][index])
    np.testing.assert_array_equal(labels, made["test_labels"][index])
    assert {"clear", "typical", "contrast"} <= set(roles)


def test_a_second_run_writes_the_same_bytes_and_listed_images_are_shown(
    bench, workshop_settings, monkeypatch
):
    folder = artifacts.path_of(files.EXEMPLARS, seed=0).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    shutil.rmtree("data/models/mlp-0")  # not read where rows are listed
    (bench / "params.yaml").write_text(workshop_settings({"analysis.exemplars": [5, 149, 0]}))
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    activations.main()
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} == {"exemplars.npz"}
    arrays = artifacts.read(files.EXEMPLARS, "index", "role", seed=0)
    assert arrays["index"].tolist() == [5, 149, 0]
    assert set(arrays["role"]) == {"listed"}


@pytest.mark.usefixtures("bench")
def test_missing_weights_are_a_sentence(fails):
    path = artifacts.path_of(files.WEIGHTS, **CNN)
    path.unlink()
    assert fails(activations.main, "--seed", "0").startswith(f"{path} is missing.")
