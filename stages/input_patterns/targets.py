"""What a search aims at, what real images reach of it, and what the search made of it."""

from typing import NamedTuple

import numpy as np

from stages.common.names import DEAD, REACHED, SILENT, UNREACHED
from stages.input_patterns.probes import Response

TOP = 5  # real images kept for each target


class Natural(NamedTuple):
    """What real images reach of each of t targets."""

    maximum: np.ndarray  # float32 (t,)
    spread: np.ndarray  # float32 (t,), standard deviation; 1 where all images do the same
    top: np.ndarray  # int32 (t, TOP), rows of the images, highest first
    alive: np.ndarray  # bool (t,), whether any image activates it


class Found(NamedTuple):
    """What the search reached of each of t targets: all random starts, then one from data."""

    images: np.ndarray  # float32 (t, starts + 1, 28, 28)
    values: np.ndarray  # float32 (t, starts + 1), as in `Natural`
    fires: np.ndarray  # bool (t, starts + 1), after the ReLU


def natural(response: Response, directions: np.ndarray) -> Natural:
    """From the response to real images; `directions` is float32 (t, channels)."""
    values = response.mean @ directions.T
    spread = values.std(axis=0)
    top = np.argsort(-values, axis=0, kind="stable")[:TOP].T
    return Natural(
        values.max(axis=0),
        np.where(spread > 0, spread, 1).astype(np.float32),
        top.astype(np.int32),
        (response.highest.max(axis=0) > 0) @ (directions > 0).T,
    )


def success_rate(found: Found, known: Natural) -> np.ndarray:
    """The share of the random starts that end beyond every real image, float32 (t,)."""
    beyond = found.values[:, :-1] > known.maximum[:, np.newaxis]
    return beyond.mean(axis=1, dtype=np.float32)


def statuses(found: Found, known: Natural) -> np.ndarray:
    """A word for each map, str (t,), by what activates it.

                           a random start does   none does
        some image does    reached               unreached
        no image does      silent                dead

    The start from the best real image counts only where no real image activates the map: else
    the image would pass for the search's success.
    """
    searched = np.where(known.alive, found.fires[:, :-1].any(axis=1), found.fires.any(axis=1))
    fired_by_images = np.where(searched, REACHED, UNREACHED)
    return np.where(known.alive, fired_by_images, np.where(searched, SILENT, DEAD))


def completed(found: Found, again: Found, quiet: np.ndarray, known: Natural) -> Found:
    """`found`, with what a second search for the targets `quiet`, bool (t,), adds.

    That search is for whatever fires a map. Where images do, too, the first one's patterns stay.
    """
    images, values, fires = (each.copy() for each in found)
    fires[quiet] |= again.fires
    instead = ~known.alive[quiet]
    rows = np.flatnonzero(quiet)[instead]
    images[rows], values[rows] = again.images[instead], again.values[instead]
    fires[rows] = again.fires[instead]
    return Found(images, values, fires)


def best(found: Found, known: Natural) -> tuple[np.ndarray, np.ndarray]:
    """The pattern of the highest value of each target, (t, 28, 28), and that value, (t,).

    Of the random starts: the start from data would hand a real image on as what the search
    found. It counts where no image fires the map. Of the starts, those that fire the map come
    before all others.
    """
    counted = np.ones(found.values.shape, bool)
    counted[known.alive, -1] = False
    fire = counted & found.fires
    counted = np.where(fire.any(axis=1, keepdims=True), fire, counted)
    chosen = np.where(counted, found.values, -np.inf).argmax(axis=1)
    rows = np.arange(len(chosen))
    return found.images[rows, chosen], found.values[rows, chosen]
