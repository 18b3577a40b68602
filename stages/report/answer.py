"""The answer that opens the report, in three sentences of numbers."""

from stages.report.blocks import count, mean_and_reach, reach
from stages.report.figures import telling_points
from stages.report.results import LAYER, Results

HALF = 0.5  # the AUROC of a point that tells nothing


def sentences(results: Results) -> tuple[str, ...]:
    """Which points tell the classes apart, how few decide, and would another training agree."""
    return _tell(results), _decide(results), _agree(results)


def accuracy(results: Results) -> str:
    """How well the networks do at all, in one line."""
    test = results.evaluation["accuracy"].query("split == 'test'").groupby("model")
    mean, low, high = test["accuracy"].mean(), test["low"].min(), test["high"].max()
    return (
        f"On {results.images['test']:,} test images of all ten classes the CNN answers "
        f"{mean['cnn']:.2%} rightly and the MLP {mean['mlp']:.2%} ({networks(results)}: "
        f"{low['cnn']:.2%} to {high['cnn']:.2%} and {low['mlp']:.2%} to {high['mlp']:.2%})."
    )


def networks(results: Results) -> str:
    """How many networks an interval speaks of: `95% intervals of 3 networks`."""
    seeds = len(results.params.train.seeds)
    return f"95% intervals of {seeds} networks" if seeds > 1 else "95% interval of one network"


def live(results: Results) -> dict[int, int]:
    """Live points by seed."""
    return {seed: int((~table["dead"]).sum()) for seed, table in results.points.items()}


def _tell(results: Results) -> str:
    a, b = results.params.analysis.pair
    curves = {
        seed: table[table["ranking"] == "forward"].set_index("k")
        for seed, table in results.interventions["point_curve"].items()
    }
    few = [curve.loc[results.chosen_k[seed]["forward"]] for seed, curve in curves.items()]
    whole = [curve["accuracy"].iloc[-1] for curve in curves.values()]
    k = [row.name for row in few]
    return (
        f"To tell: {_best_point(results)}; a linear reader of {reach(k)} of the "
        f"{reach(live(results).values())} live points of {LAYER} tells {results.one(a)} from "
        f"{results.one(b)} rightly on {reach((row['accuracy'] for row in few), '.2%')} of these "
        f"images ({min(row['low'] for row in few):.2%} to {max(row['high'] for row in few):.2%}), "
        f"a reader of all of them on {reach(whole, '.2%')}."
    )


def _best_point(results: Results) -> str:
    """The point that tells most by itself in each network: where it is, and how well it tells.

    Picked, and said to be higher in one class, on validation images; its AUROC, on test images,
    is counted towards that class.
    """
    a, b = results.params.analysis.pair
    best = {seed: telling_points(table, 1).iloc[0] for seed, table in results.points.items()}
    names = ("auroc_test", "auroc_test_low", "auroc_test_high")
    towards = [
        sorted(1 - row[name] if row["auroc"] < HALF else row[name] for name in names)
        for row in best.values()
    ]
    first = best[results.seed]
    where = f"map {first['map']}, row {first['row']}, column {first['column']}"
    higher = results.many(a if first["auroc"] < HALF else b)
    return (
        f"the best single point of {LAYER}, the last convolutional layer (picked on "
        f"validation images; in cnn-{results.seed} {where}, higher in {higher}), puts "
        f"{results.one(a)} and {results.one(b)} in the right order with a chance (AUROC) of "
        f"{reach((value for _, value, _ in towards), '.3f')} on "
        f"{int(results.evaluation['pair']['n'].iloc[0]):,} test images ({networks(results)}: "
        f"{min(low for low, _, _ in towards):.3f} to {max(high for _, _, high in towards):.3f})"
    )


def _decide(results: Results) -> str:
    """From claim A, so that the answer and the verdict count the same points."""
    rows = (row for row in results.claims if (row["id"], row["part"]) == ("A", "decide"))
    values = next(rows)["values"]
    points = live(results)
    found = [
        tuple(each[name] * points[each["seed"]] for name in ("value", "low", "high"))
        for each in values
        if each["value"] is not None and each["value"] < 1
    ]
    turn = "turns the network's own answer for half of the images of either class"
    if not found:
        return f"To decide: no tested number of points, taken over from the other class, {turn}."
    some = "" if len(found) == len(values) else (
        f" in {len(found)} of {count(len(values), 'network')}"
    )  # fmt: skip
    k = reach((value for value, _, _ in found), ",.0f")
    return (
        f"To decide: giving {k} points ({networks(results)}: {min(x for _, x, _ in found):,.0f} to "
        f"{max(x for _, _, x in found):,.0f}) the values they have in images of the other class "
        f"{turn}{some}."
    )


def _agree(results: Results) -> str:
    pairs = len(results.correlations["seeds"])
    if not pairs:
        return (
            "Another training: whether it would find the same is open, since train.seeds names one "
            "network."
        )
    matching = results.replicates["matching"]
    r = matching[matching["layer"] == LAYER]
    return (
        f"Another training: maps of {LAYER} of two trainings, matched one to one, correlate by "
        f"{mean_and_reach(r['matched_r'], 'z.2f')} over {count(pairs, 'pair')} of networks, before "
        f"training by {mean_and_reach(r['untrained_r'], 'z.2f')}, and maps of the same number by "
        f"{mean_and_reach(r['identity_r'], 'z.2f')}."
    )
