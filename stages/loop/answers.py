"""What a network answers to images whose loop was edited, and to images that have one or not.

The logit difference is z_b - z_a. An edit is judged by its direction: towards the class of the pair
that the image is not of. Only images that the network answered rightly before count.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import artifacts, files, measures, resampling
from stages.common.cases import CLOSED, DRAWN, ERASED, OPENED

GAINS = {"closed": (CLOSED, DRAWN), "opened": (OPENED, ERASED)}  # an edit and its control


class Answers(NamedTuple):
    """What one network answers to n images of the pair before and after an edit."""

    index: np.ndarray  # int (n,), row of the test images
    edit: np.ndarray  # str (n,)
    size: np.ndarray  # int (n,)
    flipped: np.ndarray  # bool (n,), the other class of the pair
    third: np.ndarray  # bool (n,), a class outside the pair
    change: np.ndarray  # float (n,), of the logit difference towards the other class

    def of(self, edit: str) -> "Answers":
        """Those of one kind of edit."""
        return Answers(*(values[self.edit == edit] for values in self))


def answers(
    before: np.ndarray, after: np.ndarray, edited: dict[str, np.ndarray], labels: np.ndarray,
    pair: tuple[int, int],
) -> tuple[Answers, np.ndarray]:  # fmt: skip
    """The answers to those m of n edited images that were answered rightly, and which they are.

    `before` (t, classes) are the logits of all test images, of `labels` (t,); `after` (n, classes)
    those of the edited ones, files.EDITED.
    """
    label = labels[edited["index"]]
    other, (a, b) = np.where(label == pair[0], pair[1], pair[0]), pair
    unedited = before[edited["index"]]
    answer, right = after.argmax(axis=1), unedited.argmax(axis=1) == label
    change = (after[:, b] - after[:, a]) - (unedited[:, b] - unedited[:, a])
    found = Answers(
        edited["index"],
        edited["edit"],
        edited["size"],
        answer == other,
        ~np.isin(answer, pair),
        np.where(other == b, change, -change),
    )
    return Answers(*(values[right] for values in found)), right


def per_image(values: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of `values` (n,) over the edits of one image: float64 (m,), and int (m,) rows."""
    rows, place, count = np.unique(index, return_inverse=True, return_counts=True)
    return np.bincount(place, values.astype(float), len(rows)) / count, rows


def edits_table(found: Answers, ink: np.ndarray, loop: np.ndarray) -> pd.DataFrame:
    """Rows of files.EDITS but for the model; `ink` and `loop` (n,) are of the same images."""
    rows = []
    for edit, size in dict.fromkeys(zip(found.edit, found.size.tolist(), strict=True)):
        here = (found.edit == edit) & (found.size == size)
        columns = {"ink": ink, "loop": loop, "flipped": found.flipped, "third": found.third,
                   "change": found.change}  # fmt: skip
        means = {
            name: per_image(of[here], found.index[here])[0].mean() for name, of in columns.items()
        }
        images = len(np.unique(found.index[here]))
        low, high = measures.wilson_interval(means["flipped"] * images, images)
        rows.append({"edit": str(edit), "size": size, "images": images, **means,
                     "flipped_low": low, "flipped_high": high})  # fmt: skip
    return pd.DataFrame(rows, columns=list(artifacts.forms(files.EDITS)))


def gain_columns(found: Answers, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of files.LOOP_RESAMPLES about edits, float64 (R,) each; `weights` (R, t).

    The share flipped by an edit, by its control, and their difference in the images that have both.
    """
    columns = {}
    for name, (edit, control) in GAINS.items():
        by_edit = {}
        for kind in (edit, control):
            values, rows = per_image(found.of(kind).flipped, found.of(kind).index)
            by_edit[kind] = pd.Series(values, rows)
            columns[kind.split()[0]] = resampling.mean(values, weights[:, rows])
        both = (by_edit[edit] - by_edit[control]).dropna()
        columns[f"{name}_gain"] = resampling.mean(
            both.to_numpy(), weights[:, both.index.to_numpy(int)]
        )
    return columns


def within_columns(
    difference: np.ndarray, labels: np.ndarray, loop: np.ndarray, pair: tuple[int, int],
    weights: np.ndarray,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Logit difference (t,) of images with a loop minus without, in a and in b: float64 (R,) each.

    `labels` and `loop` (t,), `weights` (R, t).
    """
    columns = {}
    for name, label in zip("ab", pair, strict=True):
        means = [
            resampling.mean(difference[rows], weights[:, rows])
            for rows in ((labels == label) & loop, (labels == label) & ~loop)
        ]
        columns[f"within_{name}"] = means[0] - means[1]
    return columns


def within_row(scores: np.ndarray, loop: np.ndarray) -> dict[str, float]:
    """Columns of files.WITHIN_CLASS for the `scores` (n,) of one class's images; `loop` (n,).

    NaN where there are none with or none without a loop.
    """
    if loop.all() or not loop.any():
        return dict.fromkeys(("auroc", "auroc_low", "auroc_high"), np.nan)
    auroc = measures.auroc(scores[~loop, np.newaxis], scores[loop, np.newaxis])
    ends = zip(("auroc", "auroc_low", "auroc_high"), auroc, strict=True)
    return {name: float(value[0]) for name, value in ends}
