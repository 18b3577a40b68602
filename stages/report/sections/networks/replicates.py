"""Whether another training gives the same maps, in the same order."""

import numpy as np
import pandas as pd

from stages.common import files
from stages.common.run import Run
from stages.report import plots, words
from stages.report.metrics import observed

ORDER = 30
# Columns and the look of their marks: beside the tick by, shape, colour and name.
LOOKS = ((-0.08, "o", plots.COLOR_A, "trained"), (0.08, "s", plots.COLOR_OTHER, "before training"),
         (0, "x", plots.COLOR_B, "trained, same order"))  # fmt: skip
SIMILARITIES = (
    ("Mean r of matched maps", files.MATCHING, ("matched_r", "untrained_r", "identity_r")),
    ("Linear CKA, debiased", files.CKA, ("cka", "untrained_cka")),
)


def numbers(run: Run) -> dict:
    """Similarity of every pair of networks and layer, and overlap of their best points."""
    keys = ["seed_i", "seed_j", "layer"]
    table = run.read(files.MATCHING).merge(run.read(files.CKA), on=keys, how="left")
    points = run.read(files.SELECTED_POINTS)
    k = max(sorted(points["k"].unique())[:3], default=0)
    return {
        "layers": table,
        "last": table[table["layer"] == run.last],
        "kernels": observed(run.read(files.MATCHING_RESAMPLES)),
        "points": points,
        "at_k": points[points["k"] == k],
        "diagonals": diagonals(run),
    }


def diagonals(run: Run) -> pd.DataFrame:
    """Mean r of maps of the same number (`same`) and of `matched` maps, of the first pair."""
    table = run.read(files.MATCHING).drop_duplicates("layer")
    columns = {"layer": "layer", "identity_r": "same", "matched_r": "matched"}
    return table[list(columns)].rename(columns=columns)


def matched_maps(run: Run) -> plots.Figure:
    """Correlation of every map of one network with every map of another, before and after."""
    arrays = run.read(files.CORRELATIONS)
    seed_i, seed_j = arrays["seeds"][0]
    n = len(run.conv_layers)
    figure, axes = plots.subplots(2, n, figsize=(3.8 * n + 1.1, 8.6))
    for column, (layer, *means) in zip(axes.T, diagonals(run).to_numpy(), strict=True):
        r, assignment = arrays[layer], arrays[f"{layer}_assignment"]
        best_first = np.argsort(-r[np.arange(len(r)), assignment], kind="stable")
        matrices = (r, r[best_first][:, assignment[best_first]])
        orders = zip(column, ("as trained", "matched"), matrices, means, strict=True)
        for axis, order, matrix, mean in orders:
            image = axis.imshow(matrix, cmap=plots.DIVERGING, vmin=-1, vmax=1)
            axis.set_title(f"{layer}, {order}: mean r of the diagonal {mean:.2f}")
            axis.set(xlabel=f"map of cnn-{seed_j}", ylabel=f"map of cnn-{seed_i}")
            axis.grid(visible=False)
        column[1].set(xticks=[], yticks=[])
    figure.colorbar(image, ax=axes, shrink=0.6, label="Pearson r over test images and positions")
    figure.suptitle(f"Correlation of the maps of cnn-{seed_i} and cnn-{seed_j}")
    return figure


def layer_similarity(run: Run) -> plots.Figure:
    """Matched r and CKA of every layer and pair of networks, trained and untrained."""
    figure, axes = plots.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    for axis, (title, file, names) in zip(axes[0], SIMILARITIES, strict=True):
        table = run.read(file)
        places = table["layer"].map(run.conv_layers.index)
        for name, (aside, mark, color, label) in zip(names, LOOKS, strict=False):
            axis.plot(places + aside, table[name], mark, color=color, alpha=0.7, label=label)
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_xticks(range(len(run.conv_layers)), run.conv_layers)
        axis.set(title=title, xlabel="layer", xlim=(-0.5, len(run.conv_layers) - 0.5))
    axes[0, 0].set_ylabel("similarity of two networks (1: the same)")
    axes[0, 0].legend(fontsize=8.5)
    pairs = len(table) // len(run.conv_layers)
    figure.suptitle(f"Similarity of two networks, {words.count(pairs, 'pair')} of seeds")
    return figure
