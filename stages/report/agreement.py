"""The section about replicates: would another training agree?"""

from stages.common import network
from stages.report import replicate_figures as figures
from stages.report.blocks import Picture, Section, Table, count, mean_and_reach
from stages.report.results import LAYER, Results


def replicates(results: Results) -> Section:
    """Whether other seeds give the same maps, the same order and the same telling points."""
    title = "Would another training agree?"
    pairs = len(results.correlations["seeds"])
    if pairs == 0:
        text = "Comparing networks needs two seeds: train.seeds has one, so this is left open."
        return Section("replicates", title, (text,))
    matching, cka = (
        table[table["layer"] == LAYER]
        for table in (results.replicates["matching"], results.replicates["cka"])
    )
    r = {name: mean_and_reach(matching[name], "z.2f") for name in matching if name.endswith("_r")}
    alike = {name: mean_and_reach(cka[name], ".2f") for name in ("cka", "untrained_cka")}
    points = results.replicates["selected_points"]
    text = [
        f"Maps of two networks are matched one to one on validation images and compared on test "
        f"images, over {count(pairs, 'pair')} of networks (their range in parentheses where they "
        f"differ). On {LAYER} the matched maps correlate by {r['matched_r']} on average, before "
        f"training {r['untrained_r']}; maps of the same number by {r['identity_r']}. With every "
        f"class's mean at every position taken away, so that only what images of one class do not "
        f"share is left, matched maps correlate by {r['residual_r']}. CKA, which needs no "
        f"matching, is {alike['cka']} on {LAYER} and {alike['untrained_cka']} before training.",
    ]
    if len(points):
        k = sorted(points["k"].unique())[:3][-1]
        at = points[points["k"] == k]
        text.append(
            f"Of the {k} points that tell most in one network, carried over by the matching, the "
            f"overlap with those of the other is a Jaccard index of "
            f"{mean_and_reach(at['jaccard'], '.2f')} over {count(len(at), 'pair')}; "
            f"{mean_and_reach(at['expected'], '.2f')} is expected by chance."
        )
    pictures = (
        Picture(
            "matched_maps",
            figures.matched_maps,
            f"Correlation matrices of the maps of two networks, layer by layer, as trained and "
            f"after matching. Mean r of the diagonal: {_diagonals(results)}.",
            "Top: maps in the order of each network. Bottom: the other network's maps in the "
            "order that validation images give, best pairs first.",
        ),
        Picture(
            "layer_similarity",
            figures.layer_similarity,
            "Matched r and CKA for conv_1, conv_2 and conv_3, trained and untrained; on conv_3 "
            f"matched r is {r['matched_r']}, before training {r['untrained_r']}.",
            "Each mark is a pair of networks. Untrained networks share the data and the "
            "architecture, so their likeness is what training did not make.",
        ),
    )
    return Section("replicates", title, tuple(text), pictures, (_layers(results), _points(results)))


def _diagonals(results: Results) -> str:
    """Mean r of maps of the same number and of matched maps, in the pair of networks shown."""
    arrays, means = results.correlations, []
    for layer in network.CONV_LAYERS:
        matrix, assignment = arrays[layer][0], arrays[f"{layer}_assignment"][0]
        matched = matrix[range(len(matrix)), assignment].mean()
        means.append(f"{layer} {matrix.trace() / len(matrix):z.2f} and {matched:z.2f}")
    return ", ".join(means)


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
