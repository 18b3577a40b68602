"""The section about hard cases: one image that the network got wrong or nearly wrong."""

import numpy as np

from stages.report import intervention_figures as figures
from stages.report.blocks import Picture, Section, count
from stages.report.results import LAYER, Results

EXPLAINED = ("hard", "wrong", "listed")  # roles of images whose points are looked at


def hard_case(results: Results) -> Section:
    """One image the network got wrong or nearly wrong, point by point."""
    rows = figures.explained_image(results)
    if rows.empty:
        return Section("hard", "What pushes a hard image the wrong way?", (_none(results),))
    first, last = rows.iloc[0], rows.iloc[-1]
    label = int(first["label"])
    a, b = results.names
    text = (
        f"Test image {int(first['index'])} is {results.one(label)}, answered "
        f"{results.quoted(figures.answer_to(results, int(first['index'])))}. Its logit difference "
        f"({b} minus {a}) is {first['logit_difference']:+.2f}. Each bar is how far one point's "
        f"value pushed it the wrong way, against the mean of its own class; with "
        f"{count(len(rows), 'point')} at that mean it would be "
        f"{last['corrected_difference']:+.2f}. Effects do not add up: there is a ReLU between."
    )
    listed = f"{count(len(rows), 'point')} that pushed it the wrong way"
    picture = Picture(
        "wrong_image",
        figures.wrong_image,
        f"Test image {int(first['index'])}, its maps of {LAYER} with the {listed} framed, and a "
        f"bar for the push of each: {abs(first['effect']):.2f} for the first, "
        f"{abs(last['effect']):.2f} for the last.",
        f"Framed and as bars: the {listed}, the strongest first. The tables in data/interventions "
        "have those of every hard image.",
    )
    return Section("hard", "What pushes a hard image the wrong way?", (text,), (picture,))


def _none(results: Results) -> str:
    """Why there is no image to explain: none was looked at, or none was pushed."""
    a, b = results.names
    of_pair = np.isin(results.exemplars["label"], results.params.analysis.pair)
    looked_at = int((of_pair & np.isin(results.exemplars["role"], EXPLAINED)).sum())
    if not looked_at:
        return (
            f"What pushes an image the wrong way is asked of images of {a} and {b} that are hard, "
            f"wrongly answered or listed in analysis.exemplars. This run keeps none, so that it "
            f"was not asked."
        )
    images = count(looked_at, "image")
    return (
        f"In {images} of {a} and {b}, hard, wrongly answered or listed in analysis.exemplars, no "
        f"point pushed the wrong way: there is none to explain."
    )
