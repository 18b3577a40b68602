"""A: very few points of the last conv layer separate the classes, and their values decide."""

from stages.claims.parts import SHARE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The fewest points of a linear probe, and of a patch that flips half of either class."""
    a, b = run.names
    few = run.params.claims.few_points
    return Claim(f"Telling {a} from {b} rests on very few point-like elements of the last conv "
        "layer", (
        Part(
            "tell", files.INTERVENTIONS, "probe_share", "at most", few, SHARE,
            statistic="points chosen by the one-standard-error rule, share of the live points",
            holds=f"Very few points of {run.last} tell {a} from {b}",
            fails=f"Telling {a} from {b} takes more than very few points of {run.last}",
            measured="the one-standard-error rule chooses {values} of the live points; "
            "in points {probe_k_forward:,.0f} of {live:,.0f}",
            lacking=f"no point of {run.last} is live",
        ),
        Part(
            "decide", files.INTERVENTIONS, "patch_share", "at most", few, SHARE,
            statistic="points whose interchange flips half of either class's images, beyond random "
            "points, share of the live points",
            holds=f"Very few points of {run.last} decide between {a} and {b}",
            fails=f"Deciding between {a} and {b} takes more than very few points of {run.last}",
            measured="to flip half of the images of either class, beyond what random points do "
            "where any were drawn, other images must lend {values} of the live points; "
            "in points {patch_k:,.0f}; "
            f"images of {a} alone take {{patch_k_a:,.0f}}, of {b} alone {{patch_k_b:,.0f}}; "
            "as many random points flip at most {patch_random:.1%} on average; "
            "where no number of points flips half, all {patch_none:,.0f} are counted",
            lacking=f"no point of {run.last} is live, or no image of the pair is answered rightly",
        ),
    ))  # fmt: skip
