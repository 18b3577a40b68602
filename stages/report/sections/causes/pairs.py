"""Where the pair lies among all pairs of classes: confusions, the best point, probes on few."""

from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from scipy.stats import spearmanr

from stages.common import files
from stages.common.run import Run
from stages.report import plots, words

ORDER = 70
PAIR = ["first", "second"]
HARDEST = 3  # pairs by each measure, in the table
NAMED = 4  # pairs that are confused most, in the figure
LETTERS = 8  # of a name in the figure
PAIR_COLOR = plots.COLOR_B
TENTH = 0.1  # of the pairs: those with the lowest ranks
# By the name of their rank: the column in the figure, its title, its form, harder is lower.
MEASURES = {
    "errors": ("confused", "test images confused", ".2%", False),
    "auroc": ("auroc_test", "AUROC of the best point", ".4f", True),
    "loss": ("loss", "few points: errors added", "+z.2%", False),
}


def tables(run: Run) -> pd.DataFrame:
    """Rows of `files.PAIRS` of all shown networks, with the share of images that is confused."""
    table = run.every_shown(files.PAIRS)
    return table.assign(confused=table["errors"] / table["images"].where(table["images"] > 0))


def of_the_pair(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a and b, one a network."""
    return table[(table[PAIR] == sorted(run.pair)).all(axis=1)]


def agreement(table: pd.DataFrame, column: str) -> list[float]:
    """Spearman's correlation of a measure over the pairs, between every two networks."""
    by_seed = table.pivot_table(column, PAIR, "seed", sort=False)
    found = []
    for one, other in combinations(by_seed, 2):
        both = by_seed[[one, other]].dropna()
        if len(both) > 1 and (both.max() > both.min()).all():
            found.append(spearmanr(both[one], both[other]).statistic)
    return found


def known(values: pd.Series, form: str) -> str:
    """Mean and reach of the networks that have a number; a dash where none has."""
    values = values.dropna()
    return words.mean_and_reach(values, form) if len(values) else words.NOTHING


def row_of(run: Run, table: pd.DataFrame, pair: tuple[int, int]) -> dict[str, str]:
    """A pair's row of the table, in words."""
    here = table[(table[PAIR] == list(pair)).all(axis=1)]
    row = {"pair": " against ".join(map(run.quoted, pair))}
    row["errors"] = known(here["errors"], ".1f")
    for name in ("error_few", "error_all"):
        row[name] = known(here[name], ".2%")
    for name, (column, _, form, _) in MEASURES.items():
        row[column] = known(here[column], form)
        row[f"rank_{name}"] = known(here[f"rank_{name}"], ".0f")
    return row


def hardest(run: Run, table: pd.DataFrame) -> list[dict[str, str]]:
    """The pair, then the HARDEST pairs by each mean rank, in words."""
    means = table.groupby(PAIR, sort=False)[[f"rank_{name}" for name in MEASURES]].mean()
    chosen = [tuple(sorted(run.pair))]
    for name in means:
        chosen += means[name].dropna().nsmallest(HARDEST).index.tolist()
    return [row_of(run, table, pair) for pair in dict.fromkeys(chosen)]


def numbers(run: Run) -> dict:
    """The pair's ranks, with intervals, and how alike networks rank all pairs."""
    table = tables(run)
    here, pairs = of_the_pair(run, table), len(table) // len(run.shown)
    ranks, reaches, hard = {}, {}, []
    for name in MEASURES:
        rank = here[f"rank_{name}"]
        ranks[name] = known(rank, ".0f")
        ends = here[[f"rank_{name}_low", f"rank_{name}_high"]].dropna()
        reaches[name] = words.reach(ends.to_numpy().ravel(), ".0f") if len(ends) else words.NOTHING
        if (rank <= max(1, TENTH * pairs)).all():
            hard.append(name)
    return {
        "pairs": pairs, "ranks": ranks, "reaches": reaches, "hard": hard,
        "row": row_of(run, table, tuple(sorted(run.pair))),
        "rows": hardest(run, table),
        "alike": {name: known(pd.Series(agreement(table, of[0]), dtype=float), "z.2f")
                  for name, of in MEASURES.items()},
        "few": run.params.claims.few_points, "networks": len(run.shown),
    }  # fmt: skip


def metrics(run: Run) -> dict[str, float]:
    """The pair's ranks, 1 for the hardest, means over the shown networks."""
    here = of_the_pair(run, tables(run))
    return {f"rank_{name}": here[f"rank_{name}"].mean() for name in MEASURES}


def matrix(table: pd.DataFrame, column: str, classes: int) -> np.ndarray:
    """A measure's mean over the networks, (classes, classes): the pairs below the diagonal."""
    means = table.groupby(PAIR)[column].mean()
    values = np.full((classes, classes), np.nan)
    first, second = (means.index.get_level_values(name) for name in PAIR)
    values[second, first] = means
    return values


def all_pairs(run: Run) -> plots.Figure:
    """Three matrices of all pairs, the pair framed, and two of the measures against each other."""
    table, classes, (low, high) = tables(run), len(run.class_names), sorted(run.pair)
    here = of_the_pair(run, table)
    figure, axes = plots.subplots(2, 2, figsize=(8.4, 9))
    for axis, (name, (column, title, form, falls)) in zip(
        axes.flat, MEASURES.items(), strict=False
    ):
        colormap = run.params.report.colormap + ("_r" if falls else "")
        image = axis.imshow(matrix(table, column, classes), cmap=colormap, interpolation="nearest")
        plots.bare(axis)
        _name_classes(axis, run.class_names)
        for width, color in ((5, "white"), (2.4, PAIR_COLOR)):
            plots.square(axis, high, low, lw=width, ec=color)
        rank = known(here[f"rank_{name}"], ".0f")
        text = (
            f"{_short(run, low, high)}\n{words.cell(f'{{x:{form}}}', {'x': here[column].mean()})}"
        )
        look = {"color": PAIR_COLOR, "weight": "bold", "fontsize": 12, "ha": "right", "va": "top"}
        axis.text(1, 1, f"{text}\nrank {rank}", transform=axis.transAxes, **look)
        axis.set_title(title, fontsize=13)
        ends = StrMethodFormatter(f"{{x:{form.replace('.4f', '.3f')}}}")
        bar = figure.colorbar(image, ax=axis, location="bottom", aspect=28, pad=0.03, format=ends)
        bar.locator = MaxNLocator(3)
        bar.ax.tick_params(labelsize=11)
    _scatter(axes[1, 1], run, table)
    of = words.count(len(table) // len(run.shown), "pair")
    figure.suptitle(f"How hard {of} of classes are ({words.count(len(run.shown), 'network')})")
    return figure


def _scatter(axis: plots.Axes, run: Run, table: pd.DataFrame) -> None:
    """Every pair by its best point and its confusions; the most confused ones are named."""
    means = table.groupby(PAIR)[["auroc_test", "confused"]].mean().dropna()
    axis.plot(means["auroc_test"], means["confused"], "o", color=plots.COLOR_OTHER, alpha=0.6)
    ours = tuple(sorted(run.pair))
    named = means.nlargest(NAMED, "confused").index.union([ours]).intersection(means.index)
    for pair, (x, y) in means.loc[named].iterrows():
        color = PAIR_COLOR if pair == ours else "black"
        axis.plot(x, y, "o", color=color)
        look = {"color": color, "fontsize": 12, "weight": "bold" if pair == ours else "normal"}
        axis.annotate(_short(run, *pair), (x, y), (0, 5), textcoords="offset points", ha="center",
                      **look)  # fmt: skip
    axis.margins(0.12)
    axis.set_title("both together", fontsize=13)
    axis.set_xlabel("AUROC of the best point", fontsize=12)
    axis.set_ylabel("test images confused", fontsize=12)
    axis.tick_params(labelsize=11)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.yaxis.set_major_formatter(StrMethodFormatter("{x:.2%}"))


def _short(run: Run, first: int, second: int) -> str:
    """The names of a pair; letters of words where they are long."""
    return "–".join(run.class_names[label][:LETTERS] for label in (first, second))


def _name_classes(axis: plots.Axes, names: tuple[str, ...]) -> None:
    """The classes left of a matrix and below it."""
    size = min(12, 130 / len(names))
    turn = 90 if max(map(len, names)) > 2 else 0
    axis.set_xticks(
        range(len(names)), [name[:LETTERS] for name in names], rotation=turn, fontsize=size
    )
    axis.set_yticks(range(len(names)), [name[:LETTERS] for name in names], fontsize=size)
