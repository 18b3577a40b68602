"""At which layer of one CNN the classes separate, and where in it the answer depends on them.

In:  `data/raw/dataset.npz`, `data/strokes/`, the CNN's weights and logits.
Out: `data/depth/cnn-{seed}/`
     `probes.csv`  linear probes on every layer, for the pair and for all classes
     `edits.csv`   what those for the pair answer to images whose loop is edited
     `parts.csv`   activation patching of single maps and single places of every layer
     `sets.csv`    the same of growing sets of maps

Ridges and orders are selected on validation images, everything is reported on test images. The
control of probes is the network before training, that of patches a source image of the same class
and random maps.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, measures, network, sampling, trained
from stages.common.backend import prepare
from stages.common.cases import CLOSED, DRAWN, ERASED, OPENED, TRAINED, UNTRAINED
from stages.common.controls import curve_ks
from stages.common.names import HELD_OUT, SPLITS
from stages.common.params import read_params
from stages.common.run import Run
from stages.depth import patching, probes
from stages.depth.layers import PIXELS, See, applied, rest_of, seeing

if TYPE_CHECKING:
    import keras

IMAGES = {"fit": 4000, "validation": 2000, "test": 4000}  # of a probe
MOST_VALUES = 100_000_000  # of one layer in these, 400 MB: of wider layers fewer images serve
PATCHED = {"validation": 30, "test": 60}  # images of each class that are patched
RANDOM = 10  # orders of maps
PAIR, ALL = "pair", "all"
EDITED = (CLOSED, DRAWN, OPENED, ERASED)


class Sample(NamedTuple):
    """Images uint8 (n, side, side) and their classes (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def only(self, classes: tuple[int, ...], count: int) -> "Sample":
        """At most `count` images of some classes, as many of each."""
        rows = np.flatnonzero(np.isin(self.labels, classes))
        rows = rows[sampling.balanced_rows(self.labels[rows], count)]
        return Sample(self.images[rows], self.labels[rows])


def split_samples(run: Run) -> dict[str, Sample]:
    """All images by split."""
    return {
        split: Sample(*(run.dataset_array(f"{split}_{part}") for part in ("images", "labels")))
        for split in SPLITS
    }


def edited_images(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By edit, the rows of test images, (n,), and these edited: uint8 (n, side, side)."""
    data, found = run.read(files.EDITED, split="test"), {}
    for edit in EDITED:
        rows = np.flatnonzero(data["edit"] == edit)
        index, first = np.unique(data["index"][rows], return_index=True)
        if len(index):
            found[edit] = index, data["image"][rows[first]]
    return found


def probe_rows(
    run: Run, net: "keras.Model", name: str, samples: dict[str, Sample],
    edited: dict[str, tuple[np.ndarray, np.ndarray]],
) -> tuple[list[dict], list[dict]]:  # fmt: skip
    """Rows of files.LAYER_PROBES and of files.LAYER_EDITS for one network, called `name`."""
    rows, of_edits, every = [], [], tuple(np.unique(samples["fit"].labels).tolist())
    for layer in (PIXELS, *run.params.network.cnn.names, "dense"):
        see = seeing(net, layer)
        for task, classes in ((PAIR, run.pair), (ALL, every)):
            units = see(samples["test"].images[:1]).shape[1]
            most = max(len(classes), MOST_VALUES // units)
            known, held, test = (
                samples[split].only(classes, min(most, IMAGES[split])) for split in SPLITS
            )
            probe = probes.fit(see(known.images), known.labels, see(held.images), held.labels)
            right = int((probe.answers(see(test.images)) == test.labels).sum())
            low, high = measures.wilson_interval(right, len(test.labels))
            named = {"layer": layer, "network": name}
            rows.append(named | {
                "task": task, "units": units, "fitted": len(known.labels), "ridge": probe.ridge,
                "tested": len(test.labels), "accuracy": right / len(test.labels),
                "low": low, "high": high,
            })  # fmt: skip
            if task == PAIR:
                of_edits += [named | row for row in edit_rows(probe, see, samples["test"], edited)]
    return rows, of_edits


def edit_rows(
    probe: probes.Probe, see: See, test: Sample, edited: dict[str, tuple[np.ndarray, np.ndarray]]
) -> Iterator[dict]:
    """Rows of files.LAYER_EDITS for one probe."""
    for edit, (index, images) in edited.items():
        label = test.labels[index]
        right = probe.answers(see(test.images[index])) == label
        flips = probe.answers(see(images))[right] != label[right]
        share = flips.mean() if len(flips) else np.nan
        yield {"edit": edit, "images": len(flips), "flipped": share}


def chosen_rows(
    run: Run, seed: int, split: str, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images of both classes that the network answers rightly, and for each two sources.

    Rows (n,) of the split: the images, one of the other class for each, one of the same class.
    None where a class has fewer than two.
    """
    labels = run.dataset_array(f"{split}_labels")
    logits = run.read(files.LOGITS, f"{split}_logits", model="cnn", seed=seed)[f"{split}_logits"]
    right = logits.argmax(axis=1) == labels
    of_class = [np.flatnonzero(right & (labels == label)) for label in run.pair]
    count = min(PATCHED[split], *map(len, of_class))
    if count < 2:
        return (np.empty(0, int),) * 3
    a, b = (generator.permutation(rows)[:count] for rows in of_class)
    return np.r_[a, b], np.r_[b, a], np.r_[np.roll(a, 1), np.roll(b, 1)]


def make_patches(
    run: Run, see: "keras.Model", rest: patching.Rest, split: str, rows: tuple[np.ndarray, ...]
) -> patching.Patches:
    """The patches of one layer."""
    images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
    base, source, same = (applied(see, network.as_input(images[of])) for of in rows)
    own, other = labels[rows[0]].astype(int), labels[rows[1]].astype(int)
    difference = patching.towards(rest(base), own, other)
    whole = float((patching.towards(rest(source), own, other) - difference).mean(dtype=float))
    return patching.Patches(base, source, same, own, other, difference, whole)


def part_rows(
    rest: patching.Rest, known: patching.Patches, test: patching.Patches, masks: np.ndarray
) -> pd.DataFrame:
    """Columns of files.LAYER_PARTS about effects, means over images: a row each of `masks`."""
    effects = {
        "known": patching.effects(rest, known, masks, known.source),
        "effect": patching.effects(rest, test, masks, test.source),
        "same_class": patching.effects(rest, test, masks, test.same),
    }
    return pd.DataFrame({name: of.mean(axis=1, dtype=float) for name, of in effects.items()})


def layer_tables(
    run: Run, net: "keras.Model", layer: str, rows: dict[str, tuple[np.ndarray, ...]],
    generator: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Rows of files.LAYER_PARTS and of files.LAYER_SETS for one layer.

    A whole map of a pooling is that of the convolution before it: its places alone are patched.
    """
    from stages.common.backend import keras

    see, after = keras.Model(net.inputs[0], net.get_layer(layer).output), rest_of(net, layer)

    def rest(values: np.ndarray) -> np.ndarray:
        return applied(after, values)

    known, test = (make_patches(run, see, rest, split, rows[split]) for split in HELD_OUT)
    (height, width, maps), of_places = test.base.shape[1:], {"map": -1}
    size = patching.block(height)
    row, column = np.divmod(np.arange(-(-height // size) * -(-width // size)), -(-width // size))
    of_places |= {"row": row * size, "column": column * size, "size": size, "kind": "place"}
    masks = patching.place_masks(height, width)
    places = part_rows(rest, known, test, masks).assign(layer=layer, **of_places)
    if layer not in run.conv_layers:
        return places, pd.DataFrame()
    table = part_rows(rest, known, test, patching.map_masks(maps))
    of_maps = {"map": np.arange(maps), "row": -1, "column": -1, "size": -1, "kind": "map"}
    order, ks = np.argsort(-table["known"].to_numpy(), kind="stable"), curve_ks(maps)
    random = [patching.flipped(rest, test, generator.permutation(maps), ks) for _ in range(RANDOM)]
    columns = {"layer": layer, "k": np.array(ks), "maps": maps, "images": len(test.base)}
    columns["flipped"] = patching.flipped(rest, test, order, ks)
    columns["random"] = np.mean(random, axis=0)
    parts = pd.concat([table.assign(layer=layer, **of_maps), places])
    return parts, pd.DataFrame(columns)


def patch_all(run: Run, net: "keras.Model", seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of files.LAYER_PARTS and of files.LAYER_SETS.

    None where a class of the pair has not two images in a split that are answered rightly.
    """
    generator = np.random.default_rng((run.params.interventions.seed, seed))
    rows = {split: chosen_rows(run, seed, split, generator) for split in HELD_OUT}
    if not all(len(base) for base, _, _ in rows.values()):
        return pd.DataFrame(), pd.DataFrame()
    layers = console.progress(run.params.network.cnn.names, "patching")
    tables = [layer_tables(run, net, layer, rows, generator) for layer in layers]
    return tuple(pd.concat(of, ignore_index=True) for of in zip(*tables, strict=True))


def story(seed: int, table: pd.DataFrame) -> list[str]:
    """Lines for the person at the terminal."""
    lines = [f"cnn-{seed}: errors of linear probes for the pair, after and before training"]
    pair = table[table["task"] == PAIR]
    for layer, of in pair.groupby("layer", sort=False):
        errors = 1 - of.set_index("network")["accuracy"]
        lines.append(f"  {layer}: {errors[TRAINED]:.2%} and {errors[UNTRAINED]:.2%}")
    return lines


def main() -> None:
    seed = console.seed_argument("depth", "At which layer the classes separate.")
    run = Run(read_params())
    prepare(run.params.train.threads)
    weights = run.path(files.WEIGHTS, model="cnn", seed=seed)
    nets = {TRAINED: trained.load(run.design, weights)}
    nets[UNTRAINED] = network.untrained(run.design, seed)
    samples, edited = split_samples(run), edited_images(run)

    def of(name: str) -> tuple[list[dict], list[dict]]:
        return probe_rows(run, nets[name], name, samples, edited)

    with ThreadPoolExecutor(len(nets)) as pool:  # a product of NumPy has one thread
        found = list(pool.map(of, nets))
    rows, of_edits = ([row for part in parts for row in part] for parts in zip(*found, strict=True))
    parts, sets = patch_all(run, nets[TRAINED], seed)
    tables = {
        files.LAYER_PROBES: pd.DataFrame(rows),
        files.LAYER_EDITS: pd.DataFrame(of_edits),
        files.LAYER_PARTS: parts,
        files.LAYER_SETS: sets,
    }
    for file, table in tables.items():
        artifacts.write(file, table.reindex(columns=list(artifacts.forms(file))), seed=seed)
    for line in story(seed, tables[files.LAYER_PROBES]):
        console.say(line)


if __name__ == "__main__":
    console.run(main)
