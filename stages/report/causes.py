"""The sections about causes: how few points tell, how few decide, and for whom."""

import pandas as pd

from stages.report import intervention_figures as figures
from stages.report.blocks import (
    Picture,
    Section,
    Table,
    bold_and_thin,
    count,
    mean_and_reach,
    plural,
    reach,
)
from stages.report.results import LAYER, Results

HALF = 0.5


def telling(results: Results) -> Section:
    """How few points tell the classes apart."""
    rows = []
    for seed, table in results.interventions["point_curve"].items():
        for ranking, name in figures.RANKINGS.items():
            curve = table[table["ranking"] == ranking].set_index("k")
            chosen = curve.loc[results.chosen_k[seed][ranking]]
            rows.append(
                (
                    f"cnn-{seed}",
                    name,
                    f"{chosen.name:,}",
                    f"{chosen['accuracy']:.2%}",
                    f"{chosen['low']:.2%} to {chosen['high']:.2%}",
                    _band(chosen["control_low"], chosen["control_high"]),
                    f"{curve['accuracy'].iloc[0]:.2%}",
                    f"{curve['accuracy'].iloc[-1]:.2%}",
                )
            )
    shares = {
        seed: f"{k['forward']:,} of {int((~results.points[seed]['dead']).sum()):,} (cnn-{seed})"
        for seed, k in results.chosen_k.items()
    }
    a, b = results.names
    text = (
        f"A linear classifier sees k points of {LAYER} and nothing else. Chosen to work together "
        f"(forward selection), {', '.join(shares.values())} of the live points are within one "
        f"standard error of all of them, judged by cross-validation on validation images. "
        f"{_against_random(results)}"
    )
    table = Table(
        f"Telling {a} from {b} by k points: k of the one-standard-error rule, accuracy on test "
        "images with its Wilson interval, and the middle 95% of random sets of the same size.",
        ("network", "points", "k", "accuracy", "interval", "random sets", "1 point", "all live"),
        tuple(rows),
    )
    picture = Picture(
        "point_curve",
        figures.point_curve,
        f"Share of test images told wrongly against the number of points read, for three "
        f"rankings. {_told_wrongly(results)}",
        bold_and_thin(
            results,
            ", with its Wilson interval and the band of random points drawn to "
            "match its points' activity",
        )
        + " Both axes are logarithmic.",
    )
    return Section(
        "few-tell",
        f"How few points tell {plural(results, 0)} from {plural(results, 1)}?",
        (text,),
        (picture,),
        (table,),
    )


def _told_wrongly(results: Results) -> str:
    """The ends of the first seed's curve of points chosen together, and the k chosen on it."""
    table = results.interventions["point_curve"][results.seed]
    wrong = 1 - table[table["ranking"] == "forward"].set_index("k")["accuracy"]
    chosen = results.chosen_k[results.seed]["forward"]
    return (
        f"Chosen together in cnn-{results.seed}: {count(int(wrong.index[0]), 'point')} "
        f"{wrong.iloc[0]:.2%}, {chosen:,} {wrong[chosen]:.2%}, {wrong.index[-1]:,} "
        f"{wrong.iloc[-1]:.2%}."
    )


def _against_random(results: Results) -> str:
    """How the chosen points compare with random ones, where any were drawn."""
    drawn = [
        table[(table["ranking"] == "forward") & (table["k"] == results.chosen_k[seed]["forward"])]
        for seed, table in results.interventions["point_curve"].items()
    ]
    rows = [row.iloc[0] for row in drawn if row["control_high"].notna().any()]
    if not rows:
        return "No random points were drawn to compare with: the sets are too large for that."
    above = sum(row["accuracy"] > row["control_high"] for row in rows)
    return (
        f"On test images, {above} of {count(len(rows), 'network')} "
        f"{'tells' if above == 1 else 'tell'} the classes better by them than 97.5% of random sets "
        f"of as many points."
    )


def deciding(results: Results) -> Section:
    """How few points, edited, turn the network's own answer."""
    rows = []
    for seed, table in results.interventions["patching"].items():
        for direction, names in _directions(results).items():
            for mode in figures.MODES:
                row = half_flipped(table, direction, mode)
                rows.append((f"cnn-{seed}", names, mode, *_flip_cells(row)))
    text = (
        f"Here the network itself answers, after k points of an image were replaced: by those of "
        f"an image of the other class (interchange), by the other class's mean, or by zero. "
        f"Points are taken in the order of their effect on the logit difference. With interchange "
        f"{to_decide(results)}.",
        "Zero is what a point is in many images, but not all of these points at once: zeroing "
        "can show what a broken network does rather than what decides.",
        _between_tested(results),
    )
    table = Table(
        "The fewest tested points whose edit flips at least half of the rightly answered test "
        "images to the other class; what random points of that number flip; and the recovered "
        "share of the logit difference there.",
        ("network", "images", "edit", "k", "flipped", "random points flip", "p", "recovered"),
        tuple(rows),
    )
    picture = Picture(
        "patching",
        figures.patching,
        "Share of images flipped and of logit difference recovered against the number of edited "
        f"points, for three edits and both directions. With interchange {to_decide(results)}.",
        f"{bold_and_thin(results)} The band is of interchange of random live points, as active as "
        "the tested ones; it ends where they would be more than a quarter of the live points.",
    )
    return Section("few-decide", "How many points decide the answer?", text, (picture,), (table,))


def to_decide(results: Results) -> str:
    """How many points of other images flip half of the images, as the end of a sentence."""
    found = [
        half_flipped(table, direction, "interchange")
        for table in results.interventions["patching"].values()
        for direction in _directions(results)
    ]
    rows = [row for row in found if row is not None]
    if not rows:
        return "no tested number of points flips half of the images in any network"
    some = "" if len(rows) == len(found) else ", where any number does,"
    ks = [int(row["k"]) for row in rows]
    each = ", depending on network and direction" if min(ks) < max(ks) else ""
    return (
        f"{reach(ks)} points taken over are the first tested number{some} that flips half "
        f"of the images{each}"
    )


def _between_tested(results: Results) -> str:
    """Why the claims count other numbers of points than the table."""
    tested = sorted(results.interventions["patching"][results.seed]["k"].unique())
    listed = ", ".join(f"{k:,}" for k in tested)
    return (
        f"Tested in cnn-{results.seed} are {listed} points. The answer above and the "
        "claims read off the curves, between tested numbers, where half is reached, and count the "
        "class that takes more; the table names the first tested number."
    )


def half_flipped(table: pd.DataFrame, direction: str, mode: str) -> pd.Series | None:
    """The first row, in the order of effect, that flips half of the images; None if none does."""
    chosen = table[
        (table["direction"] == direction)
        & (table["mode"] == mode)
        & (table["ranking"] == "effect")
        & (table["flipped"] >= HALF)
    ]
    return None if chosen.empty else chosen.iloc[0]


def _directions(results: Results) -> dict[str, str]:
    a, b = results.names
    return {"a_to_b": f"{a} given {b}", "b_to_a": f"{b} given {a}"}


def _flip_cells(row: pd.Series | None) -> tuple[str, ...]:
    if row is None:
        return ("never", "–", "–", "–", "–")
    p = row["flipped_p"]
    return (
        f"{int(row['k']):,}",
        f"{row['flipped']:.0%}",
        _band(row["flipped_control_low"], row["flipped_control_high"], 1),
        "–" if pd.isna(p) else f"{p:.3f}",
        f"{row['recovered']:.0%}",
    )


def _band(low: float, high: float, decimals: int = 2) -> str:
    return "–" if pd.isna(low) else f"{low:.{decimals}%} to {high:.{decimals}%}"


def specific(results: Results) -> Section:
    """Whether the deciding points serve other classes."""
    k = figures.few_points(results)
    by_network = figures.lost_accuracy(results, k, "mean")
    lost = by_network.mean(axis=1)
    pair = list(results.params.analysis.pair)
    others = lost.drop(pair, errors="ignore")
    changes = [mean_and_reach(-100 * by_network.loc[label], "+z.2f") for label in pair]
    text = (
        f"The {k} points with most effect on the pair, set to the mean of the pair's two class "
        f"means in every image, change the accuracy on {results.names[0]} by {changes[0]} and on "
        f"{results.names[1]} by {changes[1]} percentage points ({_networks(results)})."
    )
    worst = ""
    if len(others) and others.max() > 0:
        label = int(others.idxmax())
        worst = (
            f" Of the other classes, {results.quoted(label)} loses most: "
            f"{mean_and_reach(100 * by_network.loc[label], 'z.2f')} percentage points."
        )
    elif len(others):
        worst = " No other class loses accuracy."
    several = len(results.params.train.seeds) > 1
    picture = Picture(
        "specificity",
        figures.specificity,
        f"Accuracy lost by each class when {k} points are set to the pair's mean or to zero. At "
        f"the mean, accuracy on {results.names[0]} changes by {changes[0]} and on "
        f"{results.names[1]} by {changes[1]} percentage points.{worst}",
        ("Bars are means over the networks, dots single ones; " if several else "")
        + "below 0 accuracy is gained.",
    )
    title = "Do other classes need these points?"
    return Section("specificity", title, (text + worst,), (picture,))


def _networks(results: Results) -> str:
    seeds = len(results.params.train.seeds)
    return f"mean and range of {seeds} networks" if seeds > 1 else "one network"
