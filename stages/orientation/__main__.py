"""Are maps horizontal because the image is, or because of their filters? And: active background.

In:  `data/raw/dataset.npz`, the CNN's weights, its logits.
Out: `data/orientation/cnn-{seed}/`
     `layers.csv`    orientation of a layer's maps in images of a class, upright and turned
     `maps.csv`      the same for every map, in images of class a
     `conv_1.csv`    which maps of the first layer are active on background, and on ink
     `pictures.npz`  one image of a upright and turned, and its most oriented maps

A sample of test images is shown to the network as it is and turned by 90 degrees, and to the
network as it was before training. Maps for the pictures are chosen on validation images.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, measures, network, sampling, trained
from stages.common.backend import prepare
from stages.common.params import read_params
from stages.common.run import Run
from stages.orientation import tables
from stages.orientation.energy import Energy, energy, field_means, horizontal_index, turned

if TYPE_CHECKING:
    import keras

BATCH = 250  # images


def sample(run: Run, split: str) -> tuple[np.ndarray, np.ndarray]:
    """A class-balanced sample of a split: input float32 (n, side, side, 1) and classes."""
    images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
    rows = sampling.balanced_rows(labels, run.params.replicates.images)
    return network.as_input(images[rows]), labels[rows]


def energies(extractor: "keras.Model", images: np.ndarray) -> dict[str, Energy]:
    """The energy of every conv layer's maps in images float32 (n, side, side, 1), by layer."""
    found: dict[str, list[Energy]] = {}
    for start in range(0, len(images), BATCH):
        outputs = extractor.predict_on_batch(images[start : start + BATCH])
        del outputs["logits"]
        for layer, maps in outputs.items():
            found.setdefault(layer, []).append(energy(maps))
    return {layer: tuple(map(np.concatenate, zip(*of, strict=True))) for layer, of in found.items()}


def typical_row(labels: np.ndarray, logits: np.ndarray, label: int) -> int:
    """The row of the image of a class with the median margin."""
    rows = np.flatnonzero(labels == label)
    order = np.argsort(measures.margin(logits[rows], labels[rows]), kind="stable")
    return int(rows[order[(len(rows) - 1) // 2]])


def pictures(run: Run, extractor: "keras.Model", seed: int, shown: dict[str, np.ndarray]) -> dict:
    """A typical image of a, upright and turned, and its maps `shown`, int (maps,) by layer."""
    images, labels = (run.dataset_array(f"test_{part}") for part in ("images", "labels"))
    logits = run.read(files.LOGITS, "test_logits", model="cnn", seed=seed)["test_logits"]
    row = typical_row(labels, logits, run.pair[0])
    both = network.as_input(images[row : row + 1])
    both = np.concatenate([both, turned(both)])
    outputs = extractor.predict_on_batch(both)
    found = {"image": images[row], "index": np.array(row, np.int32)}
    found["image_index"] = horizontal_index(*energy(both))[:, 0]
    for layer, chosen in shown.items():
        maps = outputs[layer][..., chosen]
        found |= {f"{layer}_map": chosen, f"{layer}_index": horizontal_index(*energy(maps))}
        found |= {f"{layer}_upright": maps[0], f"{layer}_turned": maps[1]}
    return found


def compared(run: Run, cases: dict, images: np.ndarray, labels: np.ndarray) -> tuple:
    """The rows of `layers.csv`, and those of `maps.csv` without `on_empty`.

    `cases` are energies by case and layer; `images` and `labels` the sample that they are of.
    """
    rows, by_map, of_a = [], [], labels == run.pair[0]
    pixels = energy(images)
    for layer in run.conv_layers:
        of_layer = {case: parts[layer] for case, parts in cases.items()}
        averaged = energy(field_means(images, run.params.network.cnn, layer))
        controls = {"pixels": pixels, "averaged": averaged}
        rows += tables.layer_rows(layer, labels, of_layer, controls)
        in_a = {case: tuple(part[of_a] for part in parts) for case, parts in of_layer.items()}
        by_map.append(tables.map_table(layer, in_a))
    return pd.DataFrame(rows), pd.concat(by_map, ignore_index=True)


def background(run: Run, first: tuple, maps: np.ndarray, images: np.ndarray) -> tuple:
    """The rows of `conv_1.csv`, and the pictures of what is active on background.

    `first` holds kernel and biases of conv_1; `maps` are its maps of `images`, of class a.
    """
    (kernel, biases), cnn = first, run.params.network.cnn
    empty = field_means(images, cnn, "conv_1")[..., 0] == 0
    table = tables.background_table(kernel[:, :, 0], biases, maps, empty, cnn.activation)
    return table, tables.background_pictures(maps > 0, table["on_background"].to_numpy())


def main() -> None:
    seed = console.seed_argument("orientation", "Orientation of a CNN's maps, and of its images.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    after = trained.extractor(net, run.conv_layers)
    before = trained.extractor(network.untrained(run.design, seed), run.conv_layers)

    images, labels = sample(run, "test")
    of_a, sideways = images[labels == run.pair[0]], turned(images)
    cases = {
        "upright": energies(after, images), "turned": energies(after, sideways),
        "untrained": energies(before, images), "untrained_turned": energies(before, sideways),
    }  # fmt: skip
    layers, maps = compared(run, cases, images, labels)
    empty = after.predict_on_batch(np.zeros_like(images[:1]))
    active = [(empty[layer][0] > 0).any(axis=(0, 1)) for layer in run.conv_layers]

    known, known_labels = sample(run, "validation")
    known = energies(after, known[known_labels == run.pair[0]])
    chosen = {layer: tables.most_oriented(parts) for layer, parts in known.items()}
    first = net.get_layer("conv_1").get_weights()
    table, shares = background(run, first, after.predict_on_batch(of_a)["conv_1"], of_a)

    artifacts.write(files.ORIENTATION, layers, seed=seed)
    artifacts.write(files.MAP_ORIENTATION, maps.assign(on_empty=np.concatenate(active)), seed=seed)
    artifacts.write(files.BACKGROUND, table, seed=seed)
    artifacts.write(files.ORIENTED_MAPS, pictures(run, after, seed, chosen) | shares, seed=seed)
    for row in layers[layers["class"] == run.pair[0]].itertuples():
        console.say(
            f"cnn-{seed}: {row.layer}, class {run.pair[0]}: horizontal index {row.upright:+.2f}, "
            f"turned {row.turned:+.2f}; pixels {row.pixels:+.2f}"
        )


if __name__ == "__main__":
    console.run(main)
