"""Images of known shapes, 20 x 20 pixels: a cup that is open at its top, and a ring."""

import numpy as np

SIDE = 20
TOP, BOTTOM, LEFT, RIGHT = 5, 14, 5, 13  # of a shape that is not translated; walls are 2 wide


def cup(down: int = 0, right: int = 0) -> np.ndarray:
    """Two walls and a bottom, uint8 (side, side)."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[TOP : BOTTOM + 1, LEFT : LEFT + 2] = 255
    image[TOP : BOTTOM + 1, RIGHT - 1 : RIGHT + 1] = 255
    image[BOTTOM - 1 : BOTTOM + 1, LEFT : RIGHT + 1] = 255
    return np.roll(image, (down, right), axis=(0, 1))


def ring(down: int = 0, right: int = 0) -> np.ndarray:
    """The cup with a top."""
    image = cup()
    image[TOP : TOP + 2, LEFT : RIGHT + 1] = 255
    return np.roll(image, (down, right), axis=(0, 1))
