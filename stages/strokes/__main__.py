"""Images of the pair whose loop is closed or opened, with as much ink drawn or erased elsewhere.

In:  `data/raw/dataset.npz`
Out: `data/strokes/`
     `loops.csv`           which validation and test images have a loop
     `edited_{split}.npz`  the edited images

A class without loops can be turned into one with loops by a stroke, and back by an erasure. The
class of the pair with fewer loops gets strokes, in its images without a loop; the other one
erasures, in its images with one. The controls are strokes and erasures of as much ink elsewhere,
loops closed lower or elsewhere or opened elsewhere, strokes turned away about one of their tips,
and strokes with gaps and openings of several widths.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from stages.common import artifacts, console, files
from stages.common.cases import CLOSING, OPENING
from stages.common.names import HELD_OUT
from stages.common.params import read_params
from stages.common.run import Run
from stages.strokes import closing, loops, opening

SIZES = (1, 2, 3, 4, 5, 6)  # pixels: of gaps, and of narrow openings
DOWN = (1, 2, 3, 4)  # pixels
DRAWS = 2  # of strokes and of erasures elsewhere, for each image
DIFFERENT = 0.5  # shares of images with a loop must differ by this for edits to make sense


CLOSED, GAP, LOWER, HINGED, DRAWN, CLOSED_ELSEWHERE = CLOSING
OPENED, NARROW, ERASED, OPENED_ELSEWHERE = OPENING


class Edited(NamedTuple):
    """An edited image, uint8 (side, side), and what was done."""

    edit: str
    size: int
    image: np.ndarray


def closed(image: np.ndarray, generator: np.random.Generator | None) -> Iterator[Edited]:
    """An image without a loop, with one and with controls; nothing where no stroke makes a loop.

    Without a `generator` the closed image alone.
    """
    strokes = closing.closing_strokes(image)
    if (stroke := next(strokes, None)) is None:
        return
    yield Edited(CLOSED, 0, closing.draw(image, stroke))
    if generator is None:
        return
    for gap in SIZES:
        yield Edited(GAP, gap, closing.draw(image, stroke, gap))
    for down in DOWN:
        if (drawn := closing.lower(image, stroke, down)) is not None:
            yield Edited(LOWER, down, drawn)
    for drawn in closing.hinged(image, stroke):
        yield Edited(HINGED, 0, drawn)
    for drawn in closing.elsewhere(image, stroke, DRAWS, generator):
        yield Edited(DRAWN, 0, drawn)
    if (other := next(strokes, None)) is not None:
        yield Edited(CLOSED_ELSEWHERE, 0, closing.draw(image, other))


def opened(image: np.ndarray, generator: np.random.Generator | None) -> Iterator[Edited]:
    """An image with a loop, without it and with controls; nothing where the erasure leaves one.

    Without a `generator` the opened image alone.
    """
    without = opening.erase(image, opening.top(image))
    if loops.has_loop(without[np.newaxis])[0]:
        return
    yield Edited(OPENED, 0, without)
    if generator is None:
        return
    for width in SIZES:
        yield Edited(NARROW, width, opening.erase(image, opening.top(image, width)))
    for erased in opening.elsewhere(image, DRAWS, generator):
        yield Edited(ERASED, 0, erased)
    if (other := opening.at_another_side(image)) is not None:
        yield Edited(OPENED_ELSEWHERE, 0, other)


def edit_all(
    images: np.ndarray, rows: np.ndarray, edit, generator: np.random.Generator | None
) -> list[tuple[int, Edited]]:  # fmt: skip
    """What `edit`, one of the two above, makes of some `rows` of uint8 images (n, side, side)."""
    rows = console.progress(rows, edit.__name__)
    return [(row, result) for row in rows for result in edit(images[row], generator)]


def arrays_of(images: np.ndarray, edited: list[tuple[int, Edited]]) -> dict[str, np.ndarray]:
    """The content of files.EDITED; `images` uint8 (n, side, side) are those before."""
    index = np.array([row for row, _ in edited], np.int32)
    pixels = np.array([of.image for _, of in edited], np.uint8).reshape(-1, *images.shape[1:])
    return {
        "index": index,
        "edit": np.array([of.edit for _, of in edited], str),
        "size": np.array([of.size for _, of in edited], np.int32),
        "image": pixels,
        "ink": closing.ink_of(pixels, images[index]).astype(np.float32),
        "loop": loops.has_loop(pixels),
    }


def shares(table: pd.DataFrame, pair: tuple[int, int]) -> list[float]:
    """The share of validation images of a and of b that have a loop; NaN where there is none."""
    known = table[table["split"] == "validation"]
    return [known.loc[known["label"] == label, "loop"].mean() for label in pair]


def main() -> None:
    run = Run(read_params())
    tables = []
    for split in HELD_OUT:
        images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        columns = {"split": split, "index": range(len(labels)), "label": labels}
        tables.append(pd.DataFrame(columns | {"loop": loops.has_loop(images)}))
    table = pd.concat(tables, ignore_index=True)
    of_pair = shares(table, run.pair)
    differs = abs(of_pair[1] - of_pair[0]) >= DIFFERENT
    few, many = run.pair if of_pair[0] <= of_pair[1] else run.pair[::-1]
    for split, of_split in zip(HELD_OUT, tables, strict=True):
        images = run.dataset_array(f"{split}_images")
        generator = np.random.default_rng(0) if split == "test" else None
        edited = []
        if differs:
            label, loop, rows = (of_split[name] for name in ("label", "loop", "index"))
            edited += edit_all(images, rows[(label == few) & ~loop], closed, generator)
            edited += edit_all(images, rows[(label == many) & loop], opened, generator)
        artifacts.write(files.EDITED, arrays_of(images, edited), split=split)
    artifacts.write(files.LOOPS, table)
    for label, share in zip(run.pair, of_pair, strict=True):
        console.say(f"{run.many(label)} with a loop: {share:.0%} of the validation images")
    if differs:
        kinds = [of.edit for _, of in edited]
        counts = (kinds.count(edit) for edit in (CLOSED, OPENED))
        console.say("test images: {:,} closed, {:,} opened".format(*counts))
    else:
        console.say("the classes hardly differ in loops: no image is edited")


if __name__ == "__main__":
    console.run(main)
