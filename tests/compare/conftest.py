"""Comparisons of the committed run with copies of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stages.compare import experiments
from stages.compare.comparison import Comparison

from .runs import copied


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., Comparison]:
    """Compare the committed run with copies of it: of each, the arguments of `copied`."""

    def comparison(**others: dict) -> Comparison:
        folders = [copied(tmp_path / name, **of) for name, of in {"first": {}, **others}.items()]
        return Comparison([
            experiments.read(str(folder), tmp_path)._replace(name=folder.name)
            for folder in folders
        ])  # fmt: skip

    return comparison
