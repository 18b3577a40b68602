"""What input activates a map? Feature visualisation: images improved until one map, or one
logit, answers strongly.

In:  `data/raw/dataset.npz`, the CNN's weights.
Out: `data/input_patterns/cnn-{seed}.npz`: the best pattern of every map and of four targets among
     the logits, beside the real images that come closest; `cnn-{seed}.csv`: the search in short.

The same search on the network before training is the control. Of a seed that is not among
`analysis.shown_seeds` the logits and the maps that no image activates are searched alone, without a
control: what the claims read.
"""

import time
from collections.abc import Iterable

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network, trained
from stages.common.backend import prepare
from stages.common.cases import CLASS_TARGETS, DEAD, SILENT, UNREACHED
from stages.common.intervals import Value
from stages.common.names import SPLITS
from stages.common.params import Patterns, read_params
from stages.common.run import Run
from stages.input_patterns import bounds, search, targets
from stages.input_patterns.starts import random_starts
from stages.input_patterns.subject import LOGITS, Subject
from stages.input_patterns.targets import Natural, Searched

LONGER = 4  # times as many steps for maps that a high mean does not activate


def class_directions(pair: tuple[int, int], classes: int) -> np.ndarray:
    """CLASS_TARGETS among the logits, float32 (4, classes)."""
    directions = np.zeros((len(CLASS_TARGETS), classes), np.float32)
    directions[:, list(pair)] = list(CLASS_TARGETS.values())
    return directions


def improve(
    subject: Subject, name: str, starts: np.ndarray, known: Natural, settings: Patterns,
    generators: list[np.random.Generator], highest: bool = False,
) -> Searched:  # fmt: skip
    """Improve the starts of t targets, float32 (t, s, side, side), and see what they reach.

    `generators`, one a target, draw the jitter. `highest` raises the highest point of a map instead
    of its mean.
    """
    count, each, *size = starts.shape
    target = np.arange(count).repeat(each)
    # In units of the target's spread over real images: penalties then weigh alike.
    directions = (known.directions / known.spread[:, np.newaxis])[target]
    probe, flat = subject.probe(name, highest), starts.reshape(-1, *size)
    draws = (settings.steps, each, 2)
    jitter = [of.integers(0, 2 * settings.jitter, draws, endpoint=True) for of in generators]
    jitter = np.stack(jitter, axis=1).reshape(settings.steps, len(flat), 2)
    images = search.search(probe, flat, directions, settings, jitter, name)
    response = subject.observe(images[..., np.newaxis])[name]
    values = np.einsum("nc,nc->n", response.mean, known.directions[target])
    channel = known.directions.argmax(axis=1)[target]
    activates = response.highest[np.arange(len(images)), channel] > 0
    by_target = (of.reshape(count, each, *of.shape[1:]) for of in (images, values, activates))
    return Searched(known, *by_target)


def look_for(
    subject: Subject, name: str, directions: np.ndarray, settings: Patterns,
    generators: list[np.random.Generator], twice: bool,
) -> Searched:  # fmt: skip
    """Search for images that raise the layer `name` (or the logits) along each direction.

    `directions` is float32 (t, channels). Every target has its own generator, of random starts and
    jitter, so that its search is the same whatever other targets there are. A high mean
    activates most maps. With `twice`, those that it does not are searched a second time, for
    their highest point, longer, without penalties and jitter: does anything activate them?
    """
    known = targets.natural(subject.seen[name], directions)
    if not len(directions):
        none = np.zeros((0, settings.starts + 1), np.float32)
        images = np.zeros((*none.shape, *subject.inputs.shape[1:3]), np.float32)
        return Searched(known, images, none, none > 0)
    side = subject.inputs.shape[1]
    drawn = np.stack([random_starts(settings.starts, side, of) for of in generators])
    starts = np.concatenate([drawn, subject.inputs[known.top[:, :1], ..., 0]], axis=1)
    first = improve(subject, name, starts, known, settings, generators)
    quiet = ~first.activates[:, :-1].any(axis=1)
    if not (twice and quiet.any()):
        return first
    # They are few, so that more steps cost little.
    unbound = {"l2": 0.0, "total_variation": 0.0, "jitter": 0, "steps": LONGER * settings.steps}
    free = settings.model_copy(update=unbound)
    some = Natural(*(values[quiet] for values in known))
    of_quiet = [generators[row] for row in np.flatnonzero(quiet)]
    second = improve(subject, name, starts[quiet], some, free, of_quiet, highest=True)
    return targets.completed(first, second, quiet)


def generators_of(targets: Iterable[int], *seeds: int) -> list[np.random.Generator]:
    """A generator for each target, which `seeds` and its number determine."""
    return [np.random.default_rng((*seeds, int(target))) for target in targets]


def pattern_arrays(searched: Searched, prefix: str = "") -> dict:
    """The arrays that maps and targets among the logits have in common."""
    pattern, value = targets.best(searched)
    return {
        f"{prefix}pattern": pattern,
        f"{prefix}value": value,
        f"{prefix}natural_max": searched.natural.maximum,
        f"{prefix}success_rate": targets.success_rate(searched),
    }


def map_arrays(layer: str, maps: np.ndarray, searched: Searched, bound: np.ndarray) -> dict:
    """The rows of the searched `maps`, int (m,), of a layer with the `bound` of each, (m,).

    `top` are rows of the images that come closest.
    """
    return {
        "layer": np.full(len(maps), layer),
        "map": maps.astype(np.int32),
        **pattern_arrays(searched),
        "status": targets.statuses(searched),
        "upper_bound": bound,
        "top": searched.natural.top,
    }


def counts_row(layer: str, active: np.ndarray, arrays: dict, searched: list[Searched]) -> dict:
    """One layer in short: maps `active` in real images, bool (maps,), and its `map_arrays`.

    `searched` is the search of all maps, trained and untrained; empty where it was of others alone.
    """
    status, bound = arrays["status"], arrays["upper_bound"]
    dead, maps = status == DEAD, len(active)
    proven = dead & (bound <= 0)
    open_bounds = bound[dead & ~proven]
    row = {
        "layer": layer,
        "maps": maps,
        "active": active.sum(),
        "silent": (status == SILENT).sum(),
        "dead": dead.sum(),
        "proven": proven.sum(),
        **Value(dead.sum() / maps, proven.sum() / maps, dead.sum() / maps).columns("dead_share"),
        "bound": open_bounds.max() if len(open_bounds) else np.nan,
    }
    if searched:
        after, before = searched
        row["unreached"] = float((status == UNREACHED).sum())
        row["passed"] = float((arrays["success_rate"][active] > 0).sum())
        row["untrained_success_rate"] = targets.success_rate(before).mean()
        row["untrained_distance"] = targets.beyond(before).mean()
        if active.any():
            row["success_rate"] = arrays["success_rate"][active].mean()
            row["distance"] = targets.beyond(after)[active].mean()
    return row


def story(row: dict, seconds: float) -> str:
    """A line for the person at the terminal."""
    counts = {"active": row["active"]} | {word: row[word] for word in (SILENT, DEAD)}
    if row.get("unreached"):
        counts[UNREACHED] = row["unreached"]
    shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    passed = f"; {row['success_rate']:.0%} of starts passed" if "success_rate" in row else ""
    return f"  {row['layer']}: {shown}{passed}; {seconds:.0f} s"


def search_layers(
    subjects: list[Subject], run: Run, layers: tuple[str, ...], seed: int
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """The arrays of the maps of all `layers`, and a row of counts a layer.

    `subjects` are the trained network and the same before training; without the second one the
    maps that no image activates are searched alone.
    """
    after, whole = subjects[0], len(subjects) > 1
    settings, activation = run.params.patterns, run.params.network.cnn.activation
    kernels = [after.network.get_layer(name).get_weights() for name in run.conv_layers]
    highest = bounds.upper_bounds(kernels, activation)
    of_layers, rows = [], []
    for layer in console.progress(layers, "input patterns"):
        started = time.perf_counter()
        place = run.conv_layers.index(layer)
        active = after.seen[layer].highest.max(axis=0) > 0
        maps = np.arange(len(active)) if whole else np.flatnonzero(~active)
        directions = np.eye(len(active), dtype=np.float32)[maps]
        searched = []
        for subject in subjects:
            generators = generators_of(maps, settings.seed, seed, place)
            twice = subject is after
            searched.append(look_for(subject, layer, directions, settings, generators, twice))
        of_layers.append(map_arrays(layer, maps, searched[0], highest[place][maps]))
        rows.append(counts_row(layer, active, of_layers[-1], searched if whole else []))
        console.say(story(rows[-1], time.perf_counter() - started))
    arrays = {name: np.concatenate([of[name] for of in of_layers]) for name in of_layers[0]}
    counts = pd.DataFrame(rows, columns=list(artifacts.forms(files.PATTERN_COUNTS)))
    return arrays | {"conv_1_kernel": kernels[0][0][:, :, 0]}, counts


def main() -> None:
    seed = console.seed_argument("input_patterns", "Search for what activates each map.")
    run = Run(read_params())
    settings = run.params.patterns
    images = np.concatenate([run.dataset_array(f"{split}_images") for split in SPLITS])
    inputs = network.as_input(images)
    prepare(run.params.train.threads)
    layers = run.chosen(settings.layers)
    after = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    networks = [after]
    if seed in run.params.analysis.shown_seeds:
        networks.append(network.untrained(run.design, seed))
    subjects = [Subject(net, layers, inputs) for net in networks]
    which = "map" if len(subjects) > 1 else "map that no image activates"
    console.say(
        f"cnn-{seed}: {settings.starts} random starts for each {which}; passed: beyond all of "
        f"{len(inputs):,} images"
    )
    arrays, counts = search_layers(subjects, run, layers, seed)
    directions = class_directions(run.pair, run.design.classes)
    generators = generators_of(range(len(directions)), settings.seed, seed, len(run.conv_layers))
    classes = look_for(subjects[0], LOGITS, directions, settings, generators, twice=False)
    arrays |= pattern_arrays(classes, "class_")
    arrays["class_top_images"] = images[classes.natural.top]
    patterns = arrays["class_pattern"][..., np.newaxis]
    arrays["class_logits"] = subjects[0].observe(patterns)[LOGITS].mean
    arrays["top_images"] = images[arrays.pop("top")]
    artifacts.write(files.PATTERNS, arrays, seed=seed)
    artifacts.write(files.PATTERN_COUNTS, counts, seed=seed)


if __name__ == "__main__":
    console.run(main)
