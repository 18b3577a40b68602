"""Linear probes on few points of the last conv layer."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, ScalarFormatter

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots, words
from stages.report.metrics import RANKINGS

ORDER = 70


def chosen_k(run: Run, seed: int, ranking: str) -> int:
    """The points of the one-standard-error rule."""
    return int(run.read(files.INTERVENTIONS, seed=seed)[f"probe_k_{ranking}"].iloc[0])


def numbers(run: Run) -> dict:
    """The chosen probes of every network and ranking, against random points and all points."""
    rows, forward = [], []
    curves = run.every(files.PROBE_CURVE).set_index("k")
    for (seed, ranking), curve in curves.groupby(["seed", "ranking"], sort=False):
        chosen = curve.loc[chosen_k(run, seed, ranking)]
        rows.append(
            (f"cnn-{seed}", RANKINGS[ranking], f"{chosen.name:,}", f"{chosen['accuracy']:.2%}",
             words.ends(chosen["low"], chosen["high"], ".2%"),
             words.ends(chosen["control_low"], chosen["control_high"], ".2%"),
             f"{curve['accuracy'].iloc[0]:.2%}", f"{curve['accuracy'].iloc[-1]:.2%}")
        )  # fmt: skip
        forward += [chosen] if ranking == "forward" else []
    live = run.every(files.INTERVENTIONS)["live"]
    forward = pd.DataFrame(forward).assign(live=live.to_numpy())
    drawn = forward.dropna(subset="control_high")
    here = curves.query("seed == @run.seed and ranking == 'forward'")["accuracy"]
    ks = dict.fromkeys((here.index[0], chosen_k(run, run.seed, "forward"), here.index[-1]))
    order = {f"cnn-{seed}": place for place, seed in enumerate(run.seeds)}
    names = list(RANKINGS.values())
    return {
        "shares": ", ".join(
            f"{k:,} of {row.live:,} (cnn-{row.seed})"
            for k, row in zip(forward.index, forward.itertuples(), strict=True)
        ),
        "drawn": len(drawn),
        "above": int((drawn["accuracy"] > drawn["control_high"]).sum()),
        "wrong": ", ".join(f"{1 - here[k]:.2%} with {words.count(k, 'point')}" for k in ks),
        "rows": sorted(rows, key=lambda row: (order[row[0]], names.index(row[1]))),
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
