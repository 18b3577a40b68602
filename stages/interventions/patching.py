"""Activation patching: class a's images with points as in class b, and the other way."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import measures
from stages.common.controls import control_columns, controlled, pairing
from stages.common.edits import Edit, logits_along, prepare
from stages.common.trained import Head
from stages.interventions.rankings import Study


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
    source_difference: float  # mean logit difference of the sources
    sources: int  # m


class Patched(NamedTuple):
    """What a patch of growing sets of points does, K of them."""

    flipped: np.ndarray  # (K,)
    recovered: np.ndarray  # (K,)


def see_pair(study: Study) -> list[Images]:
    """The test images of class a and of class b, and what the unedited network makes of them."""
    a, b = study.pair
    images = []
    for label, points, known in zip(study.pair, study.test, study.validation, strict=True):
        logits = study.head(points)
        right, difference = logits.argmax(axis=1) == label, logits[:, b] - logits[:, a]
        images.append(Images(label, points, right, difference, known.mean(axis=0)))
    return images


def partners(study: Study, sources: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """The pairing of each direction; all modes share it, so that they differ by their points."""
    n_a, n_b = map(len, study.test)
    a_to_b = pairing(n_a, n_b, sources, generator)
    return {"a_to_b": a_to_b, "b_to_a": pairing(n_b, n_a, sources, generator)}


def make_patch(head: Head, mode: str, base: Images, source: Images, partners: np.ndarray) -> Patch:
    """What `base` takes from the class of `source`; `partners` int (n, m) are rows of `source`.

    For `zero` and `mean` no single image is the source: it is the class's mean on test.
    """
    if mode == "interchange":
        sources = partners.shape[1]
        points = np.repeat(base.points, sources, axis=0)
        prepared = prepare(head, points, source.points[partners.ravel()])
        difference = source.difference[partners].mean(axis=1).mean(dtype=float)
    else:
        sources = 1
        replacement = source.mean if mode == "mean" else np.zeros_like(source.mean)
        prepared = prepare(head, base.points, replacement)
        difference = np.float32(source.difference.mean(dtype=float))
    return Patch(prepared, base, source.label, float(difference), sources)


def patch_along(study: Study, patch: Patch, order: np.ndarray, ks: tuple[int, ...]) -> Patched:
    """What editing the first k points of `order` does, for each k."""
    base, (a, b) = patch.base, study.pair
    logits = logits_along(study.head, patch.prepared, order, ks)
    shape = (len(ks), len(base.points), patch.sources)
    flips = (logits.argmax(axis=1) == patch.target).reshape(shape).mean(axis=2, dtype=np.float32)
    flips[:, ~base.right] = 0
    counted = base.right.sum()
    flipped = flips.sum(axis=1, dtype=float) / counted if counted else np.full(len(ks), np.nan)
    difference = (logits[:, b] - logits[:, a]).reshape(shape).mean(axis=2).mean(axis=1, dtype=float)
    start = base.difference.mean(dtype=float)
    return Patched(flipped, measures.recovered(difference, start, patch.source_difference))


def control_outcomes(study: Study, patch: Patch, order: np.ndarray) -> dict[str, np.ndarray]:
    """`flipped` and `recovered` of what stands in for `order`'s points: (controls, K) each.

    NaN where no controls are drawn.
    """
    ks = controlled(study.ks, len(order))
    shape = (len(study.stand_ins), len(study.ks))
    outcomes = {name: np.full(shape, np.nan) for name in ("flipped", "recovered")}
    for row, stand_in in enumerate(study.stand_ins if ks else ()):
        patched = patch_along(study, patch, stand_in[order], ks)
        for name, values in outcomes.items():
            values[row, : len(ks)] = getattr(patched, name)
    return outcomes


def run_case(
    study: Study, direction: str, mode: str, images: list[Images], partners: np.ndarray
) -> pd.DataFrame:
    """One curve of patching: its rows of the table."""
    base, source = images if direction == "a_to_b" else images[::-1]
    patch = make_patch(study.head, mode, base, source, partners)
    order = study.orders[direction]
    patched = patch_along(study, patch, order, study.ks)
    columns = {"direction": direction, "mode": mode, "k": np.array(study.ks, int)}
    for name, controls in control_outcomes(study, patch, order).items():
        columns[name] = getattr(patched, name)
        columns |= control_columns(f"{name}_control", controls)
        columns[f"{name}_p"] = measures.empirical_p(columns[name], controls)
    return pd.DataFrame(columns)


def specificity_table(
    study: Study, label: int, points: np.ndarray, pair_mean: np.ndarray
) -> pd.DataFrame:
    """Accuracy on a class's test images, float32 (n, points), before and after ablation.

    Another class has no direction: the points are set to zero or to `pair_mean` (points,),
    the mean over both classes of the pair, which says nothing about which of the two it is.
    """
    tables = []
    for mode, replacement in (("mean", pair_mean), ("zero", np.zeros_like(pair_mean))):
        prepared = prepare(study.head, points, replacement.astype(np.float32))
        logits = logits_along(study.head, prepared, study.orders["effect"], (0, *study.ks))
        right = logits.argmax(axis=1) == label
        accuracy = right.mean(axis=1) if len(points) else np.full(len(right), np.nan)
        columns = {"mode": mode, "k": np.array(study.ks, int), "class": label}
        accuracies = {"accuracy_before": accuracy[0], "accuracy_after": accuracy[1:]}
        tables.append(pd.DataFrame(columns | accuracies))
    return pd.concat(tables, ignore_index=True)
