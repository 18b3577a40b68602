"""Files of `pairs`: every pair of classes, measured in the same way."""

from stages.common.files.declaration import CELL, File

# fmt: off
PAIRS = File("data/pairs/cnn-{seed}.csv", "pairs",
    "How hard each pair of classes is for one CNN: a row a pair. Of test images; points and ridges "
    "are selected on validation images. A rank counts from 1, the hardest pair; pairs that are "
    "equal share the lower rank. Its interval holds 95% of the resamples of test images.", f"""
    first second: int, the classes, the lower one first
    images errors: int, test images of both; those answered with the other class, among all classes
    live few: int, points above 0 in some validation image of the pair; how many of them are few
    {CELL} with the AUROC furthest from 0.5 on validation images
    auroc_test: float?, of that point, for the class that is higher on validation images
    error_few error_all: float?, of linear probes on few points, on all live ones
    loss: float?, the first minus the second
    rank_errors rank_auroc rank_loss: interval, by errors / images, by least AUROC, by most loss""")
