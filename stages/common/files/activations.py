"""Files of `activations`: what a CNN does inside."""

from stages.common.files.declaration import File

# fmt: off
_LAYERS = """
    index: int32 (n), row of the split
    {layer}: float32 (n, r, c, maps), after the activation
"""
ACTIVATIONS = File("data/activations/cnn-{seed}/{split}_{label}.npz", "activations",
    "Every test image of a class of activations.classes, and every validation image of a class "
    "of the pair, in activations.layers.",
    "logits: float32 (n, classes), not read by any stage; for readers of the dump" + _LAYERS)
MAP_ACTIVITY = File("data/activations/cnn-{seed}/map_activity_{split}.npz", "activations",
    "Every map of every conv layer in every image.", """
    labels: uint8 (n), class
    {layer}_max {layer}_mean: float32 (n, maps), highest point; mean over points, below 0 as 0""")
SAMPLE = File("data/activations/cnn-{seed}/sample_{split}.npz", "activations",
    "Every conv layer of a class-balanced sample of images, the same images for every network. "
    "Rows and columns as far apart, in pixels of the image, as the last layer's.", """
    labels: uint8 (n), class
    {layer}_max: float32 (n, maps), highest point of all, not of these alone""" + _LAYERS)
UNTRAINED = SAMPLE._replace(path="data/activations/cnn-{seed}/untrained_{split}.npz",
    about="The same images in the network as it was before training.")
GRAMS = File("data/activations/cnn-{seed}/grams.npz", "activations",
    "Which images of the test sample are alike, by all points of each conv layer; for CKA.", """
    {layer} {layer}_untrained: float32? (n, n), U-centred Gram matrix, after and before training""")
KERNELS = File("data/activations/cnn-{seed}/kernels.npz", "activations",
    "The kernels of the first conv layer.", """
    trained untrained: float32 (h, w, channels, maps), after and before training""")
EXEMPLARS = File("data/activations/cnn-{seed}/exemplars.npz", "activations",
    "A few test images through every conv and pool layer; `index` is of the test images.", """
    label: uint8 (n), class
    role: str (n), clear, typical, hard, contrast, wrong, mlp_wrong or listed
    image: uint8 (n, side, side), pixels
    logits: float32 (n, classes), of the CNN""" + _LAYERS)
