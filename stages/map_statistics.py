"""Which maps and points of one CNN tell class a from class b.

In:  `data/activations/cnn-{seed}/`: conv_3 of the pair's validation and test images, and the
     activity of every map in every image.
Out: `data/statistics/cnn-{seed}/points_conv_3.csv`, one row a point: everything a point is
     selected by is of validation images, everything it is reported by of test images; and
     `maps_{layer}.csv` for each conv layer, one row a map.
"""

import numpy as np
import pandas as pd

from stages.common import artifacts, console, measures, network
from stages.common.params import read_params

LAYER = "conv_3"


def points_table(
    validation: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    common_level: float,
    common_share: float,
) -> pd.DataFrame:
    """One row for each point of a layer, in the order map, row, column.

    `validation` and `test` hold the activations of class a and of class b, each float32
    (images, rows, columns, maps).
    """
    rows, columns, maps = validation[0].shape[1:]
    a, b = (network.as_points(values) for values in validation)
    a_test, b_test = (network.as_points(values) for values in test)
    maximum = np.maximum(a.max(axis=0), b.max(axis=0))
    dead = maximum == 0
    p_value = np.where(dead, np.nan, measures.mann_whitney_p(a, b))
    reported = measures.auroc(a_test, b_test)
    map_, row, column = np.unravel_index(np.arange(a.shape[1]), (maps, rows, columns))
    common = {
        name: ~dead & (measures.share_on(values, maximum, common_level) >= common_share)
        for name, values in (("common_a", a), ("common_b", b))
    }
    return pd.DataFrame(
        {
            "map": map_,
            "row": row,
            "column": column,
            "dead": dead,
            "mean_a": _mean(a),
            "mean_b": _mean(b),
            "active_a": _mean(a > 0),
            "active_b": _mean(b > 0),
            **common,
            "hedges_g": measures.hedges_g(a, b),
            "auroc": measures.auroc(a, b).value,
            "p_value": p_value,
            "q_value": measures.q_values(p_value),
            "mean_a_test": _mean(a_test),
            "mean_b_test": _mean(b_test),
            "auroc_test": reported.value,
            "auroc_test_low": reported.low,
            "auroc_test_high": reported.high,
        }
    )


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over images in float64; NaN where there is no image."""
    if len(values) == 0:
        return np.full(values.shape[1:], np.nan)
    return values.mean(axis=0, dtype=np.float64)


def maps_table(
    layer: str, test: dict[str, np.ndarray], validation: dict[str, np.ndarray]
) -> pd.DataFrame:
    """One row for each map of `layer`, from `map_activity_{split}.npz` of both splits.

    A map is active in an image where its highest value is above 0. What a class does is of
    test images; whether a map is ever active is of all images of both splits, with the upper
    bound on its rate there.
    """
    classes = range(network.CLASSES)
    labels = test["labels"]
    peak, mean = test[f"{layer}_max"], test[f"{layer}_mean"]
    active = {c: _mean(peak[labels == c] > 0) for c in classes}
    means = {c: _mean(mean[labels == c]) for c in classes}
    class_means = np.stack(list(means.values()), axis=1)
    fired = (peak > 0).sum(axis=0) + (validation[f"{layer}_max"] > 0).sum(axis=0)
    images = len(labels) + len(validation["labels"])
    return pd.DataFrame(
        {
            "map": np.arange(peak.shape[1]),
            **{f"active_{c}": active[c] for c in classes},
            **{f"mean_{c}": means[c] for c in classes},
            "preferred_class": class_means.argmax(axis=1),
            "selectivity": measures.selectivity(class_means),
            "never_active": fired == 0,
            "active_upper": measures.rate_upper_bound(fired, images),
            "images": images,
        }
    )


def main() -> None:
    seed = console.seed_argument("map_statistics", "Maps and points across classes.")
    params = read_params()
    source, target = artifacts.activations_folder(seed), artifacts.statistics_folder(seed)

    def pair_of(split: str) -> tuple[np.ndarray, np.ndarray]:
        a, b = (
            artifacts.read_npz(source / f"{split}_{label}.npz", LAYER)[LAYER]
            for label in params.analysis.pair
        )
        return a, b

    points = points_table(
        pair_of("validation"),
        pair_of("test"),
        params.statistics.common_level,
        params.statistics.common_share,
    )
    artifacts.write_csv(target / f"points_{LAYER}.csv", points)
    activity = {
        split: artifacts.read_npz(source / f"map_activity_{split}.npz")
        for split in ("test", "validation")
    }
    never = {}
    for layer in network.CONV_LAYERS:
        maps = maps_table(layer, **activity)
        artifacts.write_csv(target / f"maps_{layer}.csv", maps)
        never[layer] = int(maps["never_active"].sum())

    live = points[~points["dead"]]
    console.say(
        f"cnn-{seed}: {len(live):,} of {len(points):,} points of {LAYER} are live, "
        f"{int((live['q_value'] < 0.05).sum()):,} differ at q < 0.05, "
        f"{int(((live['auroc'] - 0.5).abs() > 0.2).sum()):,} with |AUROC - 0.5| > 0.2; "
        f"common to a {int(points['common_a'].sum())}, to b {int(points['common_b'].sum())}"
    )
    console.say(
        "  maps never active: " + ", ".join(f"{count} of {layer}" for layer, count in never.items())
    )


if __name__ == "__main__":
    console.run(main)
