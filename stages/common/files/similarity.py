"""Files of `similarity`: how alike the images of a class are, layer by layer."""

from stages.common.files.declaration import File

# fmt: off
CLASS_CORRELATIONS = File("data/similarity/cnn-{seed}/classes.npz", "similarity",
    "Mean Pearson r of the activations of two different images, over all units of a layer and all "
    "pairs of images of two classes. On a class-balanced sample of test images.", """
    layer: str (l), pixels, then every layer up to the logits
    trained untrained: float32? (l, classes, classes), of pixels both are the same""")
LAYER_CORRELATIONS = File("data/similarity/cnn-{seed}/layers.csv", "similarity",
    "The same in short: a row a layer, after and before training.", """
    layer network: str, pixels, then every layer up to the logits; trained or untrained
    units images constant: int, of the layer; of the sample; of these left out, alike in all units
    same between other: float?, r of two images of a or two of b; of a and b; of two other classes
    separation: float?, of a and b: 1 - (1 - same) / (1 - between)
    other_separation: float?, the same of two other classes, mean over their pairs
    place: float?, of a and b among all pairs of classes by separation; 1 is the least separated
    pairs: int, of classes""")
NEIGHBOURS = File("data/similarity/cnn-{seed}/neighbours.npz", "similarity",
    "The fit images nearest to test images, by r of the pixels, and of the last conv layer after "
    "and before training. Among a class-balanced sample of fit images, and for one of test images.",
    """
    features: str (f), pixels, trained or untrained
    index: int32 (e), row of the test images: exemplars of class a, or listed ones
    role: str (e), clear, typical, hard or listed
    label: uint8 (e), class
    image: uint8 (e, side, side), pixels
    near_index: int32 (f, e, top), row of the fit images, nearest first
    near_label: uint8 (f, e, top), class
    near_image: uint8 (f, e, top, side, side), pixels
    near_r: float32? (f, e, top), Pearson r; NaN where an image is the same in all units
    shares: float32? (f, classes, classes), of the k nearest to images of one class, of each class
    images searched k: int32 (), of the test sample; of the fit sample; neighbours counted""")
