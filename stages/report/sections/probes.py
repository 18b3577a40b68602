"""Linear probes on few points of the last conv layer."""

from itertools import product

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import RANKINGS

ORDER = 70


def chosen_k(run: Run, seed: int, ranking: str) -> int:
    """The points of the one-standard-error rule."""
    return int(run.read(files.INTERVENTIONS, seed=seed)[f"probe_k_{ranking}"].iloc[0])


def numbers(run: Run) -> dict:
    """The chosen probes of every network and ranking, against random points and all points."""
    chosen = []
    for seed, ranking in product(run.seeds, RANKINGS):
        curve = run.read(files.PROBE_CURVE, seed=seed).query("ranking == @ranking")
        ends = {"one": curve["accuracy"].iloc[0], "all": curve["accuracy"].iloc[-1]}
        row = curve[curve["k"] == chosen_k(run, seed, ranking)].iloc[0].to_dict()
        live = run.read(files.INTERVENTIONS, seed=seed)["live"].iloc[0]
        chosen.append(row | ends | {"seed": seed, "live": live, "points": RANKINGS[ranking]})
    chosen = pd.DataFrame(chosen)
    forward = chosen[chosen["ranking"] == "forward"]
    drawn, here = forward.dropna(subset="control_high"), forward.iloc[0].to_dict()
    return {
        "rows": chosen,
        "forward": forward,
        "drawn": len(drawn),
        "above": int((drawn["accuracy"] > drawn["control_high"]).sum()),
        "here": here,
    }


def probe_curve(run: Run) -> Figure:
    """Error of a linear probe on k points, against random points, for each ranking."""
    figure, axes = plots.subplots(1, 3, figsize=(13, 4.8), sharey=True)
    for axis, (ranking, name) in zip(axes[0], RANKINGS.items(), strict=True):
        for seed in run.seeds:
            curve = run.read(files.PROBE_CURVE, seed=seed).query("ranking == @ranking")
            here = seed == run.seed
            if here:
                axis.fill_between(
                    curve["k"], 1 - curve["control_high"], 1 - curve["control_low"],
                    color="#bbbbbb", alpha=0.6, linewidth=0, label="random points, middle 95%",
                )  # fmt: skip
                ends = (1 - curve["high"], 1 - curve["low"])
                axis.fill_between(curve["k"], *ends, color=plots.COLOR_A, alpha=0.2, linewidth=0)
            look = plots.bold(here, f"cnn-{seed}")
            axis.plot(curve["k"], 1 - curve["accuracy"], "o-", color=plots.COLOR_A, **look)
        k = chosen_k(run, run.seed, ranking)
        axis.axvline(k, color="black", linestyle=":", linewidth=1.2)
        axis.set(title=f"{name}\nchosen: k = {k:,} (dotted)", xlabel="points, k", xscale="log")
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
        axis.xaxis.set_major_formatter(ScalarFormatter())
    axes[0, 0].set_ylabel("error on pair images (test)")
    axes[0, 0].legend(fontsize=8.5)
    a, b = run.names
    figure.suptitle(f"Linear probes for {a} against {b} on few points of {network.LAST}")
    return figure


FIGURES = {"probe_curve": probe_curve}
