"""Bases, orders and directions, as the files of `directions` and the report spell them."""

POINTS, AXES, ROTATION = "points", "axes", "rotation"
BASES = (POINTS, AXES, ROTATION)
PROBE, PATCHING = "probe", "patching"  # what a curve measures
AUROC, EFFECT, VARIANCE = "auroc", "effect", "variance"  # orders of coordinates
# Directions, beside that of a probe: the difference of the class means; controls.
MEANS, WITHIN, RANDOM, COVARIANCE = "means", "within", "random", "covariance"
ORTHOGONAL, OBLIQUE = "orthogonal", "oblique"  # edits along a direction
