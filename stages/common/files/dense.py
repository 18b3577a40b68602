"""Files of `dense`: the layer between the last conv layer's points and the logits."""

from stages.common.files.declaration import CELL, File

# fmt: off
UNITS = File("data/dense/cnn-{seed}/units.csv", "dense",
    "A row a unit of the dense layer, most contribution first. Of validation images where the name "
    "does not end in _test.", """
    unit: int, number
    active: bool, above 0 in some image of the pair
    mean_a mean_b: float, after the activation
    weight_a weight_b: float, in the logit of the class
    contribution contribution_test: float, to mean logit difference of b minus that of a""")
DENSE_PATCHING = File("data/dense/cnn-{seed}/patching.csv", "dense",
    "Activation patching of the k units with most contribution: a row a direction, mode and k.", """
    direction mode: str, a_to_b edits images of a; interchange or mean
    k: int, units; the first that flips half of the images is among them
    flipped: float?, share of the images answered rightly that become the other class
    flipped_control_mean flipped_control_low flipped_control_high: float?, of random sets, 95 %
    flipped_p: float?, (1 + n)/(1 + R), where n of the R random sets flip as many""")
PATHS = File("data/dense/cnn-{seed}/paths.csv", "dense",
    "Path patching: a row a path, from a point through a unit to the logit difference. The units "
    "with most contribution; the points with most effect through them on validation images.", f"""
    {CELL}
    unit: int, number
    weight: float, from the point to the unit
    mean_b mean_a: float, of the point; validation images
    effect_a_to_b effect_b_to_a: float, on the logit difference towards the other class; test""")
PATH_SHARES = File("data/dense/cnn-{seed}/path_shares.csv", "dense",
    "All these paths patched at once, in test images: a row a direction.", """
    direction: str, a_to_b edits images of a
    points units: int, that the paths lead from and through
    share: float?, of the effect of all points in all units
    share_control_mean share_control_low share_control_high: float?, of random points, 95 %
    share_p: float?, (1 + n)/(1 + R), where n of the R random sets have as much effect
    units_share: float?, of all points through the same units""")
DENSE_IMAGES = File("data/dense/cnn-{seed}/images.npz", "dense",
    "The dense layer in some test images: of a, of a answered b, of b.", """
    index: int32 (n), row of the test images
    label answer: uint8 (n), class
    role: str (n), as in exemplars.npz, or taken: an image of a that is answered b
    difference: float32 (n), the logit difference
    values: float32 (n, units), after the activation""")
RESEMBLANCE = File("data/dense/cnn-{seed}/resemblance.csv", "dense",
    "How alike an exemplar of the pair is to the mean of either class on validation images: a row "
    "an exemplar and layer. r is Pearson's, over pixels, points or units.", """
    index label: int, row of the test images; class
    layer: str, pixels, the last conv layer or dense
    r_own r_other: float?, with the mean of its own class, of the other class
    as_close: float?, share of its class's test images that are as much closer to the other
    closer_other: float, share of its class's test images whose r_other is above r_own""")
DENSE = File("data/dense/cnn-{seed}/summary.csv", "dense", "One row.", """
    units active taken: int, units; above 0 in some image; test images of a that are answered b
    half most: float?, units that carry half, 90 % of the difference between the classes
    half_test half_random: float?, share on test images: of the former, of as many random ones
    difference_a difference_b: float, of the logit differences; by units whose weights are for a, b
    shift_a shift_b: float?, of the images taken, from the mean of a; by the same units""")
