"""Two to eight experiments, each compared with the first."""

from functools import cached_property
from itertools import product
from typing import Any, NamedTuple, get_args

from stages.common import artifacts, files
from stages.compare import differences
from stages.compare.differences import Difference, Mark
from stages.compare.experiments import Experiment
from stages.report import by_seed, plots

# Okabe & Ito's, the first experiment's in black.
COLORS = ("#000000", plots.COLOR_B, plots.COLOR_A, plots.COLOR_C, plots.COLOR_BOTH, "#E69F00",
          "#56B4E9", "#8C6D1F")  # fmt: skip
# Settings that change what is asked, not what is found; and of these some that do not.
QUESTION = ("dataset.", "analysis.pair", "statistics.", "claims.")
SAME_QUESTION = ("dataset.path", "dataset.sha256", "claims.seed", "claims.resamples")
MISSING = "no such setting"


class Compared(NamedTuple):
    """A metric of one experiment beside that of the first."""

    difference: Difference
    margin: float  # up to which it does not matter
    mark: Mark


class Comparison:
    """Experiments, and what of them differs from the first."""

    def __init__(self, experiments: list[Experiment]) -> None:
        self.experiments = experiments
        self.first, *self.others = experiments
        self.names = [of.name for of in experiments]
        self.colors = dict(zip(self.names, COLORS, strict=False))

    @cached_property
    def metrics(self) -> list[str]:
        """Those that some experiment has, groups together, in the order of their declaration."""
        known = [
            name
            for name in artifacts.forms(files.METRICS)
            if any(name in of.metrics for of in self.experiments)
        ]
        groups = list(dict.fromkeys(name.partition(".")[0] for name in known))
        return sorted(known, key=lambda name: groups.index(name.partition(".")[0]))

    @cached_property
    def settings(self) -> list[str]:
        """Names of all settings that some experiment has."""
        return list(dict.fromkeys(key for of in self.experiments for key in of.settings))

    @cached_property
    def differs(self) -> dict[str, list[Any]]:
        """Settings that are not the same in all: their values by name, in order of `names`."""
        values = {key: [of.settings.get(key, MISSING) for of in self.experiments]
                  for key in self.settings}  # fmt: skip
        return {key: of for key, of in values.items() if any(value != of[0] for value in of)}

    @cached_property
    def compared(self) -> dict[tuple[str, str], Compared]:
        """By metric and the name of the other experiment, where both have several networks."""
        found = {}
        shared = [metric for metric in self.metrics
                  if metric in self.first.metrics and not by_seed.whole(metric)]  # fmt: skip
        for metric, other in product(shared, self.others):
            here, there = self.first.values(metric), other.values(metric)
            if metric in other.metrics and (of := differences.difference(here, there)):
                form = artifacts.forms(files.METRICS)[metric].dtype
                found[metric, other.name] = of, differences.margin(form, float(here.mean()))
        marks = differences.marks(*zip(*found.values(), strict=True)) if found else []
        return {key: Compared(*of, mark)
                for (key, of), mark in zip(found.items(), marks, strict=True)}  # fmt: skip

    @cached_property
    def tests(self) -> int:
        """How many differences are tested, for which marks are adjusted."""
        return differences.tests([of.difference for of in self.compared.values()])

    def counts(self, other: Experiment) -> dict[Mark, int]:
        """How many metrics have each mark."""
        marks = [of.mark for (_, name), of in self.compared.items() if name == other.name]
        return {mark: marks.count(mark) for mark in get_args(Mark)}

    def turned(self, other: Experiment) -> list[str]:
        """Letters of the claims that have another outcome than in the first."""
        return [letter for letter, claim in other.claims.items()
                if letter in self.first.claims
                and claim["outcome"] != self.first.claims[letter]["outcome"]]  # fmt: skip

    def other_question(self, other: Experiment) -> list[str]:
        """Settings by which an experiment asks something else than the first."""
        at = self.experiments.index(other)
        return [key for key, values in self.differs.items()
                if key.startswith(QUESTION) and key not in SAME_QUESTION
                and values[at] != values[0]]  # fmt: skip
