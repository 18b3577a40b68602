"""Which points matter: linear probes on the k best, activation patching of the k best.

In:  `data/activations/cnn-{seed}/`: the last conv layer in the pair's validation and test
     images, in the other classes' test images, and in the exemplars; `points.csv`; the weights
     of the part after that layer, which runs in NumPy.
Out: `data/interventions/cnn-{seed}/`
     `probe_curve.csv`    accuracy of linear probes on k points, against random points
     `patching.csv`       images flipped to the other class by patching k points, the same
     `specificity.csv`    what ablation of the points does to every class
     `effects.csv`        what each point alone does to the logit difference (validation images)
     `wrong_points.csv`   the points that pushed the hardest images the wrong way
     `summary.csv`        how many points a probe and patching take: what claims read

Points are selected on validation images and reported on test images.
"""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import artifacts, console, discriminant, files, intervals, trained
from stages.common.cases import DIRECTIONS, HALF, MODES
from stages.common.controls import curve_ks, stand_ins
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.interventions import patching, probe_curve, summary, wrong_points
from stages.interventions.rankings import Study, rank


def make_study(run: Run, seed: int, live: np.ndarray, generator: np.random.Generator) -> Study:
    """Rank the `live` points, int (m,), and draw the controls."""
    validation, test = (
        tuple(map(trained.as_points, run.pair_maps(seed, split))) for split in HELD_OUT
    )
    check_counts(run.pair, validation, test)
    settings, head = run.params.interventions, run.head(seed)
    ranked = rank(head, run.pair, *validation, live, settings.ridge)
    means = np.concatenate(validation).mean(axis=0, dtype=float)
    drawn = stand_ins(means, live, settings.controls, generator)
    return Study(head, run.pair, validation, test, live, curve_ks(len(live)), *ranked, drawn)


def check_counts(pair: tuple[int, int], validation: tuple, test: tuple) -> None:
    """StageError where a class has too few images for folds or for a share."""
    for label, known, reported in zip(pair, validation, test, strict=True):
        if len(known) < 2 or len(reported) < 1:
            raise console.StageError(
                f"Class {label} has {len(known)} validation and {len(reported)} test images; "
                "interventions need two and one. Raise dataset.validation_size in params.yaml."
            )


def specificity(run: Run, seed: int, study: Study) -> pd.DataFrame:
    """What ablation does to the test images of every dumped class."""
    pair_mean = np.mean([known.mean(axis=0, dtype=float) for known in study.validation], axis=0)
    tables = []
    for label in run.dumped:
        images = trained.as_points(run.maps(seed, "test", label))
        tables.append(patching.specificity_table(study, label, images, pair_mean))
    return pd.concat(tables, ignore_index=True)


def story(study: Study, curves: dict, patches: pd.DataFrame) -> list[str]:
    """Lines for the person at the terminal: what a probe needs, what flips an image."""
    lines = []
    if study.ks:
        curve = curves["forward"]
        accuracy = curve.right.mean(axis=1)
        lines.append(
            f"a probe on {curve.chosen_k} of {len(study.live):,} live points: "
            f"{accuracy[curve.chosen]:.1%} (one {accuracy[0]:.1%}, all {accuracy[-1]:.1%})"
        )
    for direction, base in zip(DIRECTIONS, study.pair, strict=True):
        rows = patches[(patches["direction"] == direction) & (patches["mode"] == "interchange")]
        flipped = rows[rows["flipped"] >= HALF]
        if flipped.empty:
            lines.append(f"no number of patched points flips half of class {base}")
            continue
        first = flipped.iloc[0]
        drawn = first["flipped_control_mean"]
        beside = "no controls" if np.isnan(drawn) else f"random points {drawn:.1%}"
        lines.append(
            f"{first['k']} patched points flip {first['flipped']:.0%} of class {base}; {beside}"
        )
    return lines


def main() -> None:
    seed = console.seed_argument("interventions", "Which points matter to the answer.")
    run = Run(read_params())
    settings = run.params.interventions
    # One generator each, so that a setting of one changes no draw of another.
    for_controls, for_folds, for_pairing = np.random.default_rng((settings.seed, seed)).spawn(3)

    points = run.read(files.POINTS, seed=seed)
    study = make_study(run, seed, np.flatnonzero(~points["dead"]), for_controls)
    folds = discriminant.stratified_folds(*map(len, study.validation), for_folds)
    curves = probe_curve.curves(study, folds, settings.ridge)
    images = patching.see_pair(study)
    partners = patching.partners(study, settings.interchange_sources, for_pairing)
    results = {
        (direction, mode): patching.run_case(study, direction, mode, images, partners[direction])
        for direction, mode in console.progress([*product(DIRECTIONS, MODES)], "patching")
    }
    interchanged = [results[direction, "interchange"] for direction in DIRECTIONS]
    effects = {f"effect_{direction}": of for direction, of in study.effects.items()}
    means = tuple(image.mean for image in images)
    exemplars = run.read(files.EXEMPLARS, seed=seed)
    shown = trained.as_points(exemplars[run.last])
    generator = intervals.generator(run.params.claims.seed, seed, "points")
    of_folds, of_test = (
        intervals.resample_counts(strata, run.params.claims.resamples, generator)
        for strata in (folds, study.is_b)
    )
    row = {
        **summary.probe_columns(study, curves, folds, of_folds),
        **summary.patch_columns(study, images, interchanged, of_test),
        **summary.typical_columns(study, points),
    }
    tables = {
        files.PROBE_CURVE: pd.concat(map(probe_curve.curve_table, curves, curves.values())),
        files.PATCHING: pd.concat([table for table, _ in results.values()], ignore_index=True),
        files.SPECIFICITY: specificity(run, seed, study),
        files.EFFECTS: points[["map", "row", "column"]].assign(**effects),
        files.WRONG_POINTS: wrong_points.wrong_points_table(study, exemplars, shown, means, points),
        files.INTERVENTIONS: pd.DataFrame([row]),
    }
    for file, table in tables.items():
        artifacts.write(file, table, seed=seed)
    for number, line in enumerate(story(study, curves, tables[files.PATCHING])):
        console.say(f"  {line}" if number else f"cnn-{seed}: {line}")


if __name__ == "__main__":
    console.run(main)
