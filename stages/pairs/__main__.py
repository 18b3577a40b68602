"""How hard every pair of classes is for one CNN, measured in the same way for all of them.

In:  `data/raw/dataset.npz`, the CNN's weights and its logits of test images.
Out: `data/pairs/cnn-{seed}.csv`, a row a pair: test images answered with the other class, how well
     the best single point separates the two, what a linear probe on few points loses; its ranks.

Probes are fitted on fit images, points and ridges selected on validation images, test images
report. Few points are chosen as stage `probes` chooses them: together, forward, on validation
images. `probes.fit_images` is of two classes, so that both stages fit on the same images.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network, resampling, sampling, trained
from stages.common.backend import prepare
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.pairs import linear, ranking
from stages.pairs.linear import Fitted, Images

BATCH = 250  # images that the network takes at once
VALUES = 50_000_000  # points in fit images, 200 MB: where the layer is wider, fewer images serve
SHARED = 40_000_000  # numbers in the scatters of all classes, 320 MB: where more, none is kept
FEWEST = 2  # images of a class in each split: with fewer, a pair has neither point nor probe


class Network(NamedTuple):
    """What one network answers, and its last conv layer in images of all classes."""

    fit: list[Fitted]  # by class
    points: dict[str, np.ndarray]  # float32 (n, p), by split
    labels: dict[str, np.ndarray]  # int (n,)
    aurocs: np.ndarray  # of validation images, by point, b, a
    answers: np.ndarray  # int (n,), among all classes, to test images
    weights: np.ndarray  # float32 (1 + R, n), how often a test image is in each resample

    def images(self, split: str, pair: tuple[int, int]) -> Images:
        """The pair's images of a split."""
        rows = np.isin(self.labels[split], pair)
        return Images(self.points[split][rows], self.labels[split][rows] == pair[1])


def enough(net: Network, pair: tuple[int, int]) -> bool:
    """Whether each class of the pair has FEWEST images in each split."""
    held = [np.bincount(of, minlength=len(net.fit))[list(pair)] for of in net.labels.values()]
    return min(*np.ravel(held), *(len(net.fit[label].points) for label in pair)) >= FEWEST


def compare(
    net: Network, share: float, ridges: tuple[float, ...], pair: tuple[int, int]
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """A row of files.PAIRS without its ranks, and what these are of, (1 + R,) each.

    `share` of the live points are few, `ridges` fall. The row has a number in place of the point.
    """
    validation, test = (net.images(split, pair) for split in HELD_OUT)
    rows = np.isin(net.labels["test"], pair)
    weights, answers = net.weights[:, rows], net.answers[rows]
    confused = answers == np.where(test.is_b, *pair)
    live = np.flatnonzero((validation.points > 0).any(axis=0))
    few = min(len(live), max(1, round(share * len(live))))
    best, auroc, of_few, of_all = 0, *np.full((3, len(weights)), np.nan)
    if enough(net, pair):
        aurocs = net.aurocs[:, pair[1], pair[0]]
        best = int(np.abs(aurocs - 0.5).argmax())
        auroc = ranking.weighted_auroc(test.points[:, best], test.is_b, weights)
        auroc = auroc if aurocs[best] >= 0.5 else 1 - auroc
        if few:
            of_pair = (net.fit[label] for label in pair)
            both = linear.wrong_on_few_and_all(*of_pair, validation, test, few, live, ridges)
            of_few, of_all = (resampling.mean(wrong, weights) for wrong in both)
    row = {
        "first": pair[0], "second": pair[1], "images": rows.sum(), "errors": confused.sum(),
        "live": len(live), "few": few, "point": best, "auroc_test": auroc[0],
        "error_few": of_few[0], "error_all": of_all[0], "loss": of_few[0] - of_all[0],
    }  # fmt: skip
    errors = resampling.mean(confused, weights)
    return row, {"errors": errors, "auroc": -auroc, "loss": of_few - of_all}


def read_network(run: Run, seed: int) -> Network:
    """The network of `seed` on all validation and test images, and on a sample of fit images."""
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    extractor, shape = trained.extractor(net, [run.last]), net.get_layer(run.last).output.shape

    def see(images: np.ndarray) -> np.ndarray:
        if not len(images):
            return np.empty((0, points), np.float32)
        outputs = extractor.predict(network.as_input(images), batch_size=BATCH, verbose=0)
        return trained.as_points(outputs[run.last])

    classes, points = len(run.class_names), int(np.prod(shape[1:]))
    most = min(run.params.probes.fit_images // 2, VALUES // (points * classes))
    images, labels = (run.dataset_array(f"fit_{part}") for part in ("images", "labels"))
    fit, shared = [], classes * points**2 <= SHARED
    for label in range(classes):
        rows = np.flatnonzero(labels == label)
        rows = rows[sampling.balanced_rows(labels[rows], most)]
        fit.append(Fitted.of(see(images[rows]), shared))
    labels = {split: run.dataset_array(f"{split}_labels").astype(int) for split in HELD_OUT}
    values = {split: see(run.dataset_array(f"{split}_images")) for split in HELD_OUT}
    aurocs = ranking.pair_aurocs(values["validation"], labels["validation"], classes)
    logits = run.read(files.LOGITS, "test_logits", model="cnn", seed=seed)["test_logits"]
    weights = resampling.of_split(run, "test").weights
    return Network(fit, values, labels, aurocs, logits.argmax(axis=1), weights)


def main() -> None:
    seed = console.seed_argument("pairs", "How hard every pair of classes is for one CNN.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    net = read_network(run, seed)
    ridges = tuple(sorted(run.params.probes.ridges, reverse=True))
    pairs = combinations(range(len(run.class_names)), 2)
    of_pair = partial(compare, net, run.params.claims.few_points, ridges)
    with ThreadPoolExecutor(run.params.train.threads) as pool:  # a product of NumPy has one thread
        rows, hardness = zip(*pool.map(of_pair, pairs), strict=True)
    table, side = pd.DataFrame(rows), run.design.settings.sides(run.design.side)[-1]
    maps = net.points["test"].shape[1] // side**2
    cells = np.unravel_index(table["point"], (maps, side, side))
    table = table.assign(**dict(zip(("map", "row", "column"), cells, strict=True)))
    for name in hardness[0]:
        of = ranking.ranks(np.stack([of_pair[name] for of_pair in hardness], axis=1))
        names = (f"rank_{name}", f"rank_{name}_low", f"rank_{name}_high")
        table = table.assign(**dict(zip(names, of, strict=True)))
    table = table[list(artifacts.forms(files.PAIRS))]
    artifacts.write(files.PAIRS, table, seed=seed)
    (here,) = table[(table[["first", "second"]] == sorted(run.pair)).all(axis=1)].itertuples()
    console.say(
        f"cnn-{seed}: {run.pair[0]} against {run.pair[1]} among {len(table)} pairs, 1 is hardest\n"
        f"  {here.errors} test images confused: rank {here.rank_errors:.0f}\n"
        f"  best single point, AUROC {here.auroc_test:.4f}: rank {here.rank_auroc:.0f}\n"
        f"  probe on {here.few} of {here.live} points, {here.loss:+.2%} errors: "
        f"rank {here.rank_loss:.0f}"
    )


if __name__ == "__main__":
    console.run(main)
