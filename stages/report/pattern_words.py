"""What the report says of input patterns: sentences that are true for any outcome."""

import numpy as np

from stages.report import pattern_figures as figures
from stages.report.blocks import are, count
from stages.report.results import LAYER, Results

ALIVE = ("reached", "unreached")
ALIKE = 0.9  # of the trained networks' rate: as good as the same


def _gathered(results: Results, name: str, layer: str = LAYER) -> np.ndarray:
    """One column over all networks, of one layer."""
    return np.concatenate(
        [found[name][found["layer"] == layer] for found in results.patterns.values()]
    )


def search(results: Results) -> str:
    """What was done, and how the search compares with images and with no training."""
    starts = results.params.patterns.starts
    status, rate = _gathered(results, "status"), _gathered(results, "success_rate")
    alive = np.isin(status, ALIVE)
    return (
        f"A point is one place of a map, and all places of a map look for the same thing: so the "
        f"search is for maps. For each, {count(starts, 'random image')} {are(starts)} changed step "
        f"by step until the map's mean before its ReLU is as high as it gets, with a price on ink "
        f"and on edges. The bar to pass is the highest of all {_images(results):,} images. "
        f"{_passed(rate[alive], count(len(results.patterns), 'network'))}"
        f"{_unreached(int((status == 'unreached').sum()))} {_control(results, rate[alive])}"
    )


def _passed(rate: np.ndarray, networks: str) -> str:
    """How many of the maps that images fire the search drives further, from their rates."""
    if not len(rate):
        return f"No map of {LAYER} is fired by any image ({networks})."
    past = int((rate > 0).sum())
    passed = "every one has" if past == len(rate) else f"{past:,} {'has' if past == 1 else 'have'}"
    return (
        f"Of the {count(len(rate), 'map')} of {LAYER} that some image fires ({networks}), {passed} "
        f"a random start that ends beyond all of them; {share(rate)} of the random starts do."
    )


def _unreached(maps: int) -> str:
    """Maps on which the search failed, where there are any."""
    if not maps:
        return ""
    return (
        f" {count(maps, 'map').capitalize()} {are(maps)} fired by images and by no pattern found: "
        f"there the search failed."
    )


def _control(results: Results, after: np.ndarray) -> str:
    """The same search on the networks before training."""
    before = _gathered(results, "untrained_success_rate")
    told = (
        f"The same search on the networks before training passes the images from {share(before)} "
        f"of its starts"
    )
    if len(after) and before.mean() >= ALIKE * after.mean():
        return f"{told}: that a pattern can be found says nothing about training."
    return f"{told}."


def _images(results: Results) -> int:
    return sum(results.images.values())


def share(values: np.ndarray) -> str:
    """A mean share in percent that is 0% or 100% only where all of it is."""
    if not np.size(values):
        return "–"
    mean = float(np.mean(values))
    if 0 < mean < 0.005:
        return "under 1%"
    if 0.999 < mean < 1:
        return "over 99.9%"
    return f"{mean:.1%}" if 0.99 < mean < 1 else f"{mean:.0%}"


def silent(results: Results) -> str:
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
        f"(all networks together). The search, where needed for the highest point and free of "
        f"prices and jitter, fires {silent} of them; {left}. A map that is silent on all data need "
        f"not be one that answers to nothing: the data lack what it asks for."
        if silent
        else f"{count(none, 'map').capitalize()} of {LAYER} {are(none)} fired by none of the "
        f"images (all networks together), and the search fires none of them: {left}. That a "
        f"search fails proves nothing; a bound does."
    )


def classes(results: Results) -> str:
    """What the class patterns reach, and what the network answers to them."""
    found = results.patterns[results.seed]
    told = "; ".join(class_facts(results))
    a, b = results.params.analysis.pair
    as_meant = found["class_logits"].argmax(axis=1) == [a, b, b, a]
    passed = int((as_meant & (found["class_value"] > found["class_natural_max"])).sum())
    meaning = (
        "Each passes every real image and is answered as meant: such a pattern suffices, which is "
        "not to say that the network needs it."
        if passed == len(as_meant)
        else f"{passed} of {len(as_meant)} pass every real image and are answered as meant."
    )
    return f"The same search for the classes in cnn-{results.seed}: {told}. {meaning}"


def class_facts(results: Results) -> list[str]:
    """What each class pattern reaches, beside real images, and how it is answered."""
    found = results.patterns[results.seed]
    return [
        f"{title}: {value:.1f}, real images up to {natural:.1f}, passed from {share(rate)} of the "
        f"random starts, answered {results.quoted(int(logits.argmax()))}"
        for title, value, natural, rate, logits in zip(
            figures.class_titles(results),
            found["class_value"],
            found["class_natural_max"],
            found["class_success_rate"],
            found["class_logits"],
            strict=True,
        )
    ]


def field(results: Results) -> str:
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
