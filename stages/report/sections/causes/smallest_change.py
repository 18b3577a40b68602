"""The least ink that changes the answer, what other networks make of it, and where it goes."""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.common.run import Run
from stages.report import plots, words

ORDER = 60
ADDED, REMOVED = plots.COLOR_C, plots.COLOR_BOTH
QUANTILES = 0.25, 0.75  # of the ink changed: the images of which the way is drawn
NAMED = 3  # points in the text
READERS = ("itself", "cnn", "mlp")
FLAGS = {"boundary": bool, "succeeded": bool}  # a table without rows has no types
RATIOS = {"of_ink": ("l1", "ink"), "of_nearest": ("l1", "nearest"), "of_l1": ("added", "l1")}


def changed(run: Run) -> pd.DataFrame:
    """Rows of `files.CHANGED` of the shown networks where the search succeeded."""
    table = run.every_shown(files.CHANGED).astype(FLAGS)
    table = table[table["succeeded"]].copy()
    for name, (part, of) in RATIOS.items():
        table[name] = table[part] / table[of].where(table[of] > 0)
    return table


def transfer(run: Run) -> pd.DataFrame:
    """Rows of `files.CHANGE_TRANSFER`, with the `kind` of reader: itself, another CNN, the MLP."""
    table = run.every_shown(files.CHANGE_TRANSFER)
    itself = (table["model"] == "cnn") & (table["reader"] == table["seed"])
    return table.assign(kind=table["model"].where(~itself, "itself"))


def cases(run: Run) -> list[dict]:
    """For each margin and direction, the shown networks' means, by name; lists without NaN.

    A row also has what the table shows, in words under `shown`.
    """
    images, read, summary = changed(run), transfer(run), run.every_shown(files.SMALLEST_CHANGE)
    names = dict(zip(DIRECTIONS, (run.names, run.names[::-1]), strict=True))
    measured = ["l1", "pixels", *RATIOS, "region", "region_random", "joined", "joined_random",
                "turned_on", "turned_off"]  # fmt: skip
    rows = []
    for boundary, direction in product((False, True), DIRECTIONS):
        here = {"boundary": boundary, "direction": direction}
        of_images, of_readers, of_summary = (
            table[(table["boundary"] == boundary) & (table["direction"] == direction)]
            for table in (images, read, summary)
        )
        means = of_images.groupby("seed")[measured].mean()
        values = {name: means[name].dropna().tolist() for name in measured}
        for kind in READERS:
            of_kind = of_readers[of_readers["kind"] == kind]
            for name, column in (("", "flipped"), ("_random", "flipped_random")):
                by_network = of_kind.groupby("seed")[column].mean()
                values[f"{kind}{name}"] = by_network.dropna().tolist()
        values |= {name: of_summary[name].dropna().tolist()
                   for name in ("margin", "both", "both_expected")}  # fmt: skip
        forms = {"l1": ".1f", "pixels": ".0f", "margin": ".1f"}
        shown = {name: written(of, forms.get(name)) for name, of in values.items()}
        shown["images"] = f"{len(of_images)} of {of_summary['images'].sum()}"
        shown["from"], shown["to"] = names[direction]
        rows.append(here | values | {"shown": shown, "top": int(of_summary["top"].max()),
                                     "searched": of_summary["images"].tolist(),
                                     "succeeded": len(of_images)})  # fmt: skip
    return rows


def written(values: list[float], form: str | None) -> str:
    """Their mean and range, or a dash; shares, where there is no form, read 0% only at 0."""
    if not values:
        return words.NOTHING
    if form:
        return words.mean_and_reach(values, form)
    mean, *ends = map(words.share, (np.mean(values), min(values), max(values)))
    return mean if ends == [mean, mean] else f"{mean} ({' to '.join(dict.fromkeys(ends))})"


def strokes(rows: list[dict]) -> bool:
    """Whether, in every network, changes join up, lie where classes differ, and transfer to CNNs.

    Each more than at random places, and most of them to other CNNs.
    """
    beyond = (("region", "region_random"), ("joined", "joined_random"))
    return all(
        row[kept] and row[drawn] and min(row[kept]) > max(row[drawn])
        for row, (kept, drawn) in product(rows, beyond)
    ) and all(row["cnn"] and min(row["cnn"]) > 0.5 for row in rows)


def most_changed(run: Run) -> list[tuple[str, str]]:
    """For each direction, the points of `run.seed` that change most, and by how much, in words."""
    points, texts = run.read(files.CHANGED_POINTS, seed=run.seed), []
    for direction in DIRECTIONS:
        change = points[f"change_{direction}"].dropna()
        order = change.abs().sort_values(ascending=False, kind="stable").index[:NAMED]
        named = [f"map {row.map}, ({row.row}, {row.column}) by {change[row.Index]:+.2f}"
                 for row in points.loc[order].itertuples()]  # fmt: skip
        texts.append(words.listing(named) if named else "")
    return texts


def numbers(run: Run) -> dict:
    """What is in the tables of the shown networks, for both margins and directions."""
    rows = cases(run)
    real, boundary = rows[:2], rows[2:]
    return {
        "real": real,
        "boundary": boundary,
        "rows": [row["shown"] for row in rows],
        "networks": len(run.shown),
        "points": len(run.read(files.CHANGED_POINTS, seed=run.seed)),
        "most_changed": most_changed(run),
        "strokes": strokes(real),
        "found": [row["succeeded"] for row in real],
        "drawn": bool(len(shown_images(run))),
    }


def metrics(run: Run) -> dict[str, float]:
    """Ink in each direction, and the shares of changes that other networks read as the target."""
    rows = cases(run)[:2]
    values = {f"ink_{name}": row["l1"] for name, row in zip("ab", rows, strict=True)}
    values |= {f"transfer_{kind}": [share for row in rows for share in row[kind]]
               for kind in ("cnn", "mlp")}  # fmt: skip
    return {name: np.mean(of) if of else np.nan for name, of in values.items()}


def to_real_margin(run: Run, seed: int) -> pd.DataFrame:
    """The rows of `files.CHANGED` that are of `files.CHANGED_IMAGES`, in its order."""
    table = run.read(files.CHANGED, seed=seed).astype(FLAGS)
    return table[~table["boundary"]].reset_index(drop=True)


def shown_images(run: Run) -> list[tuple[int, pd.Series]]:
    """Places in images.npz of `run.seed` and their rows: two of each direction, by their ink."""
    table, chosen = to_real_margin(run, run.seed), []
    for direction in DIRECTIONS:
        of = table[table["succeeded"] & (table["direction"] == direction)].sort_values("l1")
        places = {round(quantile * (len(of) - 1)): None for quantile in QUANTILES if len(of)}
        chosen += [(of.index[place], of.iloc[place]) for place in places]
    return chosen


def tinted(image: np.ndarray, change: np.ndarray) -> np.ndarray:
    """A pale image (side, side) with what is added and removed in colour: (side, side, 3)."""
    pale = np.repeat(1 - 0.25 * image[..., np.newaxis], 3, axis=2)
    for color, part in ((ADDED, change), (REMOVED, -change)):
        part = np.clip(part, 0, 1)[..., np.newaxis]
        pale = (1 - part) * pale + part * np.array(to_rgb(color))
    return pale


def way_of(run: Run, direction: str) -> str:
    """From which class to which, on two lines where the names are long."""
    of, to = run.names if direction == DIRECTIONS[0] else run.names[::-1]
    return f"{of} to{' ' if len(of + to) < 6 else chr(10)}{to}"


def change_steps(run: Run) -> plots.Figure:
    """Images from one class to the other, a row each: steps on the way, then the change."""
    chosen, data = shown_images(run), run.read(files.CHANGED_IMAGES, seed=run.seed)
    (a, b), shares = run.pair, data["share"]
    size = (1.15 * (len(shares) + 1) + 0.6, 1.45 * len(chosen) + 1.1)
    figure, axes = plots.subplots(len(chosen), len(shares) + 1, figsize=size)
    for line, (place, row) in zip(axes, chosen, strict=True):
        image, change = data["image"][place], data["changed"][place] - data["image"][place]
        for axis, share, logits in zip(line, shares, data["logits"][place], strict=False):
            plots.ink(axis, image + share * change)
            answer = int(logits.argmax())
            color = plots.class_colors([answer], run.pair)[0]
            look = {"color": color, "weight": "bold", "fontsize": 11}
            axis.set_xlabel(f"{logits[b] - logits[a]:+.1f}", labelpad=3, **look)
            plots.frame(axis, color=color, width=1.4)
        line[-1].imshow(tinted(image, change), interpolation="nearest")
        plots.bare(line[-1])
        plots.frame(line[-1])
        line[-1].set_xlabel(f"ink {row['l1']:.1f}", labelpad=3, fontsize=11)
        line[0].set_ylabel(way_of(run, row["direction"]), fontsize=11)
    for axis, share in zip(axes[0], shares, strict=False):
        axis.set_title(f"{share:.0%}", fontsize=11)
    axes[0, -1].set_title("change", fontsize=11)
    figure.supxlabel(f"logit difference, {run.names[1]} minus {run.names[0]}", fontsize=11)
    figure.suptitle(f"The smallest change, step by step (cnn-{run.seed})")
    return figure


def mean_parts(run: Run) -> dict[str, tuple[np.ndarray, ...]]:
    """By direction: the mean image, mean ink added and mean ink removed, (side, side) each.

    Of images for which the search succeeded, over all shown networks.
    """
    parts = {}
    for direction in DIRECTIONS:
        images, changes = [], []
        for seed in run.shown:
            table, data = to_real_margin(run, seed), run.read(files.CHANGED_IMAGES, seed=seed)
            here = (table["succeeded"] & (table["direction"] == direction)).to_numpy()
            images.append(data["image"][here])
            changes.append((data["changed"] - data["image"])[here])
        image, change = np.concatenate(images), np.concatenate(changes)
        if len(image):
            of_sign = (np.maximum(sign * change, 0).mean(axis=0) for sign in (1, -1))
            parts[direction] = (image.mean(axis=0), *of_sign)
    return parts


def change_maps(run: Run) -> plots.Figure:
    """Where ink is added and removed on average, a row for each direction."""
    parts = mean_parts(run)
    figure, axes = plots.subplots(len(parts), 2, figsize=(6.6, 3.2 * len(parts) + 0.5))
    high = max(float(of.max()) for _, *both in parts.values() for of in both) or 1.0
    scales = [
        ScalarMappable(
            Normalize(0, high), LinearSegmentedColormap.from_list(name, ("white", color))
        )
        for name, color in (("added", ADDED), ("removed", REMOVED))
    ]
    for line, (direction, (image, *both)) in zip(axes, parts.items(), strict=True):
        line[0].set_ylabel(way_of(run, direction), fontsize=12)
        for axis, scale, mean in zip(line, scales, both, strict=True):
            axis.imshow(mean, cmap=scale.cmap, norm=scale.norm, interpolation="nearest")
            levels = [image.max() * share for share in (0.4, 0.7)]
            axis.contour(image, levels, colors=plots.COLOR_OTHER, linewidths=0.9)
            plots.bare(axis)
            plots.frame(axis)
    for column, (scale, name) in enumerate(zip(scales, ("added", "removed"), strict=True)):
        axes[0, column].set_title(f"ink {name}", fontsize=12)
        figure.colorbar(scale, ax=axes[:, column], location="bottom", aspect=25, pad=0.03,
                        label="mean ink per pixel")  # fmt: skip
    figure.suptitle("Where the smallest change puts and takes ink")
    return figure
