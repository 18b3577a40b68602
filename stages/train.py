"""Train one network from one seed.

In:  `data/raw/dataset.npz`: the fit images; the validation images for the curves.
Out: the weights, their logits, the history and, apart from these, the timings.

The seed decides the initial weights, the order of the images and their shifts; two runs on one
machine give the same bytes. Logits are written here, so that `evaluate` needs no Keras.
"""

import argparse
import math
import os
import time

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from stages.common import artifacts, console, files, network, sampling
from stages.common.architecture import Design
from stages.common.backend import STEPS_AT_ONCE, keras, prepare
from stages.common.names import HELD_OUT, MODELS
from stages.common.params import Recipe, read_params

MUON_ADAM_RATE = 0.2  # of what is no matrix, against the learning rate
schedules = keras.optimizers.schedules
TRANSLATED_IMAGES = 2000
FARTHEST = 3  # pixels
# One axis at a time, so that "translated by 2 pixels" is one distance; (down, right), none first.
_DISTANCES = [d for d in range(-FARTHEST, FARTHEST + 1) if d]
SHIFTS = [(0, 0), *((d, 0) for d in _DISTANCES), *((0, d) for d in _DISTANCES)]


class ShiftedImages:
    """All images in a new order and with new whole-pixel shifts, every epoch.

    `images` uint8 (n, side, side), `labels` uint8 (n,); each image is translated by up to `shift`
    pixels along each axis, drawn evenly, and zeros fill what it leaves.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, shift: int, seed: int) -> None:
        self.size, self.shift = images.shape[1], shift
        self.padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift)))
        self.labels = labels
        self.generator = np.random.default_rng(seed)

    def epoch(self) -> tuple[np.ndarray, np.ndarray]:
        """The next epoch: float32 (n, side, side, 1) as the networks read them, and labels (n,)."""
        n = len(self.labels)
        order = self.generator.permutation(n)
        corners = self.generator.integers(0, 2 * self.shift, (2, n), endpoint=True)
        windows = sliding_window_view(self.padded, (self.size, self.size), axis=(1, 2))
        return network.as_input(windows[order, *corners]), self.labels[order]


def check_loss(loss: float, when: str) -> None:
    """Raise StageError, which stops the training, where a loss is infinite or no number."""
    if not math.isfinite(loss):
        raise console.StageError(
            f"The loss became {loss} {when}, so no weights were written. Lower the learning_rate "
            "of this network in params.yaml, or choose another optimizer or schedule."
        )


class EpochLog(keras.callbacks.Callback):
    """Keep the history and time of every epoch, and stop when the loss is NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[dict[str, float]] = []
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        # NaN in the weights stays there, so one look an epoch is enough.
        for name, images in (("loss", "fit"), ("val_loss", "validation")):
            check_loss(logs[name], f"on the {images} images of epoch {epoch + 1}")
        self.seconds.append(time.perf_counter() - self.started)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {**logs, "epoch": epoch + 1, "learning_rate": rate}
        self.history.append({name: row[name] for name in artifacts.forms(files.HISTORY)})
        console.say(
            f"  epoch {epoch + 1:>2}  loss {logs['loss']:.4f}  "
            f"validation accuracy {logs['val_accuracy']:.2%}  {self.seconds[-1]:.1f} s"
        )


def learning_rate(recipe: Recipe, steps: int) -> float | schedules.LearningRateSchedule:
    """The learning rate over `steps` batches.

    one_cycle: linearly up from 1/25 of the peak during the first quarter, then down a cosine to
    zero (Smith & Topin 2018, 1708.07120). exponential: from the peak down to 1/100 of it.
    """
    peak, up = recipe.learning_rate, max(1, steps // 4)
    if recipe.schedule == "one_cycle":
        down = max(1, steps - up)
        return schedules.CosineDecay(peak / 25, down, warmup_target=peak, warmup_steps=up)
    if recipe.schedule == "exponential":
        return schedules.ExponentialDecay(peak, steps, 0.01)
    return peak


def optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe whose whole training takes `steps` batches."""
    rate, decay = learning_rate(recipe, steps), recipe.weight_decay
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=decay)
    if recipe.optimizer == "muon":
        return keras.optimizers.Muon(
            rate, weight_decay=decay, adam_weight_decay=decay, adam_lr_ratio=MUON_ADAM_RATE,
            exclude_layers=["logits"],
        )  # fmt: skip
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, weight_decay=decay or None)
    return keras.optimizers.SGD(rate, momentum=recipe.momentum, weight_decay=decay or None)


def fit(
    design: Design, seed: int, recipe: Recipe, data: dict[str, np.ndarray], log: EpochLog
) -> keras.Model:
    """Build and train one network; raises StageError when its loss is no number."""
    trained = network.untrained(design, seed, recipe.l2, to_train=True)
    fit_images = ShiftedImages(data["fit_images"], data["fit_labels"], recipe.augment_shift, seed)
    steps = recipe.epochs * math.ceil(len(data["fit_labels"]) / recipe.batch_size)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trained.compile(
        optimizer(recipe, steps), loss, metrics=["accuracy"], steps_per_execution=STEPS_AT_ONCE
    )  # fmt: skip
    validation = (network.as_input(data["validation_images"]), data["validation_labels"])
    for epoch in range(recipe.epochs):
        trained.fit(
            *fit_images.epoch(), batch_size=recipe.batch_size, shuffle=False, callbacks=[log],
            initial_epoch=epoch, epochs=epoch + 1, validation_data=validation,
            validation_batch_size=1000, verbose=0,
        )  # fmt: skip
    read = network.build(design)
    read.set_weights(trained.get_weights())
    return read


def translated(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images (n, rows, columns) translated by whole pixels; zeros fill what they leave."""
    return ndimage.shift(images, (0, down, right), order=0)


def shift_logits(
    trained: keras.Model, images: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """As files.SHIFT_LOGITS declares, of uint8 `images` (n, side, side) with `labels` (n,)."""
    index = sampling.balanced_rows(labels, TRANSLATED_IMAGES)
    logits = [predict(trained, translated(images[index], *shift)) for shift in SHIFTS]
    return {"index": index, "shifts": np.array(SHIFTS, np.int32), "logits": np.stack(logits)}


def predict(trained: keras.Model, images: np.ndarray) -> np.ndarray:
    """Logits, float32 (n, classes), of uint8 images (n, side, side)."""
    return trained.predict(network.as_input(images), batch_size=1000, verbose=0)


def device(threads: int) -> str:
    """What the network is trained on, for the log and the timings."""
    accelerators = keras.distribution.list_devices("gpu")
    on_cpu = f"CPU ({threads} threads, {os.cpu_count()} cores)"
    name = f"GPU ({accelerators[0]})" if accelerators else on_cpu
    return f"{name}, Keras {keras.__version__} on {keras.backend.backend()}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train", description="Train a network.")
    parser.add_argument("--model", choices=tuple(MODELS), required=True)
    parser.add_argument("--seed", type=int, required=True)
    where = vars(parser.parse_args())
    params = read_params()
    cnn, data = where["model"] == "cnn", artifacts.read(files.DATASET)
    recipe = params.cnn if cnn else params.mlp
    layers = params.network.cnn if cnn else params.network.mlp
    design = Design(layers, data["fit_images"].shape[1], len(data["class_names"]))

    prepare(params.train.threads)
    where_it_runs = device(params.train.threads)
    console.say(
        f"training {where['model']} with seed {where['seed']} on {data['name']}: "
        f"{len(data['fit_labels']):,} images, {recipe.epochs} epochs; {where_it_runs}"
    )
    started = time.perf_counter()
    log = EpochLog()
    trained = fit(design, where["seed"], recipe, data, log)
    seconds = time.perf_counter() - started
    logits = {f"{split}_logits": predict(trained, data[f"{split}_images"]) for split in HELD_OUT}
    shifted = shift_logits(trained, data["test_images"], data["test_labels"])

    weights = artifacts.path_of(files.WEIGHTS, **where)
    artifacts.replace(weights, trained.save_weights)
    artifacts.write(files.LOGITS, logits, **where)
    artifacts.write(files.SHIFT_LOGITS, shifted, **where)
    artifacts.write(files.HISTORY, pd.DataFrame(log.history), **where)
    timings = {
        "device": device(params.train.threads),
        "seconds": seconds,
        "epoch_seconds": log.seconds,
    }
    artifacts.write(files.TIMINGS, timings, **where)
    console.say(f"  {seconds:.0f} s; weights and logits are in {weights.parent}")


if __name__ == "__main__":
    console.run(main)
