"""Which points matter: the k best tell the classes apart, the k best edited turn the answer.

In:  `data/activations/cnn-{seed}/`: conv_3 of the pair's validation and test images, of the
     other classes' test images, and of the exemplars; `points_conv_3.csv`; the weights of the
     part after conv_3, which runs in NumPy.
Out: `data/interventions/cnn-{seed}/`
     `point_curve.csv`    accuracy of a linear discriminant on k points, against random points
     `patching.csv`       images turned into the other class by editing k points, the same
     `specificity.csv`    what losing the points does to every class
     `effects.csv`        what each point alone does to the logit difference (validation images)
     `wrong_points.csv`   the points that pushed the hardest images the wrong way
     `per_image.npz`      what `claims` resamples

Points are selected on validation images and reported on test images.
"""

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from stages.common import artifacts, console, discriminant, network
from stages.common.params import Interventions, read_params
from stages.interventions import patching, point_curve, wrong_points
from stages.interventions.point_curve import Curve
from stages.interventions.rankings import Study, curve_ks, effects, rank, stand_ins

LAYER = "conv_3"


def make_study(
    head: network.Head,
    pair: tuple[int, int],
    validation: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    live: np.ndarray,
    settings: Interventions,
    generator: np.random.Generator,
) -> Study:
    """Rank the points and draw the controls, from images float32 (n, points) of each class."""
    fitted = discriminant.fit(*validation, settings.ridge)
    return Study(
        head=head,
        pair=pair,
        validation=validation,
        test=test,
        live=live,
        ks=curve_ks(len(live)),
        fitted=fitted,
        orders=rank(head, fitted, *validation, live, pair),
        stand_ins=stand_ins(
            np.concatenate(validation).mean(axis=0, dtype=float), live, settings.controls, generator
        ),
    )


def curve_arrays(curves: dict[str, Curve], folds: np.ndarray) -> dict[str, np.ndarray]:
    """The per-image arrays of the k-point curves."""
    arrays: dict[str, np.ndarray] = {"folds": folds}
    for ranking, curve in curves.items():
        arrays[f"k_{ranking}"] = np.array(curve.ks, np.int32)
        arrays[f"chosen_k_{ranking}"] = np.int32(curve.chosen_k)
        arrays[f"cv_right_{ranking}"] = curve.cv_right
        arrays[f"scores_{ranking}"] = curve.scores
        arrays[f"right_{ranking}"] = curve.right
    return arrays


def story(study: Study, curves: dict[str, Curve], patches: pd.DataFrame) -> list[str]:
    """Lines for the person at the terminal: what tells the classes, what turns an image."""
    a, b = study.pair
    lines = []
    told = curves["forward"]
    if study.ks:
        accuracy = told.right.mean(axis=1)
        lines.append(
            f"{told.chosen_k} of {len(study.live):,} live points tell {a} from {b}: "
            f"{accuracy[told.chosen]:.1%} (one {accuracy[0]:.1%}, all {accuracy[-1]:.1%})"
        )
    decided = patches[(patches["ranking"] == "effect") & (patches["mode"] == "interchange")]
    for direction, base in zip(patching.DIRECTIONS, study.pair, strict=True):
        turned = decided[(decided["direction"] == direction) & (decided["flipped"] >= 0.5)]
        if turned.empty:
            lines.append(f"no number of points of other images flips half of class {base}")
            continue
        first = turned.iloc[0]
        drawn = first["flipped_control_mean"]
        beside = "no controls" if np.isnan(drawn) else f"random points {drawn:.1%}"
        flips = f"{first['k']} points of other images flip {first['flipped']:.0%}"
        lines.append(f"{flips} of class {base}; {beside}")
    return lines


def read_class(seed: int, split: str, label: int) -> np.ndarray:
    """The points of a class's images, float32 (n, points)."""
    path = artifacts.activations_folder(seed) / f"{split}_{label}.npz"
    return network.as_points(artifacts.read_npz(path, LAYER)[LAYER])


def read_index(seed: int, label: int) -> np.ndarray:
    """Rows of a class's images among the test images, int32 (n,)."""
    path = artifacts.activations_folder(seed) / f"test_{label}.npz"
    return artifacts.read_npz(path, "index")["index"]


def read_exemplars(seed: int) -> dict[str, np.ndarray]:
    """`index`, `label`, `role` and `points` of the exemplars."""
    path = artifacts.activations_folder(seed) / "exemplars.npz"
    arrays = artifacts.read_npz(path, "index", "label", "role", LAYER)
    return {**arrays, "points": network.as_points(arrays[LAYER])}


def read_points_table(seed: int, points: int) -> pd.DataFrame:
    """`points_conv_3.csv`, in the order of the points; StageError where it is another's."""
    path = artifacts.statistics_folder(seed) / f"points_{LAYER}.csv"
    columns = ("map", "row", "column", "dead", "auroc", "common_a", "common_b")
    table = artifacts.read_csv(path, columns)
    if len(table) != points:
        raise console.StageError(
            f"{path} has {len(table)} points, the activations have {points}. "
            "Run `dvc repro`, which makes both anew."
        )
    return table


def check_counts(pair: tuple[int, int], validation: tuple, test: tuple) -> None:
    """StageError where a class has too few images for folds or for a share."""
    for label, known, reported in zip(pair, validation, test, strict=True):
        if len(known) < 2 or len(reported) < 1:
            raise console.StageError(
                f"Class {label} has {len(known)} validation and {len(reported)} test images; "
                "interventions need two and one. Raise dataset.validation_size in params.yaml."
            )


def main() -> None:
    seed = console.seed_argument("interventions", "Which points matter to the answer.")
    params = read_params()
    # The products are many and small: a second thread waits more than it helps. And one thread
    # adds in one order, so the outputs do not depend on how many cores there are.
    threadpool_limits(1, "blas")
    settings, pair = params.interventions, params.analysis.pair
    target = artifacts.interventions_folder(seed)
    # One generator each, so that a setting of one changes no draw of another.
    for_controls, for_folds, for_pairing = np.random.default_rng((settings.seed, seed)).spawn(3)

    exemplars = read_exemplars(seed)
    head = network.read_head(artifacts.model_folder("cnn", seed), *exemplars[LAYER].shape[1:])
    validation, test = (
        tuple(read_class(seed, split, label) for label in pair) for split in ("validation", "test")
    )
    check_counts(pair, validation, test)
    points = read_points_table(seed, validation[0].shape[1])
    live = np.flatnonzero(~points["dead"])
    study = make_study(head, pair, validation, test, live, settings, for_controls)

    alone = points[["map", "row", "column"]].assign(
        **{f"effect_{name}": of for name, of in effects(head, *validation, pair)._asdict().items()}
    )
    artifacts.write_csv(target / "effects.csv", alone)

    folds = discriminant.stratified_folds(len(validation[0]), len(validation[1]), for_folds)
    curves = point_curve.curves(study, folds, settings.ridge)
    artifacts.write_csv(
        target / "point_curve.csv",
        pd.concat([point_curve.curve_table(*item) for item in curves.items()], ignore_index=True),
    )

    images = patching.see_pair(study)
    partners = patching.partners(study, settings.interchange_sources, for_pairing)
    cases = console.progress(patching.CASES, f"patching cnn-{seed}")
    patches = [patching.run_case(study, case, images, partners) for case in cases]
    patching_table = pd.concat([patch.table for patch in patches], ignore_index=True)
    artifacts.write_csv(target / "patching.csv", patching_table)

    pair_mean = np.mean([known.mean(axis=0, dtype=float) for known in validation], axis=0)
    lost = [
        patching.specificity_table(study, label, read_class(seed, "test", label), pair_mean)
        for label in params.activations.classes
    ]
    artifacts.write_csv(target / "specificity.csv", pd.concat(lost, ignore_index=True))

    own_means = tuple(image.mean for image in images)
    wrong = wrong_points.wrong_points_table(head, exemplars, own_means, points, pair)
    artifacts.write_csv(target / "wrong_points.csv", wrong)

    common = np.flatnonzero(points["common_a"] | points["common_b"])
    auroc = points["auroc"].to_numpy()
    artifacts.write_npz(
        target / "per_image.npz",
        {
            "index": np.concatenate([read_index(seed, label) for label in pair]),
            "label": np.repeat(np.array(pair, np.uint8), [len(part) for part in test]),
            "k": np.array(study.ks, np.int32),
            "live": np.int32(len(live)),
            **patching.per_image(images, patches),
            **curve_arrays(curves, folds),
            **point_curve.common_points(study, auroc, common),
        },
    )
    for number, line in enumerate(story(study, curves, patching_table)):
        console.say(f"  {line}" if number else f"cnn-{seed}: {line}")


if __name__ == "__main__":
    console.run(main)
