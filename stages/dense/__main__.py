"""What the dense layer does with the points: its units, how few flip images, where they come from.

In:  `data/raw/dataset.npz`; `data/activations/cnn-{seed}/`: the last conv layer in the pair's
     validation and test images and in the exemplars; the weights of the part after that layer,
     which runs in NumPy.
Out: `data/dense/cnn-{seed}/`
     `units.csv`        what each unit adds to the difference of the classes (exact)
     `patching.csv`     images flipped to the other class by patching k units, random ones beside
     `paths.csv`        paths from points through the units with most contribution
     `path_shares.csv`  what these paths change together, random ones beside
     `images.npz`       the layer in three images of each class and in those taken for the other
     `resemblance.csv`  which class's mean an exemplar resembles, by layer
     `summary.csv`      in short

Units and points are selected on validation images and reported on test images.
"""

from itertools import product

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files, trained
from stages.common.cases import DIRECTIONS, HALF
from stages.common.controls import pairing, stand_ins
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.dense import images, paths, units

MODES = ("interchange", "mean")
ALIKE = 10  # units at least that can stand in for one: with fewer, a control is the set itself


def check_counts(pair: tuple[int, int], points: dict[str, tuple]) -> None:
    """StageError where a class has no image in a split."""
    for split, label in product(HELD_OUT, (0, 1)):
        if not len(points[split][label]):
            raise console.StageError(
                f"Class {pair[label]} has no {split} image. Raise dataset.validation_size in "
                "params.yaml, or choose another analysis.pair."
            )


def patching(
    run: Run, layer: units.Layer, for_controls: np.random.Generator,
    for_pairing: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """The rows of `patching.csv`."""
    controls = run.params.interventions.controls
    sources = run.params.interventions.interchange_sources
    mean = np.concatenate(layer.validation).mean(axis=0, dtype=float)
    parts = max(1, len(layer.active) // ALIKE)
    drawn = stand_ins(mean, layer.active, controls, for_controls, parts)
    n_a, n_b = map(len, layer.test)
    partners = {
        "a_to_b": pairing(n_a, n_b, sources, for_pairing),
        "b_to_a": pairing(n_b, n_a, sources, for_pairing),
    }
    tables = [
        units.curve_table(layer, direction, mode, partners[direction], drawn)
        for direction, mode in product(DIRECTIONS, MODES)
    ]
    return pd.concat(tables, ignore_index=True)


def follow(
    run: Run, layer: units.Layer, points: dict[str, tuple], generator: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of `paths.csv` and of `path_shares.csv`.

    `points` (n, points) are those of the last conv layer, by split, of a and of b.
    """
    means = tuple(of.mean(axis=0) for of in points["validation"])
    known, reported = (
        paths.flows(layer.head, layer.weights, points[split], means) for split in HELD_OUT
    )
    both = np.concatenate(points["validation"])
    live, into = np.flatnonzero(both.max(axis=0) > 0), layer.order[: paths.UNITS]
    sources = paths.most_effect(known, live, into)
    mean, controls = both.mean(axis=0, dtype=float), run.params.interventions.controls
    drawn = stand_ins(mean, live, controls, generator)
    side = run.design.settings.sides(run.design.side)[-1]
    table = paths.paths_table(reported, sources, into, side)
    return table, paths.shares_table(reported, sources, into, live, drawn)


def shown_images(
    run: Run, seed: int, layer: units.Layer, exemplars: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """What `images.npz` holds: three of a, those of a taken for b, three of b."""
    (a, b), parts = run.pair, []
    for label, values in zip(run.pair, layer.test, strict=True):
        where = {"seed": seed, "split": "test", "label": label}
        index = run.read(files.ACTIVATIONS, "index", run.last, **where)["index"]
        logits = units.logits(layer.head, values)
        chosen = images.representatives(index, images.margins(logits, label), exemplars, label)
        if label == a:
            known = {row for row, _ in chosen}
            chosen += [(r, "taken") for r in images.taken_for(logits, a, b) if r not in known]
        rows = np.array([row for row, _ in chosen], int)
        parts.append({
            "index": index[rows], "label": np.full(len(rows), label, np.uint8),
            "role": np.array([role for _, role in chosen], "U9"),
            "answer": logits[rows].argmax(axis=1).astype(np.uint8),
            "difference": logits[rows, b] - logits[rows, a], "values": values[rows],
        })  # fmt: skip
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def resemblances(
    run: Run, points: dict[str, tuple], layer: units.Layer, exemplars: dict[str, np.ndarray]
) -> pd.DataFrame:
    """The rows of `resemblance.csv`: every exemplar of the pair, by its pixels and two layers."""

    def flat(pixels: np.ndarray) -> np.ndarray:
        return pixels.reshape(len(pixels), run.design.side**2)

    pixels = {}
    for split in HELD_OUT:
        whole, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        pixels[split] = tuple(flat(whole[labels == label]) for label in run.pair)
    shown = trained.as_points(exemplars[run.last])
    by_layer = {
        "pixels": (*pixels.values(), flat(exemplars["image"])),
        run.last: (*points.values(), shown),
        "dense": (layer.validation, layer.test, units.dense(layer.head, shown)),
    }
    tables = []
    for (name, (known, reported, values)), side in product(by_layer.items(), (0, 1)):
        own = exemplars["label"] == run.pair[side]
        mean, other_mean = (known[of].mean(axis=0, dtype=float) for of in (side, 1 - side))
        table = images.resemblance(name, values[own], reported[side], mean, other_mean)
        tables.append(table.assign(**{key: exemplars[key][own] for key in ("index", "label")}))
    table = pd.concat(tables, ignore_index=True).drop_duplicates(["index", "layer"])
    return table[list(artifacts.forms(files.RESEMBLANCE))]


def story(summary: dict, patches: pd.DataFrame, shares: pd.DataFrame) -> list[str]:
    """Lines for the person at the terminal."""
    half = "no number" if np.isnan(summary["half"]) else f"{summary['half']:.0f}"
    lines = [f"{half} of {summary['active']} active units carry half"]
    flipped = patches[(patches["flipped"] >= HALF) & (patches["mode"] == "interchange")]
    for row in flipped.drop_duplicates("direction").itertuples():
        drawn = row.flipped_control_mean
        beside = "no controls" if np.isnan(drawn) else f"random units {drawn:.1%}"
        lines.append(f"{row.direction}: {row.k} units flip {row.flipped:.0%}; {beside}")
    for row in shares.dropna(subset="share").itertuples():
        lines.append(f"{row.direction}: {row.points} points through {row.units}: {row.share:.1%}")
    return lines


def main() -> None:
    seed = console.seed_argument("dense", "What the dense layer does with the points.")
    run = Run(read_params())
    # One generator each, so that a setting of one changes no draw of another.
    start = np.random.default_rng((run.params.interventions.seed, seed))
    for_controls, for_pairing, for_paths = start.spawn(3)

    points = {s: tuple(map(trained.as_points, run.pair_maps(seed, s))) for s in HELD_OUT}
    check_counts(run.pair, points)
    head = run.head(seed)
    values = (tuple(units.dense(head, of) for of in points[split]) for split in HELD_OUT)
    layer, exemplars = units.Layer(head, run.pair, *values), run.read(files.EXEMPLARS, seed=seed)
    patches = patching(run, layer, for_controls, for_pairing)
    path_rows, shares = follow(run, layer, points, for_paths)
    summary = units.summary_row(layer)
    contents = {
        files.UNITS: units.units_table(layer),
        files.DENSE_PATCHING: patches,
        files.PATHS: path_rows,
        files.PATH_SHARES: shares,
        files.DENSE_IMAGES: shown_images(run, seed, layer, exemplars),
        files.RESEMBLANCE: resemblances(run, points, layer, exemplars),
        files.DENSE: pd.DataFrame([summary]),
    }
    for file, content in contents.items():
        artifacts.write(file, content, seed=seed)
    for number, line in enumerate(story(summary, patches, shares)):
        console.say(f"  {line}" if number else f"cnn-{seed}: {line}")


if __name__ == "__main__":
    console.run(main)
