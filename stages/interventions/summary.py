"""How many points a probe takes, how many patching takes, and what class-typical points carry.

`counts`, float64 (R, n), are bootstrap samples as in `intervals`.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import discriminant, intervals
from stages.common.cases import HALF
from stages.common.intervals import NOTHING, Value, from_samples
from stages.interventions.patching import Images
from stages.interventions.probe_curve import Curve
from stages.interventions.rankings import Study


def probe_share(
    right: np.ndarray, folds: np.ndarray, ks: np.ndarray, live: int, counts: np.ndarray
) -> Value:
    """How many points the one-standard-error rule chooses, as a share of the live ones.

    `right` bool (K, n), out of fold; `folds` (n,), the strata of `counts`; `ks` int (K,).
    """
    if not len(ks):
        return NOTHING
    members = [folds == fold for fold in np.unique(folds)]
    accuracy = [counts[:, fold] @ right[:, fold].T / fold.sum() for fold in members]
    chosen = [discriminant.one_standard_error(of_sets) for of_sets in np.stack(accuracy, axis=2)]
    observed = discriminant.one_standard_error(discriminant.fold_accuracy(right, folds))
    return from_samples(ks[observed] / live, ks[chosen] / live)


def first_crossing(share: np.ndarray, ks: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The k at which `share` (R, K) first reaches a half where `allowed`, (R,); NaN if nowhere.

    Between the sets tested, which are 1.6 times as large each, the share is taken to be
    linear in log k: no verdict may depend on the gaps of the grid.
    """
    reached = (share >= HALF) & allowed
    at = reached.argmax(axis=1)
    rows, before = np.arange(len(share)), np.maximum(at - 1, 0)
    low, high = share[rows, before], share[rows, at]
    between = (low < HALF) & (at > 0)
    part = np.where(between, (HALF - low) / np.where(between, high - low, 1), 1)
    logs = np.log(ks)
    crossing = np.exp(logs[before] + part * (logs[at] - logs[before]))
    return np.where(reached.any(axis=1), crossing, np.nan)


class PatchCount(NamedTuple):
    """How many points flip half of both classes' images answered rightly; NaN where none does."""

    share: Value  # of the live points; 1 where no number does
    k: float
    by_class: tuple[float, float]  # of the images of class a alone, of class b alone


class Flips(NamedTuple):
    """What interchange of the k best points does to the test images, class a first."""

    flips: np.ndarray  # float (K, n), share of sources that flip an image; 0 where it was wrong
    right: np.ndarray  # bool (n,), answered rightly before
    is_b: np.ndarray  # bool (n,)
    ks: np.ndarray  # int (K,)
    control_high: np.ndarray  # (K, 2), 97.5 % of random sets of images of a, of b; NaN: none drawn


def patch_count(of: Flips, live: int, counts: np.ndarray) -> PatchCount:
    """How many points, best first, flip half of either class's images, beyond chance.

    The class that needs more of them counts: a mean over both would hide one that resists.
    `counts` resamples the images within each class.
    """
    if not len(of.ks) or not of.right.any():
        return PatchCount(NOTHING, np.nan, (np.nan, np.nan))

    def crossings(weights: np.ndarray) -> np.ndarray:
        of_classes = []
        for member, high in zip((~of.is_b, of.is_b), of.control_high.T, strict=True):
            with np.errstate(invalid="ignore", divide="ignore"):
                share = weights * member @ of.flips.T / (weights * member @ of.right)[:, np.newaxis]
            of_classes.append(first_crossing(share, of.ks, np.isnan(high) | (share > high)))
        return np.stack(of_classes)

    by_class = crossings(np.ones((1, len(of.right))))[:, 0]
    k = float(by_class.max())  # NaN if either is
    of_samples = np.nan_to_num(crossings(counts).max(axis=0) / live, nan=1)
    share = from_samples(1.0 if np.isnan(k) else k / live, of_samples)
    return PatchCount(share, k, tuple(map(float, by_class)))


def typical_columns(study: Study, points: pd.DataFrame) -> dict:
    """AUROC of the best class-typical point alone, and of a probe on all of them.

    The best is selected by the AUROC of validation images, its values turned so that higher
    means b. Empty where no point is class-typical.
    """
    typical = np.flatnonzero(points["typical_a"] | points["typical_b"])
    values = np.concatenate(study.test)
    best = joint = np.full(len(values), np.nan)
    if len(typical):
        auroc = points["auroc"].to_numpy()
        chosen = typical[np.argmax(np.abs(auroc[typical] - 0.5))]
        best = values[:, chosen] * np.where(auroc[chosen] < 0.5, -1, 1)
        joint = discriminant.scores(study.fitted, values, typical[np.newaxis])[0]
    return {
        "typical": len(typical),
        **intervals.auroc(best.astype(np.float32), study.is_b).columns("typical_best"),
        **intervals.auroc(joint.astype(np.float32), study.is_b).columns("typical_joint"),
    }


def patch_columns(
    study: Study, images: list[Images], interchanged: list[tuple], counts: np.ndarray
) -> dict:
    """The columns of `patch_count`.

    `images` are those of a and of b, `interchanged` the tables and flips that `run_case` gives for
    both directions; `counts` resample all test images.
    """
    tables, flips = zip(*interchanged, strict=True)
    high, mean = (
        np.stack([table[name].to_numpy(float) for table in tables], axis=1)
        for name in ("flipped_control_high", "flipped_control_mean")
    )
    right, ks = np.concatenate([image.right for image in images]), np.array(study.ks)
    patched = Flips(np.concatenate(flips, axis=1), right, study.is_b, ks, high)
    count = patch_count(patched, len(study.live), counts)
    none = np.isnan(count.k)
    tested = -1 if none else ks[np.searchsorted(ks, count.k * (1 - 1e-9))]
    drawn = mean[ks == tested]
    return {
        **count.share.columns("patch_share"),
        "patch_k": count.k,
        "patch_k_a": count.by_class[0],
        "patch_k_b": count.by_class[1],
        "patch_random": drawn.max() if drawn.size else np.nan,
        "patch_none": float(len(study.live)) if none else np.nan,
    }


def probe_columns(
    study: Study, curves: dict[str, Curve], folds: np.ndarray, counts: np.ndarray
) -> dict:
    """The chosen k of each ranking, and the share of live points of the one chosen together.

    `counts` resample the validation images within `folds` (n,).
    """
    forward, live = curves["forward"], len(study.live)
    share = probe_share(forward.cv_right, folds, np.array(forward.ks), live, counts)
    chosen = {f"probe_k_{name}": curve.chosen_k for name, curve in curves.items()}
    return {"live": live, **chosen, **share.columns("probe_share")}
