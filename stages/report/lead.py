"""The top of the report: the answer in three sentences, and how accurate the networks are."""

from stages.common import files
from stages.common.run import Run
from stages.report.points import chosen_probes


def numbers(run: Run) -> dict:
    """The best point, the probe of few points, patching, and two trainings compared."""
    statistics, patching = run.every(files.STATISTICS), run.every(files.INTERVENTIONS)
    accuracy, matching = run.read(files.ACCURACY).query("split == 'test'"), run.read(files.MATCHING)
    here = statistics[statistics["seed"] == run.seed].iloc[0]
    return {
        "best": statistics,
        "here": here,
        "higher": run.quoted(run.pair[int(here["best_higher_for_b"])]),
        "images": int(run.read(files.PAIR)["n"].iloc[0]),
        "probes": chosen_probes(run).query("ranking == 'forward'"),
        "patching": patching,
        "flipped": patching.dropna(subset="patch_k"),
        "matching": matching[matching["layer"] == run.last],
        "models": accuracy.groupby("model").agg({"accuracy": "mean", "low": "min", "high": "max"}),
        "all_images": int(accuracy["n"].iloc[0]),
    }
