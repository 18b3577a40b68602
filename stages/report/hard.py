"""The section about hard cases: one image that the network got wrong or nearly wrong."""

from stages.report import intervention_figures as figures
from stages.report.blocks import Picture, Section, count
from stages.report.results import LAYER, Results


def hard_case(results: Results) -> Section:
    """One image the network got wrong or nearly wrong, point by point."""
    rows = figures.explained_image(results)
    if rows.empty:
        text = "No image shown has a point that pushed it the wrong way: there is none to explain."
        return Section("hard", "What pushes a hard image the wrong way?", (text,))
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
