"""Class-typical points, and the mean activation of each class."""

import numpy as np
from matplotlib.patches import Rectangle

from stages.common import files
from stages.common.run import Run
from stages.report import plots
from stages.report.points import by_auroc, by_class, probe_errors, towards

ORDER = 10
LISTED = 20  # rows of a table of points


def numbers(run: Run) -> dict:
    """How many points are class-typical, the extremes of the class means, and the points."""
    points = run.read(files.POINTS, seed=run.seed)
    points = points.assign(difference=points["mean_b_test"] - points["mean_a_test"])
    ends = points["difference"].idxmin(), points["difference"].idxmax()
    only = [by_auroc(towards(run, chosen)) for _, chosen, _ in by_class(run, points)[:2]]
    return {
        "counts": run.read(files.STATISTICS, seed=run.seed).iloc[0][["only_a", "only_b", "both"]],
        "maps": points["map"].nunique(),
        "images": list(typical(run)),
        "extremes": points.loc[list(ends)].to_dict("records"),
        "tables": list(zip(run.names, run.names[::-1], map(len, only), only, strict=True)),
        "listed": LISTED,
        "probes": probe_errors(run),
    }


def typical(run: Run) -> dict[str, np.ndarray]:
    """The last conv layer to show for a and for b, under a name: the class's typical exemplar,
    else its first one, else, where `analysis.exemplars` lists none, the mean of its test images.
    """
    exemplars, shown = run.read(files.EXEMPLARS, seed=run.seed), {}
    for label, values in zip(run.pair, run.pair_maps(run.seed, "test"), strict=True):
        of_class = np.flatnonzero(exemplars["label"] == label)
        rows = sorted(of_class, key=lambda row: exemplars["role"][row] != "typical")
        if rows:
            name = f"{run.quoted(label)} (test image {exemplars['index'][rows[0]]})"
            shown[name] = exemplars[run.last][rows[0]]
        else:
            shown[f"{run.quoted(label)} (mean of {len(values):,} test images)"] = values.mean(0)
    return shown


def typical_points(run: Run) -> plots.Figure:
    """The last layer in a typical image of each class, with class-typical points framed."""
    points = run.read(files.POINTS, seed=run.seed)
    high = plots.scale(run.read(files.EXEMPLARS, seed=run.seed)[run.last])
    shown, handles = typical(run), {}
    ratio = plots.grid_ratio(points["map"].nunique(), plots.WIDE)
    figure, axes = plots.subplots(1, 2, figsize=(14.5, 6.6 * ratio + 1.5))
    for axis, (name, maps) in zip(axes.flat, shown.items(), strict=True):
        image = plots.show_maps(axis, maps, plots.WIDE, run.params.report.colormap, high)
        for label, chosen, color in by_class(run, points):
            for point in chosen.itertuples():
                plots.frame_point(axis, point, maps.shape, color, width=1.3)
            handles[label] = Rectangle((0, 0), 1, 1, fill=False, lw=2, ec=color)
        plots.number_maps(axis, maps.shape)
        axis.set_title(name)
    figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01, extend="max", label="activation")
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=3)
    figure.suptitle(f"Class-typical points of {run.last}")
    return figure


def class_means(run: Run) -> plots.Figure:
    """The mean of the last layer in the test images of a, of b, and the difference."""
    pair = run.pair_maps(run.seed, "test")
    means = [maps.mean(axis=0, dtype=np.float64) for maps in pair]
    difference, ratio = means[1] - means[0], plots.grid_ratio(means[0].shape[2], plots.WIDE)
    figure, axes = plots.subplots(1, 3, figsize=(13.5, 4.2 * ratio + 1.4))
    right = axes[0, 2]
    high, colormap = plots.scale(np.stack(means)), run.params.report.colormap
    for axis, mean, name, maps in zip(axes[0, :2], means, run.names, pair, strict=True):
        image = plots.show_maps(axis, mean, plots.WIDE, colormap, high)
        axis.set_title(f"{name}: mean of {len(maps):,} test images")
    bar = {"location": "bottom", "pad": 0.03, "aspect": 40}
    label = "mean activation"
    figure.colorbar(image, ax=axes[0, :2], extend="max", shrink=0.5, label=label, **bar)
    figure.get_layout_engine().set(wspace=0.03)
    limit = float(np.abs(difference).max()) or 1.0
    image = plots.show_maps(right, difference, plots.WIDE, plots.DIVERGING, limit, -limit)
    right.set_title(f"{run.names[1]} minus {run.names[0]}")
    figure.colorbar(image, ax=right, label=f"difference of {label}", **bar)
    figure.suptitle(f"Class means of the maps of {run.last}")
    return figure
