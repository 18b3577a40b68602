"""Integrated gradients of pixels with their checks, and attribution patching of points."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.common.run import Run
from stages.report import plots, words

ORDER = 65
ROLES = ("clear", "typical", "hard")  # of right answers that are drawn; wrong answers follow
COLUMNS, DRAWN = 3, 12  # images side by side, each with its attributions; in all
CLIPPED = 97  # percentile of the sizes above 0 at which the colours end
LOW = 0.2  # share of the ink removed, in the text
# By the name of an order of pixels: colour, dashes, label.
ORDERS = {
    "attribution": (plots.COLOR_B, "-", "by attribution to the answer"),
    "ink": (plots.COLOR_A, "--", "dark pixels first"),
    "random": (plots.COLOR_OTHER, ":", "random order"),
}
# By the column of `files.RANDOMISED`: colour, marker, label.
CORRELATIONS = {
    "all_pixels": (plots.COLOR_OTHER, "s", "size, all pixels"),
    "ink_pixels": (plots.COLOR_A, "o", "size, ink pixels"),
    "signed": (plots.COLOR_B, "D", "with sign, ink pixels"),
}


def known(values: pd.Series, form: str) -> str:
    """Mean and reach of the networks that have a number; a dash where none has."""
    values = values.dropna()
    return words.mean_and_reach(values, form) if len(values) else words.NOTHING


def at_share(table: pd.DataFrame, share: float) -> dict[str, pd.Series]:
    """Logit differences with this share of the ink removed, by order, one for each network."""
    here = table[np.isclose(table["removed"], share)]
    return {name: here.loc[here["order"] == name, "difference"] for name in ORDERS}


def of_case(table: pd.DataFrame, name: str, column: str) -> pd.Series:
    """A column of `files.RANDOMISED` for one case, one for each network."""
    return table.loc[table["randomised"] == name, column]


def cases(run: Run) -> list[str]:
    """The networks with random weights, in the order of the check: from the logits down."""
    return ["logits", "dense", *run.conv_layers[::-1], "untrained"]


def numbers(run: Run) -> dict:
    """Deletion curves, the check with random weights and attribution patching, in words."""
    deleted, random = run.every_shown(files.DELETION), run.every_shown(files.RANDOMISED)
    points, summary = (run.every_shown(of) for of in (files.PATCHING_ESTIMATES, files.ATTRIBUTION))
    images = dict(zip(DIRECTIONS, run.names, strict=True))
    whole = run.conv_layers[0]  # the last to take random weights
    return {
        "summary": summary.iloc[0],
        "start": known(at_share(deleted, 0)["random"], ".1f"),
        "left": {name: known(of, "z.1f") for name, of in at_share(deleted, LOW).items()},
        "low": LOW,
        "below": {name: known(summary[f"below_{name}"], "z.1f") for name in ("ink", "random")},
        "intervals": {name: _interval(summary, name) for name in ("ink", "random")},
        "alike": {
            case: {column: known(of_case(random, case, column), "z.2f") for column in CORRELATIONS}
            for case in ("ink", "logits", whole, "untrained")
        },
        "whole": whole,
        "gap": summary["gap"].max(),
        "steps": int(summary["steps"].max()),
        "spearman": points["spearman"].dropna(),
        "same_first": points["same_first"].dropna(),
        "same_half": points["same_half"].dropna(),
        "rows": points.assign(images=points["direction"].map(images)),
        "drawn": len(shown(run)),
        "clipped": CLIPPED,
        "networks": len(run.shown),
    }


def _interval(summary: pd.DataFrame, name: str) -> str:
    """The interval over images of the first network."""
    row = summary.iloc[0].to_dict()
    return words.cell(f"{{below_{name}_low:z.1f}} to {{below_{name}_high:z.1f}}", row)


def metrics(run: Run) -> dict[str, float]:
    """Means over the shown networks; of `spearman` over directions, too."""
    summary, random = run.every_shown(files.ATTRIBUTION), run.every_shown(files.RANDOMISED)
    return {
        "below_random": summary["below_random"].mean(),
        "below_ink": summary["below_ink"].mean(),
        "random_weights": of_case(random, run.conv_layers[0], "signed").mean(),
        "spearman": run.every_shown(files.PATCHING_ESTIMATES)["spearman"].mean(),
    }


def shown(run: Run) -> list[int]:
    """Rows of `files.ATTRIBUTED` of `run.seed` that are drawn: some of each class, then wrong ones.

    Where the exemplars are listed by hand, the first of them.
    """
    data = run.read(files.ATTRIBUTED, seed=run.seed)
    right = data["answer"] == data["label"]
    of = [(label, role) for label in run.pair for role in ROLES]
    keys = list(zip(data["label"].tolist(), data["role"].tolist(), strict=True))
    rows = [keys.index(key) for key in of if key in keys]
    rows += np.flatnonzero(~right).tolist()
    rows = list(dict.fromkeys([*rows, *range(len(right))]))
    wanted = len(rows) if "listed" in data["role"] else int((~right).sum()) + 2 * len(ROLES)
    return rows[: min(DRAWN, wanted)]


def attributed_pixels(run: Run) -> plots.Figure:
    """Images of the pair, each with what its pixels add to the logit difference beside it."""
    data, rows, (a, b) = run.read(files.ATTRIBUTED, seed=run.seed), shown(run), run.names
    lines = max(1, -(-len(rows) // COLUMNS))
    widths = [1, 1, 0.12] * COLUMNS
    size = (8.6, 1.58 * lines + 1.4)
    figure, axes = plots.subplots(lines, len(widths), figsize=size, width_ratios=widths)
    for axis in axes.flat:
        axis.set_visible(False)
    values = data["attribution"][rows]
    high = np.percentile(np.abs(values[values != 0]), CLIPPED) if values.any() else 1.0
    look = {"cmap": plots.BETWEEN, "vmin": -high, "vmax": high, "interpolation": "nearest"}
    picture = None
    for at, row in enumerate(rows):
        line, column = divmod(at, COLUMNS)
        left, right = axes[line, 3 * column : 3 * column + 2]
        for axis in (left, right):
            axis.set_visible(True)
        plots.ink(left, data["image"][row])
        picture = right.imshow(data["attribution"][row], **look)
        plots.bare(right)
        label, answer = (run.class_names[data[name][row]] for name in ("label", "answer"))
        plots.frame(left, right, color=plots.class_colors([data["label"][row]], run.pair)[0])
        said = data["role"][row] if answer == label else f"answer {answer}"
        left.set_title(f"{label}, {said}", loc="left", fontsize=11)
        right.set_title(f"{data['difference'][row]:+z.1f}", loc="right", fontsize=11)
    if picture:
        bar = figure.colorbar(picture, ax=axes, location="bottom", aspect=45, shrink=0.9, pad=0.02)
        bar.set_label(f"logits that a pixel adds: below 0 for {a}, above 0 for {b}", fontsize=11)
    figure.suptitle(f"Integrated gradients, {a} against {b} (cnn-{run.seed})")
    return figure


def attribution_checks(run: Run) -> plots.Figure:
    """The logit difference as ink is removed, and correlations with networks of random weights."""
    figure, axes = plots.subplots(2, 1, figsize=(7, 8.6))
    deleted, random = run.every_shown(files.DELETION), run.every_shown(files.RANDOMISED)
    top, bottom = axes[:, 0]
    for name, (color, dashes, label) in ORDERS.items():
        curves = deleted[deleted["order"] == name]
        here = curves[curves["seed"] == run.seed].set_index("removed")
        low, high = (here[f"difference_{end}"] for end in ("low", "high"))
        plots.band(top, low, high, color=color, alpha=0.18)
        for seed, curve in curves.groupby("seed", sort=False):
            look = plots.bold(seed == run.seed, label)
            top.plot(curve["removed"], curve["difference"], color=color, linestyle=dashes, **look)
    top.axhline(0, color="black", linewidth=0.8)
    top.xaxis.set_major_formatter(plots.PercentFormatter(1))
    top.set_xlabel("ink removed", fontsize=12)
    top.set_ylabel("logits, answer minus other class", fontsize=12)
    top.set_title("Deletion", fontsize=13)
    top.legend(fontsize=12)
    _correlations(bottom, run, random)
    for axis in (top, bottom):
        axis.tick_params(labelsize=12)
    networks = words.count(len(run.shown), "network")
    figure.suptitle(f"Do attributions show what the network uses? ({networks})")
    return figure


def _correlations(axis: plots.Axes, run: Run, random: pd.DataFrame) -> None:
    """A curve for each network and each column of CORRELATIONS, named at its right end."""
    places = cases(run)
    last = len(places) - 1

    def name(text: str, y: float, color: str, side: str) -> None:
        if not np.isnan(y):
            place = {"xytext": (0, 7 if side == "bottom" else -7), "textcoords": "offset points"}
            axis.annotate(text, (last, y), color=color, fontsize=12, ha="right", va=side, **place)

    for column, (color, marker, label) in CORRELATIONS.items():
        for seed in run.shown:
            of = random[random["seed"] == seed].set_index("randomised")[column].reindex(places)
            look = plots.bold(seed == run.seed, label) | {"color": color, "marker": marker}
            axis.plot(range(len(places)), of, **look)
        mean = of_case(random, places[-1], column).mean()
        name(label, mean, color, "top")
    of_ink = of_case(random, "ink", "ink_pixels").mean()
    if not np.isnan(of_ink):
        axis.axhline(of_ink, color=plots.COLOR_A, linestyle=":", linewidth=1.5)
        name("size against the pixel's value", of_ink, plots.COLOR_A, "bottom")
    axis.axhline(0, color="black", linewidth=0.8)
    names = [f"+ {name}" if 0 < at < last else name for at, name in enumerate(places)]
    axis.set_xticks(range(len(places)), names, rotation=25, ha="right")
    axis.set_ylabel("Spearman correlation", fontsize=12)
    axis.set_title("With random weights in the logits, and in layers below", fontsize=13)
    axis.set_ylim(min(-0.25, axis.get_ylim()[0]), 1.05)
