"""A finished small run, and the same run with other settings or tables in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from stages.common import files
from stages.common.files import File
from stages.common.run import Run
from stages.report import lead, page


class Changed(Run):
    """A run in which some settings, files or class names are others."""

    def __init__(
        self,
        run: Run,
        changes: dict[File, Callable[[Any], Any]] | None = None,
        names: tuple[str, ...] = (),
        **groups: dict[str, object],
    ) -> None:
        params = run.params
        for group, values in groups.items():
            other = getattr(params, group).model_copy(update=values)
            params = params.model_copy(update={group: other})
        super().__init__(params, run.root)
        self.names_of_classes = names
        self.changes = changes or {}

    def read(self, file: File, *names: str, **where: object) -> Any:
        value = super().read(file, *names, **where)
        if file == files.DATASET and self.names_of_classes:
            return value | {"class_names": self.names_of_classes}
        change = self.changes.get(file)
        return change(value.copy()) if change else value


def one_seed(run: Run) -> Changed:
    """The run as if its last seed alone had been trained."""
    seed = run.seeds[-1]

    def alone(table):
        return table[table["seed"] == seed]

    by_seed = (files.ACCURACY, files.PAIR, files.MCNEMAR, files.CONFUSION, files.TRANSLATION)
    pairs = (files.MATCHING, files.CKA, files.SELECTED_POINTS)
    changes = dict.fromkeys(by_seed, alone) | dict.fromkeys(pairs, lambda table: table.head(0))
    changes[files.CORRELATIONS] = lambda arrays: {"seeds": arrays["seeds"][:0]}
    return Changed(run, changes, train={"seeds": (seed,)})


def rendered(run: Run, *names: str) -> dict[str, page.Section]:
    """The lead and the sections called `names`, or all, by name; figures are not drawn."""
    writer = page.Writer(run, Path("nowhere"))
    writer.draw = lambda _: ""
    modules = [lead, *page.modules()]
    sections = {module.__name__.rpartition(".")[2]: module for module in modules}
    return {name: writer.section(sections[name]) for name in names or sections}


def plain(section: page.Section) -> str:
    """The words of a section as a reader of the page sees them."""
    return str(Markup(section.html).striptags())


@pytest.fixture(scope="session")
def run(finished: Path) -> Run:
    """The finished small run."""
    return Run.of(finished)
