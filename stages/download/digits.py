"""`digits`: scikit-learn's UCI handwritten digits, brought to MNIST's form. Needs no network."""

import numpy as np
from scipy import ndimage

from stages.download.datasets import KEYS

TRAINING_ROWS = 1_200  # the 597 behind them were written by others: theirs are the test images
SIDE = 28
ENLARGED = 20  # MNIST's digits fill a box of 20 x 20


def load() -> dict[str, np.ndarray]:
    """Load the 1,797 images by KEYS: images are uint8 (n, 28, 28), labels uint8 (n,)."""
    from sklearn.datasets import load_digits  # costs a second, and only this dataset needs it

    digits = load_digits()
    images = to_mnist_form(digits.images)
    labels = digits.target.astype(np.uint8)
    training, test = slice(TRAINING_ROWS), slice(TRAINING_ROWS, None)
    parts = images[training], labels[training], images[test], labels[test]
    return dict(zip(KEYS, parts, strict=True))


def to_mnist_form(images: np.ndarray) -> np.ndarray:
    """Enlarge (n, 8, 8) images of 0 to 16 to 20 x 20, and centre them in 28 x 28 uint8.

    Cubic splines enlarge. As in MNIST, an image is translated by whole pixels so that its centre
    of mass comes to row 14, column 14 (the mean of MNIST's own test images is 13.99, 14.01), or
    as near as the frame lets it.
    """
    factors = (1, ENLARGED / 8, ENLARGED / 8)
    enlarged = ndimage.zoom(images, factors, order=3, mode="grid-constant", grid_mode=True)
    enlarged = np.rint(np.clip(enlarged / 16, 0, 1) * 255).astype(np.uint8)
    framed = np.zeros((len(images), SIDE, SIDE), np.uint8)
    for image, frame in zip(enlarged, framed, strict=True):
        centre = np.array(ndimage.center_of_mass(image))
        top, left = np.clip(np.rint(SIDE / 2 - centre), 0, SIDE - ENLARGED).astype(int)
        frame[top : top + ENLARGED, left : left + ENLARGED] = image
    return framed
