"""How long stages took in earlier runs of this checkout."""

import json
import math
from pathlib import Path

from stages.common import artifacts

REMEMBERED = Path(".dvc/tmp/repro/seconds.json")  # apart from what Git and DVC keep


def remembered() -> dict[str, float]:
    """Seconds by stage; none where the file is missing or damaged."""
    try:
        seconds = json.loads(REMEMBERED.read_text(encoding="utf-8"))
        return {name: float(value) for name, value in seconds.items() if math.isfinite(value)}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(name: str, seconds: float) -> None:
    """Keep what a stage took; call it for those alone that DVC ran."""
    known = remembered() | {name: round(seconds, 1)}
    artifacts.write_text(REMEMBERED, json.dumps(known, indent=1, sort_keys=True) + "\n")
