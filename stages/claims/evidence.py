"""What one network, or one pair of networks, says on each part of the claims.

Every function takes what a stage before wrote, already read, and gives each part of a claim
that it speaks on its statistic and the numbers its sentence mentions.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from stages.claims import intervals, statistics
from stages.claims.sentences import Found
from stages.common.verdicts import Value

DIRECTIONS = ("a_to_b", "b_to_a")
MAP_DRAWS = 3  # random choices of as many maps of conv_3 as conv_2 has
Pair = tuple[np.ndarray, np.ndarray]  # of class a and of class b, images in rows
Feature = Callable[[np.ndarray], np.ndarray]
Says = dict[tuple[str, str], Found]  # by claim and part


def of_points(
    images: Mapping[str, np.ndarray],
    patching: pd.DataFrame,
    pair: tuple[int, int],
    resamples: int,
    generator: np.random.Generator,
) -> Says:
    """A and B, from `per_image.npz` and the rows of `patching.csv` on effect and interchange."""
    live, ks = int(images["live"]), images["k"]
    directions = [patching[patching["direction"] == name].set_index("k") for name in DIRECTIONS]
    is_b = images["label"] == pair[1]
    folds = images["folds"]
    tell = statistics.telling_share(
        images["cv_right_forward"],
        folds,
        images["k_forward"],
        live,
        intervals.resample_counts(folds, resamples, generator),
    )
    high, mean = (
        np.stack([table[name].reindex(ks).to_numpy(float) for table in directions], axis=1)
        for name in ("flipped_control_high", "flipped_control_mean")
    )
    decide = statistics.deciding_share(
        images["flips_effect_interchange"],
        images["right"],
        is_b,
        ks,
        high,
        live,
        intervals.resample_counts(is_b, resamples, generator),
    )
    none = np.isnan(decide.points)
    tested = np.nan if none else ks[np.searchsorted(ks, decide.points * (1 - 1e-9))]
    facts = {
        "points": decide.points,
        "of_a": decide.by_class[0],
        "of_b": decide.by_class[1],
        "random": mean[ks == tested].max(initial=-np.inf),
        "all": live if none else np.nan,
    }
    common = {"common": len(images["common_points"])}
    return {
        ("A", "tell"): Found(tell, {"points": tell.value * live, "live": live}),
        ("A", "decide"): Found(decide.share, facts),
        ("B", "single"): Found(intervals.auroc(images["scores_best_common"], is_b), common),
        ("B", "combination"): Found(intervals.auroc(images["scores_all_common"], is_b), common),
    }


def silent(activations: np.ndarray) -> np.ndarray:
    """Which maps are zero everywhere, bool (n, maps), of (n, rows, columns, maps)."""
    return ~activations.any(axis=(1, 2))


def of_silence(
    silence: Mapping[str, Mapping[str, Pair]],
    labels: Mapping[str, Pair],
    generator: np.random.Generator,
) -> Says:
    """C, from which maps are silent in which image.

    `silence[which][layer]` are bool (images, maps) of validation and of test, `labels[which]`
    their classes, for `all` images, and for the `sample` and the same `untrained`.
    """
    maps = silence["all"]["conv_2"][0].shape[1]
    of_conv_3 = np.arange(silence["all"]["conv_3"][0].shape[1])
    draws = {
        "conv_2": [np.arange(maps)],
        "conv_3": [generator.permutation(of_conv_3)[:maps] for _ in range(MAP_DRAWS)],
    }
    said = {}
    for layer, chosen in draws.items():
        right = {
            which: np.mean(
                [
                    statistics.silence_right(
                        layers[layer][0][:, some], labels[which][0],
                        layers[layer][1][:, some], labels[which][1],
                    )
                    for some in chosen
                ],
                axis=0,
            )
            for which, layers in silence.items()
        }  # fmt: skip
        facts = {
            "maps": len(chosen[0]),
            "sample": len(labels["sample"][0]),
            "trained": right["sample"].mean(),
            "untrained": right["untrained"].mean(),
        }
        said["C", layer] = Found(intervals.accuracy(right["all"]), facts)
    return said


def of_disagreements(only_cnn: int, only_mlp: int, p_value: float) -> Says:
    """D, from McNemar's table on the images of the pair."""
    facts = {"only_cnn": only_cnn, "only_mlp": only_mlp, "p": p_value}
    return {("D", "pair"): Found(intervals.share_won(only_cnn, only_mlp), facts)}


def of_maps(maps: statistics.Maps, resamples: int, generator: np.random.Generator) -> Says:
    """F, of one pair of networks."""
    counts = intervals.resample_counts(np.zeros(len(maps.matched)), resamples, generator)
    facts = {name: float(r.mean()) for name, r in maps._asdict().items()}
    gained = intervals.mean(maps.matched - maps.untrained, counts)
    return {
        ("F", "filters"): Found(gained, facts),
        ("F", "order"): Found(statistics.order_kept(maps, counts), facts),
    }


def of_patterns(status: np.ndarray, upper_bound: np.ndarray) -> Says:
    """E, from the search for what fires each map of conv_3: str and float64, (maps,) each."""
    dead = status == "dead"
    proven = dead & (upper_bound <= 0)
    share = Value(dead.mean(), proven.mean(), dead.mean()) if len(status) else intervals.NOTHING
    left = upper_bound[dead & ~proven]
    facts = {
        "maps": len(status),
        "unfired": np.isin(status, ("silent", "dead")).sum(),
        "found": (status == "silent").sum(),
        "proven": proven.sum(),
        "bound": left.max() if len(left) else np.nan,
    }
    return {("E", "patterns"): Found(share, facts)}


def of_field(fields: pd.DataFrame) -> Says:
    """G, from the boxes of pixels that reach each point of conv_3; low and high over the points."""
    sides = fields[["height", "width"]].to_numpy()
    corners = fields.sort_values(["row", "column"])
    apart = np.concatenate(
        [
            corners.groupby(across)[place].diff().dropna().to_numpy()
            for across, place in (("column", "top"), ("row", "left"))
        ]
    )
    return {
        ("G", part): Found(
            Value(float(np.median(of)), float(of.min()), float(of.max()))
            if of.size
            else intervals.NOTHING,
            {},
        )
        for part, of in (("field", sides), ("stride", apart))
    }


def of_features(conv_2: tuple[Pair, Pair], conv_3: tuple[Pair, Pair], ridge: float) -> Says:
    """H and I, from the pair's validation and test images, float32 (n, rows, columns, maps)."""

    def compare(layer: tuple[Pair, Pair], first: Feature, second: Feature) -> Found:
        one, other = (
            statistics.pair_right(*(tuple(map(feature, images)) for images in layer), ridge)
            for feature in (first, second)
        )
        value = intervals.accuracy_difference(one, other)
        known = len(one) > 0
        if not known:
            return Found(value, {})
        means = {"first": one.mean(), "second": other.mean(), "n": len(one)}
        return Found(value, {**means, "learnt": sum(map(len, layer[0]))})

    return {
        ("H", "conv_2"): compare(conv_2, levels, map_means),
        ("H", "conv_3"): compare(conv_3, levels, map_means),
        ("I", "levels"): compare(conv_3, levels, on_or_off),
    }


def levels(activations: np.ndarray) -> np.ndarray:
    """Every point's activation, (n, points)."""
    return activations.reshape(len(activations), np.prod(activations.shape[1:]))


def on_or_off(activations: np.ndarray) -> np.ndarray:
    """Which points are active, 0 or 1, (n, points)."""
    return levels(activations > 0).astype(np.float32)


def map_means(activations: np.ndarray) -> np.ndarray:
    """The mean of every map, (n, maps), in float64: of equal values exactly that."""
    return activations.mean(axis=(1, 2), dtype=float)


def of_shifts(
    right: Mapping[str, np.ndarray],
    shifts: np.ndarray,
    labels: np.ndarray,
    trained: int,
    resamples: int,
    generator: np.random.Generator,
) -> Says:
    """J, from whether `cnn` and `mlp` are right, bool (s, m), on images under each shift.

    `shifts` int (s, 2) and `trained` in pixels; `labels` (m,) are resampled within classes.
    """
    counts = intervals.resample_counts(labels, resamples, generator)
    distance = np.abs(shifts).max(axis=1)
    changes = {model: statistics.changes_by_shift(of, shifts) for model, of in right.items()}

    def facts(model: str) -> dict[str, float]:
        if not len(labels):
            return {}
        unmoved, moved = (right[model][distance == far].mean() for far in (0, distance.max()))
        pixels = {"pixels": distance.max(), "trained": trained}
        return {**pixels, "unmoved": unmoved, "moved": moved}

    spared = intervals.mean(changes["cnn"] - changes["mlp"], counts)
    return {
        ("J", "moved"): Found(intervals.mean(changes["cnn"], counts), facts("cnn")),
        ("J", "against_mlp"): Found(spared, facts("mlp")),
    }
