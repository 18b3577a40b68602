"""Train one network from one seed.

In:  `data/raw/dataset.npz`: the fit images; the validation images for the curves.
Out: the weights, their logits, the history and, apart from these, the timings.

The seed decides the initial weights, the order of the images and their shifts; two runs on one
machine give the same bytes. Logits are written here, so that `evaluate` needs no Keras.
"""

import argparse
import math
import os
import sys
import time

import numpy as np
import pandas as pd
from scipy import ndimage

from stages.common import artifacts, console, files, network, sampling
from stages.common.architecture import Design
from stages.common.backend import keras, make_deterministic
from stages.common.names import HELD_OUT, MODELS
from stages.common.params import Recipe, read_params

schedules = keras.optimizers.schedules
TRANSLATED_IMAGES = 2000
FARTHEST = 3  # pixels
# One axis at a time, so that "translated by 2 pixels" is one distance; (down, right), none first.
_DISTANCES = [d for d in range(-FARTHEST, FARTHEST + 1) if d]
SHIFTS = [(0, 0), *((d, 0) for d in _DISTANCES), *((0, d) for d in _DISTANCES)]


class ShiftedImages(keras.utils.PyDataset):
    """Batches of images, in a new order and with new whole-pixel shifts every epoch.

    `images` uint8 (n, side, side), `labels` uint8 (n,); each image is translated by up to `shift`
    pixels along each axis, drawn evenly, and zeros fill what it leaves.
    """

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, batch_size: int, shift: int, seed: int
    ) -> None:
        super().__init__()
        self.size, self.shift, self.batch_size = images.shape[1], shift, batch_size
        self.padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift)))
        self.labels = labels
        self.generator = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / self.batch_size)

    def on_epoch_end(self) -> None:
        n = len(self.labels)
        self.order = self.generator.permutation(n)
        self.corners = self.generator.integers(0, 2 * self.shift, (2, n), endpoint=True)

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        top, left = self.corners[:, rows, None, None]
        offsets = np.arange(self.size)
        shifted = self.padded[rows[:, None, None], top + offsets[:, None], left + offsets]
        return network.as_input(shifted), self.labels[rows]


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

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        check_loss(logs["loss"], f"at batch {batch + 1} of epoch {len(self.seconds) + 1}")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        # No batch's loss shows what the last update of an epoch did.
        check_loss(logs["val_loss"], f"on the validation images after epoch {epoch + 1}")
        self.seconds.append(time.perf_counter() - self.started)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {**logs, "epoch": epoch + 1, "learning_rate": rate}
        self.history.append({name: row[name] for name in artifacts.forms(files.HISTORY)})
        if not sys.stdout.isatty():
            console.say(
                f"  epoch {epoch + 1:>2}/{self.params['epochs']}  loss {logs['loss']:.4f}  "
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
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, weight_decay=decay or None)
    return keras.optimizers.SGD(rate, momentum=recipe.momentum, weight_decay=decay or None)


def fit(
    design: Design, seed: int, recipe: Recipe, data: dict[str, np.ndarray], log: EpochLog
) -> keras.Model:
    """Build and train one network; raises StageError when its loss is no number."""
    trained = network.untrained(design, seed, recipe.l2)
    batches = ShiftedImages(
        data["fit_images"], data["fit_labels"], recipe.batch_size, recipe.augment_shift, seed
    )
    by_recipe = optimizer(recipe, recipe.epochs * len(batches))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trained.compile(optimizer=by_recipe, loss=loss, metrics=["accuracy"])
    validation = (network.as_input(data["validation_images"]), data["validation_labels"])
    trained.fit(
        batches, epochs=recipe.epochs, callbacks=[log], validation_data=validation,
        validation_batch_size=1000, verbose="auto" if sys.stdout.isatty() else 0,
    )  # fmt: skip
    return trained


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


def device() -> str:
    """What the network is trained on, for the log and the timings."""
    accelerators = keras.distribution.list_devices("gpu")
    name = f"GPU ({accelerators[0]})" if accelerators else f"CPU ({os.cpu_count()} cores)"
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

    make_deterministic()
    console.say(
        f"training {where['model']} with seed {where['seed']} on {data['name']}: "
        f"{len(data['fit_labels']):,} images, {recipe.epochs} epochs; {device()}"
    )
    started = time.perf_counter()
    log = EpochLog()
    trained = fit(design, where["seed"], recipe, data, log)
    seconds = time.perf_counter() - started
    logits = {f"{split}_logits": predict(trained, data[f"{split}_images"]) for split in HELD_OUT}
    shifted = shift_logits(trained, data["test_images"], data["test_labels"])

    weights = artifacts.path_of(files.WEIGHTS, **where)
    artifacts.replace(weights, lambda path: network.save_weights(trained, path))
    artifacts.write(files.LOGITS, logits, **where)
    artifacts.write(files.SHIFT_LOGITS, shifted, **where)
    artifacts.write(files.HISTORY, pd.DataFrame(log.history), **where)
    timings = {"device": device(), "seconds": seconds, "epoch_seconds": log.seconds}
    artifacts.write(files.TIMINGS, timings, **where)
    console.say(f"  {seconds:.0f} s; weights and logits are in {weights.parent}")


if __name__ == "__main__":
    console.run(main)
