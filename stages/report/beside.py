"""Runs of other settings or machines, whose claims are committed beside those of this run.

`reports/runs/{beside}/` holds some files of such a run, under their own paths. It is shown where
its settings differ from this run's in what it is about, and in nothing else. Of the same settings
on another kind of processor nothing differs.
"""

from typing import Any, NamedTuple

from stages.common import files
from stages.common.run import Run

SEEDS = frozenset({"train.seeds", "analysis.shown_seeds"})
DATA = frozenset({"dataset.name", "analysis.pair", "analysis.contrast"})


# What articles II and III of the series name: RMSprop at Keras's rate, batches of 64, a rate that
# falls, L2, images as they are. How many epochs it takes is open there.
RECIPE = frozenset(
    f"cnn.{name}"
    for name in ("optimizer", "schedule", "learning_rate", "weight_decay", "l2", "batch_size",
                 "epochs", "augment_shift")
)  # fmt: skip


class Kind(NamedTuple):
    """What such a run is for."""

    title: str
    subject: frozenset[str]  # settings that are others
    free: frozenset[str] = frozenset()  # settings that may be others, too


KINDS = {
    "article": Kind("Article-like recipe", RECIPE, SEEDS),
    "repeat": Kind("Repeat", frozenset({"train.threads"})),
    "processor": Kind("On AMD Zen 3", frozenset()),
    "fashion": Kind("Fashion-MNIST", frozenset({"dataset.name"}), DATA | SEEDS),
}


class Beside(NamedTuple):
    """A run beside this one."""

    title: str
    networks: int  # how many seeds it has
    claims: dict[str, dict]  # by letter, as in `claims.json`
    metrics: dict[str, dict[str, float]]
    differs: dict[str, tuple[Any, Any]]  # by setting: its value here and there
    comparable: bool

    def part(self, letter: str, name: str) -> dict | None:
        """A part of one of its claims, if it has it."""
        parts = self.claims.get(letter, {"parts": []})["parts"]
        return next((part for part in parts if part["part"] == name), None)


def flat(settings: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Nested settings by their names with dots."""
    leaves: dict[str, Any] = {}
    for name, value in settings.items():
        key = f"{above}{name}"
        leaves |= flat(value, f"{key}.") if isinstance(value, dict) else {key: value}
    return leaves


def read(run: Run, name: str) -> Beside:
    """The run in `reports/runs/{name}`. Raises StageError where a file is missing or damaged."""
    kind, here = KINDS[name], flat(run.params.model_dump(mode="json"))
    there = flat(run.read(files.PARAMS_BESIDE, beside=name))
    keys = [key for key in here | there if here.get(key) != there.get(key)]
    differs = {key: (here.get(key), there.get(key)) for key in keys}
    claims = {claim["id"]: claim for claim in run.read(files.CLAIMS_BESIDE, beside=name)}
    metrics = run.read(files.METRICS_BESIDE, beside=name)
    fits = kind.subject <= set(keys) <= kind.subject | kind.free
    return Beside(kind.title, len(there["train.seeds"]), claims, metrics, differs, fits)


def comparable(run: Run) -> dict[str, Beside]:
    """Those that are comparable with this run, by name."""
    found = {name: read(run, name) for name in KINDS}
    return {name: of for name, of in found.items() if of.comparable}
