"""What one trained CNN does inside, for every image the later stages ask about.

In:  `data/raw/dataset.npz`, the CNN's weights, the MLP's logits of the same seed.
Out: `data/activations/cnn-{seed}/`
     `{split}_{class}.npz`         every image of a class: its row, logits and chosen layers
     `map_activity_{split}.npz`    highest and mean value of every map in every image
     `sample_{split}.npz`          every conv layer of a class-balanced sample of images
     `untrained_{split}.npz`       the same images through the network before its training
     `exemplars.npz`               a few telling test images through all layers
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stages.common import artifacts, console, measures, network, sampling
from stages.common.params import read_params

if TYPE_CHECKING:
    import keras

SPLITS = ("validation", "test")
BATCH = 250  # images; conv_1 of a batch takes 22 MB
WRONG_SHOWN = 12
MLP_WRONG_SHOWN = 6


def run(extractor: "keras.Model", images: np.ndarray) -> dict[str, np.ndarray]:
    """Every output of `extractor` for uint8 images (n, 28, 28), batch by batch."""
    return extractor.predict(network.as_input(images), batch_size=BATCH, verbose=0)


def dump_split(
    split: str,
    images: np.ndarray,
    labels: np.ndarray,
    extractor: "keras.Model",
    layers: tuple[str, ...],
    classes: tuple[int, ...],
    folder: Path,
) -> None:
    """Write a split's files, class by class: memory holds one class's layers at a time.

    `extractor` gives every map's activity, and the `layers` to write for the `classes`.
    """
    activity: dict[str, np.ndarray] = {"labels": labels}
    for label in np.unique(labels):
        index = np.flatnonzero(labels == label)
        outputs = run(extractor, images[index])
        for name, values in outputs.items():
            if name.endswith(("_max", "_mean")):
                whole = activity.setdefault(
                    name, np.empty((len(labels), values.shape[1]), np.float32)
                )
                whole[index] = values
        if label in classes:
            kept = {name: outputs[name] for name in ("logits", *layers)}
            artifacts.write_npz(
                folder / f"{split}_{label}.npz", {"index": index.astype(np.int32), **kept}
            )
    artifacts.write_npz(folder / f"map_activity_{split}.npz", activity)


def dump_sample(
    path: Path, images: np.ndarray, labels: np.ndarray, extractor: "keras.Model", count: int
) -> None:
    """Write conv_1, conv_2, conv_3 of `count` images of a split, the same for every network.

    Beside them `index` int32 (m,), rows of the split, and `labels` uint8 (m,).
    """
    index = sampling.balanced_rows(labels, count)
    outputs = run(extractor, images[index])
    layers = {layer: outputs[layer] for layer in network.CONV_LAYERS}
    artifacts.write_npz(path, {"index": index, "labels": labels[index], **layers})


def choose_exemplars(
    labels: np.ndarray,
    logits: np.ndarray,
    mlp_logits: np.ndarray,
    pair: tuple[int, ...],
    contrast: tuple[int, ...],
) -> list[tuple[int, str]]:
    """Rows of the test images to show and the role of each.

    `labels` int (n,); `logits` and `mlp_logits` float32 (n, 10). For each class of the pair
    `clear` (95th percentile of the margin), `typical` (the median) and `hard` (the smallest
    margin still right); one typical image of each contrast class (`contrast`); pair images
    the CNN gets most wrong (`wrong`) and that the MLP alone gets most wrong (`mlp_wrong`).
    """
    margins = measures.margin(logits, labels)
    mlp_margins = measures.margin(mlp_logits, labels)
    chosen = []
    for label in (*pair, *contrast):
        rows = np.flatnonzero(labels == label)
        if len(rows) == 0:
            continue
        rows = rows[np.argsort(margins[rows], kind="stable")]
        typical = rows[(len(rows) - 1) // 2]
        if label in contrast:
            chosen.append((typical, "contrast"))
            continue
        chosen += [(rows[round(0.95 * (len(rows) - 1))], "clear"), (typical, "typical")]
        chosen += [(row, "hard") for row in rows[margins[rows] > 0][:1]]
    in_pair = np.isin(labels, pair)
    wrong = np.flatnonzero(in_pair & (margins <= 0))
    mlp_wrong = np.flatnonzero(in_pair & (margins > 0) & (mlp_margins <= 0))
    for rows, order, most, role in (
        (wrong, margins, WRONG_SHOWN, "wrong"),
        (mlp_wrong, mlp_margins, MLP_WRONG_SHOWN, "mlp_wrong"),
    ):
        worst = rows[np.argsort(order[rows], kind="stable")][:most]
        chosen += [(row, role) for row in worst]
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


def read_mlp_logits(seed: int, images: int) -> np.ndarray:
    """Test logits (images, 10) of the MLP of the same seed."""
    path = artifacts.model_folder("mlp", seed) / "logits.npz"
    logits = artifacts.read_npz(path, "test_logits")["test_logits"]
    if len(logits) != images:
        raise console.StageError(
            f"{path} is of another dataset. Run `dvc repro`, which trains that network anew."
        )
    return logits


def main() -> None:
    seed = console.seed_argument("activations", "Dump a CNN's activations.")
    params = read_params()
    names = [f"{split}_{part}" for split in SPLITS for part in ("images", "labels")]
    data = artifacts.read_npz(artifacts.DATASET, *names)
    trained = network.load("cnn", artifacts.model_folder("cnn", seed))
    folder = artifacts.activations_folder(seed)

    # Each extractor is built once: its first batch costs the backend a compilation.
    maps = network.map_activity_extractor(trained, params.activations.layers)
    whole = network.extractor(trained, network.CONV_AND_POOL_LAYERS)
    untrained = network.extractor(network.untrained("cnn", seed), network.CONV_LAYERS)
    count = params.replicates.images
    for split in SPLITS:
        images, labels = data[f"{split}_images"], data[f"{split}_labels"]
        dump_split(
            split,
            images,
            labels,
            maps,
            params.activations.layers,
            params.activations.classes,
            folder,
        )
        dump_sample(folder / f"sample_{split}.npz", images, labels, whole, count)
        dump_sample(folder / f"untrained_{split}.npz", images, labels, untrained, count)

    images, labels = data["test_images"], data["test_labels"]
    if params.analysis.exemplars == "auto":
        logits = run(network.extractor(trained, ()), images)["logits"]
        mlp_logits = read_mlp_logits(seed, len(images))
        chosen = choose_exemplars(
            labels, logits, mlp_logits, params.analysis.pair, params.analysis.contrast
        )
    else:
        chosen = listed_exemplars(params.analysis.exemplars, len(images))
    index = np.array([row for row, _ in chosen], np.int32)
    exemplars = run(whole, images[index])
    artifacts.write_npz(
        folder / "exemplars.npz",
        {
            "index": index,
            "label": labels[index],
            "role": np.array([role for _, role in chosen]),
            "image": images[index],
            **exemplars,
        },
    )
    console.say(
        f"cnn-{seed}: {', '.join(params.activations.layers)} of classes "
        f"{', '.join(map(str, params.activations.classes))} in {' and '.join(SPLITS)}, "
        f"{len(index)} exemplars; in {folder}"
    )


if __name__ == "__main__":
    console.run(main)
