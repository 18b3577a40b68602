"""`params.yaml`, read into frozen, typed and range-checked settings.

YAML 1.2 is read, as DVC does: in YAML 1.1 the `1e-05` that `dvc exp run -S` writes would be a
string. What each setting means stands beside it in `params.yaml`.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML, YAMLError

from stages.common import problems
from stages.common.console import StageError

PARAMS = Path("params.yaml")


def _each_once(values: tuple) -> tuple:
    if len(set(values)) < len(values):
        raise ValueError("Each value may stand in it once")
    return values


def _with_conv_3(layers: tuple) -> tuple:
    if "conv_3" not in layers:
        raise ValueError("conv_3, whose points are compared, must be among them")
    return layers


def _form(value: object) -> str | None:
    """The form that a value of `analysis.exemplars` has: pydantic checks that one alone."""
    if isinstance(value, list | tuple):
        return "[list]"
    return "[auto]" if value == "auto" else None


# A YAML list, kept as a tuple: settings are frozen. Its elements stay strictly typed.
Distinct = AfterValidator(_each_once)
Class = Annotated[int, Field(ge=0, le=9)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Row = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ConvLayers = Annotated[
    tuple[Literal["conv_1", "conv_2", "conv_3"], ...],
    Field(strict=False),
    Distinct,
    AfterValidator(_with_conv_3),
]


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
    exemplars: Annotated[
        Annotated[Literal["auto"], Tag("[auto]")]
        | Annotated[tuple[Row, ...], Field(min_length=1, strict=False), Distinct, Tag("[list]")],
        Discriminator(
            _form,
            custom_error_type="no_form",
            custom_error_message="It must be auto, or a list of rows of the test images",
        ),
    ]

    @model_validator(mode="after")
    def _contrast_beside_the_pair(self) -> Self:
        beside = tuple(label for label in self.contrast if label not in self.pair)
        object.__setattr__(self, "contrast", beside)
        return self


class Activations(Group):
    """What is dumped."""

    layers: ConvLayers
    classes: Annotated[tuple[Class, ...], Field(strict=False), Distinct]


class Statistics(Group):
    """When a point is common to a class."""

    common_level: Annotated[float, Field(gt=0, lt=1)]
    common_share: Annotated[float, Field(gt=0, le=1)]


class Interventions(Group):
    """What edited points are compared with."""

    controls: Annotated[int, Field(ge=20, le=10_000)]
    interchange_sources: Annotated[int, Field(ge=1, le=20)]
    ridge: Positive
    seed: Seed


class Replicates(Group):
    """What two trainings are compared on."""

    images: Annotated[int, Field(ge=20)]


class Patterns(Group):
    """The search for images that make a map fire."""

    layers: ConvLayers
    starts: Annotated[int, Field(ge=1, le=32)]
    steps: Annotated[int, Field(ge=1, le=10_000)]
    learning_rate: Positive
    jitter: Annotated[int, Field(ge=0, le=7)]
    l2: NotNegative
    total_variation: NotNegative
    seed: Seed


class Claims(Group):
    """What a claim must reach to be supported, and how its intervals are made."""

    few_points: Share
    decisive_auroc: Annotated[float, Field(gt=0.5, lt=1)]
    silence_chance: Share
    silence_tells: Share
    same_order: Share
    shift_loss: Annotated[float, Field(ge=0, lt=1)]
    resamples: Annotated[int, Field(ge=100, le=10_000)]
    seed: Seed


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
    interventions: Interventions
    replicates: Replicates
    patterns: Patterns
    claims: Claims
    report: Report

    @model_validator(mode="after")
    def _between_sections(self) -> Self:
        classes = self.activations.classes
        for label in self.analysis.pair:
            if label not in classes:
                raise ValueError(
                    f"activations.classes is {list(classes)}. Class {label}, which stands in "
                    "analysis.pair, must be among them"
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
    except UnicodeDecodeError:
        raise StageError(f"{path} is no UTF-8 text. Save it as that.") from None
    except YAMLError as error:
        raise StageError(f"{path} is no valid YAML. {problems.in_yaml(error)}") from None
    if not isinstance(values, dict):
        raise StageError(f"{path} holds no settings. Bring it back with `git restore {path}`.")
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        found = error.errors()
        inside = {problem["loc"][:-1] for problem in found if problem["loc"]}
        whole = [problem for problem in found if problem["loc"] not in inside]
        sentences = dict.fromkeys(f"{path}: {problems.in_setting(problem)}" for problem in whole)
        raise StageError("\n".join(sentences)) from None
