"""Training: the same bytes for a seed, shifts and rates as described, no weights from no number."""

import re

import numpy as np
import pytest

from stages import train
from stages.common import console, files, network, trained
from stages.common.backend import keras
from stages.common.params import Recipe
from stages.common.run import Run

from . import designs

WRITTEN = (files.WEIGHTS, files.LOGITS, files.SHIFT_LOGITS, files.HISTORY)
MODELS = ("cnn", "mlp")
RECIPE = Recipe(
    optimizer="adamw", schedule="one_cycle", learning_rate=4e-3, momentum=0.9, weight_decay=1e-2,
    l2=0.0, batch_size=100, epochs=1, augment_shift=1,
)  # fmt: skip


def recipe(**changes):
    return RECIPE.model_copy(update=changes)


@pytest.fixture(scope="module")
def few(made):
    """The dataset with 200 fit images."""
    return made | {name: made[name][:200] for name in ("fit_images", "fit_labels")}


@pytest.fixture(scope="module")
def marked():
    """50 images without a zero, each its own, labelled by row."""
    images = np.random.default_rng(1).integers(1, 256, (50, 28, 28)).astype(np.uint8)
    return images, np.arange(50, dtype=np.uint8)


def shifted(image, down, right):
    """By brute force: the image translated, with zeros in what it leaves."""
    rolled = np.roll(image, (down, right), axis=(0, 1))
    rows, columns = np.arange(28) - down, np.arange(28) - right
    rolled[(rows < 0) | (rows > 27)] = 0
    rolled[:, (columns < 0) | (columns > 27)] = 0
    return rolled


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_each_image_shifts_by_whole_pixels_within_the_range(marked, shift):
    images, _ = marked
    augmented = train.ShiftedImages(*marked, shift, seed=0)
    steps, seen = range(-shift, shift + 1), set()
    for x, label in (each for _ in range(4) for each in zip(*augmented.epoch(), strict=True)):
        pixels = np.rint(x[..., 0] * 255)
        found = [
            (down, right)
            for down in steps
            for right in steps
            if (shifted(images[label], down, right) == pixels).all()
        ]
        assert len(found) == 1
        seen.update(found)
    assert seen == {(down, right) for down in steps for right in steps}


def test_shifts_are_drawn_evenly():
    n = 20_000
    dots = np.zeros((n, 5, 5), np.uint8)
    dots[:, 2, 2] = 255
    images, _ = train.ShiftedImages(dots, np.zeros(n), 2, seed=0).epoch()
    np.testing.assert_allclose(images.sum(axis=0)[..., 0], n / 25, rtol=0.15)


def test_every_image_comes_once_an_epoch_in_a_new_order(marked):
    augmented, orders = train.ShiftedImages(*marked, 1, seed=0), []
    for _ in range(3):
        x, y = augmented.epoch()
        assert (x.dtype, *x.shape, *sorted(y)) == (np.float32, 50, 28, 28, 1, *range(50))
        orders.append(y.tolist())
    assert list(range(50)) != orders[0] != orders[1] != orders[2]


def test_keras_trains_on_each_epoch_once_and_in_its_order(few, monkeypatch):
    """One plain gradient step a batch, in float64 by hand, gives the weights that Keras has."""
    drawn, epoch = [], train.ShiftedImages.epoch
    monkeypatch.setattr(
        train.ShiftedImages, "epoch", lambda self: drawn.append(epoch(self)) or drawn[-1]
    )
    design = designs.MLP._replace(settings=designs.MLP.settings.model_copy(update={"hidden": (4,)}))
    plain = recipe(
        optimizer="sgd", schedule="constant", momentum=0.0, weight_decay=0.0, learning_rate=0.5,
        batch_size=64, epochs=2,
    )  # fmt: skip
    found = train.fit(design, 0, plain, few, train.EpochLog()).get_weights()
    assert [len(labels) for _, labels in drawn] == [200, 200]
    weights = [each.astype(float) for each in network.untrained(design, 0).get_weights()]
    for images, labels in drawn:
        for start in range(0, 200, 64):
            x = images[start : start + 64].reshape(-1, 784).astype(float)
            one_hot = np.eye(10)[labels[start : start + 64]]
            hidden = np.maximum(x @ weights[0] + weights[1], 0)
            powers = np.exp(hidden @ weights[2] + weights[3])
            error = (powers / powers.sum(axis=1, keepdims=True) - one_hot) / len(x)
            back = (error @ weights[2].T) * (hidden > 0)
            steps = (x.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0))
            weights = [weight - 0.5 * step for weight, step in zip(weights, steps, strict=True)]
    for one, by_hand in zip(found, weights, strict=True):
        np.testing.assert_allclose(one, by_hand, atol=1e-4)


@pytest.mark.parametrize("steps", [8, 40])
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


def test_exponential_falls_evenly_to_a_hundredth_and_constant_does_not():
    schedule = train.learning_rate(recipe(schedule="exponential"), 200)
    rates = np.array([float(schedule(step)) for step in range(201)])
    np.testing.assert_allclose(rates, 4e-3 * 0.01 ** (np.arange(201) / 200), rtol=1e-4)
    assert train.learning_rate(recipe(schedule="constant"), 10) == 4e-3


def test_optimizers_are_those_of_the_recipe():
    adamw = train.optimizer(recipe(schedule="constant"), 10)
    assert (type(adamw), adamw.weight_decay) == (keras.optimizers.AdamW, 1e-2)
    assert float(adamw.learning_rate) == pytest.approx(4e-3)
    sgd = train.optimizer(recipe(optimizer="sgd", momentum=0.7, weight_decay=0.0), 10)
    assert (type(sgd), sgd.momentum, sgd.weight_decay) == (keras.optimizers.SGD, 0.7, None)
    rmsprop = train.optimizer(recipe(optimizer="rmsprop", weight_decay=0.1), 10)
    assert (type(rmsprop), rmsprop.weight_decay) == (keras.optimizers.RMSprop, 0.1)
    muon = train.optimizer(recipe(optimizer="muon", schedule="constant", weight_decay=0.1), 10)
    assert (muon.weight_decay, muon.adam_weight_decay, muon.adam_lr_ratio) == (0.1, 0.1, 0.2)
    muon.build(network.build(designs.CNN).trainable_variables)
    by_adamw = [velocity is not None for velocity in muon.adam_velocities]
    assert by_adamw == [True] * 6 + [False] + [True] * 3  # all but the kernel of `dense`


@pytest.mark.parametrize(
    ("optimizer", "schedule", "last"),
    [
        ("adamw", "one_cycle", 0),
        ("muon", "one_cycle", 0),
        ("rmsprop", "exponential", 4e-5),
        ("sgd", "constant", 4e-3),
    ],
)
def test_training_starts_from_the_untrained_network(few, optimizer, schedule, last):
    class Log(train.EpochLog):
        def on_train_begin(self, logs=None):  # noqa: ARG002
            self.start = [weight.copy() for weight in self.model.get_weights()]

    log = Log()
    settings = recipe(optimizer=optimizer, schedule=schedule, l2=1e-4)
    net = train.fit(designs.MLP, 3, settings, few, log).get_weights()
    assert all(map(np.array_equal, log.start, network.untrained(designs.MLP, 3).get_weights()))
    for after, before in zip(net, log.start, strict=True):
        assert (after != before).any()
        assert np.isfinite(after).all()
    assert [row["learning_rate"] for row in log.history] == [pytest.approx(last, 1e-3, 1e-8)]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_two_processes_give_the_same_bytes_and_two_seeds_do_not(workshop, twin, model):
    run, twin = Run.of(workshop), Run.of(twin)
    for file in WRITTEN:
        one = run.path(file, model=model, seed=0).read_bytes()
        assert one == twin.path(file, model=model, seed=0).read_bytes(), file.path
        assert one != run.path(file, model=model, seed=1).read_bytes()
    left = run.path(files.WEIGHTS, model=model, seed=0).parent.iterdir()
    assert {path.name for path in left} == {file.path.split("/")[-1] for file in WRITTEN}


@pytest.mark.parametrize(("model", "parameters"), [("cnn", 7_360), ("mlp", 57_390)])
def test_the_files_are_of_the_trained_network(workshop, made, model, parameters):
    run = Run.of(workshop)
    path = run.path(files.WEIGHTS, model=model, seed=0)
    assert trained.parameter_count(path) == parameters  # none of the optimizer's
    net, logits = (
        trained.load(designs.SMALL[model], path),
        run.read(files.LOGITS, model=model, seed=0),
    )
    for split in ("validation", "test"):
        again = net.predict(network.as_input(made[f"{split}_images"]), verbose=0)
        np.testing.assert_allclose(logits[f"{split}_logits"], again, rtol=1e-4, atol=1e-4)
    history = run.read(files.HISTORY, model=model, seed=0)
    assert history["epoch"].tolist() == [1, 2]
    assert (history["loss"].diff()[1:] < 0).all()
    right = logits["validation_logits"].argmax(axis=1) == made["validation_labels"]
    assert history["val_accuracy"].iloc[-1] == pytest.approx(right.mean(), abs=1e-6)
    timing = run.read(files.TIMINGS, model=model, seed=0)
    assert 0 < sum(timing["epoch_seconds"]) <= timing["seconds"]


@pytest.fixture
def train_with(bench, fails, workshop_settings):
    """The message of a training of seed 9 that must fail, with these settings of the MLP."""

    def run(**changes):
        of_mlp = {f"mlp.{key}": value for key, value in changes.items()}
        (bench / "params.yaml").write_text(workshop_settings(of_mlp))
        message = fails(train.main, "--model", "mlp", "--seed", "9")
        assert not list((bench / "data/models").glob("*-9/*"))
        return message

    return run


def test_a_loss_that_is_no_number_stops_the_training(train_with):
    """A penalty beyond float32; what too high a rate ends in depends on the processor's NaNs."""
    message = train_with(l2=1e38)
    assert re.match("The loss became (inf|nan) on the fit images of epoch 1, so no", message)


def test_a_last_update_that_ruins_the_weights_is_seen_too():
    """The losses of the batches are those before their updates."""
    with pytest.raises(console.StageError, match="nan on the validation images of epoch 1"):
        train.EpochLog().on_epoch_end(0, {"loss": 0.1, "val_loss": np.nan})


@pytest.mark.slow
def test_a_full_disk_leaves_no_half_weights(bench, python):
    """In a process of its own, of which files may have 100 kB; the weights take 240."""
    pytest.importorskip("resource", reason="limits file sizes, on Unix alone")
    program = (
        "import resource; from stages import train\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))\n"
        "train.console.run(train.main)"
    )
    code, _, errors = python(bench, "-c", program, "--model", "mlp", "--seed", "9")
    assert code == 1
    assert "error: The system refused: File too large." in " ".join(errors.split())
    assert not list((bench / "data/models").glob("*-9/*"))
