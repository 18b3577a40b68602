"""Every setting of the run, with the meaning that stands beside it in `params.yaml`."""

import re

from stages.common.params import PARAMS
from stages.common.run import Run

ORDER = 170


def numbers(run: Run) -> dict:
    """Name, value and meaning of each setting."""
    meant = meanings((run.root / PARAMS).read_text(encoding="utf-8"))
    return {
        "rows": [
            {"name": (name := f"{group}.{leaf}"), "value": _shown(value), "meaning": meant[name]}
            for group, leaves in run.params.model_dump().items()
            for leaf, value in leaves.items()
        ]
    }


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def meanings(text: str) -> dict[str, str]:
    """The comment beside each setting; where a key has none, that of the group before.

    `mlp` is such a group: its settings mean what those of `cnn` do.
    """
    known: dict[str, str] = {}
    group = before = ""
    for line in text.splitlines():
        key, comment = re.match(r"(\s*\w*):?[^#]*(?:#\s*(.*))?", line).groups()
        if key and not key.startswith(" "):
            group, before = key, group
        elif leaf := key.strip():
            known[f"{group}.{leaf}"] = comment or known.get(f"{before}.{leaf}", "")
    return known
