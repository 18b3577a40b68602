"""The sections about maps and points: what they show, share, separate and leave silent."""

import numpy as np
import pandas as pd

from stages.common import network
from stages.report import figures, map_figures
from stages.report.blocks import Picture, Section, Table, are, count, median, plural, reach, share
from stages.report.results import LAYER, Results

LISTED = 20  # rows of a table of points


def layers(results: Results) -> Section:
    labels = results.exemplars["label"][map_figures.shown_exemplars(results)]
    shown = [results.quoted(int(label)) for label in labels]
    listed = results.params.analysis.exemplars
    cut = "" if listed == "auto" or len(listed) <= len(shown) else (
        f" The first {len(shown)} of the {len(listed)} images in analysis.exemplars are shown."
    )  # fmt: skip
    sides = {name: results.exemplars[name].shape[1:3] for name in network.CONV_LAYERS}
    wide, narrow = ("{} × {}".format(*sides[name]) for name in ("conv_1", LAYER))
    field = map_figures.receptive_field(results)
    text = (
        f"The same images through the three convolutional layers of cnn-{results.seed}. Each cell "
        f"is one map; its place is the same in every column, so that columns can be compared. In "
        f"conv_1 a map has {wide} points; in {LAYER} it has {narrow}, each of which sees "
        f"{field.height} × {field.width} pixels of the image, {field.stride} pixels apart.{cut}"
    )
    picture = Picture(
        "exemplars",
        map_figures.exemplars_through_layers,
        f"Map grids of conv_1, conv_2 and {LAYER} for {count(len(shown), 'image')}, of "
        f"{', '.join(shown)}. Maps that show anything: {_on(results)}.",
        "One colour scale for each layer, from 0 to the 99.5th percentile of what is shown.",
    )
    return Section("layers", _title(results, labels), (text,), (picture,))


def _title(results: Results, labels: np.ndarray) -> str:
    """`What do the maps show for three 4s?` where three are shown."""
    three = (labels == results.params.analysis.pair[0]).sum() == 3
    return f"What do the maps show{f' for three {plural(results, 0)}' if three else ''}?"


def _on(results: Results) -> str:
    """How many maps of each layer are on in the images shown: some cell above 0."""
    rows = map_figures.shown_exemplars(results)
    found = []
    for layer in network.CONV_LAYERS:
        on = results.exemplars[layer][rows].any(axis=(1, 2))
        found.append(f"{reach(on.sum(axis=1))} of {on.shape[1]} maps of {layer}")
    return ", ".join(found)


def common(results: Results) -> Section:
    a, b = results.names
    settings = results.params.statistics
    points = results.points[results.seed]
    only_a, only_b, both = map_figures.common_counts(results)
    text = (
        f"A point is common to a class when it is above {100 * settings.common_level:g}% of its "
        f"own maximum in at least {100 * settings.common_share:g}% of the class's validation "
        f"images. In cnn-{results.seed}, {count(only_a, 'point')} of {LAYER} {are(only_a)} common "
        f"to {a} and not to {b}, {only_b} to {b} and not to {a}, {both} to both."
    )
    return Section(
        "common",
        f"What do {plural(results, 0)} have in common, and what {plural(results, 1)}?",
        (text,),
        (
            Picture(
                "common_points",
                map_figures.common_points,
                f"The {results.exemplars[LAYER].shape[-1]} maps of {LAYER} for "
                f"{' and '.join(map_figures.typical(results))}; frames mark "
                f"{count(only_a, 'point')} common to {a} alone, {only_b} to {b} alone, {both} to "
                f"both.",
                "Both panels frame the same points. Maps are numbered row by row from 0.",
            ),
            Picture(
                "class_means",
                map_figures.class_means,
                f"Mean activation of every {LAYER} point over the test images of {a} and of {b}, "
                f"and the difference of the two, {_extremes(results)}.",
                f"Right: red points are higher for {b}, blue ones for {a}.",
            ),
        ),
        (
            _points_table(points[points["common_a"] & ~points["common_b"]], results, a, b),
            _points_table(points[points["common_b"] & ~points["common_a"]], results, b, a),
        ),
    )


def _extremes(results: Results) -> str:
    """The largest differences of the class means, in both directions, and where they are."""
    a, b = (values.mean(axis=0, dtype=np.float64) for values in results.pair_values)
    ends = {"from": np.argmin(b - a), "to": np.argmax(b - a)}
    told = []
    for word, place in ends.items():
        row, column, number = np.unravel_index(place, a.shape)
        told.append(f"{word} {(b - a).flat[place]:+.2f} (map {number}, ({row}, {column}))")
    return " ".join(told)


def _points_table(points: pd.DataFrame, results: Results, has: str, lacks: str) -> Table:
    a, b = results.names
    order = (points["auroc"] - 0.5).abs().sort_values(ascending=False, kind="stable").index
    rows = tuple(
        (
            f"map {point.map}, ({point.row}, {point.column})",
            f"{point.mean_a_test:.2f}",
            f"{point.mean_b_test:.2f}",
            f"{point.auroc_test:.3f}",
            f"{point.auroc_test_low:.3f} to {point.auroc_test_high:.3f}",
            f"{point.hedges_g:+.2f}",
        )
        for point in points.loc[order[:LISTED]].itertuples()
    )
    shown = f" the first {LISTED} of {len(points)}" if len(points) > LISTED else ""
    return Table(
        f"Points common to {has} and not to {lacks} (cnn-{results.seed}), most telling first"
        f"{shown and ':' + shown}.",
        ("point", f"mean {a}, test", f"mean {b}, test", "AUROC, test", "interval",
         "Hedges g, validation"),
        rows,
    )  # fmt: skip


def separating(results: Results) -> Section:
    a, b = results.names
    counts = {}
    for seed, points in results.points.items():
        live = points[~points["dead"]]
        counts[seed] = (len(live), int(((live["auroc_test"] - 0.5).abs() > 0.2).sum()))
    listed = ", ".join(f"{tell} of {live:,} (cnn-{s})" for s, (live, tell) in counts.items())
    best = figures.telling_points(results.points[results.seed])
    text = (
        f"AUROC is the chance that a point is higher in a random image of {b} than in one of {a}, "
        f"ties counted half: 0.5 tells nothing, 0 and 1 everything. Further than 0.2 from chance "
        f"on test images: {listed} of the live points.",
        f"The {len(best)} points that told most on validation images reach, on test images, "
        f"distances from chance of {(best['auroc_test'] - 0.5).abs().min():.3f} to "
        f"{(best['auroc_test'] - 0.5).abs().max():.3f}. {_differing(results)} With many images a "
        f"small difference is already significant, which is why effects are shown beside it.",
    )
    return Section(
        "separating",
        f"What separates {plural(results, 0)} from {plural(results, 1)}?",
        text,
        (
            Picture(
                "telling_points",
                figures.telling_distributions,
                f"Histograms of the {len(best)} most telling points of {LAYER} in the test images "
                f"of {a} and {b}; the best has AUROC {best.iloc[0]['auroc_test']:.3f}.",
                "Points are picked on validation images; values, AUROC and its DeLong interval "
                "are of test images.",
            ),
            Picture(
                "effect_significance",
                figures.effect_against_significance,
                f"Scatter of Hedges g against the q-value of every live point, and the AUROC "
                f"histogram of {count(len(counts), 'network')}. {_differing(results)}",
                "Left: Mann-Whitney on validation images, Benjamini-Hochberg over live points. "
                "Right: AUROC on test images.",
            ),
        ),
    )


def _differing(results: Results) -> str:
    """How many points differ by either measure in the first seed."""
    points = results.points[results.seed]
    live = points[~points["dead"]]
    far = (live["auroc_test"] - 0.5).abs() > 0.2
    return (
        f"Of {len(live):,} live points in cnn-{results.seed}, {share(live['q_value'] < 0.05)} "
        f"differ at a false-discovery rate of 5% and {share(far)} have an AUROC further than 0.2 "
        f"from chance."
    )


def silent(results: Results) -> Section:
    rows = []
    for seed, layers in results.maps.items():
        for layer, maps in layers.items():
            never = maps[maps["never_active"]]
            bound = f"{never['active_upper'].iloc[0]:.2%}" if len(never) else "–"
            rows.append(
                (f"cnn-{seed}", layer, str(len(maps)), str(len(never)), bound,
                 median(maps["selectivity"]))
            )  # fmt: skip
    images = int(results.maps[results.seed][LAYER]["images"].iloc[0])
    total = sum(int(row[3]) for row in rows)
    text = (
        f"A map is silent in an image when none of its points is above 0. "
        f"{count(total, 'map').capitalize()} {are(total)} silent in all {images:,} validation "
        f"and test images, counted over all networks and layers; a map never seen active in n "
        f"images may still answer to up to 1 − 0.05^(1/n) of such images."
    )
    table = Table(
        "Maps never active, the 95% upper bound on the rate of images that could wake one, and "
        "the median class selectivity of the others.",
        ("network", "layer", "maps", "never active", "upper bound", "median selectivity"),
        tuple(rows),
    )
    return Section("silent", "Which maps stay silent?", (text,), (), (table,))
