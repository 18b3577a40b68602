"""Path patching: from which points of the last conv layer the units get the classes' difference.

A path goes from a point p through one unit u to the logit difference. To patch it, the unit
alone sees the point at the other class's mean m_p: its value before the activation changes by
w_pu (m_p - x_p), and nothing else does (Goldowsky-Dill et al. 2023, 2304.05969).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import measures
from stages.common.cases import DIRECTIONS
from stages.common.controls import control_columns, controlled
from stages.common.trained import Head

POINTS = 12  # that a diagram has room for
UNITS = 6


class Flow(NamedTuple):
    """Images of one class that take another class's mean, on paths."""

    head: Head
    weights: np.ndarray  # (units,): of a unit in the logit difference towards the other class
    points: np.ndarray  # float32 (n, points)
    mean: np.ndarray  # float32 (points,): of the other class

    def effect(self, sources: np.ndarray, units: np.ndarray) -> float:
        """Mean change of the logit difference when all paths from `sources` to `units` change."""
        before = self.head.hidden(self.points)[:, units]
        kernel = self.head.dense_kernel[np.ix_(sources, units)]
        after = before + (self.mean[sources] - self.points[:, sources]) @ kernel
        return float(self._change(before, after).mean(axis=0, dtype=float) @ self.weights[units])

    def effects(self, sources: np.ndarray, units: np.ndarray) -> np.ndarray:
        """The same for every path alone, float64 (sources, units)."""
        change = self.mean[sources] - self.points[:, sources]
        hidden, effects = self.head.hidden(self.points), np.empty((len(sources), len(units)))
        for column, unit in enumerate(units):
            before = hidden[:, [unit]]
            after = before + change * self.head.dense_kernel[sources, unit]
            means = self._change(before, after).mean(axis=0, dtype=float)
            effects[:, column] = means * self.weights[unit]
        return effects

    def _change(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        return self.head.activate(after) - self.head.activate(before)


def flows(
    head: Head, weights: np.ndarray, images: tuple, means: tuple[np.ndarray, np.ndarray]
) -> dict[str, Flow]:
    """Both directions, for images of a and of b, (n, points) each, and the classes' means."""
    (a, b), (mean_a, mean_b) = images, means
    cases = ((weights, a, mean_b), (-weights, b, mean_a))
    return {direction: Flow(head, *case) for direction, case in zip(DIRECTIONS, cases, strict=True)}


def most_effect(known: dict[str, Flow], live: np.ndarray, units: np.ndarray) -> np.ndarray:
    """The points with most effect through `units` together, of both directions; int (at most 12).

    `known` are flows of validation images, `live` int (m,) the points to choose from.
    """
    total = sum(flow.effects(live, units).sum(axis=1) for flow in known.values())
    return live[np.argsort(-total, kind="stable")[:POINTS]]


def paths_table(
    reported: dict[str, Flow], sources: np.ndarray, units: np.ndarray, side: int
) -> pd.DataFrame:
    """Rows of `paths.csv`: every path from `sources` to `units`, each patched alone.

    Points stand in the order map, row, column; a map has `side` rows and columns.
    """
    head, repeated = reported["a_to_b"].head, np.repeat(sources, len(units))
    columns = {"map": repeated // side**2, "row": repeated // side % side}
    columns |= {"column": repeated % side, "unit": np.tile(units, len(sources))}
    columns |= {"weight": head.dense_kernel[np.ix_(sources, units)].ravel()}
    for name, direction in zip("ba", DIRECTIONS, strict=True):
        columns[f"mean_{name}"] = np.repeat(reported[direction].mean[sources], len(units))
    for direction, flow in reported.items():
        columns[f"effect_{direction}"] = flow.effects(sources, units).ravel()
    return pd.DataFrame(columns)


def shares_table(
    reported: dict[str, Flow], sources: np.ndarray, units: np.ndarray, live: np.ndarray,
    stand_ins: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `path_shares.csv`: what paths patched together change, of all points in all units.

    `stand_ins` int (controls, points) are random points for the same units.
    """
    compared, rows = controlled((len(sources),), len(live)), []
    for direction, flow in reported.items():
        every = np.arange(len(flow.mean))
        effect = flow.effect(every, np.arange(len(flow.weights)))
        whole = effect if effect > 0 else np.nan  # else there is nothing to have a share of
        drawn = [flow.effect(of[sources], units) for of in stand_ins] if compared else [np.nan]
        share = flow.effect(sources, units) / whole
        controls = np.array(drawn) / whole
        row = {"direction": direction, "points": len(sources), "units": len(units), "share": share}
        row |= control_columns("share_control", controls)
        row |= {"share_p": float(measures.empirical_p(share, controls))}
        rows.append(row | {"units_share": flow.effect(every, units) / whole})
    return pd.DataFrame(rows)
