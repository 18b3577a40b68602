"""Whether another training gives the same maps, in the same order."""

import numpy as np
from matplotlib.figure import Figure

from stages.common import files, network
from stages.common.run import Run
from stages.report import plots, words

ORDER = 110


def numbers(run: Run) -> dict:
    """Similarity of every pair of networks and layer, and overlap of their best points."""
    keys = ["seed_i", "seed_j", "layer"]
    table = run.read(files.MATCHING).merge(run.read(files.CKA), on=keys, how="left")
    points = run.read(files.SELECTED_POINTS)
    ks = sorted(points["k"].unique())[:3]
    return {
        "pairs": len(run.read(files.CORRELATIONS, "seeds")["seeds"]),
        "last": table[table["layer"] == network.LAST],
        "at_k": points[points["k"] == ks[-1]] if ks else points,
        "diagonals": ", ".join(
            f"{layer} {as_trained:z.2f} and {matched:z.2f}"
            for layer, as_trained, matched in _diagonals(run)
        ),
        "layers": table,
        "points": points,
    }


def _diagonals(run: Run) -> list[tuple[str, float, float]]:
    """Mean r of maps of the same number and of matched maps, in the pair of networks shown."""
    arrays = run.read(files.CORRELATIONS)
    if not len(arrays["seeds"]):
        return []
    return [
        (layer, arrays[layer].trace() / len(arrays[layer]),
         arrays[layer][range(len(arrays[layer])), arrays[f"{layer}_assignment"]].mean())
        for layer in network.CONV_LAYERS
    ]  # fmt: skip


def matched_maps(run: Run) -> Figure:
    """Correlation of every map of one network with every map of another, before and after."""
    arrays = run.read(files.CORRELATIONS)
    seed_i, seed_j = arrays["seeds"][0]
    figure, axes = plots.subplots(2, 3, figsize=(12.5, 8.6))
    for column, (layer, *means) in zip(axes.T, _diagonals(run), strict=True):
        r, assignment = arrays[layer], arrays[f"{layer}_assignment"]
        best_first = np.argsort(-r[np.arange(len(r)), assignment], kind="stable")
        after = r[best_first][:, assignment[best_first]]
        orders = (("as trained", r, means[0]), ("matched", after, means[1]))
        for axis, (order, matrix, mean) in zip(column, orders, strict=True):
            image = axis.imshow(matrix, cmap=plots.DIVERGING, vmin=-1, vmax=1)
            axis.set(
                title=f"{layer}, {order}: mean r of the diagonal {mean:.2f}",
                xlabel=f"map of cnn-{seed_j}", ylabel=f"map of cnn-{seed_i}",
            )  # fmt: skip
            axis.grid(visible=False)
        column[1].set(xticks=[], yticks=[])
    figure.colorbar(image, ax=axes, shrink=0.6, label="Pearson r over test images and positions")
    figure.suptitle(f"Correlation of the maps of cnn-{seed_i} and cnn-{seed_j}")
    return figure


def layer_similarity(run: Run) -> Figure:
    """Matched r and CKA of every layer and pair of networks, trained and untrained."""
    figure, axes = plots.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    trained, untrained = (
        ("o", plots.COLOR_A, "trained"),
        ("s", plots.COLOR_OTHER, "before training"),
    )
    same_order = ("x", plots.COLOR_B, "trained, same order")
    panels = (
        ("Mean r of matched maps", files.MATCHING,
         {"matched_r": (-0.08, trained), "untrained_r": (0.08, untrained),
          "identity_r": (0, same_order)}),
        ("Linear CKA, debiased", files.CKA,
         {"cka": (-0.08, trained), "untrained_cka": (0.08, untrained)}),
    )  # fmt: skip
    for axis, (title, file, columns) in zip(axes[0], panels, strict=True):
        table = run.read(file)
        places = table["layer"].map(network.CONV_LAYERS.index)
        for name, (offset, (marker, color, label)) in columns.items():
            look = {"color": color, "alpha": 0.7, "label": label}
            axis.plot(places + offset, table[name], marker, **look)
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_xticks(range(len(network.CONV_LAYERS)), network.CONV_LAYERS)
        axis.set(title=title, xlabel="layer", xlim=(-0.5, len(network.CONV_LAYERS) - 0.5))
    axes[0, 0].set_ylabel("similarity of two networks (1: the same)")
    axes[0, 0].legend(fontsize=8.5)
    pairs = words.count(len(run.read(files.CORRELATIONS, "seeds")["seeds"]), "pair")
    figure.suptitle(f"Similarity of two networks, {pairs} of seeds")
    return figure


FIGURES = {"matched_maps": matched_maps, "layer_similarity": layer_similarity}
