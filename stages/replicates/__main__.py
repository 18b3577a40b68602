"""Are two trainings the same network?

In:  `data/activations/cnn-{seed}/`: every conv layer of the same class-balanced images of each
     network, trained (`sample_*`) and as it was before training (`untrained_*`), and
     `data/statistics/cnn-{seed}/points_conv_3.csv`, of every seed.
Out: `data/replicates/`, for every pair of CNN seeds
     `matching.csv`          how alike the maps of a layer are, in the best order and in the same
     `cka.csv`               how alike a layer is as a whole, in no order at all
     `selected_points.csv`   whether the points that tell the two classes apart are the same
     `correlations.npz`      `seeds` int64 (pairs, 2); for each layer `{layer}`, float32 (pairs,
                             maps, maps): test Pearson r of each map of i, in rows, with each of
                             j; `{layer}_assignment` int32 (pairs, maps): the map of j given to
                             each of i; the same of `{layer}_untrained`

With a single seed every table is a header alone, and `correlations.npz` holds `seeds` alone.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from stages.common import artifacts, console, network
from stages.common.params import read_params
from stages.replicates.similarity import Comparison, compare

SPLITS = ("validation", "test")
POINTS_LAYER = "conv_3"
SELECTED = (5, 10, 20, 40, 80)  # points
_PAIR = ["seed_i", "seed_j"]
TABLES = {
    "matching": [
        *(*_PAIR, "layer", "matched_r", "identity_r", "semi_matched_r", "residual_r"),
        *("untrained_r", "constant_maps"),
    ],
    "cka": [*_PAIR, "layer", "cka", "untrained_cka"],
    "selected_points": [*_PAIR, "k", "jaccard", "expected"],
}

# For each layer the comparisons of every pair: of the trained networks, of the untrained ones.
Compared = dict[str, tuple[list[Comparison], list[Comparison]]]


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
    """The k most telling points of i, carried over to j, against those of j: a row for each k.

    Tables as in `points_conv_3.csv`, in the order map, row, column. A point goes to the matched
    map, same row and column. Telling is |AUROC - 0.5| on validation; dead points tell nothing,
    so a k above either network's live points has no row.
    """
    telling_i, telling_j = (
        np.where(points["dead"], -1.0, (points["auroc"] - 0.5).abs())
        for points in (points_i, points_j)
    )
    came_from = np.argsort(assignment)  # the map of i carried to each map of j
    telling_i = telling_i.reshape(len(assignment), -1)[came_from].ravel()
    live_i, live_j = telling_i >= 0, telling_j >= 0
    live = [int(points.sum()) for points in (live_i, live_j, live_i & live_j)]
    best_i, best_j = (np.argsort(-telling, kind="stable") for telling in (telling_i, telling_j))
    rows = []
    for k in SELECTED:
        if k <= min(live[:2]):
            overlap = len(np.intersect1d(best_i[:k], best_j[:k]))
            jaccard = overlap / (2 * k - overlap)
            rows.append({"k": k, "jaccard": jaccard, "expected": expected_jaccard(k, *live)})
    return rows


def layers_table(pairs: list[tuple[int, int]], compared: Compared) -> pd.DataFrame:
    """One row for each pair of seeds and layer: the columns of `matching.csv` and `cka.csv`."""
    rows = [
        {
            **{"seed_i": seed_i, "seed_j": seed_j, "layer": layer},
            **after._asdict(),
            **{"untrained_r": before.matched_r, "untrained_cka": before.cka},
        }
        for layer, (trained, untrained) in compared.items()
        for (seed_i, seed_j), after, before in zip(pairs, trained, untrained, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(dict.fromkeys(TABLES["matching"] + TABLES["cka"])))


def correlation_arrays(pairs: list[tuple[int, int]], compared: Compared) -> dict[str, np.ndarray]:
    """The arrays of `correlations.npz`."""
    arrays = {"seeds": np.array(pairs, np.int64).reshape(-1, 2)}
    for layer, (trained, untrained) in compared.items():
        for name, of_pairs in ((layer, trained), (f"{layer}_untrained", untrained)):
            arrays[name] = np.stack([pair.correlation for pair in of_pairs]).astype(np.float32)
            assignments = np.stack([pair.assignment for pair in of_pairs])
            arrays[f"{name}_assignment"] = assignments.astype(np.int32)
    return arrays


def read_layer(seeds: tuple[int, ...], kind: str, split: str, layer: str) -> list[np.ndarray]:
    """One layer of every network, of the same images; StageError where the images differ."""
    paths = [artifacts.activations_folder(seed) / f"{kind}_{split}.npz" for seed in seeds]
    read = [artifacts.read_npz(path, "index", layer) for path in paths]
    for path, arrays in zip(paths, read, strict=True):
        if not np.array_equal(arrays["index"], read[0]["index"]):
            raise console.StageError(
                f"{path} is of other images than {paths[0]}. Run `dvc repro`, which dumps both "
                "networks' activations anew."
            )
    return [arrays[layer] for arrays in read]


def story(layers: pd.DataFrame) -> list[str]:
    """One line a layer: means over the pairs of seeds."""
    return [
        f"  {layer}: matched r {row.matched_r:.2f} (untrained {row.untrained_r:.2f}), "
        f"same order {row.identity_r:.2f}, CKA {row.cka:.2f} ({row.untrained_cka:.2f})"
        for layer, row in layers.groupby("layer").mean().iterrows()
    ]


def main() -> None:
    seeds = read_params().train.seeds
    pairs = list(combinations(seeds, 2))
    sample = artifacts.activations_folder(seeds[0]) / "sample_test.npz"
    labels = artifacts.read_npz(sample, "labels")["labels"]
    compared: Compared = {}
    selected: list[dict] = []
    for layer in console.progress(network.CONV_LAYERS if pairs else (), "replicates"):
        trained, untrained = (
            compare(*(read_layer(seeds, kind, split, layer) for split in SPLITS), labels)
            for kind in ("sample", "untrained")
        )
        compared[layer] = trained, untrained

    for (seed_i, seed_j), pair in zip(pairs, compared.get(POINTS_LAYER, ([],))[0], strict=True):
        points = (
            artifacts.read_csv(
                artifacts.statistics_folder(seed) / f"points_{POINTS_LAYER}.csv", ("dead", "auroc")
            )
            for seed in (seed_i, seed_j)
        )
        rows = selected_points(*points, pair.assignment)
        selected += [{"seed_i": seed_i, "seed_j": seed_j, **row} for row in rows]

    layers = layers_table(pairs, compared)
    points_table = pd.DataFrame(selected, columns=TABLES["selected_points"])
    for name, table in (("matching", layers), ("cka", layers), ("selected_points", points_table)):
        artifacts.write_csv(artifacts.REPLICATES / f"{name}.csv", table[TABLES[name]])
    artifacts.write_npz(
        artifacts.REPLICATES / "correlations.npz", correlation_arrays(pairs, compared)
    )
    if not pairs:
        console.say("replicates: comparing networks needs two seeds, train.seeds has one")
        return
    console.say(
        f"replicates: {len(pairs)} pair{'s'[: len(pairs) > 1]} of CNN seeds, means on "
        f"{len(labels)} test images:"
    )
    for line in story(layers):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
