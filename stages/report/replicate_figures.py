"""The figures of replicates: are two trainings the same network?"""

import numpy as np
from matplotlib.figure import Figure

from stages.common import network, plots
from stages.report.results import Results


def matched_maps(results: Results) -> Figure:
    """Correlation of every map of one network with every map of another, before and after."""
    arrays = results.correlations
    seed_i, seed_j = arrays["seeds"][0]
    figure, axes = plots.subplots(2, 3, figsize=(12.5, 8.6))
    for column, layer in enumerate(network.CONV_LAYERS):
        r, assignment = arrays[layer][0], arrays[f"{layer}_assignment"][0]
        maps = np.arange(len(r))
        best_first = np.argsort(-r[maps, assignment], kind="stable")
        after = r[best_first][:, assignment[best_first]]
        for row, (matrix, order) in enumerate(((r, "as trained"), (after, "matched"))):
            axis = axes[row, column]
            image = axis.imshow(matrix, cmap=plots.DIVERGING, vmin=-1, vmax=1)
            axis.set_title(
                f"{layer}, {order}: mean r of the diagonal {matrix.trace() / len(r):.2f}"
            )
            axis.set(xlabel=f"map of cnn-{seed_j}", ylabel=f"map of cnn-{seed_i}")
            axis.grid(visible=False)
            if row:
                axis.set(xticks=[], yticks=[])
    figure.colorbar(image, ax=axes, shrink=0.6, label="Pearson r over test images and positions")
    figure.suptitle(f"Do cnn-{seed_i} and cnn-{seed_j} have the same maps? The same order?")
    return figure


def layer_similarity(results: Results) -> Figure:
    """Matched r and CKA of every layer and pair of networks, trained and untrained."""
    figure, axes = plots.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    measures = {
        "Mean r of matched maps": ("matching", "matched_r", "untrained_r"),
        "Linear CKA, debiased": ("cka", "cka", "untrained_cka"),
    }
    places = np.arange(len(network.CONV_LAYERS))
    for axis, (title, (name, trained, untrained)) in zip(axes[0], measures.items(), strict=True):
        table = results.replicates[name]
        for column, color, marker, label, offset in (
            (trained, plots.COLOR_A, "o", "trained", -0.08),
            (untrained, plots.COLOR_OTHER, "s", "before training", 0.08),
        ):
            for place, layer in enumerate(network.CONV_LAYERS):
                values = table.loc[table["layer"] == layer, column]
                axis.plot(
                    np.full(len(values), place + offset), values, marker, color=color, alpha=0.7,
                    label=label if place == 0 else None,
                )  # fmt: skip
        if name == "matching":
            for place, layer in enumerate(network.CONV_LAYERS):
                values = table.loc[table["layer"] == layer, "identity_r"]
                axis.plot(
                    np.full(len(values), place), values, "x", color=plots.COLOR_B,
                    label="trained, same order" if place == 0 else None,
                )  # fmt: skip
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set_xticks(places, network.CONV_LAYERS)
        axis.set(title=title, xlabel="layer", xlim=(-0.5, len(places) - 0.5))
    axes[0, 0].set_ylabel("similarity of two networks (1: the same)")
    axes[0, 0].legend(fontsize=8.5)
    pairs = len(results.correlations["seeds"])
    figure.suptitle(f"How alike are two networks? {pairs} pair{'s' if pairs > 1 else ''} of seeds")
    return figure
