"""The points that pushed an image towards the other class, against its own class's mean."""

import numpy as np
import pandas as pd

from stages.common import artifacts, files, network
from stages.common.network import Head
from stages.interventions.edits import logits_along, prepare, single_point_effects
from stages.interventions.rankings import Study

MOST = 10  # points of each image
ROLES = ("hard", "wrong", "listed")  # exemplars explained; `listed` are those a person chose


def explained(labels: np.ndarray, roles: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """Rows of the exemplars that are explained: the hardest images of the pair, int (m,)."""
    return np.flatnonzero(np.isin(labels, pair) & np.isin(roles, ROLES))


def wrong_points(
    head: Head,
    points: np.ndarray,
    class_mean: np.ndarray,
    is_b: bool,
    places: pd.DataFrame,
    pair: tuple[int, int],
) -> pd.DataFrame:
    """At most ten rows for one image: the points whose value pushed it the wrong way, worst first.

    `points` and `class_mean` float32 (points,), the mean of the image's own class on
    validation; `places` has each point's map, row and column. A point's `effect` is the
    image's logit difference minus what it would be with this point alone at its class's mean:
    above 0 pushes towards b. Effects do not add up, because of the ReLU between them, so
    `corrected_difference` follows the logit difference as this and the points above it are
    set to their class's mean.
    """
    image = points[None]
    effect = -single_point_effects(head, image, class_mean, pair)[:, 0]
    wrong = -effect if is_b else effect
    order = np.argsort(-wrong, kind="stable")[:MOST]
    order = order[wrong[order] > 0]
    ks = range(len(order) + 1)
    a, b = pair
    along = logits_along(head, prepare(head, image, class_mean), order, ks)
    difference = np.array([logits[b, 0] - logits[a, 0] for logits in along])
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            **{name: places[name].to_numpy()[order] for name in ("map", "row", "column")},
            "value": points[order],
            "class_mean": class_mean[order],
            "effect": effect[order],
            "logit_difference": difference[0],
            "corrected_difference": difference[1:],
        }
    )


def wrong_points_table(
    study: Study,
    exemplars: dict[str, np.ndarray],
    means: tuple[np.ndarray, np.ndarray],
    places: pd.DataFrame,
) -> pd.DataFrame:
    """The wrong points of every exemplar that is explained.

    `exemplars` is `exemplars.npz`; `means` float32 (points,) are those of class a and of class b.
    """
    points = network.as_points(exemplars[network.LAST])
    tables = []
    for row in explained(exemplars["label"], exemplars["role"], study.pair):
        is_b = bool(exemplars["label"][row] == study.pair[1])
        table = wrong_points(study.head, points[row], means[is_b], is_b, places, study.pair)
        tables.append(
            table.assign(**{name: exemplars[name][row] for name in ("index", "label", "role")})
        )
    columns = list(artifacts.forms(files.WRONG_POINTS))
    filled = [table[columns] for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
