"""download: the dataset named in `params.yaml`, verified and split, as one file.

In:  `dataset.*` of params.yaml; the files of that dataset, from the first source that has them.
     The classes that other settings name are checked here, before anything trains.
Out: `data/raw/dataset.npz`: images, labels and source rows of the three splits.

Of the training images, `fit` is what the weights see and `validation` is held out: points are
selected there. `test` is the dataset's own test set, drawn first where it has none: findings are
reported there, once. A mirror changes no byte of the output, so that nothing behind it runs again.

With `--check`, nothing is written: one line says whether a source has the dataset now, and the
exit code is 0 or 1. Without that line, an error stands in its place.
"""

import argparse
import sys

import numpy as np

from stages.common import artifacts, console, files
from stages.common.console import StageError
from stages.common.names import SPLITS
from stages.common.params import Dataset, check_classes, check_network, read_params
from stages.download import digits, mnist_5k, own
from stages.download.check import check
from stages.download.datasets import DIGIT_NAMES, EMBEDDED, PUBLISHED
from stages.download.sources import obtain
from stages.download.splitting import assemble


def load(settings: Dataset) -> tuple[dict[str, np.ndarray], tuple[str, ...], str]:
    """The dataset's arrays as `assemble` takes them, the names of its classes, and its source."""
    name = settings.name
    if name in PUBLISHED:
        arrays, source = obtain(PUBLISHED[name])
        return arrays, PUBLISHED[name].class_names, source
    if name in EMBEDDED:
        arrays = digits.load() if name == "digits" else mnist_5k.load(settings.split_seed)
        return arrays, DIGIT_NAMES, EMBEDDED[name]
    return own.load(settings)


def check_splits(arrays: dict[str, np.ndarray], class_names: tuple[str, ...]) -> None:
    """Raise StageError where a class has no image in a split: nothing could be measured there."""
    for part in SPLITS:
        counts = np.bincount(arrays[f"{part}_labels"], minlength=len(class_names))
        if not counts.all():
            raise StageError(
                f"No {part} image is of class {class_names[counts.argmin()]}: it has too few "
                "training images. Bring more, or raise dataset.validation_size in params.yaml."
            )


def main() -> None:
    """Get the dataset, split it, write it; or only check that it can be had."""
    description = "Download the dataset named in params.yaml, verify it and split it."
    parser = argparse.ArgumentParser(prog="python -m stages.download", description=description)
    only_say = "only say, within 10 s, whether a source has it now"
    parser.add_argument("--check", action="store_true", help=only_say)
    only_check = parser.parse_args().check
    params = read_params()
    settings = params.dataset
    if only_check:
        possible, why = check(settings)
        console.say(why)
        sys.exit(0 if possible else 1)

    console.say(f"dataset     {settings.name}")
    source, class_names, label = load(settings)
    console.say(f"source      {label}")
    check_classes(params, class_names)
    check_network(params, source["train_images"].shape[1])

    images = len(source["train_labels"])
    size = min(settings.validation_size, images // 4)
    if size < settings.validation_size:
        console.say(
            f"held out    {size:,}, not {settings.validation_size:,}: "
            f"at most a quarter of {images:,} training images"
        )
    arrays = assemble(source, size, settings.split_seed)
    check_splits(arrays, class_names)
    arrays |= {"class_names": np.array(class_names), "name": np.array(settings.name)}
    artifacts.write(files.DATASET, arrays)
    for part in SPLITS:
        console.say(f"{part:<10}  {len(arrays[f'{part}_labels']):>6,} images")
    console.say(f"written     {files.DATASET.path}")


if __name__ == "__main__":
    console.run(main)
