"""Settings, code and files that no stage makes: a stage fails where they change while it runs.

A stage reads them at its start, DVC records them at its end. An edit in between would be recorded
with outputs that do not know of it, and called up to date for good.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from stages.common import artifacts, files
from stages.common.console import StageError

AGAIN = "Run `dvc repro` again."
CLOCK = 1.0  # seconds by which the start of a process may be known too early


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Raises StageError at the end, if DVC would record other settings or files than were read.

    At the start, if code changed after this process began to import it. Without DVC nothing is
    recorded, so nothing is checked.
    """
    if not (address := os.environ.get("DVC_STAGE")):
        yield
        return
    name = address.rpartition(":")[2].partition("@")[0]  # of ../dvc.yaml:train@cnn-0
    defined = artifacts.read(files.PIPELINE)["stages"][name]
    names = [_of_item(name) for name in defined.get("params", [])]
    places = [Path(name) for name in map(_of_item, defined.get("deps", []))
              if not name.startswith("data/")]  # fmt: skip
    started = psutil.Process().create_time() + CLOCK
    code = _paths([place for place in places if place.parts[0] == "stages"])
    _refuse(f"the text of {path}" for path in code if path.stat().st_mtime > started)
    before = _settings(names) | _texts(places)
    yield
    try:
        after = _settings(names) | _texts(places)
    except StageError:
        raise StageError(
            f"{files.SETTINGS.path} changed while this stage ran, and is no YAML now. Mend it. "
            f"{AGAIN}"
        ) from None
    _refuse(key for key in before | after if before.get(key) != after.get(key))


def _refuse(changed: Iterator[str]) -> None:
    if names := list(changed):
        raise StageError(
            f"{' and '.join(names)} changed while this stage ran, so its output would belong to "
            f"neither state. {AGAIN}"
        )


def _of_item(name: str) -> str:
    """A name of `dvc.yaml` for this item of a stage's matrix, which the command line repeats."""
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=False))
    return re.sub(r"\$\{item\.(\w+)\}", lambda key: given[f"--{key[1]}"], name)


def _settings(names: list[str]) -> dict[str, Any]:
    """Values by words that name the setting; None where there is none."""
    content = artifacts.read(files.SETTINGS) if names else {}
    values = {}
    for name in names:
        value = content
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        values[f"{name} in {files.SETTINGS.path}"] = value
    return values


def _texts(places: list[Path]) -> dict[str, bytes]:
    return {f"the text of {path}": path.read_bytes() for path in _paths(places)}


def _paths(places: list[Path]) -> Iterator[Path]:
    """The files in these places, without hidden ones, as editors have, and compiled ones."""
    for place in places:
        if place.is_file():
            yield place
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (Path(folder, name) for name in names if not name.startswith("."))
