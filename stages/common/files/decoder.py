"""Files of `decoder`: what a linear decoder recovers of an image from each layer."""

from stages.common.files.declaration import File

# fmt: off
EXPLAINED_VARIANCE = File("data/decoder/cnn-{seed}/explained.csv", "decoder",
    "Linear decoders from a code to the pixels: a row a layer and code, and one of the class. "
    "Of all pixels of the test images; below 0 is worse than their mean.", """
    layer code: str, conv, pool, dense, logits, or class; trained, untrained, components or mean
    units: int, of the layer; as many principal components of the pixels; classes
    ridge: float?, over the mean eigenvalue; chosen on validation images
    explained: float, 1 - squared residuals over squares around the mean fit image
    explained_a explained_b: float?, the same of images of a, of b
    within: float?, the same after class means are taken from pixels and residuals
    within_a within_b: float?, the same of images of a, of b
    fitted tested: int, images that the decoder is fitted on; that it is scored on""")
DECODED = File("data/decoder/cnn-{seed}/decoded.npz", "decoder",
    "The exemplars as decoded from each of l layers, after and before training.", """
    index: int32 (n), row of the test images
    layer: str (l), in their order
    trained untrained: float32 (l, n, side, side), pixels, clipped to 0 and 1""")
