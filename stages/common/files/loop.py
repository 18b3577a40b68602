"""Files of `strokes` and `loop`: loops in images, and what networks answer to edited ones."""

from stages.common.files.declaration import CELL, File

# fmt: off
LOOPS = File("data/strokes/loops.csv", "strokes",
    "Which images have a loop of ink: a row a validation or test image.", """
    split: str, validation or test
    index label: int, row of the split; class
    loop: bool, ink encloses background""")
EDITED = File("data/strokes/edited_{split}.npz", "strokes",
    "Images of the pair with a loop closed or opened, and controls; of validation images the first "
    "of each alone. None where the classes hardly differ in loops.", """
    index: int32 (n), row of the split
    edit: str (n), as in common/cases.py
    size: int32 (n), pixels of a gap, of a narrow opening, or that a stroke is lower; else 0
    image: uint8 (n, side, side), pixels
    ink: float32 (n), that it has more than before; 1 is a full pixel
    loop: bool (n), whether it has one now""")
EDITS = File("data/loop/cnn-{seed}/edits.csv", "loop",
    "What a CNN and its MLP answer to edited test images: a row a model, edit and size. Of images "
    "that the model answered rightly before; several of one image count as one.", """
    model edit: str, cnn or mlp; as in common/cases.py
    size images: int, as in edited_test.npz; images edited
    ink loop: float, mean ink that they have more; share with a loop now
    flipped: interval, share that becomes the other class; Wilson
    third: float?, share that becomes a third class
    change: float?, mean of the logit difference towards the other class""")
WITHIN_CLASS = File("data/loop/cnn-{seed}/within.csv", "loop",
    "Test images of one class with a loop against those without: a row a reader and class.", """
    reader: str, cnn or mlp (the logit difference), probe (on the last conv layer), points
    label: int, class
    with_loop without: int, images
    auroc: interval, with against without; of points the mean of the best on validation images""")
LOOP_POINTS = File("data/loop/cnn-{seed}/points.csv", "loop",
    "What the change of one point by an edit does alone, in validation images: a row a point.", f"""
    {CELL}
    effect_closed effect_opened: float?, on the logit difference towards the other class""")
CARRIED = File("data/loop/cnn-{seed}/carried.csv", "loop",
    "Activation patching of k points from an edited test image into the same image unedited: a row "
    "an edit and k, in the order of effect on validation images.", """
    edit: str, closed or opened
    k: int, points
    flipped: float?, share of the images answered rightly that become the other class
    flipped_control_mean flipped_control_low flipped_control_high: float?, random points, 95 %""")
LOOP_RESAMPLES = File("data/loop/cnn-{seed}/resamples.csv", "loop",
    "The same of all edited images, on resamples of the test images: a row each. See "
    "common/resampling.py.", """
    resample: int, 0 is the images as they are
    cnn_closed cnn_drawn cnn_closed_gain: float?, flipped; by a stroke elsewhere; more
    cnn_opened cnn_erased cnn_opened_gain: float?, flipped; erased elsewhere; more
    cnn_within_a cnn_within_b: float?, logit difference, with a loop minus without
    mlp_closed mlp_drawn mlp_opened mlp_erased: float?, the same of the MLP""")
