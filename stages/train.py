"""Train one network from one seed.

In:  `data/raw/dataset.npz`: the fit images; the validation images for the curves.
Out: `data/models/{cnn|mlp}-{seed}/`
     `model.weights.h5`   the trained weights
     `logits.npz`         logits of every validation and every test image
     `shift_logits.npz`   logits of a sample of the test images, moved over the field of view
     `history.csv`        one line an epoch
     and `data/timings/train-{cnn|mlp}-{seed}.json`.

The seed decides the initial weights, the order of the images and their shifts; two runs on one
machine give the same bytes. Logits are written here, where the network is in memory, so that
`evaluate` needs neither Keras nor images.
"""

import argparse
import csv
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

from stages.common import artifacts, console, network, sampling
from stages.common.backend import keras, make_deterministic
from stages.common.params import Recipe, read_params

HISTORY = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
SHIFTED_IMAGES = 2000
LARGEST_SHIFT = 3  # pixels
# One axis at a time, so that "moved by 2 pixels" is one distance; (down, right), none first.
_DISTANCES = [d for d in range(-LARGEST_SHIFT, LARGEST_SHIFT + 1) if d]
SHIFTS = [(0, 0), *((d, 0) for d in _DISTANCES), *((0, d) for d in _DISTANCES)]


class ShiftedImages(keras.utils.PyDataset):
    """Batches of images, in a new order and with new whole-pixel shifts every epoch.

    `images` uint8 (n, 28, 28), `labels` uint8 (n,); each image moves by up to `shift` pixels
    along each axis, drawn evenly, and zeros fill what it leaves.
    """

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, batch_size: int, shift: int, seed: int
    ) -> None:
        super().__init__()
        self.size = images.shape[1]
        self.padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift)))
        self.labels = labels
        self.batch_size = batch_size
        self.shift = shift
        self.generator = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / self.batch_size)

    def on_epoch_end(self) -> None:
        self.order = self.generator.permutation(len(self.labels))
        self.corners = self.generator.integers(
            0, 2 * self.shift, size=(2, len(self.labels)), endpoint=True
        )

    def __getitem__(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        top, left = self.corners[:, rows, np.newaxis, np.newaxis]
        offsets = np.arange(self.size)
        shifted = self.padded[
            rows[:, np.newaxis, np.newaxis], top + offsets[:, np.newaxis], left + offsets
        ]
        return network.as_input(shifted), self.labels[rows]


def check_loss(loss: float, when: str) -> None:
    """Raise StageError, which stops the training, where a loss is infinite or no number."""
    if not math.isfinite(loss):
        raise console.StageError(
            f"The loss became {loss} {when}, so no weights were written. Lower the learning_rate "
            "of this network in params.yaml, or choose another optimizer or schedule."
        )


class EpochLog(keras.callbacks.Callback):
    """Write `history.csv` as training goes, time the epochs, and stop when the loss is NaN."""

    def __init__(self, path: Path, epochs: int) -> None:
        super().__init__()
        self.path = path
        self.epochs = epochs
        self.seconds: list[float] = []

    def on_train_begin(self, logs: dict | None = None) -> None:  # noqa: ARG002
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(HISTORY)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        check_loss(logs["loss"], f"at batch {batch + 1} of epoch {len(self.seconds) + 1}")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        # Of the last update of an epoch, no batch's loss tells.
        check_loss(logs["val_loss"], f"on the validation images after epoch {epoch + 1}")
        self.seconds.append(time.perf_counter() - self.started)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {**logs, "epoch": epoch + 1, "learning_rate": rate}
        with self.path.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([row[name] for name in HISTORY])
        if not sys.stdout.isatty():
            console.say(
                f"  epoch {epoch + 1:>2}/{self.epochs}  loss {logs['loss']:.4f}  "
                f"validation accuracy {logs['val_accuracy']:.2%}  {self.seconds[-1]:.1f} s"
            )


def learning_rate(
    recipe: Recipe, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate over `steps` batches.

    one_cycle: linearly up from 1/25 of the peak during the first quarter, then down a cosine to
    zero (Smith & Topin 2018, 1708.07120). exponential: from the peak down to 1/100 of it.
    """
    if recipe.schedule == "one_cycle":
        up = max(1, steps // 4)
        return keras.optimizers.schedules.CosineDecay(
            recipe.learning_rate / 25,
            decay_steps=max(1, steps - up),
            warmup_target=recipe.learning_rate,
            warmup_steps=up,
        )
    if recipe.schedule == "exponential":
        return keras.optimizers.schedules.ExponentialDecay(recipe.learning_rate, steps, 0.01)
    return recipe.learning_rate


def optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe whose whole training takes `steps` batches."""
    rate = learning_rate(recipe, steps)
    decay = recipe.weight_decay or None
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, weight_decay=decay)
    return keras.optimizers.SGD(rate, momentum=recipe.momentum, weight_decay=decay)


def fit(
    model: str, seed: int, recipe: Recipe, data: dict[str, np.ndarray], log: EpochLog
) -> keras.Model:
    """Build and train one network; raises StageError when its loss is no number."""
    trained = network.untrained(model, seed, recipe.l2)
    batches = ShiftedImages(
        data["fit_images"], data["fit_labels"], recipe.batch_size, recipe.augment_shift, seed
    )
    trained.compile(
        optimizer=optimizer(recipe, recipe.epochs * len(batches)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    trained.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=(network.as_input(data["validation_images"]), data["validation_labels"]),
        validation_batch_size=1000,
        callbacks=[log],
        verbose="auto" if sys.stdout.isatty() else 0,
    )
    return trained


def moved(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images (n, rows, columns) moved by whole pixels; zeros fill what they leave."""
    rows, columns = images.shape[1:]
    reach = max(abs(down), abs(right))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)))
    top, left = reach - down, reach - right
    return padded[:, top : top + rows, left : left + columns]


def shift_logits(
    trained: keras.Model, images: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """Logits of a class-balanced sample of uint8 `images` (n, 28, 28) under every one of SHIFTS.

    `index` int32 (m,), rows of `images`; `shifts` int32 (s, 2), pixels (down, right), negative
    for up and left; `logits` float32 (s, m, 10). At 0, 0 the logits are those of `logits.npz`.
    """
    index = sampling.balanced_rows(labels, SHIFTED_IMAGES)
    logits = [predict(trained, moved(images[index], *shift)) for shift in SHIFTS]
    return {"index": index, "shifts": np.array(SHIFTS, np.int32), "logits": np.stack(logits)}


def predict(trained: keras.Model, images: np.ndarray) -> np.ndarray:
    """Logits, float32 (n, 10), of uint8 images (n, 28, 28)."""
    return trained.predict(network.as_input(images), batch_size=1000, verbose=0)


def device() -> str:
    """What the network is trained on, for the log and the timings."""
    accelerators = keras.distribution.list_devices("gpu")
    name = f"GPU ({accelerators[0]})" if accelerators else f"CPU ({os.cpu_count()} cores)"
    return f"{name}, Keras {keras.__version__} on {keras.backend.backend()}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.train", description="Train a network.")
    parser.add_argument("--model", choices=("cnn", "mlp"), required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    params = read_params()
    recipe = {"cnn": params.cnn, "mlp": params.mlp}[arguments.model]
    data = artifacts.read_npz(artifacts.DATASET)
    folder = artifacts.model_folder(arguments.model, arguments.seed)

    make_deterministic()
    console.say(
        f"training {arguments.model} with seed {arguments.seed} on {data['name']}: "
        f"{len(data['fit_labels']):,} images, {recipe.epochs} epochs; {device()}"
    )
    started = time.perf_counter()
    log = EpochLog(folder / "history.csv", recipe.epochs)
    trained = fit(arguments.model, arguments.seed, recipe, data, log)
    seconds = time.perf_counter() - started
    logits = {
        f"{split}_logits": predict(trained, data[f"{split}_images"])
        for split in ("validation", "test")
    }
    shifted = shift_logits(trained, data["test_images"], data["test_labels"])

    artifacts.replace(folder / network.WEIGHTS, lambda path: network.save_weights(trained, path))
    artifacts.write_npz(folder / "logits.npz", logits)
    artifacts.write_npz(folder / "shift_logits.npz", shifted)
    artifacts.write_json(
        artifacts.TIMINGS / f"train-{folder.name}.json",
        {"device": device(), "seconds": seconds, "epoch_seconds": log.seconds},
    )
    console.say(f"  {seconds:.0f} s; weights and logits are in {folder}")


if __name__ == "__main__":
    console.run(main)
