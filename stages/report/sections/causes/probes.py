"""Linear probes on few points of the last conv layer."""

from stages.common import files
from stages.common.run import Run
from stages.report import plots
from stages.report.metrics import RANKINGS
from stages.report.points import few_point_probes, probe_errors

ORDER = 30


def numbers(run: Run) -> dict:
    """The probes of every network on the few points of the claims, on all, and on the others."""
    errors, rows = probe_errors(run), few_point_probes(run)
    return {
        "rows": rows,
        "errors": errors,
        "here": next(errors[errors["seed"] == run.seed].itertuples()),
        "drawn": rows[rows["ranking"] == RANKINGS["forward"]].dropna(subset="random_low"),
    }


def probe_curve(run: Run) -> plots.Figure:
    """Error of a linear probe on k points, against random points, for each ranking."""
    figure, axes = plots.subplots(1, 3, figsize=(13, 4.8), sharey=True)
    errors = probe_errors(run).set_index("seed").loc[run.seed]
    for axis, (ranking, name) in zip(axes[0], RANKINGS.items(), strict=True):
        curves = run.every(files.PROBE_CURVE).set_index("k")
        curves = curves[curves["ranking"] == ranking]
        here = 1 - curves.query("seed == @run.seed").select_dtypes("number")
        random = here["control_high"], here["control_low"]
        plots.band(axis, *random, label="random points, middle 95%")
        plots.band(axis, here["high"], here["low"], color=plots.COLOR_A, alpha=0.2)
        for seed, curve in curves.groupby("seed", sort=False):
            look = plots.bold(seed == run.seed, f"cnn-{seed}")
            axis.plot(1 - curve["accuracy"], "o-", color=plots.COLOR_A, **look)
        look = {"color": plots.COLOR_B, "linestyle": "--", "linewidth": 1.2}
        axis.plot(here["accuracy_validation"], **look, label="fitted on validation images")
        axis.axvline(errors["few"], color="black", linestyle=":", linewidth=1.2)
        axis.set(title=name, xlabel="points, k", yscale="log")
        plots.points_axis(axis)
        axis.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes[0, 0].set_ylabel("error on pair images (test)")
    axes[0, 0].legend(fontsize=8.5)
    share = f"{100 * run.params.claims.few_points:g}% of the live points"
    versus = " against ".join(run.names)
    title = f"Linear probes for {versus} on few points of {run.last}"
    figure.suptitle(f"{title} (dotted: {share}, k = {errors['few']:,.0f})")
    return figure
