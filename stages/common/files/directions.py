"""Files of `directions`: points against other bases of their space, and single directions."""

from stages.common.files.declaration import File

# fmt: off
BASIS_CURVES = File("data/directions/cnn-{seed}/curves.csv", "directions",
    "What k coordinates of the live points' space do in several orthonormal bases: a row a basis, "
    "order and k. Orders are of validation images, values of test images.", """
    basis: str, points; axes: principal axes of fit images; rotation: a random one
    draw: int, which rotation, from 0
    measure: str, probe or patching (interchange)
    order: str, by auroc, variance (of axes) or effect on the logit difference
    direction: str, of patching: a_to_b edits images of a; both for a probe
    k: int, coordinates
    value: float?, error of a probe; share of the images answered rightly that flips
    control_mean control_low control_high: float?, random orders; probes to a quarter of all""")
BASIS_HALF = File("data/directions/cnn-{seed}/half.csv", "directions",
    "How few coordinates, by effect, flip half of the images, and how far the edited images are "
    "from what a ReLU gives: a row a basis and direction.", """
    basis: str, as in curves.csv
    draw live: int, as in curves.csv; live points
    direction: str, a_to_b edits images of a
    k: float?, coordinates; empty where no number flips half
    random_k: float?, in random order, mean
    changed: float?, squared length of the edit over that of the difference from the source
    negative: float?, share of live points below 0 in the edited images; ReLU alone
    below: float?, what they add up to, over the sum of those above 0
    flipped_clipped: float?, share flipped by the k with these at 0""")
SINGLE_DIRECTIONS = File("data/directions/cnn-{seed}/single.csv", "directions",
    "Patching along one direction: what an image reads along it becomes that of an image of the "
    "other class. A row a direction, edit and direction of patching.", """
    along: str, probe; means: their difference; controls: within, random, covariance
    edit: str, orthogonal; oblique, with what varies along it within classes
    direction: str, a_to_b edits images of a
    flipped: interval, share of those answered rightly; of random ones the mean and 95 % of draws
    recovered: float?, of the logit difference
    changed negative below flipped_clipped: float?, as in half.csv; changed alone of random ones""")
ERASURE = File("data/directions/cnn-{seed}/erasure.csv", "directions",
    "Directions removed one after another: a row a method and number. Of test images, mean of both "
    "classes.", """
    method: str, probe: those of refitted probes; means, random, covariance: as in single.csv
    k: int, directions removed
    error: float?, of a probe refitted to fit images; none of means, which leaves it nothing
    chance: bool, this error is not below the 95 % interval of a half
    error_validation: float?, of a probe refitted to validation images; first and last k
    right other: float, share that the network answers rightly; as the other class""")
