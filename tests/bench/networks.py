"""A training step against the arithmetic it needs; a network against Keras's own example."""

import numpy as np

from stages import train
from stages.common import artifacts, files, network
from stages.common.backend import STEPS_AT_ONCE, keras, prepare
from stages.common.params import read_params

from .. import designs
from ..project import ROOT
from . import paired, report, seconds

BATCHES = 100
SIDE = 1024  # of the matrices
EXAMPLE_EPOCHS = 15


def training_flop(design: designs.Design) -> int:
    """Float operations of a training step for one image.

    A multiplication and an addition for each weight and place, forward, for the gradient of the
    layer's input, and for that of its weights.
    """
    settings, forward, before = design.settings, 0, 1
    for layer, side in zip(settings.layers, settings.sides(design.side), strict=True):
        if not layer.is_pool:
            forward += side**2 * layer.kernel**2 * before * layer.maps
        before, last = layer.maps, side**2 * layer.maps
    forward += last * settings.dense + settings.dense * design.classes
    return 3 * 2 * forward


def step() -> None:
    """A step of the default CNN, shifts included, against matrix products of the same FLOP."""
    params = read_params(ROOT / "params.yaml")
    prepare(params.train.threads)
    recipe, generator = params.cnn, np.random.default_rng(0)
    n = BATCHES * recipe.batch_size
    images = generator.integers(0, 256, (n, 28, 28)).astype(np.uint8)
    labels = generator.integers(0, 10, n).astype(np.uint8)
    shifted = train.ShiftedImages(images, labels, recipe.augment_shift, seed=0)
    net = network.untrained(designs.CNN, 0, to_train=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    by_recipe = train.optimizer(recipe, n)
    net.compile(by_recipe, loss, metrics=["accuracy"], steps_per_execution=STEPS_AT_ONCE)
    products = round(n * training_flop(designs.CNN) / (2 * SIDE**3))
    matrix = keras.ops.convert_to_tensor(generator.random((SIDE, SIDE), np.float32))

    def train_once() -> None:
        net.fit(*shifted.epoch(), batch_size=recipe.batch_size, shuffle=False, verbose=0)

    def multiply() -> None:
        for _ in range(products):
            result = keras.ops.matmul(matrix, matrix)
        keras.ops.convert_to_numpy(result)

    train_once()
    multiply()
    times = paired(train_once, multiply, turns=7)
    each = [f"{time / n * 1e6:.0f} microseconds an image" for time in times[:2]]
    title = f"step: {BATCHES} training steps of {recipe.batch_size} images"
    report(title, each[0], f"{each[1]}: matrix products of the same FLOP", times, "1.9")


class StopAt(keras.callbacks.Callback):
    """Ends a training at the first epoch whose validation accuracy reaches `goal`."""

    def __init__(self, goal: float) -> None:
        super().__init__()
        self.goal, self.accuracies = goal, []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.accuracies.append(logs["val_accuracy"])
        self.model.stop_training = logs["val_accuracy"] >= self.goal


def example() -> keras.Model:
    """A network as in Keras's example for MNIST: two convolutions, dropout, 34,826 weights."""
    layers = keras.layers
    net = keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(10),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile("adam", loss, metrics=["accuracy"])
    return net


def training() -> None:
    """The committed recipe on the dataset in place, against Keras's example, to one accuracy."""
    data = artifacts.read(files.DATASET, root=ROOT)
    params = read_params(ROOT / "params.yaml")
    prepare(params.train.threads)
    design, log = designs.CNN, train.EpochLog()
    ours = seconds(lambda: train.fit(design, 0, params.cnn, data, log))
    goal = log.history[-1]["val_accuracy"]
    net, stop = example(), StopAt(goal)
    fitted, held_out = (
        (network.as_input(data[f"{split}_images"]), data[f"{split}_labels"])
        for split in ("fit", "validation")
    )
    theirs = seconds(
        lambda: net.fit(
            *fitted, batch_size=128, epochs=EXAMPLE_EPOCHS, validation_data=held_out,
            callbacks=[stop], verbose=0,
        )
    )  # fmt: skip
    reached = f"{max(stop.accuracies):.2%} after {len(stop.accuracies)} epochs"
    times = (ours, theirs, ours / theirs)
    title = "training: one network to the same accuracy on validation images, or 15 epochs"
    report(title, f"committed recipe: {goal:.2%}", f"Keras's example: {reached}", times)
