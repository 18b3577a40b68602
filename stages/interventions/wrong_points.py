"""The points that pushed an image towards the other class, against its own class's mean."""

import numpy as np
import pandas as pd

from stages.common import artifacts, files
from stages.common.cases import EXPLAINED
from stages.common.edits import logits_along, prepare, single_point_effects
from stages.interventions.rankings import Study

MOST = 10  # points of each exemplar
PUSHED = 3  # of each image answered wrongly


def wrong_points(
    study: Study, image: np.ndarray, class_mean: np.ndarray, is_b: bool, places: pd.DataFrame
) -> pd.DataFrame:
    """At most ten rows for one image: the points whose value pushed it the wrong way, worst first.

    `image` is float32 (1, points), `class_mean` (points,) that of its own class on validation;
    `places` has each point's map, row and column. A point's `effect` is the image's logit
    difference minus what it would be with this point alone at its class's mean: above 0 pushes
    towards b. Effects do not add up, because of the activation between them, so
    `corrected_difference` follows the logit difference as this and the points above it are set to
    their class's mean.
    """
    a, b = study.pair
    effect = -single_point_effects(study.head, image, class_mean, study.pair)[:, 0]
    wrong = -effect if is_b else effect
    order = np.argsort(-wrong, kind="stable")[:MOST]
    order = order[wrong[order] > 0]
    prepared = prepare(study.head, image, class_mean)
    logits = logits_along(study.head, prepared, order, range(len(order) + 1))
    difference = logits[:, b, 0] - logits[:, a, 0]
    columns = {
        "rank": np.arange(1, len(order) + 1),
        **{name: places[name].to_numpy()[order] for name in ("map", "row", "column")},
        "value": image[0, order],
        "class_mean": class_mean[order],
        "effect": effect[order],
        "logit_difference": difference[0],
        "corrected_difference": difference[1:],
    }
    return pd.DataFrame(columns)


def wrong_points_table(
    study: Study,
    exemplars: dict[str, np.ndarray],
    points: np.ndarray,
    means: tuple[np.ndarray, np.ndarray],
    places: pd.DataFrame,
) -> pd.DataFrame:
    """The wrong points of every exemplar of the pair that has one of the roles EXPLAINED.

    `exemplars` is `exemplars.npz`, `points` float32 (n, points) are its last conv layer, and
    `means` float32 (points,) are those of class a and of class b.
    """
    explained = np.isin(exemplars["label"], study.pair) & np.isin(exemplars["role"], EXPLAINED)
    columns = list(artifacts.forms(files.WRONG_POINTS))
    tables = [pd.DataFrame(columns=columns)]
    for row in np.flatnonzero(explained):
        is_b = bool(exemplars["label"][row] == study.pair[1])
        table = wrong_points(study, points[[row]], means[is_b], is_b, places)
        own = {name: exemplars[name][row] for name in ("index", "label", "role")}
        tables.append(table.assign(**own)[columns])
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or tables, ignore_index=True)


def error_points_table(
    study: Study, index: tuple[np.ndarray, np.ndarray], means: tuple[np.ndarray, np.ndarray],
    places: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """Rows of files.ERROR_POINTS: the PUSHED worst points of each image answered wrongly.

    `index` int (n,) are the rows of the test images of class a and of class b; `means` as above. A
    point's effect is on the logit of the answer minus that of the class: as it is, minus as it
    would be with this point alone at its class's mean.
    """
    columns = list(artifacts.forms(files.ERROR_POINTS))
    tables = [pd.DataFrame(columns=columns)]
    for is_b, points, rows in zip((False, True), study.test, index, strict=True):
        label, answers = study.pair[is_b], study.head(points).argmax(axis=1)
        for row in np.flatnonzero(answers != label):
            towards = int(label), int(answers[row])
            effect = -single_point_effects(study.head, points[[row]], means[is_b], towards)[:, 0]
            worst = np.argsort(-effect, kind="stable")[:PUSHED]
            worst = worst[effect[worst] > 0]
            table = places[["map", "row", "column"]].iloc[worst].assign(effect=effect[worst])
            own = {"index": rows[row], "label": label, "answer": answers[row]}
            tables.append(table.assign(rank=range(1, len(worst) + 1), **own)[columns])
    filled = [table for table in tables if len(table)]
    return pd.concat(filled or tables, ignore_index=True)
