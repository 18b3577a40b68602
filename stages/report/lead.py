"""The top of the report: the answer in three sentences, and how accurate the networks are."""

from stages.common import files, network
from stages.common.run import Run

FROM_SCIKIT_LEARN = (
    "Data: the UCI digits embedded in scikit-learn, 8 × 8 scans enlarged to 28 × 28. "
    "These are NOT the MNIST images, and no number here is one of MNIST."
)


def numbers(run: Run) -> dict:
    """The best point, the probe of few points, patching, and two trainings compared."""
    statistics, patching = run.every(files.STATISTICS), run.every(files.INTERVENTIONS)
    curves = run.every(files.PROBE_CURVE).query("ranking == 'forward'")
    chosen = curves.merge(
        patching[["seed", "probe_k_forward"]],
        left_on=["seed", "k"], right_on=["seed", "probe_k_forward"],
    )  # fmt: skip
    flipped = patching.dropna(subset="patch_k")
    accuracy = run.read(files.ACCURACY).query("split == 'test'")
    matching = run.read(files.MATCHING)
    pair = run.read(files.PAIR)
    return {
        "notice": FROM_SCIKIT_LEARN if run.params.dataset.name == "digits" else "",
        "best": statistics,
        "here": statistics.iloc[0],
        "higher": run.quoted(run.pair[int(statistics["best_higher_for_b"].iloc[0])]),
        "images": int(pair["n"].iloc[0]),
        "chosen": chosen,
        "all_points": curves.groupby("seed")["accuracy"].last(),
        "live": patching["live"],
        "flipped": flipped,
        "low": (flipped["patch_share_low"] * flipped["live"]).min(),
        "high": (flipped["patch_share_high"] * flipped["live"]).max(),
        "matching": matching[matching["layer"] == network.LAST],
        "models": accuracy.groupby("model").agg({"accuracy": "mean", "low": "min", "high": "max"}),
        "all_images": int(accuracy["n"].iloc[0]),
        "intervals": f"95% intervals of {len(run.seeds)} networks"
        if len(run.seeds) > 1
        else "95% interval of one network",
    }
