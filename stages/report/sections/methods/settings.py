"""Every setting of the run with its meaning: `params.yaml` as it stands."""

from stages.common.params import PARAMS
from stages.common.run import Run

ORDER = 40


def numbers(run: Run) -> dict:
    """How many settings there are, and their text, whose comments are their meanings."""
    n = sum(map(len, run.params.model_dump().values()))
    return {"n": n, "text": (run.root / PARAMS).read_text(encoding="utf-8")}
