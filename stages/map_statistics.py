"""Which maps and points of one CNN separate class a from class b.

In:  `data/activations/cnn-{seed}/`: the last conv layer in the pair's validation and test
     images, and the activity of every map in every image.
Out: `data/statistics/cnn-{seed}/`: `points.csv`, where everything a point is selected by is of
     validation images and everything it is reported by of test images; `maps_{layer}.csv` for
     each conv layer; `shared_points.csv`, how many points are on in several images at once;
     `summary.csv`, the points in one row.
"""

import numpy as np
import pandas as pd

from stages.common import artifacts, cases, console, files, measures, trained
from stages.common.cases import (
    DIFFERENT_CLASSES,
    EXEMPLARS,
    OF_A,
    SAME_CLASS,
    SEPARATING,
    SIGNIFICANT,
)
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run

DRAWS = 1000  # of random images
Pair = tuple[np.ndarray, np.ndarray]  # of class a and of b, float32 (images, rows, columns, maps)
Activity = dict[str, np.ndarray]  # the arrays of files.MAP_ACTIVITY of a split


def points_table(
    validation: Pair, test: Pair, common_level: float, common_share: float
) -> pd.DataFrame:
    """One row for each point of a layer, in the order map, row, column."""
    rows, columns, maps = validation[0].shape[1:]
    a, b = (trained.as_points(values) for values in validation)
    a_test, b_test = (trained.as_points(values) for values in test)
    maximum = np.maximum(a.max(axis=0), b.max(axis=0))
    dead = maximum <= 0
    p_value = np.where(dead, np.nan, measures.mann_whitney_p(a, b))
    reported = measures.auroc(a_test, b_test)
    cells = np.unravel_index(np.arange(a.shape[1]), (maps, rows, columns))
    table = {
        **dict(zip(("map", "row", "column"), cells, strict=True)),
        "dead": dead,
        "hedges_g": measures.hedges_g(a, b),
        "auroc": measures.auroc(a, b).value,
        "p_value": p_value,
        "q_value": measures.q_values(p_value),
        "auroc_test": reported.value,
        "auroc_test_low": reported.low,
        "auroc_test_high": reported.high,
        "separating": ~dead & (np.abs(reported.value - 0.5) > SEPARATING),
    }
    for name, values, tested in (("a", a, a_test), ("b", b, b_test)):
        share = measures.share_on(values, maximum, common_level)
        table |= {
            f"mean_{name}": _mean(values),
            f"active_{name}": _mean(values > 0),
            f"typical_{name}": ~dead & (share >= common_share),
            f"mean_{name}_test": _mean(tested),
        }
    names = [name for name in artifacts.forms(files.POINTS) if name != "shared"]
    return pd.DataFrame(table)[names]


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over images in float64; NaN where there is no image."""
    return values.mean(axis=0, dtype=float) if len(values) else np.full(values.shape[1:], np.nan)


def maps_table(layer: str, test: Activity, validation: Activity, classes: int) -> pd.DataFrame:
    """One row for each map of `layer`, from both splits, whose labels are below `classes`.

    It is active in an image where its highest value is above 0. What a class does is of test
    images; whether it is ever active, with the upper bound on its rate, is of both splits.
    """
    labels, peak, mean = test["labels"], test[f"{layer}_max"], test[f"{layer}_mean"]
    rows = {c: labels == c for c in range(classes)}
    means = {f"mean_{c}": _mean(mean[of]) for c, of in rows.items()}
    class_means = np.stack(list(means.values()), axis=1)
    active = (peak > 0).sum(axis=0) + (validation[f"{layer}_max"] > 0).sum(axis=0)
    images = len(labels) + len(validation["labels"])
    return pd.DataFrame(
        {
            "map": np.arange(peak.shape[1]),
            **{f"active_{c}": _mean(peak[of] > 0) for c, of in rows.items()},
            **means,
            "preferred_class": class_means.argmax(axis=1),
            "selectivity": measures.selectivity(class_means),
            "never_active": active == 0,
            "active_upper": measures.rate_upper_bound(active, images),
            "images": images,
        }
    )


def shared_row(case: str, on: np.ndarray, further: dict[int, np.ndarray]) -> list[dict]:
    """The rows of one case of `shared_points.csv`.

    `on` is bool (draws, images, points); `further` the same of one more image, (draws, points), by
    its class.
    """
    shared, images = on.all(axis=1), on.shape[1]
    rows = []
    for label, also in {np.nan: True, **further}.items():
        counts = (shared & also).sum(axis=1)
        low, high = np.percentile(counts, (2.5, 97.5)) if len(counts) > 1 else (np.nan, np.nan)
        value = {"points": counts.mean(), "points_low": low, "points_high": high}
        rows.append({"case": case, "images": images, "label": label, **value})
    return rows


def shared_points(
    on: dict[int, np.ndarray], a: int, others: tuple[int, ...], images: int,
    generator: np.random.Generator,
) -> list[dict]:  # fmt: skip
    """How many points random images share: of class a, and of as many different classes.

    `on` says by class which points are on in its images, bool (n, points); `others` are the classes
    of one more image, drawn as well. Where there are not `images` classes the last case is left
    out.
    """

    def drawn(label: int, count: int = 1) -> np.ndarray:
        order = generator.random((DRAWS, len(on[label]))).argpartition(count - 1, axis=1)
        return on[label][order[:, :count]]

    further = {label: drawn(label)[:, 0] for label in others}
    rows = shared_row(SAME_CLASS, drawn(a, images), further)
    if len(on) >= images > 1:
        sizes = np.array([len(of_class) for of_class in on.values()])
        chosen = generator.permuted(np.tile(np.arange(len(on)), (DRAWS, 1)), axis=1)[:, :images]
        row = (generator.random(chosen.shape) * sizes[chosen]).astype(int)
        every = np.concatenate(list(on.values()))[row + (sizes.cumsum() - sizes)[chosen]]
        rows += shared_row(DIFFERENT_CLASSES, every, {})
    return rows


def shared_table(run: Run, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of `shared_points.csv`, and which points all exemplars of a share, bool (points,).

    None does where no exemplar is of class a.
    """
    pair = (trained.as_points(maps) for maps in run.pair_maps(seed, "validation"))
    maximum = np.max([values.max(axis=0) for values in pair], axis=0)
    level = run.params.statistics.common_level

    def on(maps: np.ndarray) -> np.ndarray:
        return (trained.as_points(maps) > level * maximum) & (maximum > 0)

    (a, b), data = run.pair, run.read(files.EXEMPLARS, seed=seed)
    label, shown = data["label"], on(data[run.last])
    columns = cases.shown_exemplars(data["role"], label, run.pair, run.params.analysis.contrast)
    of_a = [row for row in columns if label[row] == a][:OF_A]
    row_of = {int(label[row]): row for row in reversed(columns) if label[row] != a}
    further = {of: shown[[row_of[of]]] for of in sorted(row_of, key=lambda of: (of != b, of))}
    rows = shared_row(EXEMPLARS, shown[np.newaxis, of_a], further) if of_a else []
    in_all = shown[of_a].all(axis=0) & bool(of_a)
    by_class = {c: on(run.maps(seed, "test", c)) for c in run.dumped}
    by_class = {c: values for c, values in by_class.items() if len(values)}
    images = min(len(of_a) or OF_A, len(by_class[a]))
    more = tuple(c for c in (b, *run.params.analysis.contrast) if c in by_class)
    generator = np.random.default_rng(seed)
    rows += shared_points(by_class, a, more, images, generator)
    return pd.DataFrame(rows), in_all


def summary(points: pd.DataFrame) -> dict:
    """The points of one network in one row; StageError where none is live.

    The best point is the one whose AUROC on validation images is furthest from 0.5. Its AUROC
    on test images is counted towards the class that it is higher for on validation images.
    """
    live = points[~points["dead"]]
    if live.empty:
        raise console.StageError(
            "No point of the last conv layer is ever above 0 in an image of the pair: the network "
            "did not learn. Lower cnn.learning_rate in params.yaml, or train longer."
        )
    best = live.loc[(live["auroc"] - 0.5).abs().idxmax()]
    auroc, low, high = (best[f"auroc_test{end}"] for end in ("", "_low", "_high"))
    higher_for_b = bool(best["auroc"] >= 0.5)
    if not higher_for_b:
        auroc, low, high = 1 - auroc, 1 - high, 1 - low
    of_a, of_b = points["typical_a"], points["typical_b"]
    return {
        "points": len(points),
        "live": len(live),
        "separating": int(points["separating"].sum()),
        "significant": (live["q_value"] < SIGNIFICANT).mean(),
        "only_a": int((of_a & ~of_b).sum()),
        "only_b": int((of_b & ~of_a).sum()),
        "both": int((of_a & of_b).sum()),
        **{f"best_{name}": best[name] for name in ("map", "row", "column")},
        "best_higher_for_b": higher_for_b,
        **{"best_auroc": auroc, "best_auroc_low": low, "best_auroc_high": high},
        "best_distance": 0.5 + abs(best["auroc_test"] - 0.5),
    }


def main() -> None:
    seed = console.seed_argument("map_statistics", "Maps and points across classes.")
    run = Run(read_params())
    settings = run.params.statistics
    pairs = [run.pair_maps(seed, split) for split in HELD_OUT]
    points = points_table(*pairs, settings.common_level, settings.common_share)
    short = summary(points)
    validation, test = (run.read(files.MAP_ACTIVITY, seed=seed, split=split) for split in HELD_OUT)
    classes = len(run.class_names)
    shared, points["shared"] = shared_table(run, seed)
    maps = {layer: maps_table(layer, test, validation, classes) for layer in run.conv_layers}
    artifacts.write(files.POINTS, points, seed=seed)
    artifacts.write(files.SHARED_POINTS, shared, seed=seed)
    artifacts.write(files.STATISTICS, pd.DataFrame([short]), seed=seed)
    for layer, table in maps.items():
        artifacts.write(files.MAPS, table, seed=seed, layer=layer)

    never = (f"{int(table['never_active'].sum())} of {layer}" for layer, table in maps.items())
    console.say(
        f"cnn-{seed}: {short['live']:,} of {len(points):,} points of {run.last} are live\n"
        f"  {short['separating']:,} have |AUROC - 0.5| > {SEPARATING:g}; class-typical for a alone "
        f"{short['only_a']}, for b alone {short['only_b']}, for both {short['both']}\n"
        f"  maps never active: {', '.join(never)}"
    )


if __name__ == "__main__":
    console.run(main)
