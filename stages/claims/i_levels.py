"""I: how active a point is matters, not only which points are active."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The accuracy of a linear probe on activations minus that of one on active or not."""
    a, b = run.names
    levels = f"The levels of {run.last}'s points tell {a} from {b}"
    return Claim("Activation levels matter, not only which points are active", (
        Part(
            "levels", files.FEATURES, "gain", "above", 0.0, DIFFERENCE,
            where={"layer": run.last, "against": "on_or_off"},
            statistic=f"pair accuracy of a linear discriminant from the levels of {run.last}'s "
            "points minus from which of them are active",
            holds=f"{levels} better than which are active",
            fails=f"{levels} no better than which are active",
            measured="from levels the accuracy differs by {values}; levels {points:.2%}, "
            "on or off {other:.2%} of {n:,.0f} images; learnt from {fitted:,.0f}",
            lacking="a class of the pair has no image to learn from",
        ),
    ))  # fmt: skip
