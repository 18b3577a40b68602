"""What these results cannot say; what depends on the run is counted from it."""

from stages.common import files
from stages.common.run import Run
from stages.report.sections.patching import half_flipped

ORDER = 160


def numbers(run: Run) -> dict:
    """Counts behind the limits."""
    pair = run.read(files.PAIR)
    statistics, probes = run.every(files.STATISTICS), run.every(files.INTERVENTIONS)
    patching = run.every(files.PATCHING)
    return {
        "errors": pair[pair["model"] == "cnn"]["errors"],
        "images": int(pair["n"].iloc[0]),
        "dead": statistics["points"] - statistics["live"],
        "probes": probes,
        "flips": {mode: rows["k"] for mode, rows in half_flipped(run).groupby("mode")},
        "without": int(patching["flipped_p"].isna().sum()),
        "edits": len(patching),
        "significant": statistics["significant"].iloc[0],
    }
