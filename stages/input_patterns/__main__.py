"""What input makes a map fire? Images improved until one map, or one logit, answers strongly.

In:  `data/raw/dataset.npz`, the CNN's weights.
Out: `data/input_patterns/cnn-{seed}.npz`; m maps of `patterns.layers`, in their order
     `layer` str (m,), `map` int32 (m,)
     `pattern`          float32 (m, 28, 28) in [0, 1], the best from random starts
     `value`            float32 (m,), the map's mean before its ReLU, of that pattern
     `natural_max`      float32 (m,), the highest such mean of any image of the dataset
     `natural_spread`   float32 (m,), the standard deviation of such means over the images
     `success_rate`     float32 (m,), share of the random starts that end above `natural_max`
     `status`           str (m,), see `targets.statuses`
     `end_values`       float32 (m, starts + 1), where each start ends; last, the one from the
                        best image, which counts only for maps that no image fires
     `upper_bound`      float64 (m,), what no image exceeds: a map with at most 0 is proven dead
     `top_images`       uint8 (m, 5, 28, 28), the images that come closest, with `top_values`
                        float32 (m, 5), `top_labels` uint8 (m, 5) and `top_index` int32 (m, 5),
                        rows counted through the fit, validation and test images
     `untrained_value`, `untrained_natural_max`, `untrained_natural_spread`,
     `untrained_success_rate` float32 (m,), of the same search on the network before training
     `conv_1_kernel`    float32 (3, 3, 32), beside which patterns of conv_1 can be read
     and for four targets among the logits, `a`, `b`, `b_minus_a`, `a_minus_b`, as
     `class_target` str (4,): `class_pattern`, `class_value`, `class_natural_max`,
     `class_success_rate`, `class_end_values`, `class_top_images`, `class_top_labels`, and
     `class_logits` float32 (4, 10), all logits of the pattern.
"""

import time

import numpy as np

from stages.common import artifacts, console, network
from stages.common.backend import keras, make_deterministic
from stages.common.params import Patterns, read_params
from stages.input_patterns import bounds, probes, search, targets
from stages.input_patterns.probes import LOGITS, Observer, Response
from stages.input_patterns.starts import random_starts
from stages.input_patterns.targets import Found, Natural

LONGER = 4  # times as many steps for maps that a high mean does not fire
SPLITS = ("fit", "validation", "test")
CLASS_TARGETS = {"a": (1, 0), "b": (0, 1), "b_minus_a": (-1, 1), "a_minus_b": (1, -1)}


def class_directions(pair: tuple[int, int]) -> np.ndarray:
    """CLASS_TARGETS among the logits, float32 (4, classes)."""
    directions = np.zeros((len(CLASS_TARGETS), network.CLASSES), np.float32)
    directions[:, list(pair)] = list(CLASS_TARGETS.values())
    return directions


def run(
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
    net: "keras.Model",
    observer: Observer,
    response: Response,
    inputs: np.ndarray,
    settings: Patterns,
    generator: np.random.Generator,
    again: bool,
) -> tuple[Natural, Found]:
    """Search for images that raise the layer `name` (or the logits) along each direction.

    `response` is the layer's to real images, the network's input `inputs` (n, 28, 28, 1);
    `directions` float32 (t, channels). Every target takes its own random starts. A high mean
    fires most maps. Those that it does not are searched `again` where that is asked for, for
    their highest point, longer and free of prices and jitter: does anything fire them?
    """
    known = targets.natural(response, directions)
    count, size = len(directions), inputs.shape[1:3]
    drawn = random_starts(count * settings.starts, generator).reshape(count, -1, *size)
    starts = np.concatenate([drawn, inputs[known.top[:, :1], ..., 0]], axis=1)
    rest = (observer, settings, generator)
    found = run(probes.probe(net, name), name, starts, directions, known, *rest)
    quiet = ~found.fires[:, :-1].any(axis=1)
    if not (again and quiet.any()):
        return known, found
    # They are few, so that more steps cost little.
    unbound = {"l2": 0.0, "total_variation": 0.0, "jitter": 0, "steps": LONGER * settings.steps}
    free = settings.model_copy(update=unbound)
    rest = (observer, free, generator)
    some = Natural(*(values[quiet] for values in known))
    highest = probes.probe(net, name, highest=True)
    second = run(highest, name, starts[quiet], directions[quiet], some, *rest)
    return known, targets.completed(found, second, quiet, known)


def map_arrays(
    layer: str, known: Natural, found: Found, before: tuple[Natural, Found], bound: np.ndarray
) -> dict[str, np.ndarray]:
    """The rows of one layer's maps; `before` is the search on the untrained network."""
    pattern, value = targets.best(found, known)
    untrained, untrained_found = before
    return {
        "layer": np.full(len(value), layer),
        "map": np.arange(len(value), dtype=np.int32),
        "pattern": pattern,
        "value": value,
        "natural_max": known.maximum,
        "natural_spread": known.spread,
        "success_rate": targets.success_rate(found, known),
        "status": targets.statuses(found, known),
        "end_values": found.values,
        "upper_bound": bound,
        "top_values": known.top_values,
        "top_index": known.top,
        "untrained_value": targets.best(untrained_found, untrained)[1],
        "untrained_natural_max": untrained.maximum,
        "untrained_natural_spread": untrained.spread,
        "untrained_success_rate": targets.success_rate(untrained_found, untrained),
    }


def story(layer: str, arrays: dict[str, np.ndarray], seconds: float) -> str:
    """A line for the person at the terminal."""
    status = arrays["status"]
    words = (targets.REACHED, targets.SILENT, targets.UNREACHED, targets.DEAD)
    counts = ", ".join(
        f"{(status == word).sum()} {word}" for word in words if (status == word).any()
    )
    alive = np.isin(status, (targets.REACHED, targets.UNREACHED))
    share = f"{arrays['success_rate'][alive].mean():.0%}" if alive.any() else "none"
    return f"  {layer}: {counts}; {share} of starts passed; {seconds:.0f} s"


def main() -> None:
    seed = console.seed_argument("input_patterns", "Search for what makes each map fire.")
    params = read_params()
    settings = params.patterns
    data = artifacts.read_npz(artifacts.DATASET)
    images, labels = (
        np.concatenate([data[f"{split}_{part}"] for split in SPLITS])
        for part in ("images", "labels")
    )
    inputs = network.as_input(images)
    make_deterministic()
    trained = network.load("cnn", artifacts.model_folder("cnn", seed))
    untrained = network.untrained("cnn", seed)
    observers = [Observer(net, settings.layers) for net in (trained, untrained)]
    seen = [observer(inputs) for observer in observers]
    kernels = [trained.get_layer(name).get_weights() for name in network.CONV_LAYERS]
    highest = dict(zip(network.CONV_LAYERS, bounds.upper_bounds(kernels), strict=True))
    console.say(
        f"cnn-{seed}: {settings.starts} random starts for each map; passed: beyond all of "
        f"{len(inputs):,} images"
    )

    rows = []
    for layer in console.progress(settings.layers, "input patterns"):
        started = time.perf_counter()
        directions = np.eye(seen[0][layer].mean.shape[1], dtype=np.float32)
        both = [
            look_for(
                layer, directions, net, observer, response[layer], inputs, settings,
                np.random.default_rng((settings.seed, seed, network.CONV_LAYERS.index(layer))),
                again=net is trained,
            )
            for net, observer, response in zip((trained, untrained), observers, seen, strict=True)
        ]  # fmt: skip
        rows.append(map_arrays(layer, *both[0], both[1], highest[layer]))
        console.say(story(layer, rows[-1], time.perf_counter() - started))
    arrays = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    top = arrays["top_index"]
    arrays |= {"top_images": images[top], "top_labels": labels[top]}
    arrays["conv_1_kernel"] = kernels[0][0][:, :, 0]

    generator = np.random.default_rng((settings.seed, seed, len(network.CONV_LAYERS)))
    known, found = look_for(
        LOGITS, class_directions(params.analysis.pair), trained, observers[0], seen[0][LOGITS],
        inputs, settings, generator, again=False,
    )  # fmt: skip
    pattern, value = targets.best(found, known)
    of_classes = {
        "target": np.array(list(CLASS_TARGETS)),
        "pattern": pattern,
        "value": value,
        "natural_max": known.maximum,
        "success_rate": targets.success_rate(found, known),
        "end_values": found.values,
        "top_images": images[known.top],
        "top_labels": labels[known.top],
        "logits": observers[0](pattern[..., np.newaxis])[LOGITS].mean,
    }
    arrays |= {f"class_{name}": values for name, values in of_classes.items()}
    path = artifacts.patterns_file(seed)
    artifacts.write_npz(path, arrays)
    console.say(f"  in {path}")


if __name__ == "__main__":
    console.run(main)
