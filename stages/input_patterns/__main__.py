"""What input activates a map? Feature visualisation: images improved until one map, or one
logit, answers strongly.

In:  `data/raw/dataset.npz`, the CNN's weights.
Out: `data/input_patterns/cnn-{seed}.npz`: the best pattern of every map and of four targets among
     the logits, beside the real images that come closest; `cnn-{seed}.csv`: the search in short.

The same search on the network before training is the control.
"""

import time

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network, trained
from stages.common.backend import make_deterministic
from stages.common.cases import CLASS_TARGETS, DEAD, REACHED, SILENT, UNREACHED
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
    generator: np.random.Generator, highest: bool = False,
) -> Searched:  # fmt: skip
    """Improve the starts of t targets, float32 (t, s, side, side), and see what they reach.

    `highest` raises the highest point of a map instead of its mean.
    """
    count, each, *size = starts.shape
    target = np.arange(count).repeat(each)
    # In units of the target's spread over real images: penalties then weigh alike.
    directions = (known.directions / known.spread[:, np.newaxis])[target]
    probe, flat = subject.probe(name, highest), starts.reshape(-1, *size)
    images = search.search(probe, flat, directions, settings, generator, name)
    response = subject.observe(images[..., np.newaxis])[name]
    values = np.einsum("nc,nc->n", response.mean, known.directions[target])
    channel = known.directions.argmax(axis=1)[target]
    activates = response.highest[np.arange(len(images)), channel] > 0
    by_target = (of.reshape(count, each, *of.shape[1:]) for of in (images, values, activates))
    return Searched(known, *by_target)


def look_for(
    subject: Subject, name: str, directions: np.ndarray, settings: Patterns,
    generator: np.random.Generator, twice: bool,
) -> Searched:  # fmt: skip
    """Search for images that raise the layer `name` (or the logits) along each direction.

    `directions` is float32 (t, channels). Every target takes its own random starts. A high mean
    activates most maps. With `twice`, those that it does not are searched a second time, for
    their highest point, longer, without penalties and jitter: does anything activate them?
    """
    known = targets.natural(subject.seen[name], directions)
    drawn = random_starts(len(directions) * settings.starts, subject.inputs.shape[1], generator)
    drawn = drawn.reshape(len(directions), -1, *drawn.shape[1:])
    starts = np.concatenate([drawn, subject.inputs[known.top[:, :1], ..., 0]], axis=1)
    first = improve(subject, name, starts, known, settings, generator)
    quiet = ~first.activates[:, :-1].any(axis=1)
    if not (twice and quiet.any()):
        return first
    # They are few, so that more steps cost little.
    unbound = {"l2": 0.0, "total_variation": 0.0, "jitter": 0, "steps": LONGER * settings.steps}
    free = settings.model_copy(update=unbound)
    some = Natural(*(values[quiet] for values in known))
    second = improve(subject, name, starts[quiet], some, free, generator, highest=True)
    return targets.completed(first, second, quiet)


def pattern_arrays(searched: Searched, prefix: str = "") -> dict:
    """The arrays that maps and targets among the logits have in common."""
    pattern, value = targets.best(searched)
    return {
        f"{prefix}pattern": pattern,
        f"{prefix}value": value,
        f"{prefix}natural_max": searched.natural.maximum,
        f"{prefix}success_rate": targets.success_rate(searched),
    }


def map_arrays(layer: str, searched: Searched, bound: np.ndarray) -> dict:
    """The rows of one layer's maps; `top` are rows of the images that come closest."""
    return {
        "layer": np.full(len(bound), layer),
        "map": np.arange(len(bound), dtype=np.int32),
        **pattern_arrays(searched),
        "status": targets.statuses(searched),
        "upper_bound": bound,
        "top": searched.natural.top,
    }


def counts_row(arrays: dict, searched: Searched, untrained: Searched) -> dict:
    """One layer in short, from its `map_arrays` and the searches of both networks."""
    status, rate, bound = (arrays[name] for name in ("status", "success_rate", "upper_bound"))
    dead, active = status == DEAD, np.isin(status, (REACHED, UNREACHED))
    proven = dead & (bound <= 0)
    open_bounds = bound[dead & ~proven]
    return {
        "layer": arrays["layer"][0],
        "maps": len(status),
        "active": active.sum(),
        "passed": (rate[active] > 0).sum(),
        "unreached": (status == UNREACHED).sum(),
        "silent": (status == SILENT).sum(),
        "dead": dead.sum(),
        "proven": proven.sum(),
        **Value(dead.mean(), proven.mean(), dead.mean()).columns("dead_share"),
        "bound": open_bounds.max() if len(open_bounds) else np.nan,
        "success_rate": rate[active].mean() if active.any() else np.nan,
        "untrained_success_rate": targets.success_rate(untrained).mean(),
        "distance": targets.beyond(searched)[active].mean() if active.any() else np.nan,
        "untrained_distance": targets.beyond(untrained).mean(),
    }


def story(row: dict, seconds: float) -> str:
    """A line for the person at the terminal."""
    counts = {REACHED: row["active"] - row["unreached"]}
    counts |= {word: row[word] for word in (SILENT, UNREACHED, DEAD)}
    shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    share = f"{row['success_rate']:.0%}" if row["active"] else "none"
    return f"  {row['layer']}: {shown}; {share} of starts passed; {seconds:.0f} s"


def search_layers(
    subjects: list[Subject], run: Run, layers: tuple[str, ...], seed: int
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """The arrays of the maps of all `layers`, and a row of counts a layer.

    `subjects` are the trained network and the same before training.
    """
    after, _ = subjects
    settings, activation = run.params.patterns, run.params.network.cnn.activation
    kernels = [after.network.get_layer(name).get_weights() for name in run.conv_layers]
    highest = bounds.upper_bounds(kernels, activation)
    of_layers, rows = [], []
    for layer in console.progress(layers, "input patterns"):
        started = time.perf_counter()
        place = run.conv_layers.index(layer)
        directions = np.eye(len(highest[place]), dtype=np.float32)
        both = []
        for subject in subjects:
            generator = np.random.default_rng((settings.seed, seed, place))
            twice = subject is after
            both.append(look_for(subject, layer, directions, settings, generator, twice))
        of_layers.append(map_arrays(layer, both[0], highest[place]))
        rows.append(counts_row(of_layers[-1], *both))
        console.say(story(rows[-1], time.perf_counter() - started))
    arrays = {name: np.concatenate([of[name] for of in of_layers]) for name in of_layers[0]}
    return arrays | {"conv_1_kernel": kernels[0][0][:, :, 0]}, pd.DataFrame(rows)


def main() -> None:
    seed = console.seed_argument("input_patterns", "Search for what activates each map.")
    run = Run(read_params())
    settings = run.params.patterns
    images = np.concatenate([run.dataset_array(f"{split}_images") for split in SPLITS])
    inputs = network.as_input(images)
    make_deterministic()
    layers = run.chosen(settings.layers)
    after = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    before = network.untrained(run.design, seed)
    subjects = [Subject(net, layers, inputs) for net in (after, before)]
    console.say(
        f"cnn-{seed}: {settings.starts} random starts for each map; passed: beyond all of "
        f"{len(inputs):,} images"
    )
    arrays, counts = search_layers(subjects, run, layers, seed)
    generator = np.random.default_rng((settings.seed, seed, len(run.conv_layers)))
    directions = class_directions(run.pair, run.design.classes)
    classes = look_for(subjects[0], LOGITS, directions, settings, generator, twice=False)
    arrays |= pattern_arrays(classes, "class_")
    arrays["class_top_images"] = images[classes.natural.top]
    patterns = arrays["class_pattern"][..., np.newaxis]
    arrays["class_logits"] = subjects[0].observe(patterns)[LOGITS].mean
    arrays["top_images"] = images[arrays.pop("top")]
    artifacts.write(files.PATTERNS, arrays, seed=seed)
    artifacts.write(files.PATTERN_COUNTS, counts, seed=seed)


if __name__ == "__main__":
    console.run(main)
