"""`params.yaml`, read into frozen, typed and range-checked settings: a class for each section.

YAML 1.2 is read, as DVC does: in YAML 1.1 the `1e-05` that `dvc exp run -S` writes would be a
string. What each setting means stands beside it in `params.yaml`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import AfterValidator, BaseModel, Field, SerializeAsAny, WrapValidator
from ruamel.yaml import YAML, YAMLError

from stages.common.architecture import Cnn, Mlp
from stages.common.console import StageError

PARAMS = Path("params.yaml")


def _each_once(values: tuple) -> tuple:
    if len(set(values)) < len(values):
        raise ValueError("Each value may stand in it once")
    return values


def _outside_the_pair(classes: tuple, info: Any) -> tuple:
    return tuple(label for label in classes if label not in info.data.get("pair", ()))


def _or_list(*words: str, of: str) -> WrapValidator:
    """One of `words`, or a list."""

    def check(value: object, check_list: Any) -> object:
        if value in words:
            return value
        if not isinstance(value, list | tuple):
            raise ValueError(f"It must be {' or '.join(words)}, or a list of {of}")
        return check_list(value)

    return WrapValidator(check)


# A YAML list, kept as a tuple: settings are frozen. Its elements stay strictly typed.
LIST = (Field(strict=False), AfterValidator(_each_once))
Class = Annotated[int, Field(ge=0, le=19)]
Classes = Annotated[tuple[Class, ...], *LIST]
# One line, no blanks around it; braces would be fields of a sentence.
Name = Annotated[str, Field(pattern=r"^[^\s{}]([^{}\n]*[^\s{}])?$")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1), *LIST]
Row = Annotated[int, Field(ge=0)]
Rows = Annotated[tuple[Row, ...], Field(min_length=1), *LIST]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ConvLayers = Annotated[
    SerializeAsAny[Annotated[tuple[str, ...], *LIST]], _or_list("last", "all", of="conv layers")
]


class Group(BaseModel, frozen=True, extra="forbid", strict=True):
    """A section of `params.yaml`: no other keys, no conversions, no changes."""


class Dataset(Group):
    name: Literal["mnist", "fashion_mnist", "mnist_5k", "digits", "own"]
    path: str | None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    class_names: Annotated[tuple[Name, ...], Field(min_length=2), *LIST] | None
    validation_size: Annotated[int, Field(ge=20)]
    split_seed: Seed


class Train(Group):
    seeds: Seeds
    threads: Annotated[int, Field(ge=1)]


class Network(Group):
    cnn: Cnn
    mlp: Mlp


class Recipe(Group):
    optimizer: Literal["adamw", "muon", "rmsprop", "sgd"]
    schedule: Literal["one_cycle", "exponential", "constant"]
    learning_rate: Positive
    momentum: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: NotNegative
    l2: NotNegative
    batch_size: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=1)]
    augment_shift: Annotated[int, Field(ge=0, le=7)]


class Analysis(Group):
    pair: Annotated[Classes, Field(min_length=2, max_length=2)]
    contrast: Annotated[Classes, AfterValidator(_outside_the_pair)]
    exemplars: Annotated[SerializeAsAny[Rows], _or_list("auto", of="rows of the test images")]
    shown_seeds: Seeds


class Activations(Group):
    layers: ConvLayers
    classes: Annotated[SerializeAsAny[Classes], _or_list("all", of="classes")]


class Statistics(Group):
    common_level: Share
    common_share: Annotated[float, Field(gt=0, le=1)]


class Probes(Group):
    fit_images: Annotated[int, Field(ge=20)]
    ridges: Annotated[tuple[Positive, ...], Field(min_length=1), *LIST]


class Interventions(Group):
    controls: Annotated[int, Field(ge=20, le=10_000)]
    interchange_sources: Annotated[int, Field(ge=1, le=20)]
    random_orders: Annotated[int, Field(ge=5, le=1000)]
    seed: Seed


class Replicates(Group):
    images: Annotated[int, Field(ge=20)]


class Patterns(Group):
    layers: ConvLayers
    objective: Literal["point", "map"]
    starts: Annotated[int, Field(ge=1, le=32)]
    silent_starts: Annotated[int, Field(ge=1, le=10_000)]
    steps: Annotated[int, Field(ge=1, le=10_000)]
    learning_rate: Positive
    jitter: Annotated[int, Field(ge=0, le=7)]
    l2: NotNegative
    total_variation: NotNegative
    seed: Seed


class Claims(Group):
    few_points: Share
    accuracy_margin: Share
    few_of_random: Share
    silent_in: Share
    silence_shared: Share
    silence_gain: Share
    same_filters: Share
    order_margin: Share
    shift_loss: Annotated[float, Field(ge=0, lt=1)]
    resamples: Annotated[int, Field(ge=100, le=10_000)]
    seed: Seed


class Report(Group):
    colormap: Literal["turbo", "viridis", "magma", "inferno", "cividis", "gray", "jet"]


class Params(Group):
    """All settings."""

    dataset: Dataset
    train: Train
    network: Network
    cnn: Recipe
    mlp: Recipe
    analysis: Analysis
    activations: Activations
    statistics: Statistics
    probes: Probes
    interventions: Interventions
    replicates: Replicates
    patterns: Patterns
    claims: Claims
    report: Report

    @pydantic.model_validator(mode="after")
    def _pair_among_the_classes(self) -> Self:
        classes = self.activations.classes
        missing = sorted(set(self.analysis.pair) - set(classes)) if classes != "all" else []
        if missing:
            raise ValueError(f"activations.classes lacks {missing} of analysis.pair")
        return self

    @pydantic.model_validator(mode="after")
    def _shown_among_the_seeds(self) -> Self:
        trained = self.train.seeds
        if untrained := [seed for seed in self.analysis.shown_seeds if seed not in trained]:
            raise ValueError(
                f"analysis.shown_seeds names {', '.join(map(str, untrained))}, which train.seeds "
                f"({', '.join(map(str, trained))}) lacks. Networks that are shown must be trained: "
                "change both settings"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _layers_of_the_network(self) -> Self:
        """Layers by name: those of the network, the last one among them."""
        known = self.network.cnn.conv_layers
        for group in ("activations", "patterns"):
            layers = getattr(self, group).layers
            if isinstance(layers, str):
                continue
            unknown = [name for name in layers if name not in known]
            if unknown or known[-1] not in layers:
                wrong = f"names {unknown[0]}" if unknown else f"lacks {known[-1]}"
                raise ValueError(
                    f"{group}.layers {wrong}. The conv layers of network.cnn are "
                    f"{', '.join(known)}; the last one, whose points are compared, must be among "
                    "them"
                )
        return self


def read_params(path: Path = PARAMS) -> Params:
    """Read and check the settings; StageError has a line for every problem, with key and value."""
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise StageError(f"{path} is missing. Run this from the project's root.") from None
    except (ValueError, YAMLError) as error:  # UnicodeDecodeError, or a date that is none
        mark = getattr(error, "problem_mark", None)
        problem = f"Line {mark.line + 1}: {error.problem}" if mark else " ".join(str(error).split())
        raise StageError(f"{path} is no valid YAML. {problem}.") from None
    except RecursionError:
        raise StageError(
            f"{path} is nested too deep. `git restore {path}` brings it back."
        ) from None
    if not isinstance(values, dict):
        raise StageError(f"{path} holds no settings. Bring it back with `git restore {path}`.")
    try:
        return Params.model_validate(values)
    except pydantic.ValidationError as error:
        problems = error.errors()
        inside = {problem["loc"][:-1] for problem in problems if problem["loc"]}
        whole = [problem for problem in problems if problem["loc"] not in inside]
        sentences = (f"{path}: {_sentence(problem)}" for problem in whole)
        raise StageError("\n".join(dict.fromkeys(sentences))) from None


def _sentence(problem: Any) -> str:
    """One of pydantic's problems: the key, its value, and what is allowed in pydantic's words."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"])
    key = "".join(steps).removeprefix(".")
    if problem["type"] == "missing":
        return f"{key} is missing. `git show HEAD:params.yaml` has a value for it."
    if problem["type"] in ("extra_forbidden", "invalid_key"):
        return f"{key} is no setting. Its name may be misspelt; params.yaml in Git names all."
    if "kernel" in problem["loc"][:-1]:  # of a number or a list: pydantic tries both
        return "network.cnn.kernel must be a number from 1, or a list with one for each of maps."
    allowed = problem["msg"].removeprefix("Value error, ").replace("valid tuple", "list")
    if not key or isinstance(problem["input"], dict):  # of several settings, which it names
        return f"{allowed}."
    return f"{key} is {problem['input']!r}. {allowed}."


def check_classes(params: Params, class_names: Sequence[str]) -> None:
    """Raise StageError where a setting names a class that the dataset does not have."""
    settings = {
        "analysis.pair": params.analysis.pair,
        "analysis.contrast": params.analysis.contrast,
        "activations.classes": params.activations.classes,
    }
    last = len(class_names) - 1
    problems = [
        f"{PARAMS}: {key} is {list(labels)}. The classes of this dataset are 0 to {last}."
        for key, labels in settings.items()
        if labels != "all" and max(labels, default=0) > last
    ]
    if problems:
        raise StageError("\n".join(problems))


def check_network(params: Params, side: int) -> None:
    """Raise StageError where the CNN does not fit images of `side` x `side` pixels."""
    params.network.cnn.sides(side)
