"""How few points flip half of the images: by effect, in random order, in each resample.

k is the first number of points along an order whose interchange flips at least half of a class's
test images that the network answers rightly; an image counts by the share of its sources that flip
it. The share need not rise with every point. Where it falls below a half again, the first k
stands. It is all live points where no k flips half.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stages.common.cases import HALF
from stages.common.controls import pairing
from stages.common.edits import each_k, edit, prepare, single_point_effects
from stages.common.trained import Head
from stages.interventions.patching import Images, Patch, make_patch
from stages.interventions.rankings import Study, best_first, resampled_orders

GRID = 0.02  # of the live points, between the sets tried along a random order


class Half(NamedTuple):
    """How many points flip half, float64 (R,) each; row 0 is of the images as they are."""

    k: np.ndarray  # by effect
    random_k: np.ndarray  # mean over random orders


def answered_rightly(images: Images) -> Images:
    """Only those images whose label the unedited network answers."""
    right = images.right
    kept = (images.points[right], right[right], images.difference[right])
    return Images(images.label, *kept, images.mean)


def grid(live: int, step: int) -> tuple[int, ...]:
    """0, then every `step`-th number of points, and all of them."""
    return (*range(0, live, step), live)


def crossings(
    head: Head, patch: Patch, order: np.ndarray, ks: Sequence[int], weights: np.ndarray
) -> np.ndarray:
    """k in each resample, float64 (R,), for `weights` (R, n) of base images answered rightly.

    `ks` rise from one at which no resample has reached a half. Between two of them the share is
    taken to be linear, and k is the first whole number at which it is a half: exact where `ks` are
    neighbours. The length of `order` where none is reached, NaN where no image has weight.
    """
    total = weights.sum(axis=1, dtype=float) * patch.sources
    found = np.where(total > 0, float(len(order)), np.nan)
    waiting, weights = total > 0, weights.astype(float)
    before, low = 0, np.zeros(len(total))
    for k, logits in zip(ks, each_k(head, patch.prepared, order, ks), strict=True):
        flips = (logits.argmax(axis=0) == patch.target).reshape(-1, patch.sources).sum(axis=1)
        share = weights @ flips / np.where(total > 0, total, 1)
        reached = waiting & (share >= HALF)
        part = (HALF - low[reached]) / (share[reached] - low[reached])
        found[reached] = np.minimum(np.ceil(before + part * (k - before)), k)  # it rounds
        waiting &= ~reached
        if not waiting.any():
            break
        before, low = k, share
    return found


def first_k(head: Head, patch: Patch, order: np.ndarray, weights: np.ndarray, step: int) -> float:
    """k of one weighting (1, n): every `step`-th number of points, then every one in the block.

    Where `step` is above 1, a share that reaches a half and falls below it again before the block's
    end is not seen.
    """
    (k,) = crossings(head, patch, order, grid(len(order), step), weights)
    if step > 1 and k > 0:  # not NaN
        start = int(k - 1) // step * step
        ks = range(start, min(start + step, len(order)) + 1)
        (k,) = crossings(head, patch, order, ks, weights)
    return float(k)


def by_effect(head: Head, patch: Patch, orders: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """k along the order of each resample, float64 (R,): `orders` int (R, m), `weights` (R, n).

    Row 0 tries every number of points. The others go in steps of the root of its k, which takes the
    fewest tries.
    """
    observed = first_k(head, patch, orders[0], weights[:1], 1)
    step = max(1, math.isqrt(int(np.nan_to_num(observed))))
    pairs = zip(orders[1:], weights[1:, np.newaxis], strict=True)
    return np.array([observed, *(first_k(head, patch, *each, step) for each in pairs)])


def half_flipped(
    head: Head, patch: Patch, orders: np.ndarray, random_orders: np.ndarray, weights: np.ndarray
) -> Half:
    """How many points flip half in each resample.

    `orders` int (R, m) are redone in each, `random_orders` (S, m) are the same in all; `weights`
    (R, n) are of the base images. NaN where none of these has weight.
    """
    live = orders.shape[1]
    ks = grid(live, max(1, round(GRID * live)))
    drawn = [crossings(head, patch, order, ks, weights) for order in random_orders]
    return Half(by_effect(head, patch, orders, weights), np.mean(drawn, axis=0))


def image_ks(
    head: Head, pair: tuple[int, int], base: Images, source: Images, live: np.ndarray
) -> np.ndarray:
    """How few points flip each image, int (n,), each by its own order; all where none does.

    The points take the mean of the class of `source`. Their order is by what each alone changes in
    this image.
    """
    sign = 1 if source.label == pair[1] else -1
    effects = sign * single_point_effects(head, base.points, source.mean, pair)[live]
    prepared = prepare(head, base.points, source.mean)
    hidden, waiting = prepared.hidden.T.copy(), np.arange(len(base.points))
    found = np.full(len(waiting), len(live))
    for k, points in enumerate(best_first(effects, live), 1):
        added = points[waiting]
        hidden += prepared.change[added, waiting, np.newaxis] * head.dense_kernel[added]
        logits = head.activate(hidden) @ head.logits_kernel + head.logits_bias
        flipped = logits.argmax(axis=1) == source.label
        found[waiting[flipped]] = k
        waiting, hidden = waiting[~flipped], hidden[~flipped]
        if not len(waiting):
            break
    return found


def nearest(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Euclidean distance of each of `points` (n, p) to the nearest of `known` (v, p): (n,)."""
    squares = [np.einsum("ij,ij->i", of, of) for of in (points, known)]
    distances = squares[0][:, np.newaxis] + squares[1] - 2 * points @ known.T
    return np.sqrt(np.maximum(distances.min(axis=1), 0))


def edited_distance(
    base: np.ndarray, source: np.ndarray, partners: np.ndarray, chosen: np.ndarray,
    known: np.ndarray,
) -> float:  # fmt: skip
    """Median of `nearest` over images whose `chosen` points come from their sources.

    `base` float32 (n, p), `source` (s, p), `partners` int (n, m) rows of `source`.
    """
    mask = np.zeros(base.shape[1], np.float32)
    mask[chosen] = 1
    return float(np.median([nearest(edit(base, mask, source[of]), known) for of in partners.T]))


def own_partners(n: int, sources: int, generator: np.random.Generator) -> np.ndarray:
    """As `controls.pairing`, rows of the n images themselves, but each image's own: int (n, m)."""
    others = pairing(n, max(n - 1, 0), sources, generator)
    return others + (others >= np.arange(n)[:, np.newaxis])


def flipped_share(head: Head, patch: Patch, chosen: np.ndarray) -> float:
    """Share of base images, all their sources alike, that flip when `chosen` points are edited."""
    _, logits = each_k(head, patch.prepared, chosen, (0, len(chosen)))
    return float((logits.argmax(axis=0) == patch.target).mean())


def description(
    study: Study, images: list[Images], partners: np.ndarray, own: np.ndarray, order: np.ndarray,
    k: float,
) -> dict[str, float]:  # fmt: skip
    """What stands beside k in half.csv, where `images` are the edited and those of the other class.

    `partners` and `own` int (n, m) are rows of the other class and of the same. NaN where there is
    no k, and of the same class where it has a single image.
    """
    (whole, source), known = images, np.concatenate(study.validation)
    base, right = answered_rightly(whole), whole.right
    names = ("image_k", "flipped", "same_class", "real", "edited", "edited_same")
    row = dict.fromkeys(names, np.nan)
    if np.isnan(k):
        return row
    chosen = order[: int(k)]
    row["image_k"] = float(np.median(image_ks(study.head, study.pair, base, source, study.live)))
    row["real"] = float(np.median(nearest(base.points, known)))
    cases = (("flipped", "edited", source, partners), ("same_class", "edited_same", whole, own))
    for share, distance, taken, rows in cases:
        if rows.shape[1]:
            patch = make_patch(study.head, "interchange", base, taken, rows[right])
            row[share] = flipped_share(study.head, patch._replace(target=source.label), chosen)
            row[distance] = edited_distance(base.points, taken.points, rows[right], chosen, known)
    return row


def of_direction(
    study: Study, direction: str, images: list[Images], partners: np.ndarray, own: np.ndarray,
    random_orders: np.ndarray, weights: dict[str, np.ndarray],
) -> tuple[dict, dict[str, np.ndarray]]:  # fmt: skip
    """The row of half.csv, and the columns of resamples.csv; NaN where nothing can be flipped.

    `weights` (R, n), by split, are of the images of the class that is edited.
    """
    base, source = images
    k = random_k = np.full(len(weights["test"]), np.nan)
    orders = resampled_orders(study.changes[direction], study.live, weights["validation"])
    if base.right.any() and len(study.live):
        rightly, rows = answered_rightly(base), partners[base.right]
        patch = make_patch(study.head, "interchange", rightly, source, rows)
        tested = weights["test"][:, base.right]
        k, random_k = half_flipped(study.head, patch, orders, random_orders, tested)
    row = {"direction": direction, "live": len(study.live), "k": k[0], "random_k": random_k[0]}
    row |= description(study, images, partners, own, orders[0], k[0])
    columns = {"k": k, "random_k": random_k, "half": k / random_k}
    return row, {f"{name}_{direction}": values for name, values in columns.items()}
