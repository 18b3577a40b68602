"""H: which points within a map are active matters, not the map on average."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """What map means contain less than points, and what the network loses without places."""
    (a, b), margin = run.names, run.params.claims.accuracy_margin
    layers = list(zip(("last", "before"), run.conv_layers[:-3:-1], strict=False))[::-1]
    parts = [
        Part(
            f"contained_{layer}", files.PROBE_RESAMPLES, f"places_{ending}", "above", 0.0,
            DIFFERENCE, margin=margin,
            statistic=f"error of a linear probe on the map means of {layer}, minus that of one on "
            "its points",
            holds=f"The points of {layer} tell {a} from {b} better than the means of its maps",
            fails=f"The points of {layer} tell {a} from {b} less well than the means of its maps",
            same=f"The means of the maps of {layer} tell {a} from {b} about as well as its points",
            measured="on map means the error of a linear probe differs by {values}; it is "
            f"{{error_means_{ending}:.2%}}, on points {{error_points_{ending}:.2%}}",
            lacking=f"a map of {layer} has one point",
        )
        for ending, layer in layers
    ]  # fmt: skip
    for name, what in (
        ("shuffled", "the positions within every map of {} are shuffled"),
        ("means", "every map of {} is replaced by its mean"),
    ):
        done = what.format(run.last)
        parts.append(Part(
            f"used_{name}", files.INTERVENTION_RESAMPLES, f"{name}_loss", "above", 0.0,
            DIFFERENCE, margin=margin,
            statistic=f"error of the network on {a} and {b} where {done}, minus that of the "
            "network as it is",
            holds=f"The network loses accuracy where {done}",
            fails=f"The network gains accuracy where {done}",
            same=f"The network answers about as well where {done}",
            measured=f"its error differs by {{values}}; it is {{error_{name}:.2%}}, without the "
            "edit {error:.2%}",
            lacking=f"a map of {run.last} has one point",
        ))  # fmt: skip
    return Claim("Which points within a map are active matters, not the map on average",
                 tuple(parts))  # fmt: skip
