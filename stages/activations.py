"""What one trained CNN does inside, for every image the later stages read about.

In:  `data/raw/dataset.npz`, the CNN's weights, the MLP's logits of the same seed.
Out: `data/activations/cnn-{seed}/`
     `{split}_{class}.npz`     the last conv layer in the images of the dumped classes
     `map_activity_*.npz`      the activity of every map in every image
     `sample_*`, `untrained_*` every conv layer at a grid of points in a sample of images, after
                               and before training; `grams.npz` has what CKA needs of all points
     `exemplars.npz`           a few test images through all layers
     `kernels.npz`             the kernels of the first conv layer, after and before training
"""

from typing import TYPE_CHECKING

import numpy as np

from stages.common import artifacts, console, files, measures, network, sampling, trained
from stages.common.architecture import Cnn
from stages.common.backend import prepare
from stages.common.params import check_classes, read_params
from stages.common.run import Run

if TYPE_CHECKING:
    import keras

BATCH = 250  # images; conv_1 of a batch takes 22 MB
WRONG_SHOWN = 12
MLP_WRONG_SHOWN = 6


def see(extractor: "keras.Model", images: np.ndarray) -> dict[str, np.ndarray]:
    """Every output of `extractor` for uint8 images (n, side, side), batch by batch."""
    return extractor.predict(network.as_input(images), batch_size=BATCH, verbose=0)


def dump_split(
    extractor: "keras.Model", images: np.ndarray, labels: np.ndarray, classes: tuple[int, ...],
    **where: object,
) -> None:  # fmt: skip
    """Write files.ACTIVATIONS and files.MAP_ACTIVITY of a split; memory holds one class at a time.

    `extractor` gives logits, the activity of every map and the layers to write; `classes` are
    those whose images are written whole.
    """
    activity = {"labels": labels}
    for label in np.unique(labels):
        index = np.flatnonzero(labels == label)
        outputs = see(extractor, images[index])
        for name, values in outputs.items():
            if name.endswith(("_max", "_mean")):
                empty = np.empty((len(labels), values.shape[1]), np.float32)
                activity.setdefault(name, empty)[index] = values
        if label in classes:
            arrays = {"index": index.astype(np.int32), "logits": outputs["logits"]}
            whole = (name for name in outputs if not name.endswith(("_max", "_mean")))
            arrays |= {name: outputs[name] for name in whole}
            artifacts.write(files.ACTIVATIONS, arrays, label=label, **where)
    artifacts.write(files.MAP_ACTIVITY, activity, **where)


def grid_steps(cnn: Cnn) -> dict[str, int]:
    """How many points apart a conv layer's are that lie as far apart as the last layer's.

    Distances are those in the image; neighbours in an early layer see almost the same pixels.
    """
    strides = dict(zip(cnn.names, np.cumprod([layer.stride for layer in cnn.layers]), strict=True))
    return {name: int(strides[cnn.conv_layers[-1]] // strides[name]) for name in cnn.conv_layers}


def sample_arrays(
    outputs: dict[str, np.ndarray], steps: dict[str, int], index: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """What files.SAMPLE and UNTRAINED hold, from every conv layer (m, rows, columns, maps).

    `index` and `labels` (m,) are the sample's.
    """
    grids = {name: outputs[name][:, ::step, ::step] for name, step in steps.items()}
    highest = {f"{name}_max": outputs[name].max(axis=(1, 2)) for name in steps}
    return {"index": index, "labels": labels, **grids, **highest}


def write_samples(run: Run, seed: int, split: str, extractors: dict) -> None:
    """Write files.SAMPLE and UNTRAINED of a split, and of the test images GRAMS.

    `extractors` are those of the trained and of the untrained network, by file.
    """
    images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
    index = sampling.balanced_rows(labels, run.params.replicates.images)
    labels, steps, grams = labels[index], grid_steps(run.params.network.cnn), {}
    for file, extractor in extractors.items():
        outputs = see(extractor, images[index])
        arrays = sample_arrays(outputs, steps, index, labels)
        artifacts.write(file, arrays, seed=seed, split=split)
        if split == "test":
            ending = "" if file is files.SAMPLE else "_untrained"
            of_layers = {name + ending: measures.centred_gram(outputs[name]) for name in steps}
            grams |= {name: gram.astype(np.float32) for name, gram in of_layers.items()}
    if grams:
        artifacts.write(files.GRAMS, grams, seed=seed)


def _ascending(chosen: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Rows where `chosen` bool (n,) is true, by ascending `order` float (n,), then by row."""
    rows = np.flatnonzero(chosen)
    return rows[np.argsort(order[rows], kind="stable")]


def choose_exemplars(
    labels: np.ndarray, logits: np.ndarray, mlp_logits: np.ndarray,
    pair: tuple[int, ...], contrast: tuple[int, ...],
) -> list[tuple[int, str]]:  # fmt: skip
    """Rows of the test images to show and the role of each.

    `labels` int (n,); `logits` and `mlp_logits` float32 (n, classes). For each class of the pair
    `clear` (95th percentile of the margin), `typical` (the median) and `hard` (the smallest
    margin still right); a typical image of each `contrast` class; the pair's images that the
    CNN gets most wrong (`wrong`) and that the MLP alone gets most wrong (`mlp_wrong`).
    """
    margins, mlp_margins = (measures.margin(of, labels) for of in (logits, mlp_logits))
    chosen = []
    for label in (*pair, *contrast):
        rows = _ascending(labels == label, margins)
        if len(rows) == 0:
            continue
        typical = rows[(len(rows) - 1) // 2]
        if label in contrast:
            chosen.append((typical, "contrast"))
            continue
        chosen += [(rows[round(0.95 * (len(rows) - 1))], "clear"), (typical, "typical")]
        chosen += [(row, "hard") for row in rows[margins[rows] > 0][:1]]
    in_pair, right = np.isin(labels, pair), margins > 0
    wrong = _ascending(in_pair & ~right, margins)[:WRONG_SHOWN]
    mlp_wrong = _ascending(in_pair & right & (mlp_margins <= 0), mlp_margins)[:MLP_WRONG_SHOWN]
    chosen += [(row, "wrong") for row in wrong] + [(row, "mlp_wrong") for row in mlp_wrong]
    return [(int(row), role) for row, role in chosen]


def listed_exemplars(rows: tuple[int, ...], images: int) -> list[tuple[int, str]]:
    """The rows that `analysis.exemplars` lists; StageError where the test set has no such row."""
    beyond = [row for row in rows if row >= images]
    if beyond:
        raise console.StageError(
            f"params.yaml: analysis.exemplars names test image {beyond[0]}, but the rows of "
            f"this dataset's test images go from 0 to {images - 1}."
        )
    return [(row, "listed") for row in rows]


def exemplars(whole: "keras.Model", run: Run, seed: int) -> dict[str, np.ndarray]:
    """The test images to show through all layers: what files.EXEMPLARS holds."""
    images, labels = (run.dataset_array(f"test_{part}") for part in ("images", "labels"))
    listed, contrast = run.params.analysis.exemplars, run.params.analysis.contrast
    if listed == "auto":
        logits = see(trained.extractor(whole, ()), images)["logits"]
        of_mlp = run.read(files.LOGITS, "test_logits", model="mlp", seed=seed)["test_logits"]
        chosen = choose_exemplars(labels, logits, of_mlp, run.pair, contrast)
    else:
        chosen = listed_exemplars(listed, len(images))
    index = np.array([row for row, _ in chosen], np.int32)
    role = np.array([role for _, role in chosen], str)
    parts = {"index": index, "label": labels[index], "role": role, "image": images[index]}
    return parts | see(whole, images[index])


def main() -> None:
    seed = console.seed_argument("activations", "Dump a CNN's activations.")
    run = Run(read_params())
    check_classes(run.params, run.class_names)
    prepare(run.params.train.threads)
    layers = run.chosen(run.params.activations.layers)
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))

    # Each extractor is built once: its first batch costs the backend a compilation.
    maps = trained.map_activity_extractor(net, layers)
    whole = trained.extractor(net, run.params.network.cnn.names)
    untrained = trained.extractor(network.untrained(run.design, seed), run.conv_layers)
    for split, classes in (("validation", run.pair), ("test", run.dumped)):
        images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        dump_split(maps, images, labels, classes, seed=seed, split=split)
        write_samples(run, seed, split, {files.SAMPLE: whole, files.UNTRAINED: untrained})

    networks = {"trained": whole, "untrained": untrained}
    first = {name: of.get_layer(run.conv_layers[0]) for name, of in networks.items()}
    kernels = {name: layer.get_weights()[0] for name, layer in first.items()}
    artifacts.write(files.KERNELS, kernels, seed=seed)
    shown = exemplars(whole, run, seed)
    artifacts.write(files.EXEMPLARS, shown, seed=seed)
    console.say(
        f"cnn-{seed}: {', '.join(layers)} of classes "
        f"{', '.join(map(str, run.dumped))} in test images, of the pair in validation images, "
        f"{len(shown['index'])} exemplars; in {run.path(files.EXEMPLARS, seed=seed).parent}"
    )


if __name__ == "__main__":
    console.run(main)
