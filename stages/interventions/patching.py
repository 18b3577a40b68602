"""Activation patching: class a's images with points as in class b, and the other way."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import measures
from stages.common.names import DIRECTIONS, MODES
from stages.common.network import Head
from stages.interventions.edits import Edit, outcome_along, prepare
from stages.interventions.rankings import Study, controlled

ABLATIONS = ("mean", "zero")


class Case(NamedTuple):
    """One curve of patching: points in the order of their effect in that direction."""

    direction: str
    mode: str


CASES = [Case(*names) for names in product(DIRECTIONS, MODES)]


class Images(NamedTuple):
    """Test images of one class of the pair, and that class's mean on validation."""

    label: int
    points: np.ndarray  # float32 (n, points)
    right: np.ndarray  # bool (n,): the unedited network answers the label
    difference: np.ndarray  # float32 (n,): logit difference z_b - z_a, unedited
    mean: np.ndarray  # float32 (points,)


class Patch(NamedTuple):
    """Base images about to take points; n images, each beside m sources."""

    prepared: Edit  # n m columns, the sources of one image side by side
    base: Images
    target: int  # the class that the sources are of
    source_difference: np.ndarray  # float32 (n,): mean logit difference of the sources
    sources: int  # m


class Patched(NamedTuple):
    """What a patch of growing sets of points does, K of them."""

    flips: np.ndarray  # float32 (K, n): share of its sources that flip an image answered rightly
    flipped: np.ndarray  # (K,)
    recovered: np.ndarray  # (K,)


class Result(NamedTuple):
    """One case: its rows of the table, and the flips of each image."""

    case: Case
    table: pd.DataFrame
    flips: np.ndarray  # as in `Patched`


def see(
    head: Head, label: int, points: np.ndarray, mean: np.ndarray, pair: tuple[int, int]
) -> Images:
    """What the unedited network makes of a class's images, float32 (n, points)."""
    logits = head(points)
    difference = logits[:, pair[1]] - logits[:, pair[0]]
    return Images(label, points, logits.argmax(axis=1) == label, difference, mean)


def see_pair(study: Study) -> list[Images]:
    """The test images of class a and of class b."""
    parts = zip(study.pair, study.test, study.validation, strict=True)
    return [
        see(study.head, label, points, known.mean(axis=0), study.pair)
        for label, points, known in parts
    ]


def pairing(n: int, others: int, sources: int, generator: np.random.Generator) -> np.ndarray:
    """Rows of `others` source images for each of n base images, each once: int (n, m).

    m is `sources`, or `others` where that is less.
    """
    return np.argsort(generator.random((n, others)), axis=1)[:, :sources]


def partners(study: Study, sources: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """The pairing of each direction; all cases share it, so that they differ by their points."""
    n_a, n_b = (len(points) for points in study.test)
    sizes = zip(DIRECTIONS, ((n_a, n_b), (n_b, n_a)), strict=True)
    return {direction: pairing(*size, sources, generator) for direction, size in sizes}


def make_patch(head: Head, mode: str, base: Images, source: Images, partners: np.ndarray) -> Patch:
    """What `base` takes from the class of `source`; `partners` int (n, m) are rows of `source`.

    For `zero` and `mean` no single image is the source: it is the class's mean on test.
    """
    if mode == "interchange":
        sources = partners.shape[1]
        points = np.repeat(base.points, sources, axis=0)
        prepared = prepare(head, points, source.points[partners.ravel()])
        expected = source.difference[partners].mean(axis=1)
    else:
        sources = 1
        replacement = source.mean if mode == "mean" else np.zeros_like(source.mean)
        prepared = prepare(head, base.points, replacement)
        expected = np.full(len(base.points), source.difference.mean(dtype=float), np.float32)
    return Patch(prepared, base, source.label, expected, sources)


def patch_along(
    head: Head, patch: Patch, order: np.ndarray, ks: tuple[int, ...], pair: tuple[int, int]
) -> Patched:
    """What editing the first k points of `order` does, for each k."""
    base = patch.base
    outcome = outcome_along(head, patch.prepared, order, ks, pair)
    shape = (len(ks), len(base.points), patch.sources)
    flips = (outcome.answers == patch.target).reshape(shape).mean(axis=2, dtype=np.float32)
    flips[:, ~base.right] = 0
    difference = outcome.difference.reshape(shape).mean(axis=2)
    counted = base.right.sum()
    flipped = flips.sum(axis=1, dtype=float) / counted if counted else np.full(len(ks), np.nan)
    recovered = measures.recovered(
        difference.mean(axis=1, dtype=float),
        base.difference.mean(dtype=float),
        patch.source_difference.mean(dtype=float),
    )
    return Patched(flips, flipped, recovered)


def control_outcomes(
    head: Head,
    patch: Patch,
    order: np.ndarray,
    stand_ins: np.ndarray,
    ks: tuple[int, ...],
    pair: tuple[int, int],
) -> dict[str, np.ndarray]:
    """`flipped` and `recovered`, (controls, K) each, of what stands in for `order`'s points."""
    found = {name: np.empty((len(stand_ins), len(ks))) for name in ("flipped", "recovered")}
    for row, stand_in in enumerate(stand_ins if ks else ()):
        patched = patch_along(head, patch, stand_in[order], ks, pair)
        for name, values in found.items():
            values[row] = getattr(patched, name)
    return found


def patching_table(
    case: Case, ks: tuple[int, ...], patched: Patched, controls: dict[str, np.ndarray]
) -> pd.DataFrame:
    """One row for each k.

    `controls` hold `flipped` and `recovered`, (controls, K') each, of the first K' sets.
    """
    columns = {**case._asdict(), "k": np.array(ks, int)}
    for name, drawn in controls.items():
        observed = getattr(patched, name)
        blank = [np.nan] * (len(ks) - drawn.shape[1])
        mean, low, high = measures.control_band(drawn)
        p = measures.empirical_p(observed[: drawn.shape[1]], drawn)
        columns[name] = observed
        columns[f"{name}_control_mean"] = [*mean, *blank]
        columns[f"{name}_control_low"] = [*low, *blank]
        columns[f"{name}_control_high"] = [*high, *blank]
        columns[f"{name}_p"] = [*p, *blank]
    return pd.DataFrame(columns)


def run_case(
    study: Study, case: Case, images: list[Images], partners: dict[str, np.ndarray]
) -> Result:
    """One patch along one order, beside its controls."""
    base, source = images if case.direction == "a_to_b" else images[::-1]
    patch = make_patch(study.head, case.mode, base, source, partners[case.direction])
    order = getattr(study.orders, case.direction)
    patched = patch_along(study.head, patch, order, study.ks, study.pair)
    drawn = control_outcomes(
        study.head, patch, order, study.stand_ins, controlled(study.ks, len(order)), study.pair
    )
    return Result(case, patching_table(case, study.ks, patched, drawn), patched.flips)


def specificity_table(
    study: Study, label: int, points: np.ndarray, pair_mean: np.ndarray
) -> pd.DataFrame:
    """Ten-way accuracy on a class's test images, float32 (n, points), before and after ablation.

    Another class has no direction: the points are set to zero or to `pair_mean` (points,),
    the mean over both classes of the pair, which says nothing about which of the two it is.
    """
    tables = []
    for mode in ABLATIONS:
        replacement = pair_mean if mode == "mean" else np.zeros_like(pair_mean)
        prepared = prepare(study.head, points, replacement.astype(np.float32))
        ks = (0, *study.ks)
        answers = outcome_along(study.head, prepared, study.orders.effect, ks, study.pair).answers
        accuracy = (answers == label).mean(axis=1) if len(points) else np.full(len(answers), np.nan)
        columns = {"mode": mode, "k": np.array(study.ks, int), "class": label}
        accuracies = {"accuracy_before": accuracy[0], "accuracy_after": accuracy[1:]}
        tables.append(pd.DataFrame({**columns, **accuracies}))
    return pd.concat(tables, ignore_index=True)
