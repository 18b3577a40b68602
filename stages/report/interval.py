"""The small plot of one part of a claim, as SVG in the page's colours.

Above: a dot for each network or pair of networks, then their mean with its interval; hollow, the
mean of the repeat. Behind them the threshold, the claim's side of it, and differences that do not
matter. `style.css` has the colours.
"""

import math
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 360, 74
EDGE = 12  # pixels left free on either side
DOTS, MEAN, REPEAT, TEXT = 14, 33, 48, 69  # rows, as heights
SPREAD = (0, -4, 4, -8, 8)  # of neighbouring dots
SIDES = {"above": "right", "at least": "right", "below": "left", "at most": "left"}


class Axis(NamedTuple):
    """Values on the horizontal axis."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of a value, in pixels, within the plot."""
        share = (value - self.low) / (self.high - self.low)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)


def numbers(part: dict, *names: str) -> list[float]:
    """Those of its numbers that exist."""
    known = (part.get(name) for name in names)
    return [x for x in known if x is not None and math.isfinite(x)]


def dots(part: dict) -> list[float]:
    """The values of its replicates, from low to high."""
    return sorted(of["value"] for of in part["values"] if of["value"] is not None)


def axis(part: dict, repeat: dict | None) -> Axis:
    """Reaches over everything that is drawn."""
    limit, margin = part["threshold"], part["margin"] or 0
    shown = [limit - margin, limit + margin, *dots(part), *numbers(part, "mean", "low", "high")]
    shown += numbers(repeat or {}, "mean", "low", "high")
    low, high = min(shown), max(shown)
    free = 0.06 * (high - low) or 1
    return Axis(low - free, high + free)


def spoken(part: dict, repeat: dict | None) -> str:
    """What the plot shows, in words."""
    short = part["short"]
    texts = [f"{short['replicates']}: {short['values']}"] if short["values"] else ["no value"]
    if short["mean"]:
        texts.append(f"mean {short['mean']}, 95% interval {short['interval']}")
    texts.append(f"the claim asks for {short['asked']}")
    if repeat and repeat["short"]["mean"]:
        texts.append(f"repeat: mean {repeat['short']['mean']}")
    return "; ".join(texts)


def plot(part: dict, repeat: dict | None = None) -> Markup:
    """One part of `claims.json` as `<svg>`, beside the same part of the repeat."""
    of, limit, side = axis(part, repeat), part["threshold"], SIDES.get(part["side"])
    edge, bottom = of.at(limit), HEIGHT - 16
    marks = []
    if side:
        start, end = (edge, WIDTH) if side == "right" else (0, edge)
        marks.append(_box("claimed", start, end, bottom))
    if part["margin"]:
        ends = (of.at(limit + sign * part["margin"]) for sign in (-1, 1))
        marks.append(_box("margin", *ends, bottom))
    marks.append(f'<path class="limit" d="M{edge} 0V{bottom}"/>')
    for place, value in enumerate(dots(part)):
        height = DOTS + SPREAD[place % len(SPREAD)]
        marks.append(f'<circle class="dot" cx="{of.at(value)}" cy="{height}" r="3"/>')
    for name, shown, height in (("mean", part, MEAN), ("repeat", repeat, REPEAT)):
        marks += _mean(name, of, shown, height)
    words = part["short"]["asked"].replace(";", " ").split()
    text = next(word for word in words if any(map(str.isdigit, word)))
    marks.append(f'<text x="{edge}" y="{TEXT}" text-anchor="middle">{escape(text)}</text>')
    label = escape(spoken(part, repeat))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return Markup(
        f'<svg class="interval" {size} role="img" aria-label="{label}">{"".join(marks)}</svg>'
    )


def _box(name: str, start: float, end: float, bottom: float) -> str:
    return f'<rect class="{name}" x="{start}" width="{end - start:.1f}" height="{bottom}"/>'


def _mean(name: str, of: Axis, part: dict | None, height: float) -> list[str]:
    if not part or not numbers(part, "mean"):
        return []
    marks, ends = [], numbers(part, "low", "high")
    if len(ends) == 2:
        low, high = map(of.at, ends)
        marks.append(f'<path class="{name}" d="M{low} {height}H{high}"/>')
    mark = f'<circle class="{name}" cx="{of.at(part["mean"])}" cy="{height}" r="4.5"/>'
    return [*marks, mark]
