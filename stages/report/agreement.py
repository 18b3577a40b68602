"""The section about replicates: would another training agree?"""

from stages.common import network
from stages.report import replicate_figures as figures
from stages.report.blocks import Picture, Section, Table, count
from stages.report.results import LAYER, Results


def replicates(results: Results) -> Section:
    """Whether other seeds give the same maps, the same order and the same telling points."""
    title = "Would another training agree?"
    pairs = len(results.correlations["seeds"])
    if pairs == 0:
        text = "Comparing networks needs two seeds: train.seeds has one, so this is left open."
        return Section("replicates", title, (text,))
    mean = results.replicates["matching"].groupby("layer").mean()
    cka = results.replicates["cka"].groupby("layer").mean()
    row = mean.loc[LAYER]
    points = results.replicates["selected_points"].groupby("k").mean()
    text = [
        f"Maps of two networks are matched one to one on validation images and compared on test "
        f"images, over {count(pairs, 'pair')} of seeds. On {LAYER} the matched maps correlate by "
        f"{row['matched_r']:.2f} on average, before training {row['untrained_r']:.2f}; maps of "
        f"the same number by {row['identity_r']:.2f}. With every class's mean at every position "
        f"taken away, so that only what images of one class do not share is left, matched maps "
        f"correlate by {row['residual_r']:.2f}. CKA, which needs no matching, is "
        f"{cka.loc[LAYER, 'cka']:.2f} on {LAYER} and "
        f"{cka.loc[LAYER, 'untrained_cka']:.2f} before training.",
    ]
    if len(points):
        k = points.index[min(2, len(points) - 1)]
        text.append(
            f"Of the {k} points that tell most in one network, carried over by the matching, the "
            f"overlap with those of the other is a Jaccard index of "
            f"{points.loc[k, 'jaccard']:.2f}; {points.loc[k, 'expected']:.2f} is expected by "
            f"chance."
        )
    pictures = (
        Picture(
            "matched_maps",
            figures.matched_maps,
            "Correlation matrices of the maps of two networks, layer by layer: without order as "
            "trained, with a diagonal after matching.",
            "Top: maps in the order of each network. Bottom: the other network's maps in the "
            "order that validation images give, best pairs first.",
        ),
        Picture(
            "layer_similarity",
            figures.layer_similarity,
            "Matched r and CKA for conv_1, conv_2 and conv_3, trained and untrained; on conv_3 "
            f"{row['matched_r']:.2f} against {row['untrained_r']:.2f}.",
            "Each mark is a pair of networks. Untrained networks share the data and the "
            "architecture, so their likeness is what training did not make.",
        ),
    )
    return Section("replicates", title, tuple(text), pictures, (_layers(results), _points(results)))


def _layers(results: Results) -> Table:
    cka = results.replicates["cka"].set_index(["seed_i", "seed_j", "layer"])
    rows = []
    for row in results.replicates["matching"].itertuples():
        whole = cka.loc[(row.seed_i, row.seed_j, row.layer)]
        rows.append(
            (
                f"cnn-{row.seed_i}, cnn-{row.seed_j}",
                row.layer,
                *(
                    f"{value:.3f}"
                    for value in (row.matched_r, row.untrained_r, row.identity_r,
                                  row.semi_matched_r, row.residual_r, whole["cka"],
                                  whole["untrained_cka"])
                ),
                str(row.constant_maps),
            )
        )  # fmt: skip
    return Table(
        "Likeness of two networks, layer by layer, on the sampled test images.",
        ("networks", "layer", "matched r", "before training", "same order", "best partner",
         "class means removed", "CKA", "CKA before training", "constant maps"),
        tuple(rows),
    )  # fmt: skip


def _points(results: Results) -> Table:
    rows = tuple(
        (f"cnn-{row.seed_i}, cnn-{row.seed_j}", str(row.k), f"{row.jaccard:.3f}",
         f"{row.expected:.3f}")
        for row in results.replicates["selected_points"].itertuples()
    )  # fmt: skip
    return Table(
        f"Overlap of the k most telling points of {network.CONV_LAYERS[-1]}, carried over by the "
        "matching.",
        ("networks", "k", "Jaccard index", "expected by chance"),
        rows,
    )
