"""Everything the report shows, read once from the files of the other stages."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from stages.common import artifacts, network
from stages.common.console import StageError
from stages.common.params import Params

DATASETS = {
    "mnist": "MNIST",
    "fashion_mnist": "Fashion-MNIST",
    "digits": "the small UCI digits of scikit-learn",
}
LAYER = "conv_3"
# What the report reads of `data/input_patterns`.
PATTERNS = (
    "layer", "map", "pattern", "value", "natural_max", "natural_spread", "success_rate", "status",
    "upper_bound", "top_images", "untrained_value", "untrained_natural_max",
    "untrained_natural_spread", "untrained_success_rate", "conv_1_kernel", "class_target",
    "class_pattern", "class_value", "class_natural_max", "class_success_rate", "class_top_images",
    "class_logits",
)  # fmt: skip


@dataclass(frozen=True)
class Results:
    """What the other stages found. Tables are as the stages wrote them."""

    params: Params
    class_names: tuple[str, ...]
    images: dict[str, int]  # by split
    evaluation: dict[str, pd.DataFrame]  # by table
    histories: pd.DataFrame  # model, seed, epoch, ...
    points: dict[int, pd.DataFrame]  # by seed
    maps: dict[int, dict[str, pd.DataFrame]]  # by seed and layer
    exemplars: dict[str, np.ndarray]  # of the first seed
    pair_values: tuple[np.ndarray, np.ndarray]  # conv_3 of a and b, test, first seed
    dumped: dict[str, np.ndarray]  # test images of the dumped classes; conv_3 of the first seed
    head: network.Head  # of the first seed
    interventions: dict[str, dict[int, pd.DataFrame]]  # by table and seed
    chosen_k: dict[int, dict[str, int]]  # points of the one-standard-error rule, by ranking
    replicates: dict[str, pd.DataFrame]  # by table
    correlations: dict[str, np.ndarray]  # of `correlations.npz`
    patterns: dict[int, dict[str, np.ndarray]]  # by seed, as `input_patterns` wrote them
    fields: pd.DataFrame  # of `receptive_field.csv`
    claims: list[dict]  # of `claims.json`
    shifts: pd.DataFrame  # model, seed, pixels, images, accuracy; a mean over the directions
    timings: dict[str, dict]  # by network

    @property
    def seed(self) -> int:
        """The replicate that the figures show."""
        return self.params.train.seeds[0]

    @property
    def dataset(self) -> str:
        """The dataset's name in a sentence."""
        return DATASETS[self.params.dataset.name]

    @property
    def names(self) -> tuple[str, str]:
        """The names of classes a and b, in quotes where they are words."""
        a, b = self.params.analysis.pair
        return self.quoted(a), self.quoted(b)

    def quoted(self, label: int) -> str:
        """The name of a class, in quotes where it is a word: `4`, `“Sandal”`."""
        return _quoted(self.class_names[label])

    def one(self, label: int) -> str:
        """One image of a class, with its article: `a 4`, `an 8`, `a “Sandal”`."""
        name = self.class_names[label]
        article = "an" if re.match(r"[aeioAEIO8]", name) else "a"
        return f"{article} {_quoted(name)}"

    def many(self, label: int) -> str:
        """Images of a class in the plural: `4s`, `images of “Sandal”`."""
        name = self.class_names[label]
        return f"{name}s" if name.isdigit() else f"images of “{name}”"


def _quoted(name: str) -> str:
    return name if name.isdigit() else f"“{name}”"


def read(params: Params) -> Results:
    """Read what `params` asks for; raises StageError where a file is missing or damaged."""
    seeds = params.train.seeds
    splits = ("fit", "validation", "test")
    data = artifacts.read_npz(
        artifacts.DATASET, "class_names", *(f"{split}_labels" for split in splits), "test_images"
    )
    tables = ("accuracy", "pair", "mcnemar", "confusion", "summary", "curves")
    activations = artifacts.activations_folder(seeds[0])
    a, b = (
        artifacts.read_npz(activations / f"test_{label}.npz", LAYER)[LAYER]
        for label in params.analysis.pair
    )
    return Results(
        params=params,
        class_names=tuple(str(name) for name in data["class_names"]),
        images={split: len(data[f"{split}_labels"]) for split in splits},
        evaluation={name: artifacts.read_csv(_evaluation(name)) for name in tables},
        histories=_histories(seeds),
        points={seed: _points(seed) for seed in seeds},
        maps={
            seed: {
                layer: artifacts.read_csv(_statistics(seed, f"maps_{layer}"))
                for layer in network.CONV_LAYERS
            }
            for seed in seeds
        },
        exemplars=artifacts.read_npz(activations / "exemplars.npz"),
        pair_values=(a, b),
        dumped=_dumped(activations, params.activations.classes, data),
        head=network.read_head(artifacts.model_folder("cnn", seeds[0]), *a.shape[1:]),
        interventions={
            name: {seed: artifacts.read_csv(_interventions(seed) / f"{name}.csv") for seed in seeds}
            for name in ("point_curve", "patching", "specificity", "wrong_points", "effects")
        },
        chosen_k={seed: _chosen_k(seed) for seed in seeds},
        replicates={
            name: artifacts.read_csv(artifacts.REPLICATES / f"{name}.csv")
            for name in ("matching", "cka", "selected_points")
        },
        correlations=artifacts.read_npz(artifacts.REPLICATES / "correlations.npz"),
        patterns={seed: _patterns(seed, params.patterns.layers) for seed in seeds},
        fields=artifacts.read_csv(artifacts.RECEPTIVE_FIELD),
        claims=artifacts.read_json(artifacts.CLAIMS),
        shifts=_shifts(seeds, data["test_labels"]),
        timings={
            f"{model}-{seed}": artifacts.read_json(artifacts.TIMINGS / f"train-{model}-{seed}.json")
            for model in ("cnn", "mlp")
            for seed in seeds
        },
    )


def _dumped(
    folder: Path, classes: tuple[int, ...], data: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """`image` uint8 (n, 28, 28), `label` uint8 (n,) and `points` float32 (n, points)."""
    files = [artifacts.read_npz(folder / f"test_{label}.npz", "index", LAYER) for label in classes]
    index = np.concatenate([file["index"] for file in files])
    return {
        "image": data["test_images"][index],
        "label": data["test_labels"][index],
        "points": np.concatenate([network.as_points(file[LAYER]) for file in files]),
    }


def _points(seed: int) -> pd.DataFrame:
    points = artifacts.read_csv(_statistics(seed, f"points_{LAYER}"))
    if points["dead"].all():
        raise StageError(
            f"No point of {LAYER} in cnn-{seed} is ever above 0, so there is nothing to report: "
            "the network did not learn. Lower cnn.learning_rate in params.yaml, or train longer."
        )
    return points


def _patterns(seed: int, layers: tuple[str, ...]) -> dict[str, np.ndarray]:
    path = artifacts.patterns_file(seed)
    found = artifacts.read_npz(path, *PATTERNS)
    lacking = set(layers) - set(found["layer"])
    if lacking:
        raise StageError(
            f"{path} has no patterns of {min(lacking)}, which patterns.layers names. "
            "Run `dvc repro`, which makes it anew."
        )
    return found


def _evaluation(name: str) -> Path:
    return artifacts.EVALUATION / f"{name}.csv"


def _interventions(seed: int) -> Path:
    return artifacts.interventions_folder(seed)


def _chosen_k(seed: int) -> dict[str, int]:
    names = {ranking: f"chosen_k_{ranking}" for ranking in ("auroc", "forward", "effect")}
    arrays = artifacts.read_npz(_interventions(seed) / "per_image.npz", *names.values())
    return {ranking: int(arrays[name]) for ranking, name in names.items()}


def _statistics(seed: int, name: str) -> Path:
    return artifacts.statistics_folder(seed) / f"{name}.csv"


def _histories(seeds: tuple[int, ...]) -> pd.DataFrame:
    tables = [
        artifacts.read_csv(artifacts.model_folder(model, seed) / "history.csv").assign(
            model=model, seed=seed
        )
        for model in ("cnn", "mlp")
        for seed in seeds
    ]
    return pd.concat(tables, ignore_index=True)


def _shifts(seeds: tuple[int, ...], labels: np.ndarray) -> pd.DataFrame:
    """Accuracy on test images moved by so many pixels, the mean over the directions moved in."""
    rows = []
    for model in ("cnn", "mlp"):
        for seed in seeds:
            path = artifacts.model_folder(model, seed) / "shift_logits.npz"
            read = artifacts.read_npz(path, "index", "shifts", "logits")
            if len(labels) <= read["index"].max(initial=-1):
                raise StageError(
                    f"{path} is of another dataset. Run `dvc repro`, which trains it anew."
                )
            right = read["logits"].argmax(axis=2) == labels[read["index"]]
            pixels = np.abs(read["shifts"]).max(axis=1)
            rows += [
                {"model": model, "seed": seed, "pixels": int(far), "images": right.shape[1],
                 "accuracy": right[pixels == far].mean()}
                for far in np.unique(pixels)
            ]  # fmt: skip
    return pd.DataFrame(rows)
