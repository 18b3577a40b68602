"""The section about input patterns: what do the maps, and the classes, look for?"""

import numpy as np

from stages.report import pattern_figures as figures
from stages.report import pattern_words as words
from stages.report.blocks import Picture, Section, Table
from stages.report.results import LAYER, Results


def patterns(results: Results) -> Section:
    """What the search found for maps and for classes, against real images and no training."""
    a, b = results.names
    return Section(
        "patterns",
        "What do those points look for?",
        tuple(say(results) for say in (words.search, words.silent, words.classes, words.field)),
        _pictures(results, a, b),
        (_table(results),),
    )


def _pictures(results: Results, a: str, b: str) -> tuple[Picture, ...]:
    status = figures.of_layer(results.patterns[results.seed], LAYER)["status"]
    silent, dead, failed = ((status == word).sum() for word in ("silent", "dead", "unreached"))
    telling, found = figures.telling_maps(results), results.patterns[results.seed]
    pictures = [
        Picture(
            "pattern_wall",
            figures.pattern_wall,
            f"{len(status)} small images, one a map of {LAYER}, grouped by the class for which the "
            f"map is most active; {silent} framed as silent on all data, {dead} crossed out as "
            f"fired by nothing, {failed} struck out since the search failed.",
            "The most selective maps of a class come first; those that no test image fires serve "
            "none and come last. Black is ink. A pink frame: no real image fires the map, the "
            "pattern does. A cross: nothing fires it. A single line: images fire it, the search "
            "does not.",
        ),
        Picture(
            "telling_patterns",
            figures.telling_patterns,
            f"{len(telling)} maps of {LAYER}, each with its pattern and the five real images that "
            f"raise its mean most; the first, map {telling.iloc[0]['map']}, has a point of AUROC "
            f"{telling.iloc[0]['auroc_test']:.3f}."
            if len(telling)
            else f"No map of {LAYER} is live.",
            f"Half are chosen by the AUROC of their best point, half by its effect on the logit "
            f"difference, on validation images; AUROC is of test images, effect in logits. "
            f"Frame: blue, the point is higher for {a}; orange, for {b}.",
        ),
        Picture(
            "class_patterns",
            figures.class_patterns,
            "Four patterns, each with five real images and the ten logits of the pattern: "
            + "; ".join(words.class_facts(results))
            + ".",
            f"Bars: the ten logits of the pattern, blue for {a}, orange for {b}.",
        ),
    ]
    if "conv_1" in results.params.patterns.layers:
        ink = figures.of_layer(found, "conv_1")["pattern"].mean(axis=(1, 2))
        pictures.append(
            Picture(
                "first_layer",
                figures.first_layer,
                f"The kernels of conv_1 and the patterns of their {len(ink)} maps; "
                f"{(ink > 0.5).sum()} patterns are mostly ink, the others mostly empty.",
                "The mean of a conv_1 map is a linear function of the image: where the kernel's "
                "weights sum to more than 0, ink everywhere is best, else an empty image. At the "
                "border only part of the kernel counts, which draws the edges. What a single "
                "point asks for is the kernel itself.",
            )
        )
    return tuple(pictures)


def _table(results: Results) -> Table:
    rows = []
    for seed, found in results.patterns.items():
        for layer in results.params.patterns.layers:
            of = figures.of_layer(found, layer)
            alive = np.isin(of["status"], words.ALIVE)
            silent, dead = ((of["status"] == word).sum() for word in ("silent", "dead"))
            proven = ((of["status"] == "dead") & (of["upper_bound"] <= 0)).sum()
            passed = (of["success_rate"][alive] > 0).sum()
            rows.append(
                (f"cnn-{seed}", layer, str(len(alive)), f"{passed} of {alive.sum()}", str(silent),
                 f"{dead} ({proven})", words.share(of["success_rate"][alive]),
                 words.share(of["untrained_success_rate"]),
                 f"{_beyond(of, '')[alive].mean():+.1f}" if alive.any() else "–",
                 f"{_beyond(of, 'untrained_').mean():+.1f}")
            )  # fmt: skip
    return Table(
        "Maps; those that images fire and a random start drives beyond all images; those that the "
        "search alone fires, and that nothing fires (in parentheses: proven to answer to nothing); "
        "the share of random starts that end beyond all images; and how far the best pattern is "
        "beyond the highest image, in standard deviations of the images, mean over maps.",
        ("network", "layer", "maps", "passed", "by search alone", "by nothing", "starts beyond",
         "before training", "distance", "before training"),
        tuple(rows),
    )  # fmt: skip


def _beyond(of: dict[str, np.ndarray], when: str) -> np.ndarray:
    """How far the best value is beyond the highest image, in standard deviations, (maps,)."""
    value, highest = of[f"{when}value"], of[f"{when}natural_max"]
    return (value - highest) / of[f"{when}natural_spread"]
