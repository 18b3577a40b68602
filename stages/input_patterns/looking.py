"""The searches for the targets of one layer: the usual one, and what is tried where it fails."""

from typing import NamedTuple

import numpy as np

from stages.common.params import Patterns
from stages.input_patterns import search, targets
from stages.input_patterns.starts import random_starts
from stages.input_patterns.subject import LOGITS, Subject
from stages.input_patterns.targets import Natural, Searched

LONGER = 4  # times as many steps for maps that the usual search does not activate
WAY = (0.05, 0.2, 0.5)  # of the steps, after which the images are kept
HEAT = 1 / 8  # of the steps, which all of a thousand starts go
FINALISTS = 1 / 20  # of them, the best, go on, LONGER
AT_ONCE = 4096  # images in one search, for memory


class Insisted(NamedTuple):
    """What was reached of q maps that no image activates: with penalties, then without."""

    images: np.ndarray  # float32 (q, 2, side, side)
    values: np.ndarray  # float32 (q, 2), the point before its activation


def improve(
    subject: Subject, name: str, starts: np.ndarray, known: Natural, settings: Patterns,
    generators: list[np.random.Generator], highest: bool = False, watch: bool = False,
) -> Searched:  # fmt: skip
    """Improve the starts of t targets, float32 (t, s, side, side), and see what they reach.

    `generators`, one a target, draw the jitter. `highest` raises the highest point of a map instead
    of its mean. The way is the start and the end alone, but with `watch`.
    """
    count, each, *size = starts.shape
    target = np.arange(count).repeat(each)
    # In units of the target's spread over real images: penalties then weigh alike.
    directions = (known.directions / known.spread[:, np.newaxis])[target]
    probe, flat = subject.probe(name, highest), starts.reshape(-1, *size)
    draws = (settings.steps, each, 2)
    jitter = [of.integers(0, 2 * settings.jitter, draws, endpoint=True) for of in generators]
    jitter = np.stack(jitter, axis=1).reshape(settings.steps, len(flat), 2)
    looks = [max(1, round(share * settings.steps)) for share in WAY if watch]
    frames = search.search(probe, flat, directions, settings, jitter, name, looks)
    response, images = subject.respond(name, frames[-1]), frames[-1]
    values = np.einsum("nc,nc->n", response.value, known.directions[target])
    channel = known.directions.argmax(axis=1)[target]
    activates = response.highest[np.arange(len(images)), channel] > 0
    way = np.stack([flat, *frames], axis=1)
    by_target = (of.reshape(count, each, *of.shape[1:]) for of in (images, values, activates, way))
    return Searched(known, *by_target)


def free(settings: Patterns) -> Patterns:
    """The settings of a longer search without penalties and jitter."""
    unbound = {"l2": 0.0, "total_variation": 0.0, "jitter": 0, "steps": LONGER * settings.steps}
    return settings.model_copy(update=unbound)


def some_of(natural: Natural, rows: np.ndarray) -> Natural:
    """The targets `rows`, numbers or bool (t,)."""
    return Natural(*(values[rows] for values in natural))


def look_for(
    subject: Subject, name: str, directions: np.ndarray, settings: Patterns,
    generators: list[np.random.Generator], twice: bool,
) -> Searched:  # fmt: skip
    """Search for images that raise the layer `name` (or the logits) along each direction.

    `directions` is float32 (t, channels). Every target has its own generator, of random starts and
    jitter, so that its search is the same whatever other targets there are. With `twice`, the
    maps that no random start activates are searched a second time, for their highest point,
    longer, without penalties and jitter: does anything activate them? Of points that is done where
    an image does; `insist` looks at the others. There is no jitter in the patch that a point sees.
    The way is kept with `twice`.
    """
    known, side = targets.natural(subject.seen[name], directions), subject.side(name)
    if not len(directions):
        none = np.zeros((0, settings.starts + 1), np.float32)
        images = np.zeros((*none.shape, side, side), np.float32)
        return Searched(known, images, none, none > 0, images[:, :, np.newaxis])
    of_points = name in subject.fields
    settings = settings.model_copy(update={"jitter": 0}) if of_points else settings
    drawn = np.stack([random_starts(settings.starts, side, of) for of in generators])
    real = subject.patches(name, known.top[:, :1], directions.argmax(axis=1))
    starts = np.concatenate([drawn, real], axis=1)
    first = improve(subject, name, starts, known, settings, generators, watch=twice)
    quiet = ~first.activates[:, :-1].any(axis=1)
    quiet &= known.active | (not of_points)
    if name == LOGITS or not (twice and quiet.any()):
        return first
    # They are few, so that more steps cost little.
    some, of_quiet = some_of(known, quiet), [generators[row] for row in np.flatnonzero(quiet)]
    again = subject, name, starts[quiet], some, free(settings), of_quiet
    second = improve(*again, highest=True, watch=twice)
    return targets.completed(first, second, quiet)


def insist(
    subject: Subject, name: str, first: Searched, rows: np.ndarray, labels: np.ndarray,
    settings: Patterns, generators: list[np.random.Generator],
) -> Insisted:  # fmt: skip
    """What else activates the points of the maps `rows`, int (q,), that no image activates?

    After the usual search with penalties, its random starts without them, longer, and with and
    without them the best real patch of each class, by `labels` (images,). Where none of these
    activates the map, `settings.silent_starts` random starts do what they can.
    """
    known = some_of(first.natural, rows)
    channels = known.directions.argmax(axis=1)
    best = targets.best_of_classes(subject.seen[name].value[:, channels], labels)
    real, random = subject.patches(name, best, channels), first.way[rows, :-1, 0]
    of_rows = [generators[row] for row in rows]
    priced = settings.model_copy(update={"jitter": 0})
    modes = (priced, free(settings))
    ends = improve(subject, name, real, known, priced, of_rows)
    starts = np.concatenate([random, real], axis=1)
    without = improve(subject, name, starts, known, modes[1], of_rows)
    images = [np.concatenate([first.images[rows], ends.images], axis=1), without.images]
    values = [np.concatenate([first.values[rows], ends.values], axis=1), without.values]
    reached = zip(*map(highest, images, values), strict=True)
    result = Insisted(*(np.stack(of, axis=1) for of in reached))
    for mode, of in enumerate(modes):
        still = np.flatnonzero(result.values[:, mode] <= 0)
        for part in np.array_split(still, -(-len(still) * of.silent_starts // AT_ONCE) or 1):
            if not len(part):
                continue
            racing = of.model_copy(update={"steps": settings.steps})
            found = race(subject, name, some_of(known, part), racing, [of_rows[r] for r in part])
            image, value = highest(*found)
            better = value > result.values[part, mode]
            result.images[part[better], mode] = image[better]
            result.values[part[better], mode] = value[better]
    return result


def race(
    subject: Subject, name: str, known: Natural, settings: Patterns,
    generators: list[np.random.Generator],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Images (t, finalists, side, side) and values from `settings.silent_starts` random starts.

    All go HEAT of the steps; the best of them go on from there, for LONGER than usual.
    """
    count, side = settings.silent_starts, subject.side(name)
    starts = np.stack([random_starts(count, side, of) for of in generators])
    short = settings.model_copy(update={"steps": max(1, round(HEAT * settings.steps))})
    heat = improve(subject, name, starts, known, short, generators)
    order = np.argsort(-heat.values, axis=1, kind="stable")[:, : max(1, round(FINALISTS * count))]
    last = np.take_along_axis(heat.images, order[..., np.newaxis, np.newaxis], axis=1)
    long = settings.model_copy(update={"steps": LONGER * settings.steps})
    final = improve(subject, name, last, known, long, generators)
    return final.images, final.values


def highest(images: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The image (t, side, side) of the highest of its target's values (t, s), and that value."""
    place = np.arange(len(values)), values.argmax(axis=1)
    return images[place], values[place]
