"""A finished run: where stages and the report read what other stages wrote, each file once."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.common import artifacts, files, trained
from stages.common.architecture import Design
from stages.common.files import File
from stages.common.params import PARAMS, Params, read_params

TITLES = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "mnist_5k": "5,000 images of MNIST",
    "digits": "the small UCI digits of scikit-learn",
    "own": "your own images",
}


class Run:
    """What a run left in the folder `root`, for the settings `params`.

    Reading raises StageError as `artifacts.read` does. What it returns is shared: do not change it.
    """

    def __init__(self, params: Params, root: Path = Path()) -> None:
        self.params = params
        self.root = root
        self._known: dict[tuple, Any] = {}

    @classmethod
    def of(cls, root: Path) -> "Run":
        """The run in the folder `root`, with its own `params.yaml`."""
        return cls(read_params(root / PARAMS), root)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The replicates."""
        return self.params.train.seeds

    @property
    def shown(self) -> tuple[int, ...]:
        """The replicates that are looked at closely."""
        return self.params.analysis.shown_seeds

    @property
    def seed(self) -> int:
        """The replicate that most figures show."""
        return self.shown[0]

    @property
    def pair(self) -> tuple[int, int]:
        """Classes a and b."""
        return self.params.analysis.pair

    @property
    def conv_layers(self) -> tuple[str, ...]:
        """The names of the CNN's conv layers."""
        return self.params.network.cnn.conv_layers

    @property
    def last(self) -> str:
        """The name of the last conv layer, whose points are compared."""
        return self.conv_layers[-1]

    @property
    def dumped(self) -> tuple[int, ...]:
        """The classes of `activations.classes`."""
        classes = self.params.activations.classes
        return tuple(range(len(self.class_names))) if classes == "all" else classes

    def chosen(self, layers: str | tuple[str, ...]) -> tuple[str, ...]:
        """The conv layers that a setting means by `last`, `all` or their names."""
        return {"last": (self.last,), "all": self.conv_layers}.get(layers, layers)

    @cached_property
    def design(self) -> Design:
        """The CNN's, for the images and classes of the dataset."""
        side = self.dataset_array("test_images").shape[1]
        return Design(self.params.network.cnn, side, len(self.class_names))

    def read(self, file: File, *names: str, **where: object) -> Any:
        """As `artifacts.read`; the same file is read once."""
        key = (file.path, names, tuple(where.items()))
        if key not in self._known:
            self._known[key] = artifacts.read(file, *names, root=self.root, **where)
        return self._known[key]

    def every(self, file: File, **where: object) -> pd.DataFrame:
        """The table of every seed, one below the other, with the column `seed`."""
        tables = (self.read(file, seed=seed, **where).assign(seed=seed) for seed in self.seeds)
        return pd.concat(tables, ignore_index=True)

    def every_shown(self, file: File, **where: object) -> pd.DataFrame:
        """As `every`, of the seeds that are looked at closely."""
        tables = (self.read(file, seed=seed, **where).assign(seed=seed) for seed in self.shown)
        return pd.concat(tables, ignore_index=True)

    def path(self, file: File, **where: object) -> Path:
        """Where a file lies."""
        return self.root / artifacts.path_of(file, **where)

    def maps(self, seed: int, split: str, label: int) -> np.ndarray:
        """The last conv layer in a class's images, float32 (n, rows, columns, maps)."""
        where = {"seed": seed, "split": split, "label": label}
        return self.read(files.ACTIVATIONS, "index", self.last, **where)[self.last]

    def pair_maps(self, seed: int, split: str) -> tuple[np.ndarray, np.ndarray]:
        """The same of the images of class a and of class b."""
        return tuple(self.maps(seed, split, label) for label in self.pair)

    def head(self, seed: int) -> trained.Head:
        """What the CNN does after its last conv layer."""
        return trained.read_head(self.path(files.WEIGHTS, model="cnn", seed=seed), self.design)

    def dataset_array(self, name: str) -> np.ndarray:
        """One array of the dataset, such as `test_labels`."""
        return self.read(files.DATASET, name)[name]

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class, by its number."""
        return tuple(map(str, self.dataset_array("class_names")))

    @property
    def dataset(self) -> str:
        """The dataset's name in a sentence."""
        return TITLES[self.params.dataset.name]

    @property
    def names(self) -> tuple[str, str]:
        """The names of classes a and b, in quotes where they are words."""
        return tuple(map(self.quoted, self.pair))

    def quoted(self, label: int) -> str:
        """The name of a class, in quotes where it is a word: `4`, `“Sandal”`."""
        name = self.class_names[label]
        return name if name.isdigit() else f"“{name}”"

    def one(self, label: int) -> str:
        """One image of a class, with its article: `a 4`, `an 8`, `a “Sandal”`."""
        article = "an" if re.match(r"[aeioAEIO8]|1[18]$", self.class_names[label]) else "a"
        return f"{article} {self.quoted(label)}"

    def many(self, label: int) -> str:
        """Images of a class in the plural: `4s`, `images of “Sandal”`."""
        name = self.class_names[label]
        return f"{name}s" if name.isdigit() else f"images of “{name}”"
