"""What a stage read must still be there when it ends: its settings and its code.

A stage reads both at its start, DVC records them at its end. An edit in between would be recorded
with outputs that do not know of it, and called up to date for good.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stages.common import artifacts, files
from stages.common.console import StageError


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Raises StageError at the end where DVC would record another setting, or other code.

    Nothing is checked where DVC did not start the stage, since nothing is recorded then.
    """
    before = _recorded()
    yield
    after = _recorded()
    if changed := [name for name in before if before[name] != after.get(name)]:
        raise StageError(
            f"{' and '.join(changed)} changed while this stage ran, so what it wrote belongs to "
            "neither state. Run `dvc repro` again."
        )


def _recorded() -> dict[str, Any]:
    """What DVC records of the running stage: values of settings, and texts of modules."""
    if not (stage := os.environ.get("DVC_STAGE")):
        return {}
    defined = artifacts.read(files.PIPELINE)["stages"][stage.partition("@")[0]]
    names = list(map(_of_item, defined.get("params", [])))
    settings = artifacts.read(files.SETTINGS) if names else {}
    found: dict[str, Any] = {}
    for name in names:
        value = settings
        for key in name.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        found[f"{name} in {files.SETTINGS.path}"] = value
    texts = [Path(name) for name in defined.get("deps", [])
             if name.startswith("stages/") or name == files.SETTINGS.path]  # fmt: skip
    for path in (path for of in texts for path in (of.rglob("*") if of.is_dir() else [of])):
        if path.is_file() and "__pycache__" not in path.parts:
            found[f"the text of {path}"] = path.read_bytes()
    return found


def _of_item(name: str) -> str:
    """A name of `dvc.yaml` for this item of a stage's matrix, which the command line repeats."""
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=False))
    return re.sub(r"\$\{item\.(\w+)\}", lambda key: given[f"--{key[1]}"], name)
