"""What input activates a map? Feature visualisation: images improved until one map, or one
logit, answers strongly.

In:  `data/raw/dataset.npz`, the CNN's weights.
Out: `data/input_patterns/cnn-{seed}.npz`: the best pattern of every map and of four targets among
     the logits, beside the real images that come closest; `cnn-{seed}.csv`: the search in short.

The same search on the network before training is the control.
"""

import time
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, network
from stages.common.backend import keras, make_deterministic
from stages.common.intervals import Value
from stages.common.names import CLASS_TARGETS, DEAD, REACHED, SILENT, SPLITS, UNREACHED
from stages.common.params import Patterns, read_params
from stages.common.run import Run
from stages.input_patterns import bounds, probes, search, targets
from stages.input_patterns.probes import LOGITS, Observer, Response
from stages.input_patterns.starts import random_starts
from stages.input_patterns.targets import Found, Natural

LONGER = 4  # times as many steps for maps that a high mean does not activate


def class_directions(pair: tuple[int, int]) -> np.ndarray:
    """CLASS_TARGETS among the logits, float32 (4, classes)."""
    directions = np.zeros((len(CLASS_TARGETS), network.CLASSES), np.float32)
    directions[:, list(pair)] = list(CLASS_TARGETS.values())
    return directions


class Subject(NamedTuple):
    """A network that is searched."""

    net: "keras.Model"
    observer: Observer
    seen: dict[str, Response]  # by layer, and of the logits: its responses to all real images


def improve(
    probe: "keras.Model",
    name: str,
    starts: np.ndarray,
    directions: np.ndarray,
    known: Natural,
    observer: Observer,
    settings: Patterns,
    generator: np.random.Generator,
) -> Found:
    """Improve the starts of t targets, float32 (t, s, 28, 28), and see what they reach."""
    count, each, *size = starts.shape
    images = search.search(
        probe,
        starts.reshape(-1, *size),
        # In units of the target's spread over real images: penalties then weigh alike.
        np.repeat(directions / known.spread[:, np.newaxis], each, axis=0),
        settings,
        generator,
        name,
    )
    reached = observer(images[..., np.newaxis])[name]
    rows = np.arange(len(images))
    target = rows // each
    return Found(
        images.reshape(starts.shape),
        np.einsum("nc,nc->n", reached.mean, directions[target]).reshape(count, each),
        (reached.highest > 0)[rows, directions.argmax(axis=1)[target]].reshape(count, each),
    )


def look_for(
    name: str,
    directions: np.ndarray,
    subject: Subject,
    inputs: np.ndarray,
    settings: Patterns,
    generator: np.random.Generator,
    again: bool,
) -> tuple[Natural, Found]:
    """Search for images that raise the layer `name` (or the logits) along each direction.

    `inputs` are all real images as the network takes them, (n, 28, 28, 1); `directions` float32
    (t, channels). Every target takes its own random starts. A high mean activates most maps.
    Those that it does not are searched `again` where that is asked for, for their highest point,
    longer and free of prices and jitter: does anything activate them?
    """
    known = targets.natural(subject.seen[name], directions)
    count, size = len(directions), inputs.shape[1:3]
    drawn = random_starts(count * settings.starts, generator).reshape(count, -1, *size)
    starts = np.concatenate([drawn, inputs[known.top[:, :1], ..., 0]], axis=1)
    rest = (subject.observer, settings, generator)
    probe = probes.probe(subject.net, name)
    found = improve(probe, name, starts, directions, known, *rest)
    quiet = ~found.fires[:, :-1].any(axis=1)
    if not (again and quiet.any()):
        return known, found
    # They are few, so that more steps cost little.
    unbound = {"l2": 0.0, "total_variation": 0.0, "jitter": 0, "steps": LONGER * settings.steps}
    free = settings.model_copy(update=unbound)
    rest = (subject.observer, free, generator)
    some = Natural(*(values[quiet] for values in known))
    highest = probes.probe(subject.net, name, highest=True)
    second = improve(highest, name, starts[quiet], directions[quiet], some, *rest)
    return known, targets.completed(found, second, quiet, known)


def map_arrays(layer: str, known: Natural, found: Found, bound: np.ndarray) -> dict:
    """The rows of one layer's maps; `top` are rows of the images that come closest."""
    pattern, value = targets.best(found, known)
    return {
        "layer": np.full(len(value), layer),
        "map": np.arange(len(value), dtype=np.int32),
        "pattern": pattern,
        "value": value,
        "natural_max": known.maximum,
        "success_rate": targets.success_rate(found, known),
        "status": targets.statuses(found, known),
        "upper_bound": bound,
        "top": known.top,
    }


def beyond(known: Natural, found: Found) -> np.ndarray:
    """How far the best value lies above the highest real image, in standard deviations, (t,)."""
    return (targets.best(found, known)[1] - known.maximum) / known.spread


def counts_row(arrays: dict, distance: np.ndarray, before: tuple[Natural, Found]) -> dict:
    """One layer in short; `distance` is `beyond`, `before` the search on the untrained network."""
    status, rate, bound = (arrays[name] for name in ("status", "success_rate", "upper_bound"))
    maps, dead, active = len(status), status == DEAD, np.isin(status, (REACHED, UNREACHED))
    proven = dead & (bound <= 0)
    known, found = before
    return {
        "layer": arrays["layer"][0],
        "maps": maps,
        "active": active.sum(),
        "passed": (rate[active] > 0).sum(),
        "unreached": (status == UNREACHED).sum(),
        "silent": (status == SILENT).sum(),
        "dead": dead.sum(),
        "proven": proven.sum(),
        **Value(dead.mean(), proven.mean(), dead.mean()).columns("dead_share"),
        "bound": bound[dead & ~proven].max() if (dead & ~proven).any() else np.nan,
        "success_rate": rate[active].mean() if active.any() else np.nan,
        "untrained_success_rate": targets.success_rate(found, known).mean(),
        "distance": distance[active].mean() if active.any() else np.nan,
        "untrained_distance": beyond(known, found).mean(),
    }


def story(row: dict, seconds: float) -> str:
    """A line for the person at the terminal."""
    counts = {REACHED: row["active"] - row["unreached"]}
    counts |= {word: row[word] for word in (SILENT, UNREACHED, DEAD)}
    shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    share = f"{row['success_rate']:.0%}" if row["active"] else "none"
    return f"  {row['layer']}: {shown}; {share} of starts passed; {seconds:.0f} s"


def class_arrays(known: Natural, found: Found, images: np.ndarray, observer: Observer) -> dict:
    """The arrays of the four targets among the logits."""
    pattern, value = targets.best(found, known)
    return {
        "class_pattern": pattern,
        "class_value": value,
        "class_natural_max": known.maximum,
        "class_success_rate": targets.success_rate(found, known),
        "class_top_images": images[known.top],
        "class_logits": observer(pattern[..., np.newaxis])[LOGITS].mean,
    }


def search_layers(
    subjects: list[Subject], inputs: np.ndarray, settings: Patterns, seed: int
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """The arrays of the maps of all `settings.layers`, and a row of counts a layer.

    `subjects` are the trained network and the same before training.
    """
    kernels = [subjects[0].net.get_layer(name).get_weights() for name in network.CONV_LAYERS]
    highest = dict(zip(network.CONV_LAYERS, bounds.upper_bounds(kernels), strict=True))
    of_layers, rows = [], []
    for layer in console.progress(settings.layers, "input patterns"):
        started = time.perf_counter()
        directions = np.eye(len(highest[layer]), dtype=np.float32)
        place = network.CONV_LAYERS.index(layer)
        both = [
            look_for(
                layer, directions, subject, inputs, settings,
                np.random.default_rng((settings.seed, seed, place)), again=subject is subjects[0],
            )
            for subject in subjects
        ]  # fmt: skip
        of_layers.append(map_arrays(layer, *both[0], highest[layer]))
        rows.append(counts_row(of_layers[-1], beyond(*both[0]), both[1]))
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
    subjects = []
    for net in (
        network.load("cnn", run.path(files.WEIGHTS, model="cnn", seed=seed)),
        network.untrained("cnn", seed),
    ):
        observer = Observer(net, settings.layers)
        subjects.append(Subject(net, observer, observer(inputs)))
    console.say(
        f"cnn-{seed}: {settings.starts} random starts for each map; passed: beyond all of "
        f"{len(inputs):,} images"
    )
    arrays, counts = search_layers(subjects, inputs, settings, seed)
    generator = np.random.default_rng((settings.seed, seed, len(network.CONV_LAYERS)))
    directions = class_directions(run.pair)
    found = look_for(LOGITS, directions, subjects[0], inputs, settings, generator, again=False)
    arrays |= class_arrays(*found, images, subjects[0].observer)
    arrays["top_images"] = images[arrays.pop("top")]
    artifacts.write(files.PATTERNS, arrays, seed=seed)
    artifacts.write(files.PATTERN_COUNTS, counts, seed=seed)


if __name__ == "__main__":
    console.run(main)
