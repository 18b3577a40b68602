"""The section about input patterns: what do the maps, and the classes, look for?"""

import numpy as np

from stages.report import pattern_figures as figures
from stages.report.blocks import Picture, Section, Table, are, count
from stages.report.results import LAYER, Results

ALIVE = ("reached", "unreached")


def patterns(results: Results) -> Section:
    """What the search found for maps and for classes, against real images and no training."""
    a, b = results.names
    return Section(
        "patterns",
        "What do those points look for?",
        (_search(results), _silent(results), _classes(results), _field(results)),
        _pictures(results, a, b),
        (_table(results),),
    )


def _gathered(results: Results, name: str, layer: str = LAYER) -> np.ndarray:
    """One column over all networks, of one layer."""
    return np.concatenate(
        [found[name][found["layer"] == layer] for found in results.patterns.values()]
    )


def _search(results: Results) -> str:
    """What was done, and how the search compares with images and with no training."""
    starts = results.params.patterns.starts
    status, rate = _gathered(results, "status"), _gathered(results, "success_rate")
    alive = np.isin(status, ALIVE)
    before = _gathered(results, "untrained_success_rate").mean()
    return (
        f"For every map, {count(starts, 'random image')} {are(starts)} changed "
        f"step by step until the map's mean before its ReLU is as high as it gets, with a price "
        f"on ink and on edges. The bar to pass is the highest of all {_images(results):,} images. "
        f"{_passed(rate[alive], count(len(results.patterns), 'network'))} The same search on the "
        f"networks before training passes the images from {_share(before)} of its starts: that a "
        f"pattern can be found says nothing about training, what it shows may."
    )


def _passed(rate: np.ndarray, networks: str) -> str:
    """How many of the maps that images fire the search drives further, from their rates."""
    if not len(rate):
        return f"No map of {LAYER} is fired by any image ({networks})."
    past = int((rate > 0).sum())
    passed = "every one has" if past == len(rate) else f"{past:,} {'has' if past == 1 else 'have'}"
    return (
        f"Of the {count(len(rate), 'map')} of {LAYER} that some image fires ({networks}), {passed} "
        f"a random start that ends beyond all of them; {_share(rate)} of the random starts do."
    )


def _images(results: Results) -> int:
    return sum(results.images.values())


def _share(values) -> str:
    mean = float(np.mean(values)) if np.size(values) else 0.0
    if 0.999 < mean < 1:
        return "over 99.9%"  # and not 100%
    return f"{mean:.1%}" if 0.99 < mean < 1 else f"{mean:.0%}"


def _silent(results: Results) -> str:
    """Maps that no image fires: which of them the search wakes, and which are proven dead."""
    status, bound = _gathered(results, "status"), _gathered(results, "upper_bound")
    silent, dead = (status == "silent").sum(), (status == "dead").sum()
    none = silent + dead
    if not none:
        return (
            f"Every map of {LAYER} is fired by some image, in every network: there is none of "
            "which one could say that it answers to nothing."
        )
    proven = (bound[status == "dead"] <= 0).sum()
    left = (
        f"{count(dead, 'map')} {are(dead)} left that no start fires, {proven} of them proven to "
        "answer to no image at all"
        if dead
        else "none is left that nothing fires"
    )
    return (
        f"{count(none, 'map').capitalize()} of {LAYER} {are(none)} fired by none of the images "
        f"(all networks together). The search, free of prices and jitter there, fires {silent} of "
        f"them; {left}. A map that is silent on all data need not be one that answers to "
        f"nothing: the data lack what it asks for."
        if silent
        else f"{count(none, 'map').capitalize()} of {LAYER} {are(none)} fired by none of the "
        f"images (all networks together), and the search fires none of them: {left}. That a "
        f"search fails proves nothing; a bound does."
    )


def _classes(results: Results) -> str:
    """What the class patterns reach, and what the network answers to them."""
    found = results.patterns[results.seed]
    told = [
        f"{value:.1f} for the {title} (real images up to {natural:.1f}; the pattern is answered "
        f"{results.quoted(int(logits.argmax()))})"
        for title, value, natural, logits in zip(
            figures.class_titles(results),
            found["class_value"],
            found["class_natural_max"],
            found["class_logits"],
            strict=True,
        )
    ]
    return (
        f"The same search for the classes in cnn-{results.seed} reaches {', '.join(told)}. Such "
        "a pattern is what suffices, not what the network needs: no one would write it."
    )


def _field(results: Results) -> str:
    """How much of the image a point sees, as measured."""
    fields = results.fields[results.fields["layer"] == LAYER]
    first = fields.iloc[0]
    apart = sorted(fields["top"].unique())
    step = f", {apart[1] - apart[0]} pixels from one to the next" if len(apart) > 1 else ""
    bottom = int((fields["top"] + fields["height"]).max())
    right = int((fields["left"] + fields["width"]).max())
    return (
        f"A point of {LAYER} sees {first['height']} × {first['width']} pixels{step}, measured "
        f"with positive weights and one lit pixel at a time. Rows from {bottom} and columns from "
        f"{right} on reach no point, so no answer depends on them."
    )


def _pictures(results: Results, a: str, b: str) -> tuple[Picture, ...]:
    found = figures.of_layer(results, LAYER)
    status = found["status"]
    silent, dead = (status == "silent").sum(), (status == "dead").sum()
    telling = figures.telling_maps(results)
    pictures = [
        Picture(
            "pattern_wall",
            figures.pattern_wall,
            f"{len(status)} small images, one a map of {LAYER}, grouped by the class for which the "
            f"map is most active; {silent} framed as silent on all data, {dead} crossed out.",
            "The most selective maps of a class come first. Black is ink. A pink frame: no real "
            "image fires the map, the pattern does. A cross: nothing fires it. A single line: "
            "images fire it, the search does not.",
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
            "Patterns that raise "
            + ", ".join(figures.class_titles(results))
            + ", each with five real images and the ten logits of the pattern.",
            f"Bars: the ten logits of the pattern, blue for {a}, orange for {b}.",
        ),
    ]
    if "conv_1" in results.params.patterns.layers:
        full = (figures.of_layer(results, "conv_1")["pattern"].mean(axis=(1, 2)) > 0.5).sum()
        pictures.append(
            Picture(
                "first_layer",
                figures.first_layer,
                f"The kernels of conv_1 and the patterns of their maps; {full} patterns are mostly "
                "ink, the others mostly empty.",
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
            of = {
                name: values[found["layer"] == layer]
                for name, values in found.items()
                if len(values) == len(found["layer"]) and not name.startswith("class_")
            }
            alive = np.isin(of["status"], ALIVE)
            silent, dead = ((of["status"] == word).sum() for word in ("silent", "dead"))
            proven = ((of["status"] == "dead") & (of["upper_bound"] <= 0)).sum()
            passed = (of["success_rate"][alive] > 0).sum()
            rows.append(
                (f"cnn-{seed}", layer, str(len(alive)), f"{passed} of {alive.sum()}", str(silent),
                 f"{dead} ({proven})", _share(of["success_rate"][alive]),
                 _share(of["untrained_success_rate"]),
                 f"{_beyond(of, '')[alive].mean() if alive.any() else 0:+.1f}",
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
