"""Which images are shown, by hand, and what is dumped, against the network itself."""

import shutil

import numpy as np
import pytest

from stages import activations
from stages.common import artifacts, measures, network
from stages.common.console import StageError

PAIR, CONTRAST = (7, 2), (1, 3)
SPLITS = ("validation", "test")


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


# Exemplars


@pytest.mark.parametrize("seed", range(10))
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


def test_one_typical_image_of_each_contrast_class():
    chosen = choose([1, 1, 1, 3, 7, 2], [9, -4, 2, 1, 1, 1], contrast=(3, 1))
    assert [row for row, role in chosen if role == "contrast"] == [3, 2]


def test_listed_exemplars_are_taken_as_they_are():
    assert activations.listed_exemplars((7, 0), 8) == [(7, "listed"), (0, "listed")]
    with pytest.raises(StageError) as error:
        activations.listed_exemplars((0, 9, 8), 8)
    assert str(error.value) == (
        "params.yaml: analysis.exemplars names test image 9, but the rows of this dataset's "
        "test images go from 0 to 7."
    )


# The stage


@pytest.fixture
def dumped(workshop):
    return lambda name: artifacts.read_npz(workshop / "data/activations/cnn-0" / f"{name}.npz")


@pytest.fixture(scope="module")
def trained(workshop):
    return network.load("cnn", workshop / "data/models/cnn-0")


def test_the_files_are_those_of_the_contract(workshop):
    folder = workshop / "data/activations/cnn-0"
    assert {path.name for path in folder.iterdir()} == {
        *(f"{split}_{label}.npz" for split in SPLITS for label in (7, 2, 0)),
        *(
            f"{part}_{split}.npz"
            for part in ("map_activity", "sample", "untrained")
            for split in SPLITS
        ),
        "exemplars.npz",
    }


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("label", [7, 2, 0])
def test_a_class_s_file_holds_its_images_in_order(dumped, made, trained, workshop, split, label):
    arrays = dumped(f"{split}_{label}")
    rows = np.flatnonzero(made[f"{split}_labels"] == label)
    assert set(arrays) == {"index", "logits", "conv_3", "conv_1"}
    assert arrays["index"].dtype == np.int32
    np.testing.assert_array_equal(arrays["index"], rows)
    assert arrays["conv_3"].shape == (len(rows), 3, 3, 128)
    assert arrays["conv_1"].shape == (len(rows), 26, 26, 32)
    for name in ("conv_3", "conv_1", "logits"):
        assert arrays[name].dtype == np.float32
    images = network.as_input(made[f"{split}_images"][rows])
    again = network.extractor(trained, ["conv_1", "conv_3"]).predict(images, verbose=0)
    for name, values in again.items():
        np.testing.assert_allclose(arrays[name], values, rtol=1e-4, atol=1e-4)
    logits = artifacts.read_npz(workshop / "data/models/cnn-0/logits.npz")[f"{split}_logits"]
    np.testing.assert_allclose(arrays["logits"], logits[rows], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("split", SPLITS)
def test_map_activity_is_of_every_image_in_order(dumped, made, split):
    activity = dumped(f"map_activity_{split}")
    labels = made[f"{split}_labels"]
    np.testing.assert_array_equal(activity["labels"], labels)
    assert set(activity) == {
        "labels", *(f"{layer}_{what}" for layer in network.CONV_LAYERS for what in ("max", "mean")),
    }  # fmt: skip
    for layer, maps in (("conv_1", 32), ("conv_2", 64), ("conv_3", 128)):
        for what in ("max", "mean"):
            values = activity[f"{layer}_{what}"]
            assert (values.dtype, values.shape) == (np.float32, (len(labels), maps))
    for label in (7, 2, 0):
        arrays = dumped(f"{split}_{label}")
        for layer in ("conv_1", "conv_3"):
            peaks = arrays[layer].max(axis=(1, 2))
            np.testing.assert_array_equal(activity[f"{layer}_max"][arrays["index"]], peaks)
            means = arrays[layer].mean(axis=(1, 2), dtype=np.float64)
            np.testing.assert_allclose(
                activity[f"{layer}_mean"][arrays["index"]], means, rtol=1e-4, atol=1e-7
            )


def test_exemplars_are_the_chosen_images_through_all_layers(dumped, made, workshop):
    arrays = dumped("exemplars")
    cnn, mlp = (
        artifacts.read_npz(workshop / f"data/models/{model}-0/logits.npz")["test_logits"]
        for model in ("cnn", "mlp")
    )
    chosen = activations.choose_exemplars(made["test_labels"], cnn, mlp, PAIR, CONTRAST)
    assert list(zip(arrays["index"].tolist(), arrays["role"].tolist(), strict=True)) == chosen
    assert set(arrays) == {
        "index", "label", "role", "image", "logits", *network.CONV_AND_POOL_LAYERS,
    }  # fmt: skip
    assert arrays["index"].dtype == np.int32
    np.testing.assert_array_equal(arrays["image"], made["test_images"][arrays["index"]])
    np.testing.assert_array_equal(arrays["label"], made["test_labels"][arrays["index"]])
    for layer, shape in (("conv_1", (26, 26, 32)), ("pool_1", (13, 13, 32)),
                         ("conv_2", (11, 11, 64)), ("pool_2", (5, 5, 64)),
                         ("conv_3", (3, 3, 128))):  # fmt: skip
        assert arrays[layer].shape == (len(chosen), *shape)
        assert arrays[layer].dtype == np.float32


def test_the_roles_mean_what_they_say(dumped, made, workshop):
    arrays = dumped("exemplars")
    margins = measures.margin(arrays["logits"], arrays["label"])
    roles, labels = arrays["role"], arrays["label"]
    assert {"clear", "typical", "hard", "contrast", "mlp_wrong"} <= set(roles)
    assert (margins[roles == "wrong"] <= 0).all()
    assert (margins[roles == "hard"] > 0).all()
    assert labels[roles == "contrast"].tolist() == list(CONTRAST)
    mlp = artifacts.read_npz(workshop / "data/models/mlp-0/logits.npz")["test_logits"]
    shown = arrays["index"][roles == "mlp_wrong"]
    assert (mlp[shown].argmax(axis=1) != labels[roles == "mlp_wrong"]).all()
    logits = artifacts.read_npz(workshop / "data/models/cnn-0/logits.npz")["test_logits"]
    for label in PAIR:
        own = {role: margins[(roles == role) & (labels == label)] for role in set(roles)}
        assert own["clear"].item() > own["typical"].item()
        right = (logits.argmax(axis=1) == label) & (made["test_labels"] == label)
        assert len(own["hard"]) == right.any()


def test_a_second_run_writes_the_same_bytes_and_listed_images_are_shown(
    bench, workshop_settings, monkeypatch
):
    folder = artifacts.activations_folder(0)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    shutil.rmtree(artifacts.model_folder("mlp", 0))  # not asked for where rows are listed
    (bench / "params.yaml").write_text(workshop_settings({"analysis.exemplars": [5, 149, 0]}))
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    activations.main()
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} == {"exemplars.npz"}
    arrays = artifacts.read_npz(folder / "exemplars.npz", "index", "role")
    assert arrays["index"].tolist() == [5, 149, 0]
    assert set(arrays["role"]) == {"listed"}


def test_a_row_beyond_the_test_images_is_a_sentence(bench, fails, workshop_settings):
    (bench / "params.yaml").write_text(workshop_settings({"analysis.exemplars": [150]}))
    message = fails(activations.main, "--seed", "0")
    assert message.startswith("params.yaml: analysis.exemplars names test image 150,")


@pytest.mark.usefixtures("bench")
def test_damaged_and_missing_weights_are_sentences(fails):
    path = artifacts.model_folder("cnn", 0) / network.WEIGHTS
    path.write_bytes(path.read_bytes()[:5_000])
    message = fails(activations.main, "--seed", "0")
    assert message.startswith(f"{path} does not hold the weights of a cnn (")
    path.unlink()
    assert fails(activations.main, "--seed", "0").startswith(f"{path} is missing.")


@pytest.mark.usefixtures("bench")
def test_logits_of_another_dataset_are_a_sentence(fails):
    path = artifacts.model_folder("mlp", 0) / "logits.npz"
    artifacts.write_npz(path, {"test_logits": np.zeros((149, 10), np.float32)})
    assert fails(activations.main, "--seed", "0") == (
        f"{path} is of another dataset. Run `dvc repro`, which trains that network anew."
    )
