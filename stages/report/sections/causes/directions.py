"""Points against other bases of their space, patching along one direction, and erasure."""

import numpy as np
import pandas as pd

from stages.common import bases, files
from stages.common.cases import DIRECTIONS, HALF
from stages.common.run import Run
from stages.report import plots, words

ORDER = 42
NAMES = {bases.POINTS: "points", bases.AXES: "principal axes", bases.ROTATION: "a random rotation"}
COUNTED = {bases.POINTS: ("point", "points"), bases.AXES: ("principal axis", "principal axes"),
           bases.ROTATION: ("coordinate of a random rotation",
                            "coordinates of a random rotation")}  # fmt: skip
LOOKS = dict(zip(bases.BASES, ((plots.COLOR_A, "o"), (plots.COLOR_C, "s"), (plots.COLOR_B, "^")),
                 strict=True))  # fmt: skip
# Of the probes, the best order of each basis.
ORDERS = {bases.POINTS: bases.AUROC, bases.AXES: bases.VARIANCE, bases.ROTATION: bases.AUROC}
ALONE = {
    (bases.MEANS, bases.ORTHOGONAL): "difference of class means",
    (bases.PROBE, bases.OBLIQUE): "probe, oblique",
    (bases.PROBE, bases.ORTHOGONAL): "probe, orthogonal",
    (bases.WITHIN, bases.ORTHOGONAL): "most variance in classes",
    (bases.COVARIANCE, bases.ORTHOGONAL): "random, with covariance",
    (bases.RANDOM, bases.ORTHOGONAL): "random",
}


def halves(run: Run) -> pd.DataFrame:
    """`files.BASIS_HALF` of the shown networks, mean over rotations: index seed, direction, basis.

    NaN where no number flips half in some rotation.
    """
    table, keys = run.every_shown(files.BASIS_HALF), ["seed", "direction", "basis"]
    columns = table.columns.difference([*keys, "draw"])
    return table.groupby(keys)[columns].agg(lambda of: of.mean(skipna=False))


def curves(run: Run, measure: str) -> pd.DataFrame:
    """`files.BASIS_CURVES` of one measure, the order of ORDERS, mean over rotations."""
    table = run.every_shown(files.BASIS_CURVES)
    table = table[table["measure"] == measure]
    if measure == bases.PROBE:
        table = table[table["order"] == table["basis"].map(ORDERS)]
    keys = ["seed", "direction", "basis", "k"]
    return table.groupby(keys, as_index=False).mean(numeric_only=True)


def probe_errors(run: Run) -> list[tuple[int, dict[str, pd.Series]]]:
    """Numbers k, and by basis the networks' errors of probes on k coordinates.

    Of one coordinate, of the tested number nearest to `claims.few_points` of all, and of the most
    that all networks have.
    """
    table = curves(run, bases.PROBE).pivot_table("value", "k", ["basis", "seed"]).dropna()
    ks = table.index.to_numpy()
    if not len(ks):
        return []
    few = ks[np.abs(ks - run.params.claims.few_points * ks[-1]).argmin()]
    every = dict.fromkeys((1, int(few), int(ks[-1])))
    return [(k, {basis: table.loc[k, basis] for basis in bases.BASES}) for k in every]


def of_single(table: pd.DataFrame, along: str, edit: str) -> dict[str, list[pd.Series]]:
    """Columns of `files.SINGLE_DIRECTIONS` by name: the networks' values, for each direction."""
    here = table[(table["along"] == along) & (table["edit"] == edit)]
    return {
        name: [here.loc[here["direction"] == direction, name].dropna() for direction in DIRECTIONS]
        for name in ("flipped", "recovered", "changed")
    }


def numbers(run: Run) -> dict:
    """What is in the tables of the shown networks."""
    half, single = halves(run), run.every_shown(files.SINGLE_DIRECTIONS)
    erased, rows = run.every_shown(files.ERASURE), []
    for direction, name in zip(DIRECTIONS, run.names, strict=True):
        for basis in bases.BASES if len(half) else ():
            here = half.xs((direction, basis), level=("direction", "basis"))
            rows.append({"images": name, "basis": NAMES[basis]} | texts(here))
    count = len(bases.BASES)
    by_class = [dict(zip(bases.BASES, rows[at : at + count], strict=False)) for at in (0, count)]
    last = erased.groupby(["seed", "method"]).tail(1)
    removed = last[last["method"] == bases.PROBE]
    by_probes = erased[erased["method"] == bases.PROBE]
    return {
        "rows": rows,
        "takes_of": [{basis: counted(row["k"], basis) for basis, row in of.items()}
                  for of in by_class],
        "size": [{basis: row["changed"] for basis, row in of.items()} for of in by_class],
        "ratio": ratio(half),
        "probes": probe_errors(run),
        "rotations": run.every_shown(files.BASIS_HALF)["draw"].nunique(),
        "live": run.every_shown(files.BASIS_HALF)["live"].unique().tolist(),
        "axis": first_axis(run),
        "single": {name: of_single(single, *case) for name, case in zip(
            ("means", "oblique", "probe", "within", "covariance", "random"), ALONE, strict=True)},
        "removed": removed,
        "reached": removed[removed["chance"].astype(bool)],
        "after": {method: last[last["method"] == method]
                  for method in (bases.MEANS, bases.RANDOM, bases.COVARIANCE)},
        "first_error": by_probes.loc[by_probes["k"] == 1, "error"],
        "before": by_probes.loc[by_probes["k"] == 0, "error_validation"],
        "networks": len(run.shown),
    }  # fmt: skip


def counted(k: str, basis: str) -> str:
    """That many coordinates of a basis, in words."""
    one, many = COUNTED[basis]
    if k == words.NOTHING:
        return f"more than all {many}"
    return f"{k} {one if k == '1' else many}"


def texts(here: pd.DataFrame) -> dict[str, str]:
    """A row of the table: mean and range of the networks that have a number, or a dash."""
    row = {}
    for name in ("k", "random_k", "changed", "negative", "below", "flipped_clipped"):
        known, form = here[name].dropna(), ",.0f" if name.endswith("k") else ".0%"
        row[name] = words.mean_and_reach(known, form) if len(known) else words.NOTHING
    return row


def ratio(half: pd.DataFrame) -> pd.Series:
    """Coordinates of a random rotation for each point, to flip half: by network and direction."""
    if half.empty:
        return pd.Series(dtype=float)
    ks = half["k"]
    ratios = ks.xs(bases.ROTATION, level="basis") / ks.xs(bases.POINTS, level="basis")
    return ratios.dropna()


def first_axis(run: Run) -> list[pd.Series]:
    """What the one principal axis with most effect flips, by direction."""
    table = curves(run, bases.PATCHING)
    table = table[(table["basis"] == bases.AXES) & (table["k"] == 1)]
    return [table.loc[table["direction"] == of, "value"].dropna() for of in DIRECTIONS]


def metrics(run: Run) -> dict[str, float]:
    """Means over the shown networks and both directions; NaN where none has the number."""
    single, erased = run.every_shown(files.SINGLE_DIRECTIONS), run.every_shown(files.ERASURE)
    means = single[(single["along"] == bases.MEANS) & (single["edit"] == bases.ORTHOGONAL)]
    reached = erased[(erased["method"] == bases.PROBE) & erased["chance"].astype(bool)]
    return {
        "rotation_over_points": ratio(halves(run)).mean(),
        "first_axis_flips": pd.concat(first_axis(run)).mean(),
        "means_flip": means["flipped"].mean(),
        "erased_after": reached["k"].mean(),
    }


def _draw(axis: plots.Axes, curve: pd.DataFrame, basis: str, **look) -> None:
    """Mean over networks at the k that all have, and a band from the lowest to the highest."""
    values = curve[curve["basis"] == basis].pivot_table("value", "k", "seed").dropna()
    color, marker = LOOKS[basis]
    plots.band(axis, values.min(axis=1), values.max(axis=1), color=color, alpha=0.2)
    axis.plot(values.mean(axis=1), color=color, marker=marker, markersize=4, **look)


def basis_curves(run: Run) -> plots.Figure:
    """Probe error and flipped images against the number of coordinates, for three bases."""
    figure, axes = plots.subplots(2, 1, figsize=(6.6, 8.2), sharex=True)
    (top, bottom), probes, patches = (
        axes[:, 0],
        curves(run, bases.PROBE),
        curves(run, bases.PATCHING),
    )
    for basis in bases.BASES:
        _draw(top, probes, basis, label=NAMES[basis])
        for direction, dashes in zip(DIRECTIONS, ("-", "--"), strict=True):
            _draw(bottom, patches[patches["direction"] == direction], basis, linestyle=dashes)
    for axis, table in ((top, probes), (bottom, patches)):
        here = table[table["basis"] == bases.POINTS].groupby("k")["control_mean"].mean().dropna()
        axis.plot(here, color="black", linestyle=":", label="points in random order")
        plots.points_axis(axis)
    top.set(yscale="log", ylabel="error of a linear probe, test images")
    top.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    top.legend(fontsize=9.5)
    bottom.axhline(HALF, color="#999999", linewidth=0.8)
    bottom.set(ylabel="images flipped by patching", xlabel="coordinates, k", ylim=(-0.02, 1.02))
    plots.share_axis(bottom)
    for dashes, to, source in (("-", *run.names), ("--", *run.names[::-1])):
        bottom.plot([], [], color=plots.COLOR_OTHER, linestyle=dashes,
                    label=f"{to} patched from {source}")  # fmt: skip
    place = {"loc": "center left", "bbox_to_anchor": (0, 0.62)}
    bottom.legend(handles=bottom.get_lines()[-2:], fontsize=9.5, **place)
    figure.suptitle(f"Bases of the points of {run.last} ({words.count(len(run.shown), 'network')})")
    return figure


def erased_directions(run: Run) -> plots.Figure:
    """What patching along one direction flips; what is left without many directions."""
    figure, axes = plots.subplots(2, 1, figsize=(6.6, 8.2), height_ratios=(1, 1.25))
    top, bottom = axes[:, 0]
    single, places = run.every_shown(files.SINGLE_DIRECTIONS), np.arange(len(ALONE))
    cases = zip(DIRECTIONS, plots.PAIR, (-0.2, 0.2), (run.names, run.names[::-1]), strict=True)
    for direction, color, shift, (to, source) in cases:
        here = single[single["direction"] == direction].groupby(["along", "edit"])["flipped"]
        low, mean, high = (here.agg(of).reindex(list(ALONE)).to_numpy() for of in
                           ("min", "mean", "max"))  # fmt: skip
        look = {"color": color, "label": f"{to} patched from {source}"}
        top.barh(places + shift, mean, 0.38, **look)
        top.errorbar(mean, places + shift, xerr=(mean - low, high - mean), fmt="none",
                     ecolor="black", elinewidth=1)  # fmt: skip
        for place, end, value in zip(places + shift, np.nan_to_num(high), mean, strict=True):
            top.text(end + 0.015, place, words.share(value), va="center", fontsize=9)
    top.set_yticks(places, ALONE.values())
    top.invert_yaxis()
    top.set(xlim=(0, 1.18), title="patching along one direction", xlabel="images flipped",
            xticks=np.linspace(0, 1, 6))  # fmt: skip
    top.xaxis.set_major_formatter(plots.PercentFormatter(1))
    top.grid(visible=False, axis="y")
    top.legend(fontsize=9.5, loc="lower right")
    _erasure(bottom, run)
    figure.suptitle(f"Single directions of {run.last}")
    return figure


def _erasure(axis: plots.Axes, run: Run) -> None:
    """Errors of refitted probes and of the network, without more and more directions."""
    table = run.every_shown(files.ERASURE)
    cases = ((bases.PROBE, "-", "directions of refitted probes"),
             (bases.COVARIANCE, ":", "random directions, with covariance"))  # fmt: skip
    measures = (("error", plots.COLOR_C, "a refitted probe"),
                ("other", plots.COLOR_BOTH, "the network"))  # fmt: skip
    for method, dashes, _ in cases:
        for name, color, _ in measures:
            for seed, of in table[table["method"] == method].groupby("seed", sort=False):
                look = plots.bold(seed == run.seed, "")
                axis.plot(of["k"], of[name], linestyle=dashes, color=color, **look)
    alone = table[(table["method"] == bases.MEANS) & (table["k"] == 1)]
    axis.plot(alone["k"], alone["other"], "*", color=plots.COLOR_BOTH, markersize=12, clip_on=False)
    if len(alone):
        at = 1, alone["other"].mean()
        text = "the network without the\ndifference of class means"
        arrow = {"arrowstyle": "-", "color": plots.COLOR_BOTH, "shrinkB": 6}
        axis.annotate(text, at, (2, 0.565), va="center", fontsize=9, arrowprops=arrow)
    axis.axhline(HALF, color="#999999", linewidth=0.8)
    for _, color, label in measures:
        axis.plot([], [], color=color, linewidth=2, label=label)
    for _, dashes, label in cases:
        axis.plot([], [], color=plots.COLOR_OTHER, linestyle=dashes, linewidth=2, label=label)
    top = max(0.62, table[["error", "other"]].max(axis=None) + 0.02)
    axis.set(xlabel="directions removed", ylabel="answered as the other class", ylim=(-0.02, top))
    axis.set_title("erasure")
    plots.share_axis(axis)
    axis.legend(fontsize=9.5, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))
