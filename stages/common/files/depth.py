"""Files of `depth`: at which layer the classes separate, and the answer depends on them."""

from stages.common.files.declaration import File

# fmt: off
LAYER_PROBES = File("data/depth/cnn-{seed}/probes.csv", "depth",
    "Linear probes on each layer: a row a layer, network and task.", """
    layer network task: str, pixels, conv, pool or dense; trained or untrained; pair or all classes
    units fitted tested: int, of the layer; fit images; test images
    ridge: float, over the mean eigenvalue; chosen on validation images
    accuracy low high: float, of test images, with its Wilson interval""")
LAYER_EDITS = File("data/depth/cnn-{seed}/edits.csv", "depth",
    "What the probes for the pair answer to images whose loop is edited: a row a layer, network "
    "and edit. Of test images that the probe answers rightly before.", """
    layer network edit: str, as above; as in edited_test.npz, of strokes elsewhere the first
    images: int, edited
    flipped: float?, share answered as the other class""")
LAYER_PARTS = File("data/depth/cnn-{seed}/parts.csv", "depth",
    "Activation patching of one map, or of one block of places in all maps, from an image of the "
    "other class: a row a layer and part. Effects are shares of the way from the logit difference "
    "of the images to that of the other class.", """
    layer kind: str, conv or pool; map or place
    map row column size: int, number; the block's first place, and its height and width; else -1
    known: float?, effect on validation images
    effect: float?, on test images
    same_class: float?, the same from another image of the own class""")
LAYER_SETS = File("data/depth/cnn-{seed}/sets.csv", "depth",
    "The same of the k maps with most effect on validation images: a row a layer and k.", """
    layer: str, conv or pool
    k maps images: int, patched; of the layer; test images
    flipped: float, share that becomes the other class
    random: float, by random maps, mean over orders""")
