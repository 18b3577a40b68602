"""Files of `smallest_change`: the smallest change of an image that changes the answer."""

from stages.common.files.declaration import CELL, File

_BOUNDARY = "boundary: bool, whether the margin to be reached is that of the decision boundary"

# fmt: off
CHANGED_IMAGES = File("data/smallest_change/cnn-{seed}/images.npz", "smallest_change",
    "Test images of a, then of b, changed to the margin of real images of the other class, and the "
    "logits on the way.", """
    index: int32 (n), row of the test images
    label: uint8 (n), class
    share: float32 (s), of the change that is made: 0 is the image, 1 the changed one
    image changed: float32 (n, side, side), pixels, 0 to 1
    logits: float32 (n, s, classes), with these shares of the change""")
CHANGED = File("data/smallest_change/cnn-{seed}/images.csv", "smallest_change",
    "The same images in their order, for each margin: a row an image. Ink of 1 is one pixel from "
    "background to full ink. Random: the same change at random pixels, mean over draws.", f"""
    {_BOUNDARY}
    index: int, row of the test images
    direction: str, a_to_b changes images of a
    succeeded: bool, whether the network answers the target by the margin of summary.csv
    l1 added: float, L1 norm of the change, in ink; its part above 0
    pixels: int, changed by more than 0.02
    ink: float, of the image
    nearest: float, L1 distance to the nearest fit image of the target, in ink
    region region_random: float?, share of l1 in the tenth of pixels where class means differ most
    joined joined_random: float?, share of l1 in pixels that touch another one of the same sign
    turned_on turned_off: int, points of the last conv layer that go above 0; that leave it""")
CHANGE_TRANSFER = File("data/smallest_change/cnn-{seed}/transfer.csv", "smallest_change",
    "What networks answer to the changed images: a row a margin, reader and direction. Of images "
    "that the search succeeded for and that the reader answers rightly unchanged.", f"""
    {_BOUNDARY}
    model direction: str, of the reader, cnn or mlp; a_to_b changes images of a
    reader: int, its seed
    flipped flipped_random: float?, share answered as the target; the same at random pixels""")
CHANGED_POINTS = File("data/smallest_change/cnn-{seed}/points.csv", "smallest_change",
    "What the changes of images.npz do to the last conv layer: a row a point.", f"""
    {CELL}
    change_a_to_b change_b_to_a: float?, mean change of its activation, images of a; of b""")
SMALLEST_CHANGE = File("data/smallest_change/cnn-{seed}/summary.csv", "smallest_change",
    "A row a margin and direction.", f"""
    {_BOUNDARY}
    direction: str, a_to_b changes images of a
    margin: float, of the target over all other classes, to be reached
    images: int, searched
    top: int, points with most change, and with most effect in effects.csv, that are compared
    both both_expected: float?, points that are among both; by chance""")
CORRECTED = File("data/smallest_change/cnn-{seed}/errors.csv", "smallest_change",
    "The smallest change after which an image that the network answers wrongly, among all classes, "
    "is answered rightly, just across the decision boundary: a row a test image of the pair.", """
    index label: int, row of the test images; class
    succeeded: bool, whether the search reached it
    l1: float, L1 norm of the change, in ink
    pixels: int, changed by more than 0.02""")
