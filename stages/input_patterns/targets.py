"""What a search aims at, what real images reach of it, and what the search made of it."""

from typing import NamedTuple

import numpy as np

from stages.common.cases import DEAD, REACHED, SILENT, UNREACHED
from stages.input_patterns.subject import Response

TOP = 5  # real images kept for each target


class Natural(NamedTuple):
    """What real images reach of each of t targets."""

    directions: np.ndarray  # float32 (t, channels), what counts of a response
    maximum: np.ndarray  # float32 (t,)
    spread: np.ndarray  # float32 (t,), standard deviation; 1 where all images do the same
    top: np.ndarray  # int32 (t, TOP), rows of the images, highest first
    active: np.ndarray  # bool (t,), whether any image activates it


class Searched(NamedTuple):
    """What the search reached of each of t targets: all random starts, then one from data."""

    natural: Natural
    images: np.ndarray  # float32 (t, starts + 1, side, side)
    values: np.ndarray  # float32 (t, starts + 1), as in `Natural`
    activates: np.ndarray  # bool (t, starts + 1), after the activation
    way: np.ndarray  # float32 (t, starts + 1, frames, side, side), from the start to the image


def natural(response: Response, directions: np.ndarray) -> Natural:
    """From the response to real images; `directions` is float32 (t, channels)."""
    values = response.value @ directions.T
    spread = values.std(axis=0)
    top = np.argsort(-values, axis=0, kind="stable")[:TOP].T
    return Natural(
        directions,
        values.max(axis=0),
        np.where(spread > 0, spread, 1).astype(np.float32),
        top.astype(np.int32),
        (response.highest.max(axis=0) > 0) @ (directions > 0).T,
    )


def best_of_classes(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The image with the highest of `values` (n, t) in each class, int (t, classes present)."""
    rows = (np.flatnonzero(labels == label) for label in np.unique(labels))
    return np.stack([of[values[of].argmax(axis=0)] for of in rows], axis=1)


def success_rate(searched: Searched) -> np.ndarray:
    """The share of the random starts that end beyond every real image, float32 (t,)."""
    beyond = searched.values[:, :-1] > searched.natural.maximum[:, np.newaxis]
    return beyond.mean(axis=1, dtype=np.float32)


def statuses(searched: Searched) -> np.ndarray:
    """A word for each map, str (t,), by what activates it.

                           a random start does   none does
        some image does    reached               unreached
        no image does      silent                dead

    The start from the best real image counts only where no real image activates the map: else
    the image would pass for the search's success.
    """
    activates, active = searched.activates, searched.natural.active
    by_search = np.where(active, activates[:, :-1].any(axis=1), activates.any(axis=1))
    words = np.array([[DEAD, SILENT], [UNREACHED, REACHED]])
    return words[active.astype(int), by_search.astype(int)]


def completed(first: Searched, again: Searched, quiet: np.ndarray) -> Searched:
    """`first`, with what a second search for the targets `quiet`, bool (t,), adds.

    It is for whatever activates a map: where images do, too, the patterns of the first stay.
    """
    images, values, activates, way = (each.copy() for each in first[1:])
    stay, rows = first.natural.active[quiet], np.flatnonzero(quiet)
    activates[rows] = again.activates | (activates[rows] & stay[:, np.newaxis])
    for old, new in ((images, again.images), (values, again.values), (way, again.way)):
        old[rows[~stay]] = new[~stay]
    return Searched(first.natural, images, values, activates, way)


def chosen(searched: Searched) -> np.ndarray:
    """The start whose ending is the pattern of each target, int (t,): the highest value.

    Of the random starts: the start from data would pass a real image off as a pattern of the
    search. It counts where no image activates the map. Of the starts, those that activate the
    map come before all others.
    """
    counted = np.ones(searched.values.shape, bool)
    counted[searched.natural.active, -1] = False
    activating = counted & searched.activates
    counted = np.where(activating.any(axis=1, keepdims=True), activating, counted)
    return np.where(counted, searched.values, -np.inf).argmax(axis=1)


def best(searched: Searched) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each target's pattern (t, side, side), its value (t,) and the way to it, (t, frames, ...)."""
    place = np.arange(len(searched.values)), chosen(searched)
    return searched.images[place], searched.values[place], searched.way[place]


def beyond(searched: Searched) -> np.ndarray:
    """How far the best value lies above the highest real image, in standard deviations, (t,)."""
    return (best(searched)[1] - searched.natural.maximum) / searched.natural.spread
