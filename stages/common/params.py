"""`params.yaml`, read into frozen, typed and range-checked settings.

YAML 1.2 is read, as DVC does: in YAML 1.1 the `1e-05` that `dvc exp run -S` writes would be a
string. What each setting means stands beside it in `params.yaml`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML, YAMLError

from stages.common.console import StageError

PARAMS = Path("params.yaml")


def _each_once(values: tuple) -> tuple:
    if len(set(values)) < len(values):
        raise ValueError("each value may stand in it once")
    return values


# A YAML list, kept as a tuple: settings are frozen. Its elements stay strictly typed.
Distinct = AfterValidator(_each_once)
Class = Annotated[int, Field(ge=0, le=9)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Row = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Group(BaseModel):
    """A section of `params.yaml`: no other keys, no conversions, no changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Dataset(Group):
    """Which images, and how they are split."""

    name: Literal["mnist", "fashion_mnist", "digits"]
    validation_size: Annotated[int, Field(ge=20)]
    split_seed: Seed


class Train(Group):
    """The replicates."""

    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, strict=False), Distinct]


class Recipe(Group):
    """How one kind of network is trained."""

    optimizer: Literal["adamw", "rmsprop", "sgd"]
    schedule: Literal["one_cycle", "exponential", "constant"]
    learning_rate: Positive
    momentum: Annotated[float, Field(ge=0, lt=1)]
    weight_decay: NotNegative
    l2: NotNegative
    batch_size: Annotated[int, Field(ge=1)]
    epochs: Annotated[int, Field(ge=1)]
    augment_shift: Annotated[int, Field(ge=0, le=7)]


class Analysis(Group):
    """The two classes compared, and the images shown."""

    pair: Annotated[tuple[Class, ...], Field(min_length=2, max_length=2, strict=False), Distinct]
    contrast: Annotated[tuple[Class, ...], Field(strict=False), Distinct]
    exemplars: (
        Literal["auto"] | Annotated[tuple[Row, ...], Field(min_length=1, strict=False), Distinct]
    )

    @model_validator(mode="after")
    def _contrast_beside_the_pair(self) -> Self:
        beside = tuple(label for label in self.contrast if label not in self.pair)
        object.__setattr__(self, "contrast", beside)
        return self


class Activations(Group):
    """What is dumped."""

    layers: Annotated[
        tuple[Literal["conv_1", "conv_2", "conv_3"], ...], Field(strict=False), Distinct
    ]
    classes: Annotated[tuple[Class, ...], Field(strict=False), Distinct]


class Statistics(Group):
    """When a point is common to a class."""

    common_level: Annotated[float, Field(gt=0, lt=1)]
    common_share: Annotated[float, Field(gt=0, le=1)]


class Replicates(Group):
    """What two trainings are compared on."""

    images: Annotated[int, Field(ge=20)]


class Report(Group):
    """How the figures look."""

    colormap: Literal["turbo", "viridis", "magma", "inferno", "cividis", "gray", "jet"]


class Params(Group):
    """All settings."""

    dataset: Dataset
    train: Train
    cnn: Recipe
    mlp: Recipe
    analysis: Analysis
    activations: Activations
    statistics: Statistics
    replicates: Replicates
    report: Report

    @model_validator(mode="after")
    def _between_sections(self) -> Self:
        if "conv_3" not in self.activations.layers:
            raise ValueError("activations.layers must name conv_3, whose points are compared")
        lacking = [label for label in self.analysis.pair if label not in self.activations.classes]
        if lacking:
            raise ValueError(
                f"activations.classes must name class {lacking[0]}, which is in analysis.pair"
            )
        return self


def read_params(path: Path = PARAMS) -> Params:
    """Read and check `params.yaml`.

    Raises StageError, which names the key, its value and what is allowed, for every problem.
    """
    try:
        values = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StageError(
            f"There is no {path} in {Path.cwd()}. Run this from the project's root."
        ) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise StageError(f"{path} is no valid YAML: {_flat(error)}. Mend that line.") from None
    if not isinstance(values, dict):
        raise StageError(f"{path} holds no settings. Bring it back with `git restore {path}`.")
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        problems = error.errors()
        inside = {problem["loc"][:-1] for problem in problems}
        whole = [problem for problem in problems if problem["loc"] not in inside]
        sentences = dict.fromkeys(f"{path}: {_sentence(problem)}" for problem in whole)
        raise StageError("\n".join(sentences)) from None


def _sentence(problem: Any) -> str:
    """One pydantic problem as a sentence: the key's path, its value, what is allowed."""
    steps = [step for step in problem["loc"] if not _is_branch(step)]
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)[1:]
    if problem["type"] == "missing":
        return f"{key} is missing. `git show HEAD:params.yaml` has a value for it."
    if problem["type"] == "extra_forbidden":
        return f"{key} is no setting. Its name may be misspelt; params.yaml in Git names all."
    allowed = _flat(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    allowed = allowed.replace("valid tuple", "list").replace("Tuple", "it")
    return f"{key} is {problem['input']!r}: {allowed}." if key else f"{allowed}."


def _is_branch(step: str | int) -> bool:
    """Pydantic names the branches of a union in the path, as `literal['auto']`."""
    return isinstance(step, str) and "[" in step


def _flat(text: object) -> str:
    return " ".join(str(text).split())
