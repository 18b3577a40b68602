"""Are two trainings the same network?

In:  `data/activations/cnn-{seed}/`: every conv layer of the same class-balanced images of each
     network, trained (`sample_*`) and as it was before training (`untrained_*`), `grams.npz` and
     `kernels.npz`; `data/statistics/cnn-{seed}/points.csv`; of every seed.
Out: `data/replicates/`, for every pair of CNN seeds
     `matching.csv`          how alike the maps of a layer are, in the best order and in the same
     `resamples.csv`         the same of the last conv layer, on resamples of the images
     `cka.csv`               how alike a layer is as a whole, in no order at all
     `selected_points.csv`   whether the most separating points are the same
     `correlations.npz`      map against map, of the first pair
     `patterns.csv`          whether matched maps of the first pair look for the same, by
                             `data/input_patterns/cnn-{seed}.npz`

With a single seed every table is a header alone, and `correlations.npz` holds `seeds` alone.
"""

from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy import stats

from stages.common import artifacts, console, files, resampling
from stages.common.cases import REACHED
from stages.common.files import File
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.replicates.pattern_pairs import matched_patterns
from stages.replicates.resampled import Sample, resampled
from stages.replicates.similarity import (
    Comparison,
    compare,
    kernels_r,
    unit_maps,
    without_class_means,
)

SELECTED = (5, 10, 20, 40, 80)  # points


def expected_jaccard(k: int, live_i: int, live_j: int, live_both: int) -> float:
    """Mean Jaccard index of k points drawn from i's live points and k from j's, `live_both` shared.

    The draw from i takes a hypergeometric number of the shared points, and the draw from j a
    hypergeometric number of those; k may not exceed either count of live points.
    """
    counts = np.arange(k + 1)
    shared_drawn = stats.hypergeom.pmf(counts, live_i, live_both, k)
    overlap = stats.hypergeom.pmf(counts[:, np.newaxis], live_j, counts, k) @ shared_drawn
    return float(counts / (2 * k - counts) @ overlap)


def selected_points(
    points_i: pd.DataFrame, points_j: pd.DataFrame, assignment: np.ndarray
) -> list[dict]:
    """The k most separating points of i, carried over to j, against those of j: a row for each k.

    Tables as in `points.csv`, in the order map, row, column. A point goes to the matched map,
    same row and column. Points are ranked by |AUROC - 0.5| on validation, dead ones not at all,
    so a k above either network's live points has no row.
    """
    distance_i, distance_j = (
        np.where(of["dead"], -1.0, (of["auroc"] - 0.5).abs()) for of in (points_i, points_j)
    )
    origin = np.argsort(assignment)  # the map of i carried to each map of j
    distance_i = distance_i.reshape(len(assignment), -1)[origin].ravel()
    live_i, live_j = distance_i >= 0, distance_j >= 0
    live = [int(points.sum()) for points in (live_i, live_j, live_i & live_j)]
    best_i, best_j = (np.argsort(-distance, kind="stable") for distance in (distance_i, distance_j))
    rows = []
    for k in SELECTED:
        if k <= min(live[:2]):
            overlap = len(np.intersect1d(best_i[:k], best_j[:k]))
            jaccard = overlap / (2 * k - overlap)
            rows.append({"k": k, "jaccard": jaccard, "expected": expected_jaccard(k, *live)})
    return rows


def samples(run: Run) -> dict[str, Sample]:
    """The images in which the last conv layer is compared, and their resamples, by split."""
    found = {}
    for split in HELD_OUT:
        arrays = run.read(files.SAMPLE, "index", run.last, seed=run.seeds[0], split=split)
        positions = np.prod(arrays[run.last].shape[1:3])
        found[split] = Sample.of(resampling.of_split(run, split), arrays["index"], positions)
    return found


def compare_layer(
    run: Run, file: File, layer: str, folder: Path
) -> tuple[list[Comparison], list[np.ndarray]]:
    """One layer of every pair of networks, trained or untrained by `file`.

    Of the last layer also the `scores` in every weighting of the images. Of each network what is
    compared lies in the `folder`, since memory need not hold them all.
    """
    units = {"validation": [], "test": [], "residual": []}
    for seed in run.seeds:
        for split in HELD_OUT:
            sample = artifacts.read(file, "labels", layer, seed=seed, split=split, root=run.root)
            forms = {split: sample[layer]}
            if split == "test":
                forms["residual"] = without_class_means(sample[layer], sample["labels"])
            for name, activations in forms.items():
                path = folder / f"{name}-{seed}.npy"
                np.save(path, unit_maps(activations))
                units[name].append(np.load(path, mmap_mode="r"))
    name = layer if file is files.SAMPLE else f"{layer}_untrained"
    grams = [
        artifacts.read(files.GRAMS, name, seed=seed, root=run.root)[name].astype(float)
        for seed in run.seeds
    ]
    scores = list(resampled(units, samples(run))) if layer == run.last else []
    return list(compare(**units, grams=grams)), scores


def resample_rows(
    run: Run, seeds: tuple[int, int], trained: np.ndarray, untrained: np.ndarray
) -> list[dict]:
    """The rows of `resamples.csv` for two networks, from their `scores`, (1 + R, 3) each."""
    names = ("trained", "untrained")
    kernels = [run.read(files.KERNELS, *names, seed=seed) for seed in seeds]
    matched, identity, random = trained.T
    columns = dict(zip(("seed_i", "seed_j"), seeds, strict=True))
    columns |= {"resample": np.arange(len(trained)), "matched_r": matched}
    columns |= {"untrained_r": untrained[:, 0], "identity_r": identity, "random_r": random}
    columns |= {"gain": matched - untrained[:, 0], "order": identity - random}
    after, before = (kernels_r(*(of[name] for of in kernels)) for name in names)
    columns |= {"kernels_r": after, "untrained_kernels_r": before}
    return pd.DataFrame(columns).to_dict("records")


def pattern_rows(run: Run, seeds: tuple[int, int], correlations: dict) -> list[dict]:
    """The rows of `patterns.csv` for two networks; none where their maps were not all searched."""
    rows: list[dict] = []
    if run.params.patterns.objective != "point" or not set(seeds) <= set(run.shown):
        return rows
    for layer in run.chosen(run.params.patterns.layers):
        names = "layer", "status", f"{layer}_pattern"
        found = [run.read(files.PATTERNS, *names, seed=seed) for seed in seeds]
        reached = [(of["status"] == REACHED)[of["layer"] == layer] for of in found]
        partner = correlations[f"{layer}_assignment"]
        maps = np.flatnonzero(reached[0] & reached[1][partner])
        if len(maps) < 2:
            continue
        first, second = (of[f"{layer}_pattern"] for of in found)
        generator = np.random.default_rng((run.params.claims.seed, *seeds))
        matched, random = matched_patterns(first[maps], second[partner[maps]], generator)
        row = dict(zip(("seed_i", "seed_j"), seeds, strict=True))
        row |= {"layer": layer, "maps": len(maps), "matched_r": matched}
        rows.append(row | random.columns("random_r"))
    return rows


def story(rows: list[dict]) -> list[str]:
    """One line a layer: means over the pairs of seeds."""
    means = pd.DataFrame(rows).groupby("layer").mean(numeric_only=True)
    return [
        f"  {layer}: matched r {row.matched_r:.2f} (untrained {row.untrained_r:.2f}), "
        f"same order {row.identity_r:.2f}, CKA {row.cka:.2f} ({row.untrained_cka:.2f})"
        for layer, row in means.iterrows()
    ]


def main() -> None:
    run = Run(read_params())
    pairs = list(combinations(run.seeds, 2))
    images = len(run.read(files.SAMPLE, "labels", seed=run.seeds[0], split="test")["labels"])
    layers, resamples, selected = [], [], []  # rows of the tables
    correlations = {"seeds": np.array(pairs, np.int64).reshape(-1, 2)}
    for layer in console.progress(run.conv_layers if pairs else (), "replicates"):
        with TemporaryDirectory() as folder:
            (trained, scores), (untrained, scores_before) = (
                compare_layer(run, file, layer, Path(folder))
                for file in (files.SAMPLE, files.UNTRAINED)
            )
        correlations[layer] = trained[0].correlation.astype(np.float32)
        correlations[f"{layer}_assignment"] = trained[0].assignment.astype(np.int32)
        for seeds, after, before in zip(pairs, trained, untrained, strict=True):
            names = {**dict(zip(("seed_i", "seed_j"), seeds, strict=True)), "layer": layer}
            columns = {"untrained_r": before.matched_r, "untrained_cka": before.cka}
            layers.append({**names, **after._asdict(), **columns})
        if layer == run.last:
            for seeds, after, *both in zip(pairs, trained, scores, scores_before, strict=True):
                names = dict(zip(("seed_i", "seed_j"), seeds, strict=True))
                points = (run.read(files.POINTS, seed=seed) for seed in seeds)
                selected += [names | row for row in selected_points(*points, after.assignment)]
                resamples += resample_rows(run, seeds, *both)
    tables = {files.MATCHING: layers, files.MATCHING_RESAMPLES: resamples}
    tables |= {files.CKA: layers, files.SELECTED_POINTS: selected}
    tables[files.MATCHED_PATTERNS] = pattern_rows(run, pairs[0], correlations) if pairs else []
    for file, rows in tables.items():
        artifacts.write(file, pd.DataFrame(rows, columns=list(artifacts.forms(file))))
    artifacts.write(files.CORRELATIONS, correlations)
    if not pairs:
        console.say("replicates: comparing networks needs two seeds, train.seeds has one")
        return
    count = f"{len(pairs)} pairs" if len(pairs) > 1 else "1 pair"
    console.say(f"replicates: {count} of CNN seeds, means on {images} test images:")
    for line in story(layers):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
