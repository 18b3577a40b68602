"""The answer that opens the report, in three sentences of numbers."""

from stages.report.blocks import count, mean_and_reach, reach
from stages.report.results import LAYER, Results


def sentences(results: Results) -> tuple[str, ...]:
    """How few points tell the classes apart, how few decide, and would another training agree."""
    return _tell(results), _decide(results), _agree(results)


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
        f"To tell: a linear reader of {reach(k)} of the {reach(live(results).values())} live "
        f"points of {LAYER}, the last convolutional layer, tells {results.one(a)} from "
        f"{results.one(b)} rightly on {reach((row['accuracy'] for row in few), '.2%')} of "
        f"{int(results.evaluation['pair']['n'].iloc[0]):,} test images ({networks(results)}: "
        f"{min(row['low'] for row in few):.2%} to {max(row['high'] for row in few):.2%}), a reader "
        f"of all of them on {reach(whole, '.2%')}."
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
