"""Training: the same bytes for a seed, shifts and rates as described, no weights from no number."""

import json
import sys

import h5py
import numpy as np
import pytest

from stages import train
from stages.common import artifacts, console, network
from stages.common.backend import keras
from stages.common.params import Recipe

FILES = ("model.weights.h5", "logits.npz", "shift_logits.npz", "history.csv")


def recipe(**changes):
    settings = {
        "optimizer": "adamw",
        "schedule": "one_cycle",
        "learning_rate": 4e-3,
        "momentum": 0.9,
        "weight_decay": 1e-2,
        "l2": 0.0,
        "batch_size": 100,
        "epochs": 1,
        "augment_shift": 1,
    }
    return Recipe(**(settings | changes))


@pytest.fixture(scope="module")
def few(made):
    """The dataset with 200 fit images."""
    return made | {name: made[name][:200] for name in ("fit_images", "fit_labels")}


# Shifted images


@pytest.fixture(scope="module")
def marked():
    """50 images without a zero, each its own, labelled by row."""
    images = np.random.default_rng(1).integers(1, 256, (50, 28, 28)).astype(np.uint8)
    return images, np.arange(50, dtype=np.uint8)


def epoch(batches):
    """All images and labels of one epoch, which ends then."""
    parts = [batches[index] for index in range(len(batches))]
    batches.on_epoch_end()
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def moved(image, down, right):
    """By brute force: the image moved, with zeros in what it leaves."""
    rolled = np.roll(image, (down, right), axis=(0, 1))
    rows, columns = np.arange(28) - down, np.arange(28) - right
    rolled[(rows < 0) | (rows > 27)] = 0
    rolled[:, (columns < 0) | (columns > 27)] = 0
    return rolled


@pytest.mark.parametrize("shift", [1, 2, 3])
def test_each_image_moves_by_whole_pixels_within_the_range(marked, shift):
    images, labels = marked
    batches = train.ShiftedImages(images, labels, 16, shift, seed=0)
    steps = range(-shift, shift + 1)
    seen = set()
    for _ in range(6):
        x, y = epoch(batches)
        for shifted, label in zip(x, y, strict=True):
            found = [
                (down, right)
                for down in steps
                for right in steps
                if (network.as_input(moved(images[label], down, right)) == shifted).all()
            ]
            assert len(found) == 1
            seen.update(found)
    assert seen == {(down, right) for down in steps for right in steps}


def test_shifts_are_drawn_evenly():
    n = 20_000
    batches = train.ShiftedImages(np.ones((n, 28, 28), np.uint8), np.zeros(n), n, 2, seed=0)
    x, _ = batches[0]
    lit = x[..., 0] > 0
    down, right = (
        along.argmax(axis=1) - along[:, ::-1].argmax(axis=1)  # dark lines before, and behind
        for along in (lit.any(axis=2), lit.any(axis=1))
    )
    counts = np.histogram2d(down, right, bins=5, range=[[-2.5, 2.5]] * 2)[0]
    assert counts.sum() == n
    np.testing.assert_allclose(counts, n / 25, rtol=0.15)


def test_a_shift_of_0_changes_no_image(marked):
    images, labels = marked
    x, y = epoch(train.ShiftedImages(images, labels, 16, 0, seed=0))
    np.testing.assert_array_equal(x, network.as_input(images[y]))


@pytest.mark.parametrize(("size", "count"), [(16, 4), (50, 1), (64, 1), (1, 50), (25, 2)])
def test_every_image_comes_once_an_epoch_in_a_new_order(marked, size, count):
    images, labels = marked
    batches = train.ShiftedImages(images, labels, size, 1, seed=0)
    assert len(batches) == count
    orders = []
    for _ in range(3):
        x, y = epoch(batches)
        assert x.shape == (50, 28, 28, 1)
        assert x.dtype == np.float32
        assert sorted(y) == list(range(50))
        orders.append(y.tolist())
    assert orders[0] != orders[1] != orders[2]
    assert orders[0] != list(range(50))


def test_the_seed_gives_order_and_shifts(marked):
    one, same, other = (train.ShiftedImages(*marked, 50, 2, seed=seed)[0] for seed in (4, 4, 5))
    for values, again in zip(one, same, strict=True):
        np.testing.assert_array_equal(values, again)
    assert (one[1] != other[1]).any()


def test_a_batch_asked_for_twice_is_the_same(marked):
    batches = train.ShiftedImages(*marked, 16, 2, seed=0)
    first = batches[1]
    batches[0], batches[3]
    for values, again in zip(first, batches[1], strict=True):
        np.testing.assert_array_equal(values, again)


def test_keras_trains_on_each_image_once_an_epoch(few, tmp_path, monkeypatch):
    """What Keras prefetches must not mix two epochs' orders."""
    asked = {}
    fetch = train.ShiftedImages.__getitem__

    def spy(self, batch):
        asked.setdefault(tuple(self.order), []).append(batch)
        return fetch(self, batch)

    monkeypatch.setattr(train.ShiftedImages, "__getitem__", spy)
    log = train.EpochLog(tmp_path / "history.csv", 3)
    train.fit("mlp", 0, recipe(batch_size=64, epochs=3), few, log)
    orders = list(asked)[1:]  # Keras looks at a few batches before it begins
    assert len(orders) == 3
    for order in orders:
        assert sorted(order) == list(range(200))
        assert sorted(asked[order]) == [0, 1, 2, 3]


# Learning rates and optimizers


@pytest.mark.parametrize("steps", [8, 40, 430])
def test_one_cycle_rises_to_its_peak_in_a_quarter_and_falls_to_0(steps):
    schedule = train.learning_rate(recipe(learning_rate=0.02), steps)
    rates = np.array([float(schedule(step)) for step in range(steps + 1)])
    top = rates.argmax()
    assert top == steps // 4
    assert rates[top] == pytest.approx(0.02, rel=1e-5)
    assert rates[0] == pytest.approx(0.02 / 25, rel=1e-5)
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()
    assert abs(rates[-1]) < 1e-8
    np.testing.assert_allclose(np.diff(rates[: top + 1]), 0.02 * 24 / 25 / top, rtol=1e-2)
    middle = top + (steps - top) // 2
    assert rates[middle] == pytest.approx(0.01, rel=1e-2)  # half a cosine is symmetric


@pytest.mark.parametrize("schedule", ["one_cycle", "exponential"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_a_training_of_few_steps_has_rates_too(schedule, steps):
    rate = train.learning_rate(recipe(schedule=schedule), steps)
    rates = np.array([float(rate(step)) for step in range(steps + 1)])
    assert np.isfinite(rates).all()
    assert (rates[:steps] > 0).all()
    assert rates.max() <= 4e-3 * (1 + 1e-6)


def test_exponential_falls_evenly_to_a_hundredth():
    schedule = train.learning_rate(recipe(schedule="exponential"), 200)
    rates = np.array([float(schedule(step)) for step in range(201)])
    np.testing.assert_allclose(rates, 4e-3 * 0.01 ** (np.arange(201) / 200), rtol=1e-4)


def test_constant_is_the_rate_itself():
    assert train.learning_rate(recipe(schedule="constant"), 10) == 4e-3


def test_optimizers_are_those_of_the_recipe():
    adamw = train.optimizer(recipe(schedule="constant"), 10)
    assert isinstance(adamw, keras.optimizers.AdamW)
    assert adamw.weight_decay == 1e-2
    assert float(adamw.learning_rate) == pytest.approx(4e-3)
    sgd = train.optimizer(recipe(optimizer="sgd", momentum=0.7, weight_decay=0.0), 10)
    assert type(sgd) is keras.optimizers.SGD
    assert (sgd.momentum, sgd.weight_decay) == (0.7, None)
    rmsprop = train.optimizer(recipe(optimizer="rmsprop", weight_decay=0.1), 10)
    assert type(rmsprop) is keras.optimizers.RMSprop
    assert (rmsprop.momentum, rmsprop.weight_decay) == (0, 0.1)


@pytest.mark.parametrize("schedule", ["one_cycle", "exponential", "constant"])
@pytest.mark.parametrize("optimizer", ["adamw", "rmsprop", "sgd"])
def test_every_optimizer_trains_with_every_schedule(few, tmp_path, optimizer, schedule):
    log = train.EpochLog(tmp_path / "history.csv", 1)
    settings = recipe(optimizer=optimizer, schedule=schedule, l2=1e-4)
    trained = train.fit("mlp", 3, settings, few, log)
    keras.utils.set_random_seed(3)
    before = network.build("mlp").get_weights()
    for values, initial in zip(trained.get_weights(), before, strict=True):
        assert np.isfinite(values).all()
        assert (values != initial).any()
    last = {"one_cycle": 0, "exponential": 4e-5, "constant": 4e-3}[schedule]
    history = artifacts.read_csv(tmp_path / "history.csv")
    assert history["learning_rate"].tolist() == [pytest.approx(last, rel=1e-3, abs=1e-8)]


# What a training leaves


def test_two_processes_give_the_same_bytes(workshop):
    """The twin trained the MLP before the CNN, in a process of its own."""
    for model in ("cnn", "mlp"):
        for name in FILES:
            path = artifacts.model_folder(model, 0) / name
            assert (workshop / path).read_bytes() == (workshop / "twin" / path).read_bytes(), path


def test_another_seed_gives_another_network(workshop):
    for model in ("cnn", "mlp"):
        one, other = (workshop / artifacts.model_folder(model, seed) for seed in (0, 1))
        for name in FILES:
            assert (one / name).read_bytes() != (other / name).read_bytes()


def test_a_training_leaves_its_files_and_no_other(workshop):
    for model in ("cnn", "mlp"):
        folder = workshop / artifacts.model_folder(model, 0)
        assert {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize(("model", "parameters"), [("cnn", 208_982), ("mlp", 57_390)])
def test_the_weights_hold_the_network_and_nothing_else(workshop, model, parameters):
    sizes = {}
    path = workshop / artifacts.model_folder(model, 0) / "model.weights.h5"

    def count(name, item):
        if isinstance(item, h5py.Dataset):
            sizes[name] = item.size

    with h5py.File(path) as file:
        file.visititems(count)
    assert sum(sizes.values()) == parameters
    assert not [name for name in sizes if "optimizer" in name]


@pytest.mark.parametrize("model", ["cnn", "mlp"])
def test_the_logits_are_those_of_the_weights(workshop, made, model):
    folder = workshop / artifacts.model_folder(model, 0)
    logits = artifacts.read_npz(folder / "logits.npz")
    trained = network.load(model, folder)
    assert set(logits) == {"validation_logits", "test_logits"}
    for split in ("validation", "test"):
        values = logits[f"{split}_logits"]
        assert values.dtype == np.float32
        assert values.shape == (len(made[f"{split}_labels"]), 10)
        again = trained.predict(network.as_input(made[f"{split}_images"]), verbose=0)
        np.testing.assert_allclose(values, again, rtol=1e-4, atol=1e-4)


def test_the_history_has_a_line_for_every_epoch(workshop, made):
    for model in ("cnn", "mlp"):
        folder = workshop / artifacts.model_folder(model, 0)
        history = artifacts.read_csv(folder / "history.csv")
        assert " ".join(history.columns) == (
            "epoch loss accuracy val_loss val_accuracy learning_rate"
        )
        assert history["epoch"].tolist() == [1, 2]
        assert (history["loss"].diff()[1:] < 0).all()
        logits = artifacts.read_npz(folder / "logits.npz")["validation_logits"]
        accuracy = (logits.argmax(axis=1) == made["validation_labels"]).mean()
        assert history["val_accuracy"].iloc[-1] == pytest.approx(accuracy, abs=1e-6)


def test_times_and_devices_lie_apart(workshop):
    timing = json.loads((workshop / "data/timings/train-cnn-0.json").read_text())
    assert set(timing) == {"device", "seconds", "epoch_seconds"}
    assert len(timing["epoch_seconds"]) == 2
    assert sum(timing["epoch_seconds"]) <= timing["seconds"]
    assert f"Keras {keras.__version__}" in timing["device"]


# A loss that is no number


@pytest.fixture
def train_with(bench, fails, workshop_settings):
    """The message of a training of seed 9 that must fail, with these settings of both recipes."""

    def run(model="mlp", **changes):
        both = {f"{name}.{key}": value for name in ("cnn", "mlp") for key, value in changes.items()}
        (bench / "params.yaml").write_text(workshop_settings(both))
        return fails(train.main, "--model", model, "--seed", "9")

    return run


@pytest.mark.parametrize("model", ["cnn", "mlp"])
def test_a_loss_that_is_no_number_stops_the_training(train_with, model):
    message = train_with(model, optimizer="sgd", learning_rate=1e30)
    assert message.startswith("The loss became nan at batch ")
    assert " of epoch 1, so no weights were written. Lower the learning_rate" in message
    folder = artifacts.model_folder(model, 9)
    assert [path.name for path in folder.iterdir()] == ["history.csv"]
    assert len((folder / "history.csv").read_text().splitlines()) == 1


def test_a_last_update_that_ruins_the_weights_is_seen_too(train_with):
    settings = {"optimizer": "sgd", "schedule": "constant", "batch_size": 1000, "epochs": 1}
    message = train_with(learning_rate=1e35, **settings)
    assert "on the validation images after epoch 1, so no weights were written." in message
    assert not (artifacts.model_folder("mlp", 9) / network.WEIGHTS).exists()


# What else can go wrong


@pytest.mark.usefixtures("bench")
def test_a_missing_dataset_is_a_sentence(fails):
    artifacts.DATASET.unlink()
    message = fails(train.main, "--model", "mlp", "--seed", "0")
    assert message.startswith("data/raw/dataset.npz is missing.")


def test_a_full_disk_leaves_no_half_weights(bench, fails, workshop_settings):
    resource = pytest.importorskip("resource", reason="limits file sizes, on Unix alone")
    (bench / "params.yaml").write_text(workshop_settings({"mlp.epochs": 1}))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # the weights take 240 kB
    try:
        message = fails(train.main, "--model", "mlp", "--seed", "9")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert message == "The system refused: File too large. Mend that, then run the stage again."
    assert [path.name for path in artifacts.model_folder("mlp", 9).iterdir()] == ["history.csv"]


@pytest.mark.parametrize(
    "arguments", [["--model", "rnn", "--seed", "0"], ["--model", "cnn"], ["--seed", "0"]]
)
def test_wrong_arguments_show_the_usage(capsys, monkeypatch, arguments):
    monkeypatch.setattr(sys, "argv", ["stage", *arguments])
    with pytest.raises(SystemExit) as end:
        console.run(train.main)
    assert end.value.code == 2
    assert "usage: python -m stages.train" in capsys.readouterr().err
