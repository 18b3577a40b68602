"""What a search aims at, what real images reach of it, and what the search made of it."""

from typing import NamedTuple

import numpy as np

from stages.common.params import Patterns
from stages.input_patterns.probes import Response

TOP = 5  # real images kept for each target
REACHED, SILENT, UNREACHED, DEAD = "reached", "silent", "unreached", "dead"


class Natural(NamedTuple):
    """What real images reach of each of t targets."""

    maximum: np.ndarray  # float32 (t,)
    spread: np.ndarray  # float32 (t,), standard deviation; 1 where all images do the same
    top: np.ndarray  # int32 (t, TOP), rows of the images, highest first
    top_values: np.ndarray  # float32 (t, TOP)
    alive: np.ndarray  # bool (t,), whether any image makes it fire after the ReLU


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
        np.take_along_axis(values.T, top, axis=1),
        (response.highest.max(axis=0) > 0) @ (directions > 0).T,
    )


def success_rate(found: Found, known: Natural) -> np.ndarray:
    """The share of the random starts that end beyond every real image, float32 (t,)."""
    beyond = found.values[:, :-1] > known.maximum[:, np.newaxis]
    return beyond.mean(axis=1, dtype=np.float32)


def statuses(found: Found, known: Natural) -> np.ndarray:
    """A word for each map, str (t,), by whether it fires: for a real image, for the search.

                        a random start   no start fires it
        images fire it  reached          unreached
        none does       silent           dead

    The start from the best real image counts only where no real image fires the map: else the
    image would pass for the search's success.
    """
    searched = np.where(known.alive, found.fires[:, :-1].any(axis=1), found.fires.any(axis=1))
    words = np.where(known.alive, UNREACHED, DEAD)
    return np.where(searched, np.where(known.alive, REACHED, SILENT), words)


def free(known: Natural, settings: Patterns) -> np.ndarray:
    """Whether each start of each target is neither priced nor moved, bool (t * (starts + 1),).

    Prices and jitter make patterns easier to read. Where no image fires a map, the question is
    whether anything does, and any pattern counts.
    """
    return np.repeat(~known.alive, settings.starts + 1)


def best(found: Found, known: Natural) -> tuple[np.ndarray, np.ndarray]:
    """The pattern of the highest value of each target, (t, 28, 28), and that value, (t,).

    Of the random starts: the start from data would hand a real image on as what the search
    found. It counts where no image fires the map.
    """
    counted = found.values.copy()
    counted[known.alive, -1] = -np.inf
    rows, chosen = np.arange(len(counted)), counted.argmax(axis=1)
    return found.images[rows, chosen], counted[rows, chosen]
