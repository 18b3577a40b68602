"""Whether points are a special basis of their space, and what single directions of it do.

In:  `data/raw/dataset.npz` and the CNN's weights: the last conv layer in fit images of the pair;
     `data/activations/cnn-{seed}/`: the same in validation and test images.
Out: `data/directions/cnn-{seed}/`
     `curves.csv`   probes on k coordinates and patching of k, in several bases
     `half.csv`     how few coordinates flip half of the images
     `single.csv`   patching along one direction, random directions beside
     `erasure.csv`  directions removed until no probe separates the pair

Probes are fitted on fit images. Orders and ridges are selected on validation images, test images
report.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from stages.common import artifacts, console, discriminant, files, network, sampling, trained
from stages.common.backend import prepare
from stages.common.bases import AXES, MEANS, POINTS, PROBE, ROTATION, VARIANCE
from stages.common.discriminant import Discriminant
from stages.common.names import HELD_OUT, SPLITS
from stages.common.params import read_params
from stages.common.run import Run
from stages.directions import curves, erasure, single
from stages.directions.layer import Layer, Pair, Swap, principal_axes, rotation, swaps

ROTATIONS = 3
BATCH = 250  # images that the network takes at once
FEWEST = 2  # images of a class, in each split
Tables = dict[files.File, pd.DataFrame]


def check_counts(run: Run) -> None:
    """StageError where a class of the pair has too few images in a split."""
    for split in SPLITS:
        labels = run.dataset_array(f"{split}_labels")
        for label in run.pair:
            if (count := int((labels == label).sum())) < FEWEST:
                raise console.StageError(
                    f"Class {label} has {count} {split} images; directions need {FEWEST}. Choose "
                    "another analysis.pair in params.yaml, or change dataset.validation_size."
                )


def fit_points(run: Run, seed: int) -> Pair:
    """The points of the last conv layer in fit images, as many of each class, as `probes` reads."""
    images, labels = (run.dataset_array(f"fit_{part}") for part in ("images", "labels"))
    rows = np.flatnonzero(np.isin(labels, run.pair))
    rows = rows[sampling.balanced_rows(labels[rows], run.params.probes.fit_images)]
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    see = trained.extractor(net, [run.last])
    outputs = see.predict(network.as_input(images[rows]), batch_size=BATCH, verbose=0)
    points = trained.as_points(outputs[run.last])
    return Pair(*(points[labels[rows] == label] for label in run.pair))


def read_layer(run: Run, seed: int) -> Layer:
    """The network and its images, on the points that are live on validation images."""
    validation, test = (
        Pair(*map(trained.as_points, run.pair_maps(seed, split))) for split in HELD_OUT
    )
    live = np.flatnonzero(validation.both.max(axis=0) > 0)
    fit = fit_points(run, seed).take(live)
    return Layer(run.head(seed), run.pair, live, fit, validation, test)


def compare(
    run: Run, layer: Layer, pairs: tuple[Swap, Swap], name: str, draw: int, axes: np.ndarray,
    generator: np.random.Generator,
) -> Tables:  # fmt: skip
    """The rows of `curves.csv` and `half.csv` of one basis `axes` (m, m)."""
    turned = layer if name == POINTS else layer.to(axes)
    orders = {VARIANCE: np.arange(len(axes))} if name == AXES else {}
    tables = [curves.probe_curves(turned, orders, run.params.probes.ridges, generator)]
    halves = []
    for swap in pairs:
        table, half, order = curves.patching(turned, swap, generator)
        tables.append(table)
        chosen = axes[:, order[: int(np.nan_to_num(half["k"]))]]
        edits = single.Edits(chosen, chosen)
        # The squares of an edit along orthogonal directions add up.
        half["changed"] = single.outcomes(layer, swap, edits)["changed"].sum() or np.nan
        half |= single.below_zero(layer, swap, edits)
        halves.append({"basis": name, "draw": draw, **half})
    table = pd.concat(tables, ignore_index=True)
    table = pd.DataFrame({"basis": name, "draw": draw}, table.index).join(table)
    return {files.BASIS_CURVES: table, files.BASIS_HALF: pd.DataFrame(halves)}


def whole_probe(
    fitted: Discriminant, validation: Pair, ridges: tuple[float, ...]
) -> tuple[float, np.ndarray]:
    """The ridge, best on validation images, and weights (m,) of a probe on all points."""
    falling, every = sorted(ridges, reverse=True), np.arange(len(fitted.mean))
    probes = [discriminant.on_first(fitted, every, [len(every)], ridge) for ridge in falling]
    best = int(np.argmin([curves.wrong(of, validation)[0] for of in probes]))
    return falling[best], probes[best].weights[0]


def single_directions(
    run: Run, layer: Layer, pairs: tuple[Swap, Swap], generator: np.random.Generator
) -> Tables:
    """The tables `single.csv` and `erasure.csv`."""
    fitted, ridges = discriminant.fit(*layer.fit), run.params.probes.ridges
    ridge, weights = whole_probe(fitted, layer.of_live("validation"), ridges)
    covariance = fitted.covariance * np.outer(fitted.scale, fitted.scale)
    deviations = np.concatenate([of - of.mean(axis=0) for of in layer.fit])
    difference = fitted.difference * fitted.scale
    edits = single.edits_of(weights, difference, covariance, deviations, generator)
    erased = erasure.erasure_table(layer, fitted, deviations, ridges, ridge, generator)
    return {
        files.SINGLE_DIRECTIONS: single.single_table(layer, pairs, edits),
        files.ERASURE: erased,
    }


def measure(run: Run, seed: int, layer: Layer) -> Tables:
    """All tables of a network with some live point."""
    size, start = len(layer.live), np.random.default_rng((run.params.interventions.seed, seed))
    for_pairing, for_single, *others = start.spawn(4 + ROTATIONS)
    pairs = swaps(layer, run.params.interventions.interchange_sources, for_pairing)
    known = [(POINTS, 0), (AXES, 0), *((ROTATION, draw) for draw in range(ROTATIONS))]

    def of_basis(name: str, draw: int, generator: np.random.Generator) -> Tables:
        if name == POINTS:
            axes = np.eye(size)
        elif name == AXES:
            axes = principal_axes(layer.fit.both)
        else:
            axes = rotation(size, generator)
        return compare(run, layer, pairs, name, draw, axes, generator)

    with ThreadPoolExecutor(2) as pool:  # a product of NumPy has one thread
        alone = pool.submit(single_directions, run, layer, pairs, for_single)
        jobs = [pool.submit(of_basis, *of, by) for of, by in zip(known, others, strict=True)]
        parts = [job.result() for job in jobs]
        tables = alone.result()
    for file in parts[0]:
        tables[file] = pd.concat([part[file] for part in parts], ignore_index=True)
    return tables


def story(tables: Tables) -> list[str]:
    """Lines for the person at the terminal."""
    lines = []
    halves = tables[files.BASIS_HALF].dropna(subset="k")
    for (basis, direction), rows in halves.groupby(["basis", "direction"], sort=False):
        lines.append(f"{basis}, {direction}: k = {rows['k'].mean():.0f} flips half")
    alone = tables[files.SINGLE_DIRECTIONS].dropna(subset="flipped")
    for row in alone[alone["along"].isin([PROBE, MEANS])].itertuples():
        lines.append(f"{row.direction}, {row.edit} along {row.along}: {row.flipped:.1%} flipped")
    erased = tables[files.ERASURE]
    for row in erased[erased["method"] == PROBE].tail(1).itertuples():
        lines.append(f"without {row.k} directions a refitted probe is wrong on {row.error:.1%}")
    return lines


def main() -> None:
    seed = console.seed_argument("directions", "Points against other bases of their space.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    check_counts(run)
    layer = read_layer(run, seed)
    declared = (files.BASIS_CURVES, files.BASIS_HALF, files.SINGLE_DIRECTIONS, files.ERASURE)
    tables = {file: pd.DataFrame(columns=list(artifacts.forms(file))) for file in declared}
    if len(layer.live):
        tables = measure(run, seed, layer)
    for file, table in tables.items():
        artifacts.write(file, table, seed=seed)
    for number, line in enumerate(story(tables)):
        console.say(f"  {line}" if number else f"cnn-{seed}: {line}")


if __name__ == "__main__":
    console.run(main)
