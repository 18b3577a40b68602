"""What the units of the dense layer add to the answer, how few decide it, where they come from."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import DIRECTIONS, HALF
from stages.common.run import Run
from stages.report import diagram, plots

ORDER = 50
SHOWN = 40  # units
MODES = {"interchange": (plots.COLOR_A, "o"), "mean": (plots.COLOR_B, "s")}


def halves(run: Run) -> pd.DataFrame:
    """A row a shown network and direction: the first k whose interchange flips half, or NaN."""
    table, keys = run.every_shown(files.DENSE_PATCHING), ["seed", "direction"]
    table = table[(table["mode"] == "interchange") & (table["flipped"] >= HALF)]
    cases = pd.MultiIndex.from_product([run.shown, DIRECTIONS], names=keys)
    return table.drop_duplicates(keys).set_index(keys).reindex(cases).reset_index()


def numbers(run: Run) -> dict:
    """What is in the tables of the shown networks."""
    half, summary = halves(run), run.every_shown(files.DENSE)
    shares = run.every_shown(files.PATH_SHARES)
    images = dict(zip(DIRECTIONS, run.names, strict=True))
    rows = half.merge(shares, on=["seed", "direction"])
    return {
        "rows": rows.assign(images=rows["direction"].map(images)),
        "half": half,
        "first_k": [half[half["direction"] == direction]["k"] for direction in DIRECTIONS],
        "summary": summary,
        "here": summary.iloc[0],
        "most_taken": (run.read(files.DENSE_IMAGES, seed=run.seed)["role"] == "taken").sum(),
        "shares": shares,
        "first_shares": shares[shares["seed"] == run.seed]["share"].dropna(),
    }


def metrics(run: Run) -> dict[str, float]:
    """Means over the shown networks; NaN where none has the number."""
    half, summary = halves(run), run.every_shown(files.DENSE)
    shares = run.every_shown(files.PATH_SHARES)
    values = {"active": summary["active"].mean(), "half": summary["half"].mean()}
    for name, direction in zip("ab", DIRECTIONS, strict=True):
        values[f"patch_k_{name}"] = half[half["direction"] == direction]["k"].mean()
    return values | {"path_share": shares["share"].mean()}


def shown_units(run: Run) -> tuple[pd.DataFrame, int]:
    """The active units of `run.seed` with most contribution; how many of them speak for a.

    Those come first, most contribution first; the others follow, most contribution last.
    """
    table = run.read(files.UNITS, seed=run.seed)
    table = table[table["active"]].head(SHOWN)
    for_b = table["weight_b"] > table["weight_a"]
    return pd.concat([table[~for_b], table[for_b][::-1]]), int((~for_b).sum())


def dense_units(run: Run) -> plots.Figure:
    """Contributions of units; their activations in some images; those images' logit differences."""
    units, for_a = shown_units(run)
    data, (a, b) = run.read(files.DENSE_IMAGES, seed=run.seed), run.names
    values, n = data["values"][:, units["unit"]], len(data["index"])
    size = (8.6, 3.2 + 0.4 * n)
    figure, axes = plots.subplots(
        2, 2, figsize=size, height_ratios=(2.1, 0.4 * n), width_ratios=(4.4, 1.2), sharex="col",
        sharey="row",
    )  # fmt: skip
    (bars, corner), (picture, sums) = axes
    corner.set_visible(False)
    colors = [plots.COLOR_A] * for_a + [plots.COLOR_B] * (len(units) - for_a)
    bars.bar(range(len(units)), units["contribution"], color=colors)
    bars.set_ylabel("contribution")
    bars.tick_params(labelbottom=False)
    middle = for_a / max(1, len(units))
    for ha, name, color in zip(("right", "left"), (a, b), plots.PAIR, strict=True):
        look = {"color": color, "weight": "bold", "ha": ha, "transform": bars.transAxes}
        bars.text(middle, 0.85, f"  units for {name}  ", **look)
    high = plots.scale(values) if values.size else 1
    look = {"cmap": run.params.report.colormap, "vmin": 0, "vmax": high, "aspect": "auto"}
    image = picture.imshow(values, interpolation="nearest", **look)
    picture.set_yticks(range(n), [_image_name(run, data, row) for row in range(n)], fontsize=9)
    picture.set_xticks([])
    picture.grid(visible=False)
    picture.set_xlabel(f"{len(units)} of the {data['values'].shape[1]} units of cnn-{run.seed}")
    picture.axvline(for_a - 0.5, color="white", linewidth=3)
    sides = [plots.PAIR[int(value > 0)] for value in data["difference"]]
    drawn = sums.barh(range(n), data["difference"], color=sides)
    sums.bar_label(drawn, fmt="%+.1f", padding=2, fontsize=9)
    reach = 2.4 * np.abs(data["difference"]).max(initial=0.5)  # with room for the numbers
    sums.axvline(0, color="black", linewidth=0.8)
    sums.set(xlabel="logit difference", xlim=(-reach, reach))
    figure.colorbar(image, ax=picture, location="bottom", aspect=45, pad=0.02, label="activation")
    figure.suptitle(f"Units of the dense layer in images of {a} and {b}")
    return figure


def _image_name(run: Run, data: dict[str, np.ndarray], row: int) -> str:
    label, answer, role = (data[name][row] for name in ("label", "answer", "role"))
    name, said = run.class_names[label], run.class_names[answer]
    gap = " " if len(name) + len(said) < 8 else "\n"
    return f"{name}, {role}" if label == answer else f"{name}{gap}answered {said}"


def dense_patching(run: Run) -> plots.Figure:
    """Flipped images by number of patched units, both directions, both modes, all networks."""
    figure, axes = plots.subplots(1, 2, figsize=(9, 4.3), sharey=True)
    every = run.every_shown(files.DENSE_PATCHING).set_index("k")
    names = (run.names, run.names[::-1])
    for axis, direction, (to, source) in zip(axes[0], DIRECTIONS, names, strict=True):
        table = every[every["direction"] == direction]
        here = table.query("mode == 'interchange' and seed == @run.seed")
        low, high = (here[f"flipped_control_{end}"] for end in ("low", "high"))
        plots.band(axis, low, high, label="interchange of random units,\nmiddle 95%")
        for mode, (color, marker) in MODES.items():
            for seed, curve in table[table["mode"] == mode].groupby("seed", sort=False):
                look = plots.bold(seed == run.seed, mode)
                axis.plot(curve["flipped"], color=color, marker=marker, **look)
        axis.axhline(HALF, color="black", linestyle=":", linewidth=1)
        axis.set(title=f"{to} patched from {source}", xlabel="patched units, k")
        plots.share_axis(axis)
        plots.points_axis(axis)
    axes[0, 0].set_ylabel("images flipped to the other class")
    axes[0, 0].legend(fontsize=9)
    figure.suptitle("Activation patching of k units of the dense layer")
    return figure


def dense_paths(run: Run) -> plots.Figure:
    """Points, units and logits as three columns; lines as wide as what passes along them."""
    paths, units = (run.read(file, seed=run.seed) for file in (files.PATHS, files.UNITS))
    paths = paths.assign(effect=(paths["effect_a_to_b"] + paths["effect_b_to_a"]) / 2)
    units, cell = _a_first(units[units["unit"].isin(paths["unit"])]), ["map", "row", "column"]
    points, order = _a_first(paths.drop_duplicates(cell)), units["unit"]
    grid = paths.pivot_table(["effect", "weight"], cell, "unit", sort=False)
    grid = grid.reindex(pd.MultiIndex.from_frame(points[cell]))
    change = (units["mean_b"] - units["mean_a"]).to_numpy()[:, np.newaxis]
    weights = units[["weight_a", "weight_b"]].to_numpy()

    height = 1.6 + 0.4 * max(len(points), len(units), 2)
    figure, axes = plots.subplots(figsize=(7.8, height))
    axis = axes[0, 0]
    texts = [f"map {p.map}, ({p.row}, {p.column})" for p in points.itertuples()]
    left = diagram.column(0, texts, points["mean_b"] > points["mean_a"])
    texts = [f"unit {unit}" for unit in order]
    middle = diagram.column(1, texts, units["mean_b"] > units["mean_a"], 0.9)
    right = diagram.column(2, [f"logit of {name}" for name in run.names], [False, True], 0.8)
    if len(points):
        parts = (grid[name][order].to_numpy() for name in ("effect", "weight"))
        diagram.draw_lines(axis, left, middle, *parts)
    diagram.draw_lines(axis, middle, right, change * weights, weights)
    diagram.draw_boxes(axis, [*left, *middle, *right])
    for x, title in enumerate((f"points of {run.last}", "dense units", "logits")):
        axis.text(x, 1.02, title, ha="center", fontsize=11)
    plots.bare(axis)
    axis.set(xlim=(-0.35, 2.35), ylim=(0, 1.06))
    diagram.legend(figure, run.names)
    figure.suptitle(f"From points through units to the logits (cnn-{run.seed})")
    return figure


def _a_first(table: pd.DataFrame) -> pd.DataFrame:
    """Points or units that are higher for a before those that are higher for b."""
    for_b = table["mean_b"] > table["mean_a"]
    return pd.concat([table[~for_b], table[for_b]])
