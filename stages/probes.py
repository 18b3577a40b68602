"""Linear probes on what one CNN's maps carry: their silence, their points, their means.

In:  `data/activations/cnn-{seed}/`: the activity of every map in every image, and in a sample of
     images before training; the layer before the last in the sample's images of the pair, the
     last layer in all images of the pair.
Out: `data/probes/cnn-{seed}/`
     `silence.csv`, accuracy for the class from which maps are silent, a row a layer;
     `features.csv`, accuracy for the pair from all points of a layer, against less than that.

Probes are fitted on validation images and scored on test images. Two layers are read: the last
conv layer and the one before it, where there is one.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from stages.common import artifacts, console, discriminant, files, intervals
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run

MAP_DRAWS = 3  # random choices of as many maps of the last layer as the one before it has
Split = tuple[np.ndarray, np.ndarray]  # a split's images of class a and of class b
Labelled = tuple[np.ndarray, np.ndarray]  # which maps are silent, bool (n, maps); the classes (n,)


def silent(arrays: dict[str, np.ndarray], layer: str) -> np.ndarray:
    """Which maps of a layer are nowhere above 0, bool (n, maps)."""
    return arrays[f"{layer}_max"] <= 0


def silence_right(
    known: np.ndarray, known_labels: np.ndarray, scored: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Whether a probe that sees only which maps are silent is right, bool (n,).

    `known` and `scored` bool (images, maps), True for silent; multinomial logistic regression
    with an L2 penalty, C = 1 (Hastie et al., Elements, 4.4).
    """
    from sklearn.linear_model import LogisticRegression  # seconds of import

    probe = LogisticRegression(max_iter=2000).fit(known.astype(float), known_labels)
    return probe.predict(scored.astype(float)) == labels


def silence_row(layer: str, cases: dict[str, list[Labelled]], draws: list[np.ndarray]) -> dict:
    """One layer's row of `silence.csv`.

    `cases` holds silence and classes in both splits for `all` images, for the `sample` of them
    and for the same `untrained`. `draws` are the maps that a probe sees, int (m,) each; what a
    row says is the mean over them.
    """
    right = {}
    for which, ((known, known_labels), (scored, labels)) in cases.items():
        by_draw = [silence_right(known[:, of], known_labels, scored[:, of], labels) for of in draws]
        right[which] = np.mean(by_draw, axis=0)
    row = {"layer": layer, "maps": len(draws[0])}
    row |= intervals.accuracy(right["all"]).columns("accuracy")
    row |= {"sample": len(cases["sample"][0][1]), "trained": right["sample"].mean()}
    return row | {"untrained": right["untrained"].mean()}


def silence_table(run: Run, seed: int) -> pd.DataFrame:
    """The rows of the layers, by as many maps of each as the layer with fewer has, at random."""
    of_files = {"all": files.MAP_ACTIVITY, "sample": files.SAMPLE, "untrained": files.UNTRAINED}
    read = {
        which: [run.read(file, seed=seed, split=split) for split in HELD_OUT]
        for which, file in of_files.items()
    }
    layers = run.conv_layers[-2:]
    maps = [read["all"][0][f"{layer}_max"].shape[1] for layer in layers]
    generator = intervals.generator(run.params.claims.seed, seed, "silence")
    fewer = min(maps)
    draws = {
        layer: [np.arange(of)]
        if of == fewer
        else [generator.permutation(np.arange(of))[:fewer] for _ in range(MAP_DRAWS)]
        for layer, of in zip(layers, maps, strict=True)
    }
    rows = []
    for layer, chosen in draws.items():
        cases = {
            which: [(silent(arrays, layer), arrays["labels"]) for arrays in of]
            for which, of in read.items()
        }
        rows.append(silence_row(layer, cases, chosen))
    return pd.DataFrame(rows)


def levels(activations: np.ndarray) -> np.ndarray:
    """Every point's activation, (n, points)."""
    return activations.reshape(len(activations), np.prod(activations.shape[1:]))


def on_or_off(activations: np.ndarray) -> np.ndarray:
    """Which points are active, 0 or 1, (n, points)."""
    return levels(activations > 0).astype(np.float32)


def map_means(activations: np.ndarray) -> np.ndarray:
    """The mean of every map, (n, maps), in float64: of equal values exactly that."""
    return activations.mean(axis=(1, 2), dtype=float)


LESS = {"map_means": map_means, "on_or_off": on_or_off}


def pair_right(
    validation: Split, test: Split, feature: Callable[[np.ndarray], np.ndarray], ridge: float
) -> np.ndarray:
    """Whether a linear probe on a feature of all points is right, bool (n_a + n_b,), a first.

    Both are the images of class a and of class b, (images, rows, columns, maps); fitted on
    `validation`, scored on `test`.
    """
    fitted, scored = (tuple(map(feature, of)) for of in (validation, test))
    scores = discriminant.scores_by_all(*fitted, np.concatenate(scored), ridge)
    return (scores > 0) == (np.arange(len(scores)) >= len(test[0]))


def feature_row(layer: str, against: str, validation: Split, test: Split, ridge: float) -> dict:
    """One row of `features.csv`: all points of a layer against less, (n, r, c, maps) a class."""
    features = (levels, LESS[against])
    points, other = (pair_right(validation, test, feature, ridge) for feature in features)
    gain = intervals.accuracy_difference(points, other).columns("gain")
    images = {"n": len(points), "fitted": sum(map(len, validation))}
    means = {"points": points.mean(), "other": other.mean()}
    return {"layer": layer, "against": against, **gain, **means, **images}


def features_table(run: Run, seed: int) -> pd.DataFrame:
    """The rows of `features.csv`: map means on both layers, on or off on the last."""
    ridge, rows = run.params.interventions.ridge, []
    for layer in run.conv_layers[-2:-1]:
        sample = (run.read(files.PAIR_SAMPLE, seed=seed, split=split) for split in HELD_OUT)
        images = [(of["a"], of["b"]) for of in sample]
        rows.append(feature_row(layer, "map_means", *images, ridge))
    images = [run.pair_maps(seed, split) for split in HELD_OUT]
    rows += [feature_row(run.last, against, *images, ridge) for against in LESS]
    return pd.DataFrame(rows)


def main() -> None:
    seed = console.seed_argument("probes", "What a CNN's maps carry, by linear probes.")
    run = Run(read_params())
    silence = silence_table(run, seed)
    features = features_table(run, seed)
    artifacts.write(files.SILENCE, silence, seed=seed)
    artifacts.write(files.FEATURES, features, seed=seed)
    for row in silence.itertuples():
        which = f"which of {row.maps} maps of {row.layer} are silent"
        console.say(f"cnn-{seed}: {which} gives the class of {row.accuracy:.1%}")
    for row in features.itertuples():
        points, other = f"points {row.points:.2%}", f"{row.against} {row.other:.2%}"
        console.say(f"  pair from {row.layer}: {points}, {other}")


if __name__ == "__main__":
    console.run(main)
