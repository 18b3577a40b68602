"""Linear probes on what one CNN's maps carry: their points, few of them, means, silence.

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
# Of all images, and of a sample of them after and before training.
SILENCE_FILES = {"accuracy": files.MAP_ACTIVITY, "trained": files.SAMPLE}
SILENCE_FILES |= {"untrained": files.UNTRAINED}


def falling_ridges(run: Run) -> tuple[float, ...]:
    """The ridges of all probes, the largest first."""
    return tuple(sorted(run.params.probes.ridges, reverse=True))


def make_study(run: Run, live: dict[str, Images]) -> curve.Study:
    """What claim A and the probe curve read, by images of the live points."""
    fitted = (discriminant.fit(*live[split].parts) for split in ("fit", "validation"))
    return curve.Study(live["fit"], live["validation"], live["test"], *fitted, falling_ridges(run))


def tell_and_needs(study: curve.Study, k: int) -> Columns:
    """Claim A's columns, for the k best points."""
    points = few.best_points(study.validation, k)
    chosen = few.choose(study.fitted, study.validation, points, study.ridges)
    swapped = study.fitted_validation, study.fit, points[:1], study.ridges
    other_way = few.choose(*swapped, names=("all", "few"))
    (tell_loss,) = few.report(other_way, study.test.as_they_are)["tell_loss"]
    resamples = len(study.test.weights) - 1
    columns = {"live": study.fit.points.shape[1], "few": k, "fitted": len(study.fit.is_b)}
    columns["tell_loss_validation"] = np.r_[tell_loss, np.full(resamples, np.nan)]
    return columns | few.report(chosen, study.test)


def probe_curves(
    run: Run, seed: int, study: curve.Study, points: pd.DataFrame, k: int
) -> pd.DataFrame:
    """The table `probe_curve.csv`; `points` are the rows of the live ones in `points.csv`."""
    validation, seeds = study.validation, (run.params.interventions.seed, seed)
    effects = run.read(files.EFFECTS, seed=seed).loc[points.index]
    effect = effects[["effect_a_to_b", "effect_b_to_a"]].mean(axis=1).to_numpy()
    together = max(curve.FORWARD_MOST, k)
    (forward,) = few.best_points(validation.as_they_are, together)
    means = validation.points.mean(axis=0, dtype=float)
    controls, generator = run.params.interventions.controls, np.random.default_rng(seeds)
    drawn = stand_ins(means, np.arange(len(means)), controls, generator)
    ks = curve.ks_with(k, len(means))
    tables = (
        curve.curve(study, name, order, curve.ranking_ks(name, ks, together), drawn)
        for name, order in curve.orders(points["auroc"].to_numpy(), effect, forward).items()
    )
    return pd.concat(tables, ignore_index=True)


def typical_points(run: Run, pair: dict[str, Images], rest: dict[str, Images]) -> Columns:
    """Claim B's columns, by images of all points."""
    settings, validation = run.params.statistics, pair["validation"]
    of_a, of_b = (
        typical.typical(
            validation.points[of], validation.weights[:, of], validation.points.max(axis=0),
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
    """Claim C's columns; `before` and its gain are empty where the last layer is the only one."""
    silent_in, contrast = run.params.claims.silent_in, run.params.analysis.contrast
    weights = {split: resampling.of_split(run, split).weights.astype(float) for split in HELD_OUT}
    empty = np.full(len(weights["test"]), np.nan)
    layers = dict(zip(("last", "before"), run.conv_layers[:-3:-1], strict=False))
    generator = np.random.default_rng((run.params.claims.seed, seed))
    columns: Columns = {"silent_maps": 0}
    columns |= dict.fromkeys(("silent_shared", "silent_expected", "silent_gain"), empty)
    for name, file in SILENCE_FILES.items():
        read = {split: run.read(file, seed=seed, split=split) for split in HELD_OUT}
        known, scored = (
            [
                silence.Silence.of(
                    arrays, layer,
                    weights[split] if name == "accuracy" else np.ones((1, len(arrays["labels"]))),
                )
                for layer in layers.values()
            ]
            for split, arrays in read.items()
        )  # fmt: skip
        found = silence.accuracies(known, scored, generator)
        columns[f"{name}_before"] = empty
        for layer, values in zip(layers, found.T, strict=True):
            columns[f"{name}_{layer}"] = np.r_[values, empty[len(values) :]]
        if name == "accuracy" and len(known) > 1:
            maps = silence.mostly_silent(known[1], run.pair[0], silent_in)
            columns |= silence.shared(maps, scored[1], contrast, silent_in)
    return columns | {"silence_gain": columns["accuracy_last"] - columns["accuracy_before"]}


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
    validation, test = (
        places.scores(fitted, batches(see, pair_images(run, split), points), maps)
        for split in HELD_OUT
    )
    errors = places.errors(validation, pair["validation"], test, pair["test"])
    found = errors["points"], errors["means"], errors["means"] - errors["points"]
    return dict(zip(names, found, strict=True))


def places_last(run: Run, pair: dict[str, Images]) -> Columns:
    """The columns of claims H and I on the last layer."""
    maps = run.params.network.cnn.maps[-1]
    fitted = places.probes(pair["fit"], maps, places.FEATURES, falling_ridges(run))
    validation, test = (places.scores(fitted, [pair[of].points], maps) for of in HELD_OUT)
    errors = places.errors(validation, pair["validation"], test, pair["test"])
    columns = {f"error_{name}_last": of for name, of in errors.items()}
    places_lost = errors["means"] - errors["points"]
    if pair["fit"].points.shape[1] == maps:  # a map is one point: no places to compare
        places_lost = np.full(len(places_lost), np.nan)
    return columns | {
        "places_last": places_lost,
        "levels_last": errors["active"] - errors["points"],
    }


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

    study = make_study(run, live)
    columns = tell_and_needs(study, k)
    curves = probe_curves(run, seed, study, points, k)
    columns |= typical_points(run, pair, rest) | silent_maps(run, seed)
    columns |= places_before(run, net, pair) | places_last(run, pair)
    table = pd.DataFrame({"resample": np.arange(run.params.claims.resamples + 1), **columns})
    artifacts.write(files.PROBE_CURVE, curves, seed=seed)
    artifacts.write(files.PROBE_RESAMPLES, table, seed=seed)
    row = table.iloc[0]
    console.say(
        f"cnn-{seed}: errors of probes for the pair, test images: {row.error_all:.2%} on "
        f"{len(points):,} live points of {run.last}\n"
        f"  {row.error_few:.2%} on {k} of them, {row.error_without:.2%} on all but these\n"
        f"  {row.error_means_last:.2%} on map means, {row.error_active_last:.2%} on what is active"
    )


if __name__ == "__main__":
    console.run(main)
