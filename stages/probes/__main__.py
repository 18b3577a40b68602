"""Linear probes on what one CNN's maps carry: their points, few of them, their means, their silence.

In:  `data/raw/dataset.npz` and the CNN's weights: the last conv layer and the one before it, where
     there is one, in fit, validation and test images; `points.csv` and `effects.csv` for rankings;
     from `data/activations/cnn-{seed}/` which maps are silent, in every image and before training.
Out: `data/probes/cnn-{seed}/`
     `probe_curve.csv`  accuracy of probes on the k best points, against random points
     `resamples.csv`    what claims read: errors on resamples of validation and test images

Probes are fitted on fit images. What is selected (points, ridges, thresholds) is selected on
validation images, anew in each resample of these. Test images report.
"""

import numpy as np
import pandas as pd

from stages.common import artifacts, console, discriminant, files, resampling, trained
from stages.common.backend import keras, prepare
from stages.common.controls import stand_ins
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.probes import curve, few, places, silence, typical
from stages.probes.images import batches, check_counts, fit_sample, of_last, pair_images, reader
from stages.probes.scoring import Images

Columns = dict[str, object]


def falling_ridges(run: Run) -> tuple[float, ...]:
    """The ridges of all probes, the largest first."""
    return tuple(sorted(run.params.probes.ridges, reverse=True))


def tell_and_needs(run: Run, live: dict[str, Images], k: int) -> tuple[Columns, np.ndarray]:
    """Claim A's columns, by images of the live points; the best points of all validation images."""
    ridges, validation, test = falling_ridges(run), live["validation"], live["test"]
    points = few.best_points(validation, k)
    fitted = discriminant.fit(*live["fit"].parts)
    columns = few.report(few.choose(fitted, validation, points, ridges), test)
    other_way = few.choose(
        discriminant.fit(*validation.parts), live["fit"], points[:1], ridges
    )
    tell_loss = few.report(other_way, test.as_they_are)["tell_loss"]
    sizes = {"live": live["fit"].values.shape[1], "few": k, "fitted": len(live["fit"].is_b)}
    return sizes | columns | {"tell_loss_validation": row_0(tell_loss[0], validation)}, points[0]


def row_0(value: float, images: Images) -> np.ndarray:
    """A column (R,) that is empty but for the images as they are."""
    return np.r_[value, np.full(len(images.weights) - 1, np.nan)]


def probe_curves(run: Run, seed: int, points: pd.DataFrame, live: dict[str, Images], k: int):
    """The table `probe_curve.csv`; `points` are the rows of the live ones in `points.csv`."""
    settings, ridges, validation = run.params.interventions, falling_ridges(run), live["validation"]
    effects = run.read(files.EFFECTS, seed=seed).loc[points.index]
    effect = effects[["effect_a_to_b", "effect_b_to_a"]].mean(axis=1).to_numpy()
    together = max(curve.FORWARD_MOST, k)
    forward = few.best_points(validation.as_they_are, together)[0]
    means = validation.values.mean(axis=0, dtype=float)
    generator = np.random.default_rng((settings.seed, seed))
    drawn = stand_ins(means, np.arange(len(means)), settings.controls, generator)
    ks = curve.ks_with(k, len(means))
    images = live["fit"], validation, live["test"]
    return pd.concat(
        curve.curve(name, order, curve.ranking_ks(name, ks, together), ridges, drawn, *images)
        for name, order in curve.orders(points["auroc"].to_numpy(), effect, forward).items()
    )


def typical_points(run: Run, pair: dict[str, Images], rest: dict[str, Images]) -> Columns:
    """Claim B's columns, by images of all points."""
    settings, validation = run.params.statistics, pair["validation"]
    of_a, of_b = (
        typical.typical(
            validation.values[of], validation.weights[:, of], validation.values.max(axis=0),
            settings.common_level, settings.common_share,
        )
        for of in (~validation.is_b, validation.is_b)
    )  # fmt: skip
    columns = {"typical": (of_a | of_b).sum(axis=1), "typical_a": of_a.sum(axis=1)}
    for points, images, ending, gain in (
        (of_a | of_b, pair, "", "pair_gain"), (of_a, rest, "_rest", "rest_gain"),
    ):  # fmt: skip
        some = np.flatnonzero(points.any(axis=0))
        fit, validation, test = (images[split].take(some) for split in images)
        fitted = discriminant.fit(*fit.parts)
        chosen = typical.choose(fitted, validation, points[:, some], falling_ridges(run))
        columns |= typical.report(chosen, test, ending, gain)
    return columns


def silent_maps(run: Run, seed: int) -> Columns:
    """Claim C's columns."""
    settings, empty = run.params.claims, np.full(run.params.claims.resamples + 1, np.nan)
    activity = {split: run.read(files.MAP_ACTIVITY, seed=seed, split=split) for split in HELD_OUT}
    weights = {split: resampling.of_split(run, split).weights.astype(float) for split in HELD_OUT}
    generator = np.random.default_rng((settings.seed, seed))

    def of(arrays: dict, layer: str, weights: np.ndarray) -> silence.Silence:
        return silence.Silence.of(arrays, layer, weights)

    layers = dict(zip(("last", "before"), run.conv_layers[:-3:-1], strict=False))
    columns = {"silent_maps": 0, "silent_shared": empty, "silent_expected": empty}
    columns |= {"silent_gain": empty, "accuracy_before": empty}
    if "before" in layers:
        known, scored = (of(activity[split], layers["before"], weights[split]) for split in HELD_OUT)
        maps = silence.mostly_silent(known, run.pair[0], settings.silent_in)
        contrast = run.params.analysis.contrast
        columns |= silence.shared(maps, scored, contrast, settings.silent_in)
    for name, file, rows in (
        ("accuracy", files.MAP_ACTIVITY, len(empty)), ("trained", files.SAMPLE, 1),
        ("untrained", files.UNTRAINED, 1),
    ):  # fmt: skip
        read = [run.read(file, seed=seed, split=split) for split in HELD_OUT]
        weighted = weights.values() if rows > 1 else [np.ones((1, len(a["labels"]))) for a in read]
        known, scored = (
            [of(arrays, layer, by_image) for layer in layers.values()]
            for arrays, by_image in zip(read, weighted, strict=True)
        )
        found = silence.accuracies(known, scored, rows, generator)
        for layer, values in zip(layers, found.T, strict=True):
            columns[f"{name}_{layer}"] = np.r_[values, empty[rows:]]
        columns.setdefault(f"{name}_before", empty)
    gain = columns["accuracy_last"] - columns["accuracy_before"]
    return columns | {"silence_gain": gain}


def places_before(run: Run, net: keras.Model, pair: dict[str, Images]) -> Columns:
    """The columns of claim H on the layer before the last; empty where there is none."""
    names = ("error_points_before", "error_means_before", "places_before")
    if len(run.conv_layers) == 1:
        return dict.fromkeys(names, np.nan)
    layer = run.conv_layers[-2]
    see, (*_, rows, columns, maps) = reader(net, layer), net.get_layer(layer).output.shape
    points = rows * columns * maps
    images, is_b = fit_sample(run, points)
    fit = Images(see(images), is_b, np.ones((1, len(is_b))))
    fitted = places.probes(fit, maps, ("points", "means"), falling_ridges(run))
    del fit
    scores = (
        places.scores(fitted, batches(see, pair_images(run, split), points), maps)
        for split in HELD_OUT
    )
    validation, test = scores
    errors = places.errors(validation, pair["validation"], test, pair["test"])
    found = errors["points"], errors["means"], errors["means"] - errors["points"]
    return dict(zip(names, found, strict=True))


def places_last(run: Run, pair: dict[str, Images]) -> Columns:
    """The columns of claims H and I on the last layer."""
    maps = run.params.network.cnn.maps[-1]
    fitted = places.probes(pair["fit"], maps, places.FEATURES, falling_ridges(run))
    validation, test = (places.scores(fitted, [pair[of].values], maps) for of in HELD_OUT)
    errors = places.errors(validation, pair["validation"], test, pair["test"])
    columns = {f"error_{name}_last": of for name, of in errors.items()}
    less = {"places_last": errors["means"], "levels_last": errors["active"]}
    return columns | {name: of - errors["points"] for name, of in less.items()}


def main() -> None:
    seed = console.seed_argument("probes", "What a CNN's maps carry, by linear probes.")
    run = Run(read_params())
    check_counts(run)
    prepare(run.params.train.threads)
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    pair, rest = of_last(run, reader(net, run.last))
    points = run.read(files.POINTS, seed=seed)
    points = points[~points["dead"]]
    live = {split: images.take(points.index) for split, images in pair.items()}
    k = few.count(len(points), run.params.claims.few_points)

    columns, best = tell_and_needs(run, live, k)
    curves = probe_curves(run, seed, points, live, k)
    columns |= typical_points(run, pair, rest) | silent_maps(run, seed)
    columns |= places_before(run, net, pair) | places_last(run, pair)
    table = pd.DataFrame({"resample": np.arange(run.params.claims.resamples + 1), **columns})
    artifacts.write(files.PROBE_CURVE, curves, seed=seed)
    artifacts.write(files.PROBE_RESAMPLES, table, seed=seed)


if __name__ == "__main__":
    console.run(main)
