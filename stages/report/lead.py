"""The top of the report: the answer in three sentences, and how accurate the networks are."""

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.common.run import Run
from stages.report.points import half_by_direction, probe_errors


def numbers(run: Run) -> dict:
    """The best point, the probe on few points, patching, and two trainings compared."""
    statistics, half = run.every(files.STATISTICS), half_by_direction(run)
    accuracy, matching = run.read(files.ACCURACY).query("split == 'test'"), run.read(files.MATCHING)
    here = statistics[statistics["seed"] == run.seed].iloc[0]
    return {
        "best": statistics,
        "here": here,
        "higher": run.quoted(run.pair[int(here["best_higher_for_b"])]),
        "images": int(run.read(files.PAIR)["n"].iloc[0]),
        "probes": probe_errors(run),
        "half": [half[direction] for direction in DIRECTIONS],
        "matching": matching[matching["layer"] == run.last],
        "models": dict(list(accuracy.groupby("model"))),
        "all_images": int(accuracy["n"].iloc[0]),
    }
