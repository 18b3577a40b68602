"""The verdict table that opens the report: each claim of the work reproduced, part by part."""

from itertools import groupby

from stages.common import files, verdicts
from stages.common.run import Run
from stages.report.metrics import verdict_counts

ORDER = 10


def numbers(run: Run) -> dict:
    """All claims in the order of `claims.json`, with their parts and verdicts."""
    rows = run.read(files.CLAIMS)
    return {
        "claims": [(name, list(parts)) for name, parts in groupby(rows, lambda row: row["id"])],
        "whole": verdicts.of_claims(rows),
        "counts": verdict_counts(run),
        "symbols": {"supported": "✓", "not supported": "✗", "undecided": "?"},  # not colour alone
    }
