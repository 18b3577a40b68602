"""A finished small run, and the same run with other settings or tables in memory."""

from pathlib import Path
from types import ModuleType

import pytest
from markupsafe import Markup

from stages.common import files
from stages.common.run import Run
from stages.report import lead, page, plots


class Changed(Run):
    """A run in which some settings, class names or files (a function of each) are others."""

    def __init__(self, run: Run, changes=None, names: tuple[str, ...] = (), **groups: dict) -> None:
        params = run.params
        for group, values in groups.items():
            other = getattr(params, group).model_copy(update=values)
            params = params.model_copy(update={group: other})
        super().__init__(params, run.root)
        self.changes = dict(changes or {})
        if names:
            self.changes[files.DATASET] = lambda arrays: arrays | {"class_names": names}

    def read(self, file, *names, **where):
        value, change = super().read(file, *names, **where), self.changes.get(file)
        return change(value.copy()) if change else value


def one_seed(run: Run) -> Changed:
    """The run as if its last seed alone had been trained."""
    seed = run.seeds[-1]
    by_seed = (files.ACCURACY, files.PAIR, files.MCNEMAR, files.CONFUSION, files.TRANSLATION)
    pairs = (files.MATCHING, files.MATCHING_RESAMPLES, files.CKA, files.SELECTED_POINTS)
    changes = dict.fromkeys(by_seed, lambda table: table[table["seed"] == seed])
    changes |= dict.fromkeys(pairs, lambda table: table.head(0))
    changes[files.CORRELATIONS] = lambda arrays: {"seeds": arrays["seeds"][:0]}
    only = (seed,)
    return Changed(run, changes, train={"seeds": only}, analysis={"shown_seeds": only})


def modules() -> dict[str, ModuleType]:
    """The lead and all sections by name."""
    every = [lead, *(module for _, parts in page.chapters() for module in parts)]
    return {module.__name__.rpartition(".")[2]: module for module in every}


def rendered(run: Run, *names: str) -> dict[str, page.Section]:
    """The lead and the sections called `names`, or all, by name; figures are not drawn."""
    writer = page.of_run(run, Path("nowhere"))
    writer.draw = lambda _: ""
    sections = modules()
    return {name: writer.section(sections[name]) for name in names or sections}


def plain(section: page.Section) -> str:
    """The words of a section as a reader of the page sees them."""
    return " ".join(str(Markup(section.html).striptags()).split())


def figures() -> set[str]:
    """The names of all functions of the sections that draw a figure."""
    held = [value for module in modules().values() for value in vars(module).values()]
    return {f.__name__ for f in held if plots.Figure in getattr(f, "__annotations__", {}).values()}


@pytest.fixture(scope="session")
def run(finished: Path) -> Run:
    """The finished small run."""
    return Run.of(finished)
