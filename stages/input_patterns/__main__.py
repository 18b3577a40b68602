"""What input activates a map? Feature visualisation: images improved until one point of a map, its
mean, or one logit, answers strongly.

In:  `data/raw/dataset.npz`, the CNN's weights.
Out: `data/input_patterns/cnn-{seed}.npz`: the best pattern of every map and of four targets among
     the logits, beside the real images that come closest; `cnn-{seed}.csv`: the search in short.

All points of a map share one filter, and a patch as large as a point's receptive field is all that
it sees. With `patterns.objective: point` that patch is searched; with `map` the whole image, for
the map's mean. The same search on the network before training is the control. Of a seed that is not
among `analysis.shown_seeds` the logits and the maps that no image activates are searched alone,
without a control: what the claims read.
"""

import time
from collections.abc import Iterable

import numpy as np
import pandas as pd

from stages.common import artifacts, console, fields, files, network, trained
from stages.common.backend import prepare
from stages.common.cases import CLASS_TARGETS
from stages.common.names import SPLITS
from stages.common.params import read_params
from stages.common.run import Run
from stages.input_patterns import bounds, results
from stages.input_patterns.looking import insist, look_for
from stages.input_patterns.subject import LOGITS, Subject


def class_directions(pair: tuple[int, int], classes: int) -> np.ndarray:
    """CLASS_TARGETS among the logits, float32 (4, classes)."""
    directions = np.zeros((len(CLASS_TARGETS), classes), np.float32)
    directions[:, list(pair)] = list(CLASS_TARGETS.values())
    return directions


def generators_of(targets: Iterable[int], *seeds: int) -> list[np.random.Generator]:
    """A generator for each target, which `seeds` and its number determine."""
    return [np.random.default_rng((*seeds, int(target))) for target in targets]


def search_layer(
    subjects: list[Subject], run: Run, layer: str, seed: int, labels: np.ndarray, bound: np.ndarray
) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays of the maps of one layer, whose `bound` is (maps,), and its row of counts."""
    after, whole = subjects[0], len(subjects) > 1
    settings, place = run.params.patterns, run.conv_layers.index(layer)
    active = after.seen[layer].highest.max(axis=0) > 0
    maps = np.arange(len(active)) if whole else np.flatnonzero(~active)
    directions = np.eye(len(active), dtype=np.float32)[maps]
    searched, generators = [], []
    for subject in subjects:
        generators.append(generators_of(maps, settings.seed, seed, place))
        twice = subject is after
        searched.append(look_for(subject, layer, directions, settings, generators[-1], twice))
    top = searched[0].natural.top
    corners, real = (of(layer, top, maps) for of in (after.corners, after.patches))
    arrays = results.map_arrays(layer, maps, searched[0], real, bound[maps])
    arrays |= {"top": top, "top_corner": corners}
    rows = np.flatnonzero(~active[maps] & (bound[maps] > 0))  # what is proven needs no search
    if len(rows) and layer in after.fields:
        found = insist(after, layer, searched[0], rows, labels, settings, generators[0])
        results.settle(arrays, layer, rows, found)
    return arrays, results.counts_row(layer, active, arrays, searched if whole else [])


def search_layers(
    subjects: list[Subject], run: Run, layers: tuple[str, ...], seed: int, labels: np.ndarray
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """The arrays of the maps of all `layers`, and a row of counts a layer.

    `subjects` are the trained network and the same before training; without the second one the
    maps that no image activates are searched alone. `labels` are of the real images.
    """
    cnn, seen = run.params.network.cnn, subjects[0].seen
    weights = [subjects[0].network.get_layer(name).get_weights() for name in run.conv_layers]
    inactive = {layer: np.flatnonzero(seen[layer].highest.max(axis=0) <= 0) for layer in layers}
    bound = bounds.upper_bounds(cnn, weights, inactive)
    of_layers, rows = [], []
    for layer in console.progress(layers, "input patterns"):
        started = time.perf_counter()
        arrays, row = search_layer(subjects, run, layer, seed, labels, bound[layer])
        of_layers.append(arrays)
        rows.append(row)
        console.say(results.story(row, time.perf_counter() - started))
    names = [name for name in of_layers[0] if not name.startswith(f"{layers[0]}_")]
    arrays = {name: np.concatenate([of[name] for of in of_layers]) for name in names}
    pictures = ({k: v for k, v in of.items() if k not in names} for of in of_layers)
    for of in pictures:
        arrays |= of
    counts = pd.DataFrame(rows, columns=list(artifacts.forms(files.PATTERN_COUNTS)))
    return arrays | {"conv_1_kernel": weights[0][0][:, :, 0]}, counts


def main() -> None:
    seed = console.seed_argument("input_patterns", "Search for what activates each map.")
    run = Run(read_params())
    settings = run.params.patterns
    images, labels = (
        np.concatenate([run.dataset_array(f"{split}_{what}") for split in SPLITS])
        for what in ("images", "labels")
    )
    inputs = network.as_input(images)
    prepare(run.params.train.threads)
    layers = run.chosen(settings.layers)
    known = fields.by_name(run.design.settings.layers, run.design.side)
    seen = {layer: known[layer] for layer in layers if settings.objective == "point"}
    after = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=seed))
    networks = [after]
    if seed in run.params.analysis.shown_seeds:
        networks.append(network.untrained(run.design, seed))
    subjects = [Subject(net, layers, inputs, seen) for net in networks]
    which = "map" if len(subjects) > 1 else "map that no image activates"
    console.say(
        f"cnn-{seed}: {settings.starts} random starts for each {which}; passed: beyond all of "
        f"{len(inputs):,} images"
    )
    arrays, counts = search_layers(subjects, run, layers, seed, labels)
    directions = class_directions(run.pair, run.design.classes)
    generators = generators_of(range(len(directions)), settings.seed, seed, len(run.conv_layers))
    classes = look_for(subjects[0], LOGITS, directions, settings, generators, twice=False)
    arrays |= results.pattern_arrays(classes, "class_")
    arrays["class_top_images"] = images[classes.natural.top]
    arrays["class_logits"] = subjects[0].respond(LOGITS, arrays["class_pattern"]).value
    arrays["top_images"] = images[arrays.pop("top")]
    artifacts.write(files.PATTERNS, arrays, seed=seed)
    artifacts.write(files.PATTERN_COUNTS, counts, seed=seed)


if __name__ == "__main__":
    console.run(main)
