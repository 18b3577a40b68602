"""Files of `attribution`: which pixels and which points the answer rests on."""

from stages.common.files.declaration import CELL, File

# fmt: off
ATTRIBUTED = File("data/attribution/cnn-{seed}/images.npz", "attribution",
    "Integrated gradients of the logit difference, b minus a, for the exemplars of the pair, which "
    "hold the images that the network answers wrongly; from the empty image.", """
    index: int32 (n), row of the test images
    label answer: uint8 (n), class; answer among all classes
    role: str (n), of the exemplar
    image: uint8 (n, side, side), pixels
    difference: float32 (n), of the logits
    attribution: float32 (n, side, side), what each pixel adds to it""")
DELETION = File("data/attribution/cnn-{seed}/deletion.csv", "attribution",
    "The logit difference towards the answer as ink is removed from test images that are answered "
    "rightly: a row an order of the pixels and a share.", """
    order: str, by attribution to the answer, by ink (dark first), or random
    removed: float, share of the ink
    difference: interval, mean over the images""")
RANDOMISED = File("data/attribution/cnn-{seed}/randomised.csv", "attribution",
    "Spearman's correlation of attributions with those of networks with random weights, mean over "
    "images: a row a network. `randomised` is the lowest layer with random weights, with all above "
    "it; untrained: before training; ink: the image itself instead of a network.", """
    randomised: str, name of a layer, untrained or ink
    all_pixels ink_pixels: interval, of absolute values, over all pixels; over those above 0
    signed: interval, of the values themselves, over pixels above 0""")
PATCHING_ESTIMATES = File("data/attribution/cnn-{seed}/points.csv", "attribution",
    "Attribution patching of single points of the last conv layer against their measured effects "
    "(`effects.csv`): a row a direction. Validation images.", f"""
    direction: str, a_to_b edits images of a
    live first: int, points; those with most effect
    spearman: float?, over the live ones
    same_first: float?, share of the first that are first by both
    half same_half: float?, points that flip half of the test images; the same share of as many
    {CELL} where both differ most
    estimated measured: float, effect of this point""")
ATTRIBUTION = File("data/attribution/cnn-{seed}/summary.csv", "attribution",
    "One row. The gap of an image is how far its attributions' sum is from the change of the logit "
    "difference that they explain, over that change.", """
    exemplars sample randomised: int, images: attributed; in deletion curves; with random weights
    steps: int, most on the path of an image
    gap: float, largest of these images
    below_ink below_random: interval, logits, mean over shares: these curves minus attribution's""")
