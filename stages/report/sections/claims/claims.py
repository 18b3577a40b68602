"""The table that opens the report: each claim of the work reproduced, part by part."""

from stages.common import files, judgement
from stages.common.run import Run
from stages.report.metrics import outcome_counts

ORDER = 10
P_VALUES = ("p", "holm_p", "p_against", "holm_p_against")
# Not by colour alone: a symbol and words for each outcome.
SHOWN = {
    "supported": ("✓", "supported"),
    "refuted": ("✗", "refuted"),
    "no difference": ("≈", "no difference that matters"),
    "open": ("?", "open"),
    "does not apply": ("–", "does not apply"),
}


def numbers(run: Run) -> dict:
    """All claims in the order of `claims.json`, with p as text."""
    claims = run.read(files.CLAIMS)
    return {
        "claims": [of | {name: p_value(of[name]) for name in P_VALUES} for of in claims],
        "counts": [(outcome, n) for outcome, n in outcome_counts(run).items() if n],
        "shown": SHOWN,
        "committed": judgement.COMMIT,
        "moved": judgement.moved(run.params.claims),
    }


def p_value(p: float | None) -> str:
    """`p` as text, empty where there is none."""
    return "" if p is None else "below 0.001" if p < 0.001 else f"{p:.3f}"
