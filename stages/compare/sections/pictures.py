"""The report's key figures beside each other, in the page alone: they are files of the runs."""

import base64

from stages.compare.comparison import Comparison

ORDER = 5
KEY = ("loop_edits", "differing_points", "separating_points", "class_means", "change_maps")


def numbers(comparison: Comparison) -> dict:
    """For each figure, what an experiment has of it, as base64."""
    figures = {
        key: [(of.name, base64.b64encode(of.figures[key].read_bytes()).decode("ascii"))
              for of in comparison.experiments if key in of.figures]
        for key in KEY
    }  # fmt: skip
    without = [of.name for of in comparison.experiments if not of.figures]
    return {"figures": figures, "without": without}
