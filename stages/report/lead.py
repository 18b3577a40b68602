"""The top of the report: the answer in three sentences, and how accurate the networks are."""

from stages.common import files
from stages.common.run import Run
from stages.report.points import chosen_probes


def numbers(run: Run) -> dict:
    """The best point, the probe of few points, patching, and two trainings compared."""
    statistics, patching = run.every(files.STATISTICS), run.every(files.INTERVENTIONS)
    accuracy, matching = run.read(files.ACCURACY).query("split == 'test'"), run.read(files.MATCHING)
    return {
        "best": statistics,
        "here": statistics.iloc[0],
        "higher": run.quoted(run.pair[int(statistics["best_higher_for_b"].iloc[0])]),
        "images": int(run.read(files.PAIR)["n"].iloc[0]),
        "probes": chosen_probes(run).query("ranking == 'forward'"),
        "patching": patching,
        "flipped": patching.dropna(subset="patch_k"),
        "matching": matching[matching["layer"] == run.last],
        "models": accuracy.groupby("model").agg({"accuracy": "mean", "low": "min", "high": "max"}),
        "all_images": int(accuracy["n"].iloc[0]),
    }
