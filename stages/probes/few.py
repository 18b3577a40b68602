"""Claim A: whether very few points tell the classes apart, and whether they are needed for it."""

from collections.abc import Iterable

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
    fitted: Discriminant, validation: Images, points: np.ndarray, ridges: tuple[float, ...],
    names: Iterable[str] = ("all", "few", "without"),
) -> dict[str, Selected]:  # fmt: skip
    """The probes on `all` points, on `points` int (R, k), and `without` them, those of `names`.

    `fitted` to fit images; the ridge is selected on validation images.
    """
    whole = np.arange(len(fitted.mean))
    probes = {
        "all": lambda ridge: discriminant.on_first(fitted, whole, [len(whole)], ridge),
        "few": lambda ridge: discriminant.on_sets(fitted, points, ridge),
        "without": lambda ridge: discriminant.without(fitted, points, ridge),
    }
    return {name: select([probes[name](of) for of in ridges], validation) for name in names}


def report(chosen: dict[str, Selected], test: Images) -> dict[str, np.ndarray]:
    """The columns of claim A, (R,) each: errors on test images, and what they are above `all`."""
    errors = {name: selected.error(test) for name, selected in chosen.items()}
    losses = {"tell_loss": "few", "needs_loss": "without"}
    return {f"error_{name}": of for name, of in errors.items()} | {
        loss: errors[name] - errors["all"] for loss, name in losses.items() if name in errors
    }
