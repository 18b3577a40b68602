"""The search for the smallest change: all images at once, step by step.

For an image x with the lead L of its target class, the search looks for

    min |d|_1   where   L(x + d) >= margin   and   0 <= x + d <= 1

|d|_1 counts ink: 1 is one pixel from background to full ink. A penalised search, as of Chen et al.
2018 (EAD, 1709.04114), needs a weight for each image, found by bisection. This one needs none.
Each step takes the tangent of L at the present d in the place of L, and solves what is left exactly
within a radius around d: sequential linear programming (Griffith & Stewart 1961), with the tangent
as in Croce & Hein 2020 (FAB, 1907.02044). What is left is a continuous knapsack (Dantzig 1957): the
pixels with the steepest slope first, each as far as it can go. The radius shrinks from step to
step, and the slope is a mean over the last few, or the steps would go to and fro between the linear
pieces of a network.
"""

import numpy as np

from stages.smallest_change.lead import Lead

STEPS = 150
RADII = 0.5, 0.003  # of the first and the last step: the most by which a pixel changes
KEPT = 0.9  # of the mean slope, from one step to the next
BEYOND = 0.003  # of the way to the margin: a step aims beyond it, since tangents promise too much
HALVINGS = 25  # of the interval in which the end of `pruned` lies


def next_change(
    change: np.ndarray, slope: np.ndarray, need: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The change of least L1 norm whose tangent meets the margin, float64 (n, pixels).

    `slope` (n, pixels) is the gradient of the lead at `change` (n, pixels), `need` (n,) what the
    lead lacks there. Each pixel's change stays between `low` and `high`, (n, pixels). Where the
    margin is out of reach, all pixels with a slope go as far as they can.
    """
    least = np.clip(0, low, high)
    need = need - ((least - change) * slope).sum(axis=1)
    room = np.where(slope > 0, high, low) - least
    gain = np.maximum(room * slope, 0)
    order = np.argsort(-np.abs(slope), axis=1, kind="stable")
    ordered = np.take_along_axis(gain, order, axis=1)
    lacking = need[:, np.newaxis] - (np.cumsum(ordered, axis=1) - ordered)
    part = np.divide(lacking, ordered, out=np.zeros_like(ordered), where=ordered > 0)
    taken = np.empty_like(part)
    np.put_along_axis(taken, order, np.clip(part, 0, 1), axis=1)
    return least + taken * room


def search(lead: Lead, images: np.ndarray, margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Changed images, float32 (n, side, side), and which reached the margin, bool (n,).

    `images` float32 (n, side, side) from 0 to 1, `margin` (n,) in logits. Of all steps that reached
    the margin, the one with the least L1 norm counts, pruned; the last one where none did.
    """
    flat = images.reshape(len(images), -1).astype(float)
    change, slope, best = np.zeros_like(flat), 0.0, np.zeros_like(flat)
    least = np.full(len(flat), np.inf)
    for number, radius in enumerate(np.geomspace(*RADII, STEPS)):
        here = _applied(images, change)
        reached = lead(here)
        if not number:
            aim = margin + BEYOND * np.maximum(margin - reached, 0)
        size = np.abs(change).sum(axis=1)
        better = (reached >= margin) & (size < least)
        least, best = np.where(better, size, least), np.where(better[:, None], change, best)
        gradient = lead.gradient(here).reshape(flat.shape).astype(float)
        slope = KEPT * slope + (1 - KEPT) * gradient if number else gradient
        low, high = np.maximum(-flat, change - radius), np.minimum(1 - flat, change + radius)
        change = next_change(change, slope, aim - reached, low, high)
    found = np.isfinite(least)
    best = np.where(found[:, np.newaxis], pruned(lead, images, best, margin), change)
    return _applied(images, best), found


def pruned(lead: Lead, images: np.ndarray, change: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """`change` (n, pixels) without what the margin does not need, the smallest parts first.

    Bisection over how much ink is taken back. It ends where the margin is just reached; `change`
    must reach it.
    """
    order = np.argsort(np.abs(change), axis=1, kind="stable")
    sizes = np.take_along_axis(np.abs(change), order, axis=1)
    before = np.cumsum(sizes, axis=1) - sizes

    def without(ink: np.ndarray) -> np.ndarray:
        left = np.empty_like(sizes)
        np.put_along_axis(left, order, sizes - np.clip(ink[:, None] - before, 0, sizes), axis=1)
        return np.sign(change) * left

    low, high = np.zeros(len(change)), sizes.sum(axis=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = lead(_applied(images, without(middle))) >= margin
        low, high = np.where(reached, middle, low), np.where(reached, high, middle)
    return without(low)


def _applied(images: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The changed images, as the network gets them."""
    whole = images + change.reshape(images.shape)
    return np.clip(whole, 0, 1).astype(np.float32)
