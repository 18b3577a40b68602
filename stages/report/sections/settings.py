"""Every setting of the run with its meaning: `params.yaml` as it stands."""

from stages.common.params import PARAMS
from stages.common.run import Run

ORDER = 170


def numbers(run: Run) -> dict:
    """The text of the settings, whose comments are their meanings."""
    return {"text": (run.root / PARAMS).read_text(encoding="utf-8")}
