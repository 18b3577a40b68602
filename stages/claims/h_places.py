"""H: which points within a map are active matters, not the map on average."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The accuracy of a linear probe on points minus that of one on map means, by layer."""
    a, b = run.names
    return Claim("Which points within a map are active matters, not the map on average", tuple(
        Part(
            layer, files.FEATURES, "gain", "above", 0.0, DIFFERENCE,
            where={"layer": layer, "against": "map_means"},
            statistic=f"pair accuracy of a linear discriminant from the points of {layer} minus "
            "from its map means",
            holds=f"On {layer} the points tell {a} from {b} better than the means of the maps",
            fails=f"On {layer} the points tell {a} from {b} no better than the means of the maps",
            measured="from points the accuracy differs by {values}; points {points:.2%}, "
            "means {other:.2%} of {n:,.0f} images; learnt from {fitted:,.0f}",
            lacking="a class of the pair has no image to learn from",
        )
        for layer in run.conv_layers[-2:]
    ))  # fmt: skip
