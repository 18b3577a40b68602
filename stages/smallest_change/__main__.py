"""The smallest change of an image, in ink, after which one CNN answers the other class of the pair.

In:  `data/raw/dataset.npz`; the weights of the CNN, of the other CNNs shown and of the MLP of the
     same seed; the CNN's logits; the effect of each point on the answer.
Out: `data/smallest_change/cnn-{seed}/`
     `images.npz`    test images of both classes before and after, and the logits on the way
     `images.csv`    how large each change is and where it lies
     `transfer.csv`  what each network answers to the changed images
     `points.csv`    what becomes of the last conv layer's points
     `summary.csv`   margins, and whether these points are those with most effect

Each image is changed twice: until the network is as sure as of real images of the other class, and
just across the decision boundary. The control is the same change, value by value, at random pixels
on or beside the ink.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network, trained
from stages.common.architecture import Design
from stages.common.backend import prepare
from stages.common.params import read_params
from stages.common.run import Run
from stages.smallest_change import placement, tables
from stages.smallest_change.lead import Lead, logits_of, points_of
from stages.smallest_change.steps import search
from stages.smallest_change.tables import Changes

if TYPE_CHECKING:
    import keras

    Networks = dict[tuple[str, int], keras.Model]  # by model and seed

EACH = 60  # images of each class
DRAWS = 20  # random placements of each change
SHARES = (0, 0.25, 0.5, 0.75, 1)  # of the change, at which the logits are read


def choose(run: Run, seed: int) -> Changes:
    """The images, not changed yet."""
    labels = run.dataset_array("test_labels").astype(int)
    logits = run.read(files.LOGITS, "test_logits", model="cnn", seed=seed)["test_logits"]
    rows = tables.chosen_rows(logits, labels, run.pair, EACH)
    image = network.as_input(run.dataset_array("test_images")[rows])[..., 0]
    at_random = np.zeros((len(rows), DRAWS, *image.shape[1:]), np.float32)
    label, missed = labels[rows], np.zeros(len(rows), bool)
    return Changes(rows, label, sum(run.pair) - label, image, image, missed, at_random)


def change(
    net: "keras.Model", chosen: Changes, aims: list[dict[int, float]],
    generator: np.random.Generator,
) -> list[Changes]:  # fmt: skip
    """The smallest changes for each of `aims`, which are margins by target class."""
    if not len(chosen.index):
        return [chosen] * len(aims)
    lead, results = Lead(net, chosen.target), []
    for margins in aims:
        margin = np.array([margins[target] for target in chosen.target])
        changed, reached = search(lead, chosen.image, margin)
        found = chosen._replace(changed=changed, succeeded=reached)
        draws = [
            placement.placed(image, of, DRAWS, generator)
            for image, of in zip(found.image, found.change, strict=True)
        ]
        results.append(found._replace(random=np.stack(draws)))
    return results


def correct(run: Run, seed: int, net: "keras.Model") -> pd.DataFrame:
    """The rows of `errors.csv`."""
    labels = run.dataset_array("test_labels").astype(int)
    logits = run.read(files.LOGITS, "test_logits", model="cnn", seed=seed)["test_logits"]
    rows = np.flatnonzero(np.isin(labels, run.pair) & (logits.argmax(axis=1) != labels))
    image = network.as_input(run.dataset_array("test_images")[rows])[..., 0]
    changed, reached = image, np.zeros(0, bool)
    if len(rows):
        margin = np.full(len(rows), tables.BOUNDARY)
        changed, reached = search(Lead(net, labels[rows]), image, margin)
    change = np.abs(changed - image)
    return pd.DataFrame({
        "index": rows, "label": labels[rows], "succeeded": reached,
        "l1": change.sum(axis=(1, 2), dtype=float),
        "pixels": (change > placement.LEAST).sum(axis=(1, 2)),
    })  # fmt: skip


def readers(run: Run, seed: int, net: "keras.Model") -> "Networks":
    """This CNN, the other CNNs shown, the MLP of the same seed."""
    designs = {("cnn", other): run.design for other in run.shown if other != seed}
    mlp = Design(run.params.network.mlp, run.design.side, run.design.classes)
    return {("cnn", seed): net} | {
        (model, of): trained.load(design, run.path(files.WEIGHTS, model=model, seed=of))
        for (model, of), design in (designs | {("mlp", seed): mlp}).items()
    }


def transfer(changes: Changes, pair: tuple[int, int], networks: "Networks") -> pd.DataFrame:
    """The rows of `transfer.csv`, from what `networks` answer."""
    at_random, rows = np.clip(changes.image[:, np.newaxis] + changes.random, 0, 1), []
    for (model, seed), net in networks.items():
        shown = (changes.image, changes.changed, at_random)
        answers = tuple(logits_of(net, images).argmax(axis=-1) for images in shown)
        named = {"model": model, "reader": seed}
        rows += [named | row for row in tables.transfer_rows(changes, pair, answers)]
    return pd.DataFrame(rows)


def surroundings(run: Run, chosen: Changes) -> tuple[np.ndarray, np.ndarray]:
    """From fit images: how far the nearest of the target is, (n,), and where the classes differ."""
    labels, images = run.dataset_array("fit_labels"), run.dataset_array("fit_images")
    real = [network.as_input(images[labels == label])[..., 0] for label in run.pair]
    distance = np.empty(len(chosen.index))
    for label, others in zip(run.pair, real[::-1], strict=True):
        here = chosen.label == label
        distance[here] = tables.nearest(chosen.image[here], others)
    return distance, placement.region(*(of.mean(axis=0) for of in real))


def on_the_way(net: "keras.Model", changes: Changes) -> dict[str, np.ndarray]:
    """What `images.npz` holds."""
    shares = np.array(SHARES, np.float32)
    way = changes.image[:, np.newaxis] + shares[:, None, None] * changes.change[:, np.newaxis]
    return {"index": changes.index, "label": changes.label.astype(np.uint8), "share": shares,
            "image": changes.image, "changed": changes.changed,
            "logits": logits_of(net, way)}  # fmt: skip


def story(table: pd.DataFrame, read: pd.DataFrame, seed: int) -> list[str]:
    """Lines for the person at the terminal."""
    lines = [f"cnn-{seed}: the smallest change to the other class"]
    for (boundary, direction), of in table.groupby(["boundary", "direction"], sort=False):
        found = of[of["succeeded"]]
        goal = "across the boundary" if boundary else "as sure as of real images"
        lines.append(f"  {direction}, {goal}: {len(found)} of {len(of)} images")
        if len(found):
            lines[-1] += f", {found['l1'].mean():.1f} of ink"
        here = (read["boundary"] == boundary) & (read["direction"] == direction)
        for row in read[here].dropna(subset="flipped").itertuples():
            name, drawn = f"{row.model}-{row.reader}", row.flipped_random
            lines.append(f"    {name} flips {row.flipped:.0%}, at random places {drawn:.0%}")
    return lines


def main() -> None:
    seed = console.seed_argument("smallest_change", "The smallest change that changes the answer.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    logits = run.read(files.LOGITS, "validation_logits", model="cnn", seed=seed)
    labels, effects = run.dataset_array("validation_labels"), run.read(files.EFFECTS, seed=seed)
    generator = np.random.default_rng((run.params.interventions.seed, seed))

    chosen = choose(run, seed)
    real = {of: tables.wanted_margin(logits["validation_logits"], labels, of) for of in run.pair}
    aims = [real, dict.fromkeys(run.pair, tables.BOUNDARY)]
    found = change(net, chosen, aims, generator)
    distance, inside = surroundings(run, chosen)
    networks, of_points, parts = readers(run, seed, net), [], []
    for margins, changes in zip(aims, found, strict=True):
        images = (changes.image, changes.changed)
        points = tuple(points_of(net, run.last, of) for of in images)
        of_points.append(tables.points_table(effects, changes, points, run.pair))
        parts.append((
            tables.images_table(changes, inside, points, distance, run.pair),
            transfer(changes, run.pair, networks),
            tables.summary_table(changes, margins, of_points[-1], effects, run.pair),
        ))  # fmt: skip
    table, read, summary = (
        pd.concat([real.assign(boundary=False), across.assign(boundary=True)], ignore_index=True)
        for real, across in zip(*parts, strict=True)
    )
    contents = {
        files.CHANGED_IMAGES: on_the_way(net, found[0]), files.CHANGED: table,
        files.CHANGE_TRANSFER: read, files.CHANGED_POINTS: of_points[0],
        files.SMALLEST_CHANGE: summary, files.CORRECTED: correct(run, seed, net),
    }  # fmt: skip
    for file, content in contents.items():
        artifacts.write(file, content, seed=seed)
    for line in story(table, read, seed):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
