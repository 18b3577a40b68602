"""What linear decoders recover of the image from each layer, and the exemplars as decoded."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.cases import COMPONENTS, MEAN_IMAGE, TRAINED, UNTRAINED
from stages.common.run import Run
from stages.report import plots, words
from stages.report.points import shown_exemplars

ORDER = 50
LEAST = 0.01  # of the variance within classes, for "part of" it
FORM = ".1%"
LOOKS = {TRAINED: (plots.COLOR_A, "-", "trained"),
         UNTRAINED: (plots.COLOR_B, "--", "before training")}  # fmt: skip
MEASURES = {"explained": "of all variance around the mean image",
            "within": "of the variance within classes"}  # fmt: skip


def layers_of(table: pd.DataFrame) -> list[str]:
    """The layers in their order."""
    return table.loc[table["code"] == TRAINED, "layer"].unique().tolist()


def of_networks(table: pd.DataFrame, code: str, layer: str, column: str) -> pd.Series:
    """The values of one code and layer, one for each network that has it."""
    here = (table["code"] == code) & (table["layer"] == layer)
    return table.loc[here, column].dropna()


def components(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Principal components in the place of layers with fewer units than an image has pixels."""
    few = (table["code"] == COMPONENTS) & (table["units"] < run.design.side**2)
    return table[few].drop_duplicates("layer")  # they depend on no network


def fall(run: Run, table: pd.DataFrame) -> dict:
    """By how much explained variance falls from the first conv layer on, mean over networks.

    To the last conv layer, or to the dense layer where there is one conv layer alone. `share` is
    how much of the fall untrained networks have too; None where it does not fall.
    """
    ends = run.conv_layers[0], run.last if len(run.conv_layers) > 1 else "dense"
    falls = {}
    for code in LOOKS:
        before, after = (of_networks(table, code, end, "explained").mean() for end in ends)
        falls[code] = 100 * (before - after)
    share = np.clip(falls[UNTRAINED] / falls[TRAINED], 0, 1) if falls[TRAINED] > 0 else None
    return {"ends": ends, "share": share, **falls}


def numbers(run: Run) -> dict:
    """What is recovered from each layer, in rows of words, and the controls."""

    def text(code: str, layer: str, column: str) -> str:
        values = of_networks(table, code, layer, column)
        return words.mean_and_reach(values, FORM) if len(values) else words.NOTHING

    def mean(code: str, layer: str, column: str) -> str:
        values = of_networks(table, code, layer, column)
        return f"{values.mean():{FORM}}" if len(values) else words.NOTHING

    table = run.every_shown(files.EXPLAINED_VARIANCE)
    few, rows = components(run, table).set_index("layer"), []
    for layer in layers_of(table):
        row = {"layer": layer, "units": int(of_networks(table, TRAINED, layer, "units").iloc[0])}
        for name in MEASURES:
            row |= {f"{code}_{name}": text(code, layer, name) for code in LOOKS}
            row |= {f"{code}_{name}_mean": mean(code, layer, name) for code in LOOKS}
        row[COMPONENTS] = words.NOTHING
        if layer in few.index:
            row[COMPONENTS] = text(COMPONENTS, layer, "explained")
        rows.append(row)
    return {
        "rows": rows,
        "at": {row["layer"]: row for row in rows},
        "of_pair": [text(TRAINED, run.last, f"explained_{name}") for name in "ab"],
        "class_mean": text(MEAN_IMAGE, "class", "explained"),
        "few": list(few.index),
        "fall": fall(run, table),
        "within": of_networks(table, TRAINED, run.last, "within"),
        "least": LEAST,
        "networks": len(run.shown),
        "fitted": int(table["fitted"].iloc[0]),
        "tested": int(table["tested"].iloc[0]),
    }


def metrics(run: Run) -> dict[str, float]:
    """Shares of the pixels' variance that are recovered, means over the shown networks."""
    table = run.every_shown(files.EXPLAINED_VARIANCE)
    wanted = {
        "last": (TRAINED, run.last, "explained"),
        "last_untrained": (UNTRAINED, run.last, "explained"),
        "dense": (TRAINED, "dense", "explained"),
    }
    return {name: of_networks(table, *of).mean() for name, of in wanted.items()}


def decoded(run: Run) -> plots.Figure:
    """A column for each exemplar: the image, then what is decoded from each layer in turn.

    Beside them the first image again, decoded from the layers before training.
    """
    chosen, data = shown_exemplars(run), run.read(files.EXEMPLARS, seed=run.seed)
    arrays = run.read(files.DECODED, seed=run.seed)
    table = run.read(files.EXPLAINED_VARIANCE, seed=run.seed)
    layers, n = arrays["layer"].tolist(), len(chosen)
    size, widths = (n + 2.4, len(layers) + 2.1), [1] * n + [0.12, 1]
    figure, axes = plots.subplots(len(layers) + 1, n + 2, figsize=size, width_ratios=widths)
    for axis in axes[:, n]:
        axis.set_visible(False)
    columns = [(row, TRAINED) for row in chosen] + [(row, UNTRAINED) for row in chosen[:1]]
    for column, (row, code) in zip(np.delete(axes, n, axis=1).T, columns, strict=True):
        role = data["role"][row] if code == TRAINED else "untrained"
        role = {"contrast": "typical"}.get(role, role)
        column[0].set_title(f"{run.quoted(int(data['label'][row]))}\n{role}", fontsize=9)
        for axis, image in zip(column, (data["image"][row], *arrays[code][:, row]), strict=True):
            plots.ink(axis, image)
            plots.frame(axis)
    for layer, (left, *_, right) in zip(layers, axes[1:], strict=True):
        of_codes = (of_networks(table, code, layer, "explained").iloc[0] for code in LOOKS)
        trained, untrained = (f"{share:{FORM}}" for share in of_codes)
        left.set_ylabel(f"{layer}\n{trained}", rotation=0, ha="right", va="center")
        right.yaxis.set_label_position("right")
        right.set_ylabel(untrained, rotation=0, ha="left", va="center")
    figure.suptitle(f"Images decoded from each layer (cnn-{run.seed})")
    return figure


def explained_by_layer(run: Run) -> plots.Figure:
    """Explained variance by layer: a thin line for each network, their mean, and the controls."""
    table = run.every_shown(files.EXPLAINED_VARIANCE)
    layers, few = layers_of(table), components(run, table)
    figure, axes = plots.subplots(2, 1, figsize=(7, 8), sharex=True)
    for axis, (name, title) in zip(axes[:, 0], MEASURES.items(), strict=True):
        for code, (color, dashes, label) in LOOKS.items():
            curves = table[table["code"] == code].pivot_table(name, "layer", "seed")
            curves = curves.reindex(layers)
            look = {"color": color, "linestyle": dashes}
            axis.plot(range(len(layers)), curves, linewidth=0.8, alpha=0.5, **look)
            mean = curves.mean(axis=1)
            axis.plot(range(len(layers)), mean, linewidth=2.4, marker="o", label=label, **look)
        places = [layers.index(layer) for layer in few["layer"]]
        look = {"color": plots.COLOR_C, "linestyle": "", "marker": "D"}
        axis.plot(places, few[name], label="as many principal components", **look)
        mean = of_networks(table, MEAN_IMAGE, "class", name)
        look = {"color": "black", "linestyle": ":", "linewidth": 1.5}
        axis.axhline(mean.mean(), label="mean image of the class", **look)
        axis.set(ylabel="explained variance", title=title, ylim=(min(0, axis.get_ylim()[0]), 1.04))
        plots.share_axis(axis)
    entries = axes[0, 0].get_legend_handles_labels()
    figure.legend(*entries, loc="outside lower center", ncols=2)
    slant = {"rotation": 40, "ha": "right"} if len(layers) > 8 else {}
    axes[1, 0].set_xticks(range(len(layers)), layers, **slant)
    networks = words.count(len(run.shown), "network")
    figure.suptitle(f"What a linear decoder recovers of the pixels, {networks}")
    return figure
