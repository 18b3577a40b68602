"""How many points decide: class a's images with points as in class b, and the other way."""

from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import measures
from stages.common.network import Head
from stages.interventions.edits import Edit, outcome_along, prepare
from stages.interventions.rankings import Study, controlled

DIRECTIONS = ("a_to_b", "b_to_a")
MODES = ("zero", "mean", "interchange")
RANKINGS = ("auroc", "effect")
ABLATIONS = ("zero", "mean")


class Case(NamedTuple):
    """One curve of patching."""

    direction: str
    mode: str
    ranking: str


CASES = [Case(*names) for names in product(DIRECTIONS, MODES, RANKINGS)]


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
    difference: np.ndarray  # float32 (K, n): logit difference, mean over sources
    flipped: np.ndarray  # (K,)
    recovered: np.ndarray  # (K,)


class Result(NamedTuple):
    """One case: its rows of the table, and its images."""

    case: Case
    table: pd.DataFrame
    patched: Patched
    source_difference: np.ndarray  # float32 (n,)


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
    return Patched(flips, difference, flipped, recovered)


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
    columns = {
        "k": np.array(ks, int),
        "ranking": case.ranking,
        "direction": case.direction,
        "mode": case.mode,
    }
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
    name = f"effect_{case.direction}" if case.ranking == "effect" else case.ranking
    order = getattr(study.orders, name)
    patched = patch_along(study.head, patch, order, study.ks, study.pair)
    drawn = control_outcomes(
        study.head, patch, order, study.stand_ins, controlled(study.ks, len(order)), study.pair
    )
    table = patching_table(case, study.ks, patched, drawn)
    return Result(case, table, patched, patch.source_difference)


def per_image(images: list[Images], results: list[Result]) -> dict[str, np.ndarray]:
    """What happened to each test image, class a before class b: as base of its own direction."""
    found: dict[str, list[np.ndarray]] = {
        "right": [image.right for image in images],
        "difference": [image.difference for image in images],
    }
    for direction in DIRECTIONS:  # a_to_b edits the images of a
        for case, _, patched, source_difference in results:
            if case.direction != direction:
                continue
            key = f"{case.ranking}_{case.mode}"
            found.setdefault(f"flips_{key}", []).append(patched.flips)
            found.setdefault(f"difference_{key}", []).append(patched.difference)
            if case.ranking == RANKINGS[0]:
                found.setdefault(f"source_difference_{case.mode}", []).append(source_difference)
    return {name: np.concatenate(parts, axis=-1) for name, parts in found.items()}


def specificity_table(
    study: Study, label: int, points: np.ndarray, pair_mean: np.ndarray
) -> pd.DataFrame:
    """Ten-way accuracy on a class's test images, float32 (n, points), before and after ablation.

    Another class has no direction: the points are set to zero or to `pair_mean` (points,),
    the mean over both classes of the pair, which says nothing about which of the two it is.
    """
    tables = []
    for mode, ranking in product(ABLATIONS, RANKINGS):
        replacement = pair_mean if mode == "mean" else np.zeros_like(pair_mean)
        prepared = prepare(study.head, points, replacement.astype(np.float32))
        order = getattr(study.orders, ranking)
        answers = outcome_along(study.head, prepared, order, (0, *study.ks), study.pair).answers
        accuracy = (answers == label).mean(axis=1) if len(points) else np.full(len(answers), np.nan)
        columns = {"k": np.array(study.ks, int), "ranking": ranking, "mode": mode, "class": label}
        accuracies = {"accuracy_before": accuracy[0], "accuracy_after": accuracy[1:]}
        tables.append(pd.DataFrame({**columns, **accuracies}))
    return pd.concat(tables, ignore_index=True)
