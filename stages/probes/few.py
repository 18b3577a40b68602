"""Claim A: whether very few points tell the classes apart, and whether they are needed for it."""

import numpy as np

from stages.common import discriminant
from stages.common.discriminant import Discriminant
from stages.probes.scoring import Images, Selected, select

# Of the forward selection alone. A small one would pick points for the chance in their covariance.
SELECTION_RIDGE = 0.3


def count(live: int, share: float) -> int:
    """How many points are very few of the `live` ones: `share` of them, at least one."""
    return max(1, round(share * live))


def best_points(validation: Images, most: int) -> np.ndarray:
    """The `most` points that separate the classes best together, int (R, most), best first."""
    values, is_b, weights = validation
    return discriminant.forward_orders(values, is_b, weights, SELECTION_RIDGE, most)


def choose(
    fitted: Discriminant, validation: Images, points: np.ndarray, ridges: tuple[float, ...]
) -> dict[str, Selected]:
    """The probes on `all` points, on `points` int (R, k), and `without` them.

    `fitted` to fit images; the ridge is selected on validation images.
    """
    whole = [np.arange(len(fitted.mean))]
    probes = {
        "all": [discriminant.on_first(fitted, whole[0], [len(whole[0])], of) for of in ridges],
        "few": [discriminant.on_sets(fitted, points, of) for of in ridges],
        "without": [discriminant.without(fitted, points, of) for of in ridges],
    }
    return {name: select(of, validation) for name, of in probes.items()}


def report(chosen: dict[str, Selected], test: Images) -> dict[str, np.ndarray]:
    """The columns of claim A, (R,) each: errors on test images."""
    errors = {f"error_{name}": selected.error(test) for name, selected in chosen.items()}
    return errors | {
        "tell_loss": errors["error_few"] - errors["error_all"],
        "needs_loss": errors["error_without"] - errors["error_all"],
    }
