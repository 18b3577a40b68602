"""How much of the image each layer of one CNN still holds, by linear decoders back to the pixels.

In:  `data/raw/dataset.npz`, the CNN's weights, which test images the exemplars are.
Out: `data/decoder/cnn-{seed}/`
     `explained.csv`  the pixels' variance that is explained, a row a layer and code
     `decoded.npz`    the exemplars, decoded from every layer, after and before training

A decoder is a ridge regression from a layer's units to the pixels, 0 to 1. It is fitted on fit
images, its ridge is chosen on validation images, what it explains is of test images: class-balanced
samples, the same for every network. It sees all units, so it says what a linear reader can recover:
a lower bound of what the layer holds. Controls are the same layers before training, as many
principal components of the pixels as the layer has units, and the mean image of the image's class.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network, sampling, trained
from stages.common.backend import prepare
from stages.common.cases import COMPONENTS, MEAN_IMAGE, TRAINED, UNTRAINED
from stages.common.params import read_params
from stages.common.run import Run

if TYPE_CHECKING:
    import keras

IMAGES = {"fit": 1500, "validation": 500, "test": 1000}
MOST_VALUES = 65_000_000  # of one layer in all images, 260 MB: where layers are wider fewer serve
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # times the mean eigenvalue
BATCH = 100  # images
BLOCK = 2048  # products that float32 may add up before float64 does


class Sample(NamedTuple):
    """Images of a split: uint8 (n, side, side), and their classes (n,)."""

    images: np.ndarray
    labels: np.ndarray

    @property
    def pixels(self) -> np.ndarray:
        """Float32 (n, pixels), 0 to 1."""
        return network.as_input(self.images).reshape(len(self.images), -1)


class Decoder(NamedTuple):
    """From units (n, p) to pixels (n, d): (units - centre) weights + mean."""

    centre: np.ndarray  # (p,)
    weights: np.ndarray  # (p, d)
    mean: np.ndarray  # (d,)
    ridge: float  # times the mean eigenvalue

    def __call__(self, units: np.ndarray) -> np.ndarray:
        """The decoded pixels, (n, d)."""
        return units @ self.weights + (self.mean - self.centre @ self.weights)


def gram(values: np.ndarray) -> np.ndarray:
    """The products of all rows of `values` (n, p), float64 (n, n)."""
    total = np.zeros((len(values), len(values)))
    for start in range(0, values.shape[1], BLOCK):
        some = values[:, start : start + BLOCK]
        total += some @ some.T
    return total


def fit(
    units: np.ndarray, pixels: np.ndarray, held_units: np.ndarray, held_pixels: np.ndarray
) -> Decoder:
    """The ridge regression of `pixels` (n, d) on `units` (n, p), with an intercept.

    Of RIDGES it takes the one with the least squared error on the held-out images, (m, p) and
    (m, d). With X the centred units and Y the centred pixels, the weights are

        (X'X + r I)^-1 X'Y  =  X' (XX' + r I)^-1 Y

    (Hastie et al., Elements, 3.4.1 and 18.3.5). Of the two matrices the smaller is taken, and
    decomposed once for all ridges. r is the ridge times the mean eigenvalue of that matrix.
    """
    centre, mean = units.mean(axis=0, dtype=float).astype(units.dtype), pixels.mean(axis=0)
    x, y, held = units - centre, pixels - mean, held_units - centre
    by_images = len(x) < x.shape[1]
    matrix = gram(x if by_images else x.T)
    scale = x.dtype.type(matrix.trace() / len(matrix) or 1)  # a constant layer has no other
    values, vectors = np.linalg.eigh((matrix / scale).astype(x.dtype))
    target = vectors.T @ (y if by_images else x.T @ y)
    seen = (held @ x.T if by_images else held) @ vectors

    def solved(ridge: float) -> np.ndarray:
        return target / (scale * (np.maximum(values, 0) + x.dtype.type(ridge)))[:, np.newaxis]

    errors = [((held_pixels - mean - seen @ solved(ridge)) ** 2).sum() for ridge in RIDGES]
    ridge = RIDGES[np.argmin(errors)]
    weights = vectors @ solved(ridge)
    return Decoder(centre, x.T @ weights if by_images else weights, mean, ridge)


def without_class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """`values` (n, d) minus their own mean over the images of their class."""
    rest = values.astype(float)
    for label in np.unique(labels):
        rest[labels == label] -= rest[labels == label].mean(axis=0)
    return rest


def explained(
    pixels: np.ndarray, decoded: np.ndarray, mean: np.ndarray, labels: np.ndarray,
    pair: tuple[int, int],
) -> dict[str, float]:  # fmt: skip
    """What `decoded` explains of `pixels`, both (n, d): columns of files.EXPLAINED_VARIANCE.

    1 minus the sum of squared residuals over the sum of squares around `mean` (d,), that of the fit
    images; over all images and pixels. `within`: the same after each class's mean over these
    images is taken from pixels and residuals, so that an image's class alone explains 0. Both also
    of the images of a and of b. NaN where nothing varies.
    """
    residuals = pixels.astype(float) - decoded
    squares = {
        "explained": (residuals, pixels.astype(float) - mean),
        "within": (without_class_means(residuals, labels), without_class_means(pixels, labels)),
    }
    of = {"": np.full(len(labels), True)}
    of |= {f"_{name}": labels == label for name, label in zip("ab", pair, strict=True)}
    shares = {}
    for name, (left, whole) in squares.items():
        for ending, rows in of.items():
            variance = (whole[rows] ** 2).sum()
            share = 1 - (left[rows] ** 2).sum() / variance if variance else math.nan
            shares[name + ending] = share
    return shares


def principal_components(pixels: np.ndarray) -> np.ndarray:
    """The principal components of `pixels` (n, d), most variance first, float64 (d, d)."""
    return np.linalg.eigh(np.cov(pixels, rowvar=False))[1][:, ::-1]


def layers_of(net: "keras.Model", images: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Every layer's name and its units, float32 (n, units), for uint8 images (n, side, side).

    Layer by layer, so that memory holds two of them and not all.
    """
    from stages.common.backend import keras

    values = network.as_input(images)
    for layer in net.layers[1:]:
        units = np.empty((len(values), *layer.output.shape[1:]), np.float32)
        for start in range(0, len(values), BATCH):
            some = slice(start, start + BATCH)
            units[some] = keras.ops.convert_to_numpy(layer(values[some]))
        values = units
        if layer.name != "points":  # the last conv layer again, flat
            yield layer.name, values.reshape(len(values), -1)


def decode(
    net: "keras.Model", samples: dict[str, Sample], exemplars: np.ndarray, pair: tuple[int, int]
) -> tuple[list[dict], np.ndarray]:
    """What each layer's decoder explains, and the exemplars decoded, (layers, n, side, side).

    `exemplars` uint8 (n, side, side); rows as in files.EXPLAINED_VARIANCE, pixels from 0 to 1.
    """
    images = [*(sample.images for sample in samples.values()), exemplars]
    ends = np.cumsum([len(of) for of in images])[:-1]
    known, chosen, test = (sample.pixels for sample in samples.values())
    rows, pictures = [], []
    for name, units in layers_of(net, np.concatenate(images)):
        of_fit, of_validation, of_test, of_exemplars = np.split(units, ends)
        decoder = fit(of_fit, known, of_validation, chosen)
        shares = explained(test, decoder(of_test), decoder.mean, samples["test"].labels, pair)
        rows.append({"layer": name, "units": units.shape[1], "ridge": decoder.ridge, **shares})
        pictures.append(np.clip(decoder(of_exemplars), 0, 1).reshape(exemplars.shape))
    return rows, np.stack(pictures).astype(np.float32)


def controls(
    samples: dict[str, Sample], units: dict[str, int], pair: tuple[int, int]
) -> list[dict]:
    """Rows of files.EXPLAINED_VARIANCE for codes that need no network.

    For each of `units`, by layer, as many principal components of the fit images' pixels, or all
    that these images have: no linear decoder of as many units explains more of the fit images
    (Eckart & Young 1936). For the class, the mean fit image of it.
    """
    known, test = samples["fit"].pixels, samples["test"].pixels
    mean, labels = known.mean(axis=0), samples["test"].labels
    components, classes = principal_components(known), np.unique(samples["fit"].labels)
    rows = []
    for layer, count in units.items():
        first = components[:, : min(count, len(known) - 1)]
        shares = explained(test, (test - mean) @ first @ first.T + mean, mean, labels, pair)
        rows.append({"layer": layer, "code": COMPONENTS, "units": count, **shares})
    means = np.stack([known[samples["fit"].labels == label].mean(axis=0) for label in classes])
    shares = explained(test, means[np.searchsorted(classes, labels)], mean, labels, pair)
    return [*rows, {"layer": "class", "code": MEAN_IMAGE, "units": len(classes), **shares}]


def read_samples(run: Run, widest: int) -> dict[str, Sample]:
    """The samples by split; fewer images, but one of each class, where a layer is very wide."""
    share = min(1, MOST_VALUES / (widest * sum(IMAGES.values())))
    samples = {}
    for split, count in IMAGES.items():
        images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        rows = sampling.balanced_rows(labels, max(int(share * count), len(np.unique(labels))))
        samples[split] = Sample(images[rows], labels[rows])
    return samples


def main() -> None:
    seed = console.seed_argument("decoder", "What a linear decoder recovers from each layer.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    weights = run.path(files.WEIGHTS, model="cnn", seed=seed)
    nets = {TRAINED: trained.load(run.design, weights)}
    nets[UNTRAINED] = network.untrained(run.design, seed)
    widest = max(math.prod(layer.output.shape[1:]) for layer in nets[TRAINED].layers)
    samples, shown = read_samples(run, widest), run.read(files.EXEMPLARS, seed=seed)

    def of(net: "keras.Model") -> tuple[list[dict], np.ndarray]:
        return decode(net, samples, shown["image"], run.pair)

    with ThreadPoolExecutor(len(nets)) as pool:  # a product of NumPy has one thread
        results = dict(zip(nets, pool.map(of, nets.values()), strict=True))
    rows = [{**row, "code": code} for code, (table, _) in results.items() for row in table]
    units = {row["layer"]: row["units"] for row in rows}
    rows += controls(samples, units, run.pair)
    images = {"fitted": len(samples["fit"].labels), "tested": len(samples["test"].labels)}
    table = pd.DataFrame(rows).assign(**images)
    table = table[list(artifacts.forms(files.EXPLAINED_VARIANCE))]
    artifacts.write(files.EXPLAINED_VARIANCE, table, seed=seed)
    pictures = {code: decoded for code, (_, decoded) in results.items()}
    arrays = {"index": shown["index"], "layer": np.array(list(units)), **pictures}
    artifacts.write(files.DECODED, arrays, seed=seed)
    console.say(f"cnn-{seed}: explained of the pixels' variance, after and before training")
    for layer, values in table[table["code"].isin(nets)].groupby("layer", sort=False):
        console.say(f"  {layer}: {' and '.join(f'{x:.1%}' for x in values['explained'])}")


if __name__ == "__main__":
    console.run(main)
