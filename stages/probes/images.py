"""Which images probes are fitted on, selected on and reported on, through the network."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from stages.common import console, network, resampling, sampling, trained
from stages.common.names import HELD_OUT, SPLITS
from stages.common.run import Run
from stages.probes.scoring import Images

if TYPE_CHECKING:
    import keras

BATCH = 250  # images that the network takes at once
VALUES = 50_000_000  # of a layer that are held at once: 200 MB
FEWEST = 2  # images of a class, in each split
See = Callable[[np.ndarray], np.ndarray]  # points float32 (n, p) of uint8 images (n, side, side)


def reader(net: "keras.Model", layer: str) -> See:
    """What gives a layer's points, in the order map, row, column."""
    extractor = trained.extractor(net, [layer])

    def see(images: np.ndarray) -> np.ndarray:
        outputs = extractor.predict(network.as_input(images), batch_size=BATCH, verbose=0)
        return trained.as_points(outputs[layer])

    return see


def fit_rows(labels: np.ndarray, pair: tuple[int, int], count: int) -> dict[str, np.ndarray]:
    """Rows of fit images: at most `count` of the pair, and as many of all `others` together.

    Half of each class of the pair, as many of each of the others.
    """
    in_pair = np.isin(labels, pair)
    rows = {"pair": np.flatnonzero(in_pair), "others": np.flatnonzero(~in_pair)}
    return {name: of[sampling.balanced_rows(labels[of], count)] for name, of in rows.items()}


def check_counts(run: Run) -> None:
    """StageError where a class of the pair has too few images to fit, select or report."""
    for split in SPLITS:
        labels = run.dataset_array(f"{split}_labels")
        for label in run.pair:
            if (count := int((labels == label).sum())) < FEWEST:
                raise console.StageError(
                    f"Class {label} has {count} {split} images; probes need {FEWEST}. Choose "
                    "another analysis.pair in params.yaml, or change dataset.validation_size."
                )


def of_last(run: Run, see: See) -> tuple[dict[str, Images], dict[str, Images]]:
    """The last layer's points by split: for a against b, and for a against all other classes.

    Of fit images every class but a has as many.
    """
    a, _ = run.pair
    images, labels = (run.dataset_array(f"fit_{part}") for part in ("images", "labels"))
    rows = fit_rows(labels, run.pair, run.params.probes.fit_images)
    chosen = np.concatenate([rows["pair"], rows["others"]])
    labels, values = labels[chosen], see(images[chosen])
    of_fit = Images(values, labels != a, np.ones((1, len(labels))))
    pair = {"fit": _only(of_fit, np.arange(len(rows["pair"])))}
    others = np.flatnonzero(labels != a)
    balanced = others[sampling.balanced_rows(labels[others], len(others))]
    rest = {"fit": _only(of_fit, np.sort(np.r_[np.flatnonzero(labels == a), balanced]))}
    for split in HELD_OUT:
        images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        weights = resampling.of_split(run, split).weights.astype(float)
        rest[split] = Images(see(images), labels != a, weights)
        pair[split] = _only(rest[split], np.flatnonzero(np.isin(labels, run.pair)))
    return pair, rest


def _only(images: Images, rows: np.ndarray) -> Images:
    """Some of the images."""
    return Images(images.points[rows], images.is_b[rows], images.weights[:, rows])


def pair_images(run: Run, split: str) -> np.ndarray:
    """The pair's images of a split, uint8 (n, side, side)."""
    images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
    return images[np.isin(labels, run.pair)]


def fit_sample(run: Run, points: int) -> tuple[np.ndarray, np.ndarray]:
    """The pair's fit images uint8 (n, side, side), and which are of b, for a layer of `points`.

    Fewer than `probes.fit_images` where the layer would not fit into memory.
    """
    images, labels = (run.dataset_array(f"fit_{part}") for part in ("images", "labels"))
    count = min(run.params.probes.fit_images, VALUES // points)
    rows = fit_rows(labels, run.pair, count)["pair"]
    return images[rows], labels[rows] == run.pair[1]


def batches(see: See, images: np.ndarray, points: int) -> Iterator[np.ndarray]:
    """A layer of `points` in images, as many at once as fit into memory."""
    step = max(1, VALUES // points)
    return (see(images[at : at + step]) for at in range(0, len(images), step))
