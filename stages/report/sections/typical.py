"""Class-typical points, and the mean activation of each class."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots

ORDER = 50
LISTED = 20  # rows of a table of points


def higher_for(run: Run, row: pd.Series) -> tuple[str, list[float]]:
    """The class that a point is higher for, and its AUROC towards it with its interval (test).

    The class is that of the AUROC on validation images, on which points are selected.
    """
    names = ("auroc_test", "auroc_test_low", "auroc_test_high")
    values = [row[name] for name in names]
    if row["auroc"] >= 0.5:
        return run.names[1], values
    return run.names[0], [1 - values[place] for place in (0, 2, 1)]


def numbers(run: Run) -> dict:
    """How many points are class-typical, the extremes of the class means, and the points."""
    points = run.read(files.POINTS, seed=run.seed)
    only_a = points[points["typical_a"] & ~points["typical_b"]]
    only_b = points[points["typical_b"] & ~points["typical_a"]]
    return {
        "counts": run.read(files.STATISTICS, seed=run.seed).iloc[0][["only_a", "only_b", "both"]],
        "maps": points["map"].nunique(),
        "images": list(typical(run)),
        "extremes": _extremes(points),
        "tables": [
            (run.names[0], run.names[1], len(only_a), _rows(only_a, run)),
            (run.names[1], run.names[0], len(only_b), _rows(only_b, run)),
        ],
        "listed": LISTED,
    }


def _extremes(points: pd.DataFrame) -> list[tuple[float, str]]:
    """The largest differences of the class means, in both directions, and where they are."""
    difference = points["mean_b_test"] - points["mean_a_test"]
    ends = (difference.idxmin(), difference.idxmax())
    rows = points.rename(columns={"row": "y", "column": "x"})
    return [(difference[i], f"map {rows['map'][i]}, ({rows.y[i]}, {rows.x[i]})") for i in ends]


def _rows(points: pd.DataFrame, run: Run) -> pd.DataFrame:
    """The first points in the order of AUROC, with `value`, `low`, `high` towards `higher`."""
    order = (points["auroc"] - 0.5).abs().sort_values(ascending=False, kind="stable").index
    points = points.loc[order[:LISTED]]
    towards = [higher_for(run, point) for _, point in points.iterrows()]
    names = ["higher", "value", "low", "high"]
    columns = pd.DataFrame([(name, *values) for name, values in towards], columns=names)
    return points.reset_index(drop=True).join(columns)


def typical(run: Run) -> dict[str, np.ndarray]:
    """The last conv layer to show for each class of the pair, under its name: its typical
    exemplar, else its first one, else, where `analysis.exemplars` lists none of it, the mean of
    its test images."""
    exemplars = run.read(files.EXEMPLARS, seed=run.seed)
    found = {}
    for label, values in zip(run.pair, run.pair_maps(run.seed, "test"), strict=True):
        of_class = np.flatnonzero(exemplars["label"] == label)
        rows = [*(row for row in of_class if exemplars["role"][row] == "typical"), *of_class]
        if rows:
            name = f"{run.quoted(label)} (test image {exemplars['index'][rows[0]]})"
            found[name] = exemplars[network.LAST][rows[0]]
        else:
            found[f"{run.quoted(label)} (mean of {len(values):,} test images)"] = values.mean(0)
    return found


def typical_points(run: Run) -> Figure:
    """The last layer in a typical image of each class, with class-typical points framed."""
    points = run.read(files.POINTS, seed=run.seed)
    high = plots.scale(run.read(files.EXEMPLARS, seed=run.seed)[network.LAST])
    figure, axes = plots.subplots(2, 1, figsize=(10.5, 11.2))
    groups = {
        f"class-typical for {run.names[0]} alone": (True, False, plots.COLOR_A),
        f"class-typical for {run.names[1]} alone": (False, True, plots.COLOR_B),
        "class-typical for both": (True, True, plots.COLOR_BOTH),
    }
    handles = {}
    for axis, (name, values) in zip(axes.flat, typical(run).items(), strict=True):
        grid = plots.map_grid(values, plots.WIDE)
        image = plots.show_grid(axis, grid, run.params.report.colormap, 0, high)
        for group, (of_a, of_b, color) in groups.items():
            chosen = points[(points["typical_a"] == of_a) & (points["typical_b"] == of_b)]
            for point in chosen.itertuples():
                plots.frame_point(axis, point, values.shape, color)
            frame = Rectangle((0, 0), 1, 1, fill=False, lw=2, ec=color)
            handles[f"{group} ({len(chosen)})"] = frame
        _number_maps(axis, values.shape)
        axis.set_title(name)
    figure.colorbar(image, ax=axes, shrink=0.6, pad=0.01, extend="max", label="activation")
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=3)
    figure.suptitle(f"Class-typical points of {network.LAST}")
    return figure


def _number_maps(axis: Axes, shape: tuple[int, ...]) -> None:
    """Write the number of each row's first map, and what to add along the columns."""
    height, width, n = shape
    starts = range(0, n, plots.WIDE)
    corners = [plots.map_corner(m, plots.WIDE, height, width) for m in range(n)]
    axis.set_yticks([corners[m][0] + 1 for m in starts], starts)
    columns = range(min(n, plots.WIDE))
    axis.set_xticks([corners[m][1] + 1 for m in columns], [f"+{m}" for m in columns])
    axis.tick_params(length=0, labelsize=8, colors=plots.COLOR_OTHER)


def class_means(run: Run) -> Figure:
    """The mean of the last layer in the test images of a, of b, and the difference."""
    pair = run.pair_maps(run.seed, "test")
    means = [values.mean(axis=0, dtype=np.float64) for values in pair]
    difference = means[1] - means[0]
    figure, axes = plots.subplots(1, 3, figsize=(13.5, 3.5))
    high, limit = plots.scale(np.stack(means)), float(np.abs(difference).max()) or 1.0
    for axis, mean, name, values in zip(axes[0], means, run.names, pair, strict=False):
        grid = plots.map_grid(mean, plots.WIDE)
        image = plots.show_grid(axis, grid, run.params.report.colormap, 0, high)
        axis.set_title(f"{name}: mean of {len(values):,} test images")
    bar = {"location": "bottom", "pad": 0.03, "aspect": 40}
    figure.colorbar(image, ax=axes[0, :2], extend="max", label="mean activation", shrink=0.5, **bar)
    figure.get_layout_engine().set(wspace=0.03)
    grid = plots.map_grid(difference, plots.WIDE)
    image = plots.show_grid(axes[0, 2], grid, plots.DIVERGING, -limit, limit)
    axes[0, 2].set_title(f"{run.names[1]} minus {run.names[0]}")
    figure.colorbar(image, ax=axes[0, 2], label="difference of mean activation", **bar)
    rows, columns, n = difference.shape
    title = f"The {n} maps of {network.LAST}, {rows} × {columns} points each: class means"
    figure.suptitle(title)
    return figure


FIGURES = {"typical_points": typical_points, "class_means": class_means}
