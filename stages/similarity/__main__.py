"""How alike are two images of a class, and of two classes, in every layer of one CNN?

In:  `data/raw/dataset.npz`, the CNN's weights, its exemplars.
Out: `data/similarity/cnn-{seed}/`
     `classes.npz`     mean correlation of two images, for every pair of classes and every layer
     `layers.csv`      the same in short: the pair against the other classes
     `neighbours.npz`  the fit images nearest to a few test images, and of which class they are

An image is the vector of all units of a layer: the same map active elsewhere counts as different.
Two controls say what training adds: the pixels, and the network as it was before training.
"""

from functools import partial

import numpy as np

from stages.common import artifacts, console, files, network, sampling, trained
from stages.common.backend import keras, prepare
from stages.common.params import read_params
from stages.common.run import Run
from stages.similarity.correlations import See, class_correlations, layers_table
from stages.similarity.neighbours import nearest, neighbour_shares

IMAGES = 1000  # of the test sample
SEARCHED = 5000  # fit images among which neighbours are looked for
BATCH = 250  # images
SHOWN = 3  # exemplars
TOP = 5  # neighbours of an exemplar that are shown
K = 10  # neighbours whose classes are counted
PIXELS = "pixels"


def shown_exemplars(role: np.ndarray, label: np.ndarray, a: int) -> np.ndarray:
    """Rows of files.EXEMPLARS whose neighbours are shown: the clear, typical and hard image of a.

    Where images are listed, the first of class a; where none is of a, the first of all.
    """
    chosen = np.isin(role, ("clear", "typical", "hard", "listed"))
    of_a = chosen & (label == a)
    return np.flatnonzero(of_a if of_a.any() else chosen)[:SHOWN]


def neighbour_arrays(seen: dict[str, See], run: Run, seed: int, sample: np.ndarray) -> dict:
    """What files.NEIGHBOURS holds, by features, each of one layer; `sample` are test rows."""
    known, known_labels = (run.dataset_array(f"fit_{part}") for part in ("images", "labels"))
    images, labels = (run.dataset_array(f"test_{part}") for part in ("images", "labels"))
    among = sampling.balanced_rows(known_labels, SEARCHED)
    data = run.read(files.EXEMPLARS, "index", "label", "role", seed=seed)
    shown = shown_exemplars(data["role"], data["label"], run.pair[0])
    index = data["index"][shown]
    n, rows, correlations, shares = len(index), [], [], []
    for see in seen.values():
        (queries,), (others,) = (
            see(of).values() for of in (images[np.r_[index, sample]], known[among])
        )
        near, r = nearest(queries, others, K)
        near, classes = among[near], run.design.classes
        shares.append(neighbour_shares(labels[sample], known_labels[near[n:]], r[n:], classes))
        rows.append(near[:n, :TOP])
        correlations.append(r[:n, :TOP])
    near = np.stack(rows)
    sizes = {"images": len(sample), "searched": len(among), "k": min(K, len(among))}
    return {
        "features": np.array(list(seen)),
        "index": index,
        "role": data["role"][shown],
        "label": labels[index],
        "image": images[index],
        "near_index": near,
        "near_label": known_labels[near],
        "near_image": known[near],
        "near_r": np.stack(correlations),
        "shares": np.stack(shares).astype(np.float32),
        **{name: np.int32(size) for name, size in sizes.items()},
    }


def pixels(images: np.ndarray) -> dict[str, np.ndarray]:
    """Images as a layer."""
    return {PIXELS: images}


def outputs(extractor: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """Every output of `extractor`, float32 (n, ...), for uint8 images (n, side, side).

    `predict` would compile anew for each of the few numbers of images that there are.
    """
    firsts = range(0, len(images), BATCH)
    parts = [extractor([network.as_input(images[at : at + BATCH])]) for at in firsts]
    to_numpy = keras.ops.convert_to_numpy
    return {layer: np.concatenate([to_numpy(of[layer]) for of in parts]) for layer in parts[0]}


def main() -> None:
    seed = console.seed_argument("similarity", "How alike images of a class are, by layer.")
    run = Run(read_params())
    images, labels = (run.dataset_array(f"test_{part}") for part in ("images", "labels"))
    sample = sampling.balanced_rows(labels, IMAGES)
    prepare(run.params.train.threads)
    networks = {
        "trained": trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed)),
        "untrained": network.untrained(run.design, seed),
    }
    layers = (*run.params.network.cnn.names, "dense")
    of_sample = images[sample], labels[sample], run.design.classes
    of_pixels, by_network, last = class_correlations(pixels, *of_sample), {}, {PIXELS: pixels}
    for name, net in networks.items():
        see = partial(outputs, trained.extractor(net, layers))
        by_network[name] = of_pixels | class_correlations(see, *of_sample)
        last[name] = partial(
            outputs, keras.Model(net.inputs, {run.last: net.get_layer(run.last).output})
        )
    table = layers_table(by_network, len(sample), run.pair)
    matrices = {name: np.stack([of.r for of in by.values()]) for name, by in by_network.items()}
    matrices = {name: of.astype(np.float32) for name, of in matrices.items()}
    near = neighbour_arrays(last, run, seed, sample)
    arrays = {"layer": np.array(list(by_network["trained"])), **matrices}
    artifacts.write(files.CLASS_CORRELATIONS, arrays, seed=seed)
    artifacts.write(files.LAYER_CORRELATIONS, table, seed=seed)
    artifacts.write(files.NEIGHBOURS, near, seed=seed)
    console.say(f"cnn-{seed}: mean r of two images of the same class, and of one of a and one of b")
    for row in table[table["layer"].isin((PIXELS, run.last))].itertuples():
        console.say(f"  {row.layer}, {row.network}: {row.same:.2f} and {row.between:.2f}")


if __name__ == "__main__":
    console.run(main)
