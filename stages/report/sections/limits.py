"""What these results cannot say; what depends on the run is counted from it."""

from stages.common import files
from stages.common.run import Run
from stages.report.points import half_flipped

ORDER = 160


def numbers(run: Run) -> dict:
    """Tables behind the limits, and where half of the images flip in each mode."""
    return {
        "pair": run.read(files.PAIR).query("model == 'cnn'"),
        "statistics": run.every(files.STATISTICS),
        "probes": run.every(files.INTERVENTIONS),
        "patching": run.every(files.PATCHING),
        "flips": {mode: rows["k"] for mode, rows in half_flipped(run).groupby("mode")},
    }
