"""What these results cannot say; what depends on the run is counted from it."""

from stages.common import files
from stages.common.run import Run
from stages.report import searched
from stages.report.points import half_flipped, probe_errors

ORDER = 30


def numbers(run: Run) -> dict:
    """Tables behind the limits, and where half of the images flip in each mode."""
    statistics = run.every(files.STATISTICS)
    return {
        "pair": run.read(files.PAIR).query("model == 'cnn'"),
        "statistics": statistics,
        "significant": statistics[statistics["seed"] == run.seed]["significant"].iloc[0],
        "many_endings": searched.many_endings(run),
        "probes": probe_errors(run),
        "patching": run.every(files.PATCHING),
        "flips": {mode: rows["k"] for mode, rows in half_flipped(run).groupby("mode")},
    }
