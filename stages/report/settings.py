"""The section about settings: every one, those that differ from the defaults first.

`defaults.yaml` is a copy of `params.yaml` as it is committed, its comments included.
"""

import re
from pathlib import Path

from stages.common.params import read_params
from stages.report.blocks import Section, Table, are, count
from stages.report.results import Results

DEFAULTS = Path(__file__).with_name("defaults.yaml")


def settings(results: Results) -> Section:
    """All settings with their defaults and meanings."""
    used = flat(results.params.model_dump())
    defaults = flat(read_params(DEFAULTS).model_dump())
    meant = meanings(DEFAULTS.read_text(encoding="utf-8"))
    changed = [name for name in used if used[name] != defaults[name]]
    rows = tuple(
        ("yes" if name in changed else "no", name, used[name], defaults[name], meant[name])
        for name in [*changed, *(name for name in used if name not in changed)]
    )
    if changed:
        listed = ", ".join(f"{name} is {used[name]} ({defaults[name]})" for name in changed)
        text = (
            f"{count(len(changed), 'setting').capitalize()} of {len(used)} {are(len(changed))} not "
            f"at the default, which stands in parentheses: {listed}."
        )
    else:
        text = f"All {len(used)} settings are at their defaults."
    table = Table(
        "Every setting of this run. The defaults are those of the committed params.yaml.",
        ("changed", "setting", "value", "default", "meaning"),
        rows,
    )
    return Section("settings", "Settings", (text,), (), (table,))


def flat(groups: dict[str, dict]) -> dict[str, str]:
    """Settings by name, `cnn.epochs`, their values as text."""
    return {
        f"{group}.{leaf}": _shown(value)
        for group, leaves in groups.items()
        for leaf, value in leaves.items()
    }


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def meanings(text: str) -> dict[str, str]:
    """The comment beside each setting; where a group has none, it has the keys of the one before.

    `mlp` is such a group: its settings mean what those of `cnn` do.
    """
    found: dict[str, str] = {}
    group = before = ""
    for line in text.splitlines():
        key, comment = re.match(r"(\s*\w*):?[^#]*(?:#\s*(.*))?", line).groups()
        if key and not key.startswith(" "):
            group, before = key, group
        elif leaf := key.strip():
            found[f"{group}.{leaf}"] = comment or found[f"{before}.{leaf}"]
    return found
