"""What a CNN and its MLP make of a loop in the image: of images that have one, and of edited ones.

In:  `data/raw/dataset.npz`, `data/strokes/`, the weights and logits of a seed's two networks, the
     last conv layer in the pair's validation and test images, `points.csv`.
Out: `data/loop/cnn-{seed}/`
     `edits.csv`      answers to images whose loop was closed or opened, and to controls
     `within.csv`     images of one class with a loop against those without
     `points.csv`     what the change of one point by an edit does to the answer
     `carried.csv`    how many points carry the edit's effect, by activation patching
     `resamples.csv`  the main numbers on resamples of the test images

Points are selected on validation images and reported on test images.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stages.common import artifacts, console, discriminant, files, network, resampling, trained
from stages.common.architecture import Design
from stages.common.backend import prepare
from stages.common.cases import CLOSED, OPENED
from stages.common.controls import curve_ks
from stages.common.names import HELD_OUT, MODELS
from stages.common.params import read_params
from stages.common.run import Run
from stages.loop import answers, points
from stages.loop.answers import edits_table, gain_columns, within_columns, within_row

if TYPE_CHECKING:
    import keras

BATCH = 500  # images
CONTROLS = 50  # random sets of points


def predict(see: "keras.Model", images: np.ndarray) -> dict[str, np.ndarray]:
    """What an extractor gives, by layer, for uint8 images (n, side, side), which may be none.

    Keras's `predict` would compile anew for each of the numbers of images that there are.
    """
    from stages.common.backend import keras

    # A layer cannot flatten no images: then one is empty, and left out of what is returned.
    inputs = network.as_input(images if len(images) else np.zeros((1, *images.shape[1:])))
    parts = [see([inputs[start : start + BATCH]]) for start in range(0, len(inputs), BATCH)]
    to_numpy, count = keras.ops.convert_to_numpy, len(images)
    return {name: np.concatenate([to_numpy(of[name]) for of in parts])[:count] for name in parts[0]}


def load(run: Run, model: str, seed: int) -> "keras.Model":
    """One of a seed's two networks."""
    design = Design(getattr(run.params.network, model), run.design.side, run.design.classes)
    return trained.load(design, run.path(files.WEIGHTS, model=model, seed=seed))


def loops_of(run: Run, split: str) -> np.ndarray:
    """Whether each image of a split has a loop, bool (n,)."""
    table = run.read(files.LOOPS)
    return table.loc[table["split"] == split, "loop"].to_numpy(bool)


def class_points(run: Run, seed: int, split: str, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The last conv layer (n, p) in a class's images of a split, and whether they have a loop."""
    where = {"seed": seed, "split": split, "label": label}
    index = run.read(files.ACTIVATIONS, "index", run.last, **where)["index"]
    return trained.as_points(run.maps(seed, split, label)), loops_of(run, split)[index]


def pair_probe(run: Run, known: list[tuple[np.ndarray, np.ndarray]]) -> discriminant.Probes:
    """A linear probe for the pair, fitted on validation images at the middle one of the ridges."""
    ridges = sorted(run.params.probes.ridges)
    (probe,) = discriminant.on_all(*(of for of, _ in known), [ridges[len(ridges) // 2]])
    return probe


def of_models(
    run: Run, nets: dict[str, "keras.Model"], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, np.ndarray]]:
    """Rows of files.EDITS, rows of files.WITHIN_CLASS of logits, and files.LOOP_RESAMPLES."""
    edited, labels = run.read(files.EDITED, split="test"), run.dataset_array("test_labels")
    loop, (a, b) = loops_of(run, "test"), run.pair
    weights = resampling.of_split(run, "test").weights.astype(float)
    tables, rows, columns = [], [], {"resample": np.arange(len(weights))}
    for model, net in nets.items():
        before = run.read(files.LOGITS, "test_logits", model=model, seed=seed)["test_logits"]
        after = predict(trained.extractor(net, []), edited["image"])["logits"]
        found, right = answers.answers(before, after, edited, labels, run.pair)
        table = edits_table(found, edited["ink"][right], edited["loop"][right])
        tables.append(table.assign(model=model))
        difference = before[:, b] - before[:, a]
        named = gain_columns(found, weights)
        named |= within_columns(difference, labels, loop, run.pair, weights)
        columns |= {f"{model}_{name}": values for name, values in named.items()}
        for label in run.pair:
            own = labels == label
            row = within_row(difference[own], loop[own])
            rows.append({"reader": model, "label": label, **row})
    return pd.concat(tables, ignore_index=True), pd.DataFrame(rows), columns


def of_points(run: Run, seed: int, live: np.ndarray) -> pd.DataFrame:
    """Rows of files.WITHIN_CLASS of the last conv layer."""
    known, tested = (
        [class_points(run, seed, split, label) for label in run.pair] for split in HELD_OUT
    )
    probe, rows = pair_probe(run, known), []
    for label, of, test in zip(run.pair, known, tested, strict=True):
        row = {"reader": "probe", "label": label}
        rows.append(row | within_row(probe.scores(test[0])[0], test[1]))
        best = points.best_points(points.loop_auroc(*of), live, points.loop_auroc(*test))
        ends = (best.mean(), best.min(), best.max()) if len(best) else [np.nan] * 3
        ends = dict(zip(("auroc", "auroc_low", "auroc_high"), ends, strict=True))
        rows.append({"reader": "points", "label": label, **ends})
    return pd.DataFrame(rows)


def edited_points(run: Run, see: "keras.Model", split: str, edit: str) -> points.Images:
    """The points, from the extractor `see`, of the images of a split before and after one edit."""
    data, labels = run.read(files.EDITED, split=split), run.dataset_array(f"{split}_labels")
    chosen = data["edit"] == edit
    index = data["index"][chosen]
    before, after = (
        trained.as_points(predict(see, images)[run.last])
        for images in (run.dataset_array(f"{split}_images")[index], data["image"][chosen])
    )
    label = int(labels[index[0]]) if len(index) else run.pair[0]
    return points.Images(before, after, label, sum(run.pair) - label)


def carried(run: Run, seed: int, net: "keras.Model", live: np.ndarray) -> tuple[pd.DataFrame, dict]:
    """Rows of files.CARRIED, and the columns of files.LOOP_POINTS about edits."""
    head, tables, columns, see = run.head(seed), [], {}, trained.extractor(net, [run.last])
    generator = np.random.default_rng((run.params.interventions.seed, seed))
    means = np.concatenate(
        [class_points(run, seed, "validation", label)[0] for label in run.pair]
    ).mean(axis=0, dtype=float)
    for edit in (CLOSED, OPENED):
        known, tested = (edited_points(run, see, split, edit) for split in HELD_OUT)
        effect = np.full(len(means), np.nan)
        if len(known.before) and len(tested.before):
            effect = points.mean_effects(head, known)
            order = live[np.argsort(-effect[live], kind="stable")]
            ks = curve_ks(len(live))
            table = points.carried_table(head, tested, order, ks, means, CONTROLS, generator)
            tables.append(table.assign(edit=edit))
        columns[f"effect_{edit}"] = effect
    empty = pd.DataFrame(columns=list(artifacts.forms(files.CARRIED)))
    return pd.concat(tables, ignore_index=True) if tables else empty, columns


def story(edits: pd.DataFrame) -> list[str]:
    """Lines for the person at the terminal."""
    return [
        f"{MODELS[row.model]}: {row.flipped:.1%} of {row.images:,} images flipped, {row.edit}"
        for row in edits[edits["size"] == 0].itertuples()
    ] or ["no image is edited: the classes hardly differ in loops"]


def main() -> None:
    seed = console.seed_argument("loop", "What a CNN and its MLP make of a loop in the image.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    nets = {model: load(run, model, seed) for model in MODELS}
    table = run.read(files.POINTS, seed=seed)
    live = np.flatnonzero(~table["dead"])
    edits, within, resamples = of_models(run, nets, seed)
    curves, effects = carried(run, seed, nets["cnn"], live)
    loop, labels = loops_of(run, "test"), run.dataset_array("test_labels")
    within = pd.concat([within, of_points(run, seed, live)], ignore_index=True)
    counts = {"with_loop": loop, "without": ~loop}
    for name, of in counts.items():
        within[name] = [int((of & (labels == label)).sum()) for label in within["label"]]
    tables = {
        files.EDITS: edits,
        files.WITHIN_CLASS: within,
        files.LOOP_POINTS: table[["map", "row", "column"]].assign(**effects),
        files.CARRIED: curves,
        files.LOOP_RESAMPLES: pd.DataFrame(resamples),
    }
    for file, of in tables.items():
        artifacts.write(file, of[list(artifacts.forms(file))], seed=seed)
    for number, line in enumerate(story(edits)):
        console.say(f"  {line}" if number else f"cnn-{seed}: {line}")


if __name__ == "__main__":
    console.run(main)
