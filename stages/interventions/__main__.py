"""What the network does when points are edited: how few decide, and whether their places count.

In:  `data/activations/cnn-{seed}/`: the last conv layer in the pair's validation and test
     images, in the other classes' test images, and in the exemplars; `points.csv`; the weights
     of the part after that layer, which runs in NumPy; the labels, for resamples of images.
Out: `data/interventions/cnn-{seed}/`
     `patching.csv`       images flipped to the other class by patching k points, random ones beside
     `specificity.csv`    what ablation of the points does to every class
     `effects.csv`        what each point alone does to the logit difference (validation images)
     `wrong_points.csv`   the points that pushed the hardest images the wrong way
     `errors.csv`         the same, in short, of every image answered wrongly
     `half.csv`           how few points flip half of the images, and how natural the edit is
     `resamples.csv`      the same, and errors without places or levels, on resamples: for claims

Points are selected on validation images and reported on test images.
"""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, resampling, trained
from stages.common.cases import DIRECTIONS, HALF, MODES
from stages.common.controls import curve_ks, stand_ins
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.interventions import half, patching, used, wrong_points
from stages.interventions.rankings import Study, rank

Weights = dict[str, tuple[np.ndarray, np.ndarray]]  # by split, of a and b: (R, n)


def make_study(run: Run, seed: int, live: np.ndarray, generator: np.random.Generator) -> Study:
    """Rank the `live` points, int (m,), and draw the controls."""
    validation, test = (
        tuple(map(trained.as_points, run.pair_maps(seed, split))) for split in HELD_OUT
    )
    check_counts(run.pair, validation, test)
    head = run.head(seed)
    ranked = rank(head, run.pair, *validation, live)
    means = np.concatenate(validation).mean(axis=0, dtype=float)
    drawn = stand_ins(means, live, run.params.interventions.controls, generator)
    return Study(head, run.pair, validation, test, live, curve_ks(len(live)), *ranked, drawn)


def check_counts(pair: tuple[int, int], validation: tuple, test: tuple) -> None:
    """StageError where a class has too few images for a resample or for a share."""
    for label, known, reported in zip(pair, validation, test, strict=True):
        if len(known) < 2 or len(reported) < 1:
            raise console.StageError(
                f"Class {label} has {len(known)} validation and {len(reported)} test images; "
                "interventions need two and one. Raise dataset.validation_size in params.yaml."
            )


def test_rows(run: Run, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the test images of class a and of class b, in the order of the activations."""
    where = ({"seed": seed, "split": "test", "label": label} for label in run.pair)
    return tuple(run.read(files.ACTIVATIONS, "index", run.last, **of)["index"] for of in where)


def image_weights(run: Run, seed: int) -> Weights:
    """How often each of the pair's images is in each resample, in the order of the activations."""
    weights = {}
    for split in HELD_OUT:
        of_all = resampling.of_split(run, split).weights
        weights[split] = tuple(
            of_all[:, run.read(files.ACTIVATIONS, "index", run.last, **where)["index"]]
            for where in ({"seed": seed, "split": split, "label": label} for label in run.pair)
        )
    return weights


def specificity(run: Run, seed: int, study: Study) -> pd.DataFrame:
    """What ablation does to the test images of every dumped class."""
    pair_mean = np.mean([known.mean(axis=0, dtype=float) for known in study.validation], axis=0)
    tables = []
    for label in run.dumped:
        images = trained.as_points(run.maps(seed, "test", label))
        tables.append(patching.specificity_table(study, label, images, pair_mean))
    return pd.concat(tables, ignore_index=True)


def decide(
    run: Run, study: Study, images: list[patching.Images], partners: dict[str, np.ndarray],
    weights: Weights, for_orders: np.random.Generator, for_own: np.random.Generator,
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:  # fmt: skip
    """The rows of half.csv, and the columns of resamples.csv about them."""
    settings, rows, columns = run.params.interventions, [], {}
    random_orders = for_orders.permuted(np.tile(study.live, (settings.random_orders, 1)), axis=1)
    for place, direction in enumerate(console.progress(DIRECTIONS, "half")):
        own = half.own_partners(len(study.test[place]), settings.interchange_sources, for_own)
        of_class = {split: weights[split][place] for split in HELD_OUT}
        row, of_resamples = half.of_direction(
            study, direction, images[:: -1 if place else 1], partners[direction], own,
            random_orders, of_class,
        )  # fmt: skip
        rows.append(row)
        columns |= of_resamples
    return pd.DataFrame(rows), columns


def use(
    run: Run, seed: int, study: Study, weights: Weights, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """The columns of resamples.csv about what the network's own head uses."""
    samples = [
        used.Sample(
            np.concatenate(points),
            np.repeat([False, True], list(map(len, points))),
            np.concatenate(weights[split], axis=1),
        )
        for split, points in zip(HELD_OUT, (study.validation, study.test), strict=True)
    ]
    maps = run.maps(seed, "test", run.pair[0]).shape[-1]
    return used.use_columns(study.head, run.pair, maps, *samples, generator)


def story(pair: tuple[int, int], halves: pd.DataFrame, resamples: pd.DataFrame) -> list[str]:
    """Lines for the person at the terminal: what flips an image, what the answer does without."""
    lines = []
    for base, row in zip(pair, halves.to_dict("records"), strict=True):
        if np.isnan(row["k"]):
            lines.append(f"class {base}: no image to flip, or no live point")
        elif row["flipped"] < HALF:
            lines.append(f"no number of patched points flips half of class {base}")
        else:
            lines.append(
                f"{row['k']:.0f} of {row['live']:,} points flip half of class {base}; "
                f"in random order {row['random_k']:.0f}"
            )
    observed = resamples.iloc[0]
    lines.append(
        f"error {observed['error']:.2%}; positions shuffled {observed['error_shuffled']:.1%}, "
        f"map means {observed['error_means']:.1%}, one level {observed['error_levels']:.2%}"
    )
    return lines


def main() -> None:
    seed = console.seed_argument("interventions", "Which points matter to the answer.")
    run = Run(read_params())
    settings = run.params.interventions
    # One generator each, so that a setting of one changes no draw of another.
    for_controls, for_orders, for_pairing, for_own, for_shuffles = np.random.default_rng(
        (settings.seed, seed)
    ).spawn(5)

    points = run.read(files.POINTS, seed=seed)
    study = make_study(run, seed, np.flatnonzero(~points["dead"]), for_controls)
    images = patching.see_pair(study)
    partners = patching.partners(study, settings.interchange_sources, for_pairing)
    cases = console.progress([*product(DIRECTIONS, MODES)], "patching")
    patches = [patching.run_case(study, *case, images, partners[case[0]]) for case in cases]
    weights = image_weights(run, seed)
    halves, columns = decide(run, study, images, partners, weights, for_orders, for_own)
    columns |= use(run, seed, study, weights, for_shuffles)
    effects = {f"effect_{direction}": of for direction, of in study.effects.items()}
    means = tuple(image.mean for image in images)
    exemplars = run.read(files.EXEMPLARS, seed=seed)
    shown = trained.as_points(exemplars[run.last])
    tables = {
        files.PATCHING: pd.concat(patches, ignore_index=True),
        files.SPECIFICITY: specificity(run, seed, study),
        files.EFFECTS: points[["map", "row", "column"]].assign(**effects),
        files.WRONG_POINTS: wrong_points.wrong_points_table(study, exemplars, shown, means, points),
        files.ERROR_POINTS: wrong_points.error_points_table(
            study, test_rows(run, seed), means, points
        ),
        files.HALF_FLIPPED: halves,
        files.INTERVENTION_RESAMPLES: pd.DataFrame(columns).rename_axis("resample").reset_index(),
    }
    for file, table in tables.items():
        artifacts.write(file, table, seed=seed)
    lines = story(run.pair, halves, tables[files.INTERVENTION_RESAMPLES])
    for number, line in enumerate(lines):
        console.say(f"  {line}" if number else f"cnn-{seed}: {line}")


if __name__ == "__main__":
    console.run(main)
