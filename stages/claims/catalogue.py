"""The claims of the work reproduced, part by part: what is asked, of what, and in which words."""

from stages.claims.sentences import DIFFERENCE, NUMBER, PIXELS, SHARE, Part
from stages.common.params import Claims

FIELD, STRIDE = 18, 5  # pixels, of the claim about the last layer
PAIRS = "pair of networks"


def parts(a: str, b: str, settings: Claims) -> list[Part]:
    """Every part of every claim, in the report's order; `a` and `b` are the classes' names."""
    found = (
        *_points(a, b, settings),
        *_silence(settings),
        *_networks(a, b, settings),
        *_inputs(),
        *_features(a, b),
        *_shifts(settings),
    )
    return sorted(found, key=lambda part: part.id)


def _points(a: str, b: str, settings: Claims) -> list[Part]:
    few = f"Telling {a} from {b} rests on very few point-like elements of the last conv layer"
    common = "Single common points are not decisive; their combination is"
    lacking = "no point of the last conv layer is common to either class"
    return [
        Part(
            id="A", part="tell", claim=few,
            statistic="points chosen by the one-standard-error rule, share of the live points",
            side="at most", threshold=settings.few_points, scale=SHARE,
            holds=f"Very few points of conv_3 tell {a} from {b}",
            fails=f"Telling {a} from {b} takes more than very few points of conv_3",
            measured="the one-standard-error rule chooses {values} of the live points",
            details=("in points {points:,.0f} of {live:,.0f}",),
            lacking="no point of conv_3 is live",
        ),
        Part(
            id="A", part="decide", claim=few,
            statistic="points whose interchange flips half of either class's images, beyond random "
            "points, share of the live points",
            side="at most", threshold=settings.few_points, scale=SHARE,
            holds=f"Very few points of conv_3 decide between {a} and {b}",
            fails=f"Deciding between {a} and {b} takes more than very few points of conv_3",
            measured="to flip half of the images of either class, beyond what random points do "
            "where any were drawn, other images must lend {values} of the live points",
            details=(
                "in points {points:,.0f}",
                f"images of {a} alone take {{of_a:,.0f}}, of {b} alone {{of_b:,.0f}}",
                "as many random points flip at most {random:.1%} on average",
                "where no number of points flips half, all {all:,.0f} are counted",
            ),
            lacking="no point of conv_3 is live, or no image of the pair is answered rightly",
        ),
        Part(
            id="B", part="single", claim=common,
            statistic="AUROC of the best common point, on test images",
            side="below", threshold=settings.decisive_auroc, scale=NUMBER,
            holds=f"Single common points are not decisive between {a} and {b}",
            fails=f"A single common point is decisive between {a} and {b}",
            measured="the best of them has an AUROC of {values}",
            details=("common points: {common:,.0f}",),
            lacking=lacking,
        ),
        Part(
            id="B", part="combination", claim=common,
            statistic="AUROC of the joint score of all common points, on test images",
            side="at least", threshold=settings.decisive_auroc, scale=NUMBER,
            holds=f"All common points together are decisive between {a} and {b}",
            fails=f"Even all common points together are not decisive between {a} and {b}",
            measured="their joint score has an AUROC of {values}",
            details=("common points: {common:,.0f}",),
            lacking=lacking,
        ),
    ]  # fmt: skip


def _silence(settings: Claims) -> list[Part]:
    claim = (
        "On conv_2 the silent maps are the same for all classes; on conv_3 which maps are silent "
        "tells the class"
    )
    sees = "accuracy of a classifier that sees only which maps"
    details = (
        "beside that, learnt from a sample of {sample:.0f} images, it is right on "
        "{trained:.1%} after and {untrained:.1%} before the network's training",
    )
    return [
        Part(
            id="C", part="conv_2", claim=claim,
            statistic=f"{sees} of conv_2 are silent, all classes",
            side="at most", threshold=settings.silence_chance, scale=SHARE,
            holds="On conv_2 the silent maps are about the same for all classes",
            fails="On conv_2 the silent maps differ from class to class",
            measured="a classifier that sees only which maps are silent is right on {values} of "
            "the test images",
            details=details,
        ),
        Part(
            id="C", part="conv_3", claim=claim,
            statistic=f"{sees} of conv_3 are silent, as many maps as conv_2 has, all classes",
            side="at least", threshold=settings.silence_tells, scale=SHARE,
            holds="On conv_3 which maps are silent tells the class",
            fails="On conv_3 which maps are silent tells too little of the class",
            measured="a classifier that sees only which of {maps} maps are silent is right on "
            "{values} of the test images",
            details=details,
        ),
    ]  # fmt: skip


def _networks(a: str, b: str, settings: Claims) -> list[Part]:
    same = "Two independent trainings give the same filters in the same order"
    alone = "it takes two networks to compare, and train.seeds names one"
    return [
        Part(
            id="D", part="pair", claim=f"A CNN separates hard images of {a} and {b} better than "
            "an MLP",
            statistic="share won by the CNN of the pair's test images that one network alone "
            "answers rightly",
            side="above", threshold=0.5, scale=SHARE,
            holds=f"The CNN separates hard images of {a} and {b} better than the MLP",
            fails=f"The CNN separates hard images of {a} and {b} no better than the MLP",
            measured="of the images that only one of the two answers rightly, the CNN has {values}",
            details=(
                "in images {only_cnn:,.0f} for the CNN and {only_mlp:,.0f} for the MLP",
                "exact McNemar p {p:.1g}",
            ),
            lacking="the two never differ on an image of the pair",
        ),
        Part(
            id="F", part="filters", claim=same,
            statistic="matched r of conv_3 minus matched r of the untrained networks",
            side="above", threshold=0.0, scale=NUMBER, replicate=PAIRS,
            holds="Two trainings arrive at more alike maps of conv_3 than they started from",
            fails="Two trainings arrive at maps of conv_3 no more alike than they started from",
            measured="matched one to one, they gain {values} in correlation",
            details=("r after training {matched:.2f}, before {untrained:.2f}",),
            lacking=alone,
        ),
        Part(
            id="F", part="order", claim=same,
            statistic="r of conv_3 maps of the same number over matched r, both above the r of a "
            "random order",
            side="at least", threshold=settings.same_order, scale=NUMBER, replicate=PAIRS,
            holds="Two trainings give the maps of conv_3 in the same order",
            fails="Two trainings do not give the maps of conv_3 in the same order",
            measured="of the correlation that the best order has over a random one, their own "
            "order keeps {values}",
            details=(
                "r in their own order {identity:z.3f}, in the best {matched:.3f}, in a random "
                "order {random:z.3f}",
            ),
            lacking=alone,
        ),
    ]  # fmt: skip


def _inputs() -> list[Part]:
    field = f"A node of the last layer covers {FIELD} x {FIELD} pixels at stride {STRIDE}"
    measured = {
        "claim": field, "side": "exactly", "scale": PIXELS, "replicate": "architecture",
        "needed": 1, "interval": "", "lacking": "conv_3 has no points to measure it between",
    }  # fmt: skip
    how = ("measured with positive weights and one lit pixel at a time, for every point",)
    return [
        Part(
            id="E", part="patterns", claim="Some maps answer to no input pattern",
            statistic="maps of conv_3 that no image and no search fires, share of all; low: those "
            "proven to answer to no input",
            side="above", threshold=0.0, scale=SHARE,
            interval="",
            holds="Some maps of conv_3 answer to no input",
            fails="Every map of conv_3 answers to some input",
            measured="what neither an image nor the search fires is {values} of the maps",
            details=(
                "no image of the dataset fires {unfired:,.0f} maps of {maps:,.0f}, the search "
                "fires {found:,.0f} of those",
                "proven to answer to no input: {proven:,.0f}",
                "bounds that hold for every input allow those left {bound:.2f} before the ReLU, "
                "and prove nothing above 0",
            ),
        ),
        Part(
            id="G", part="field", threshold=FIELD,
            statistic="height and width of the pixels that reach a point of conv_3",
            holds=f"A point of conv_3 covers {FIELD} x {FIELD} pixels",
            fails=f"A point of conv_3 does not cover {FIELD} x {FIELD} pixels",
            measured="each side of what reaches it is {values}",
            details=how, **measured,
        ),
        Part(
            id="G", part="stride", threshold=STRIDE,
            statistic="distance between the pixels that reach neighbouring points of conv_3",
            holds=f"Neighbouring points of conv_3 are {STRIDE} pixels apart",
            fails=f"Neighbouring points of conv_3 are not {STRIDE} pixels apart",
            measured="what reaches them is {values} apart",
            details=how, **measured,
        ),
    ]  # fmt: skip


def _features(a: str, b: str) -> list[Part]:
    better = {
        "side": "above", "threshold": 0.0, "scale": DIFFERENCE,
        "lacking": "a class of the pair has no image to learn from",
    }  # fmt: skip
    which = "Which points within a map are active matters, not the map on average"
    return [
        *(
            Part(
                id="H", part=layer, claim=which,
                statistic=f"pair accuracy of a linear discriminant from the points of {layer} "
                "minus from its map means",
                holds=f"On {layer} the points tell {a} from {b} better than the means of the maps",
                fails=f"On {layer} the points tell {a} from {b} no better than the means of the "
                "maps",
                measured="from points the accuracy differs by {values}",
                details=(
                    "points {first:.2%}, means {second:.2%} of {n:,.0f} images",
                    "learnt from {learnt:,.0f}",
                ),
                **better,
            )
            for layer in ("conv_2", "conv_3")
        ),
        Part(
            id="I", part="levels",
            claim="Activation levels matter, not only which points are active",
            statistic="pair accuracy of a linear discriminant from the levels of conv_3's points "
            "minus from which of them are active",
            holds=f"The levels of conv_3's points tell {a} from {b} better than which are active",
            fails=f"The levels of conv_3's points tell {a} from {b} no better than which are "
            "active",
            measured="from levels the accuracy differs by {values}",
            details=(
                "levels {first:.2%}, on or off {second:.2%} of {n:,.0f} images",
                "learnt from {learnt:,.0f}",
            ),
            **better,
        ),
    ]  # fmt: skip


def _shifts(settings: Claims) -> list[Part]:
    claim = "A CNN recognises a pattern wherever it stands"
    return [
        Part(
            id="J", part="moved", claim=claim,
            statistic="accuracy of the CNN on images moved by the most pixels, minus unmoved",
            side="at least", threshold=-settings.shift_loss, scale=DIFFERENCE,
            holds="The CNN recognises a moved image about as well as one in its place",
            fails="The CNN recognises a moved image less well than one in its place",
            measured="a move by {pixels} pixels up, down, left or right changes its accuracy by "
            "{values}",
            details=(
                "unmoved it is {unmoved:.2%}, moved {moved:.2%}",
                "the largest move in training was {trained:.0f} px",
            ),
        ),
        Part(
            id="J", part="against_mlp", claim=claim,
            statistic="accuracy that moving the images costs the MLP, minus what it costs the CNN",
            side="above", threshold=0.0, scale=DIFFERENCE,
            holds="Moving an image costs the CNN less than the MLP",
            fails="Moving an image costs the CNN no less than the MLP",
            measured="a move by {pixels} pixels costs the MLP {values} more than the CNN",
            details=("the MLP's accuracy is {unmoved:.2%} unmoved, {moved:.2%} moved",),
        ),
    ]  # fmt: skip
