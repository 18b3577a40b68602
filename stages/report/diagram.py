"""A diagram of boxes in columns, and lines between them as wide as what passes along."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from stages.report import plots

COLORS = {True: plots.COLOR_C, False: plots.COLOR_BOTH}  # of a line whose weight is above 0
WIDEST = 9  # of the lines between two columns, in printer's points


class Box(NamedTuple):
    """One node: where it stands, what is written in it and which class it is higher for."""

    text: str
    x: float
    y: float
    is_b: bool


def column(x: float, texts: Sequence[str], is_b: Sequence[bool], reach: float = 1) -> list[Box]:
    """Boxes one below the other, centred, over `reach` of the height."""
    margin = (1 - reach * (1 - 1 / max(1, len(texts)))) / 2
    heights = np.linspace(1 - margin, margin, len(texts)) if len(texts) > 1 else [0.5]
    return [Box(*of) for of in zip(texts, [x] * len(texts), heights, is_b, strict=True)]


def draw_boxes(axes: plots.Axes, boxes: Sequence[Box]) -> None:
    """The boxes, in the colour of the class."""
    for box in boxes:
        look = {"boxstyle": "round,pad=0.35", "fc": plots.PAIR[box.is_b], "ec": "white"}
        centred = {"ha": "center", "va": "center", "color": "white", "weight": "bold"}
        axes.text(box.x, box.y, box.text, bbox=look, fontsize=9.5, zorder=3, **centred)


def draw_lines(
    axes: plots.Axes, left: Sequence[Box], right: Sequence[Box], amounts: np.ndarray, weights
) -> None:
    """Lines from every left to every right box; `amounts` and `weights` (left, right).

    Width and opacity are the size of the amount. The widest lie below, so that thin ones are seen.
    """
    shares = np.abs(amounts) / (np.abs(amounts).max(initial=0) or 1)
    for place in np.argsort(-shares, axis=None, kind="stable"):
        i, j = np.unravel_index(place, shares.shape)
        ends = [left[i].x, right[j].x], [left[i].y, right[j].y]
        look = {"color": COLORS[bool(weights[i, j] > 0)], "alpha": 0.2 + 0.6 * shares[i, j]}
        axes.plot(*ends, lw=WIDEST * shares[i, j], zorder=1, solid_capstyle="butt", **look)


def legend(figure: plots.Figure, names: tuple[str, str]) -> None:
    """What the colours mean, for the names of classes a and b."""
    look = {"ls": "", "marker": "s", "markersize": 10}
    marks = [Line2D([], [], color=color, **look) for color in plots.PAIR]
    marks += [Line2D([], [], lw=5, color=color, alpha=0.8) for color in COLORS.values()]
    texts = [f"higher for {name}" for name in names] + ["weight above 0", "weight below 0"]
    figure.legend(marks, texts, loc="outside lower center", ncols=4, fontsize=10, handlelength=2.5)
