"""Linear probes on few points of the last conv layer."""

from stages.common import files
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import RANKINGS
from stages.report.points import chosen_probes

ORDER = 30


def numbers(run: Run) -> dict:
    """The chosen probes of every network and ranking, and those of points chosen together."""
    rows = chosen_probes(run)
    rows["points"] = rows["ranking"].map(RANKINGS)
    forward = rows.query("ranking == 'forward'")
    here = next(forward[forward["seed"] == run.seed].itertuples())
    return {"rows": rows, "forward": forward, "here": here}


def probe_curve(run: Run) -> plots.Figure:
    """Error of a linear probe on k points, against random points, for each ranking."""
    figure, axes = plots.subplots(1, 3, figsize=(13, 4.8), sharey=True)
    chosen = chosen_probes(run).query("seed == @run.seed").set_index("ranking")["k"]
    for axis, (ranking, name) in zip(axes[0], RANKINGS.items(), strict=True):
        curves = run.every(files.PROBE_CURVE).query("ranking == @ranking").set_index("k")
        here = 1 - curves.query("seed == @run.seed").select_dtypes("number")
        random = here["control_high"], here["control_low"]
        plots.band(axis, *random, label="random points, middle 95%")
        plots.band(axis, here["high"], here["low"], color=plots.COLOR_A, alpha=0.2)
        for seed, curve in curves.groupby("seed", sort=False):
            look = plots.bold(seed == run.seed, f"cnn-{seed}")
            axis.plot(1 - curve["accuracy"], "o-", color=plots.COLOR_A, **look)
        axis.axvline(chosen[ranking], color="black", linestyle=":", linewidth=1.2)
        title = f"{name}\nchosen: k = {chosen[ranking]:,} (dotted)"
        axis.set(title=title, xlabel="points, k", yscale="log")
        plots.points_axis(axis)
        axis.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes[0, 0].set_ylabel("error on pair images (test)")
    axes[0, 0].legend(fontsize=8.5)
    versus = " against ".join(run.names)
    figure.suptitle(f"Linear probes for {versus} on few points of {run.last}")
    return figure
