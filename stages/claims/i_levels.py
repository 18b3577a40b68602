"""I: how active a point is matters, not only which points are active."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """What active or not contains less than levels, and what the network loses without levels."""
    (a, b), last, margin = run.names, run.last, run.params.claims.accuracy_margin
    done = f"every active point of {last} takes its mean level"
    return Claim("Activation levels matter, not only which points are active", (
        Part(
            "contained", files.PROBE_RESAMPLES, "levels_last", "above", 0.0, DIFFERENCE,
            margin=margin,
            statistic=f"error of a linear probe on which points of {last} are active, minus that "
            "of one on their levels",
            holds=f"The levels of {last}'s points tell {a} from {b} better than which are active",
            fails=f"The levels of {last}'s points tell {a} from {b} less well than which are "
            "active",
            same=f"Which points of {last} are active tells {a} from {b} about as well as levels",
            measured="on which are active the error of a linear probe differs by {values}; it is "
            "{error_active_last:.2%}, on levels {error_points_last:.2%}",
        ),
        Part(
            "used", files.INTERVENTION_RESAMPLES, "levels_loss", "above", 0.0, DIFFERENCE,
            margin=margin,
            statistic=f"error of the network on {a} and {b} where {done}, minus that of the "
            "network as it is",
            holds=f"The network loses accuracy where {done}",
            fails=f"The network gains accuracy where {done}",
            same=f"The network answers about as well where {done}",
            measured="its error differs by {values}; it is {error_levels:.2%}, without the edit "
            "{error:.2%}",
        ),
    ))  # fmt: skip
