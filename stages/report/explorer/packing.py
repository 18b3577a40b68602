"""Arrays and pictures as text that a page can carry: base64, little-endian, PNG."""

import base64
import io

import numpy as np
from PIL import Image

DTYPES = {"f": "<f4", "u": "<u2"}  # by the kind of a NumPy dtype
TILES_IN_A_ROW = 48


def array(values: np.ndarray) -> dict:
    """Floats as float32, unsigned integers as uint16."""
    little = values.astype(DTYPES[values.dtype.kind])
    text = base64.b64encode(little.tobytes()).decode("ascii")
    return {"dtype": little.dtype.name, "shape": little.shape, "data": text}


def ink(images: np.ndarray) -> dict:
    """Images (n, height, width), 0 to 255, as tiles of one picture, in which ink is black."""
    n, height, width = images.shape
    columns = min(TILES_IN_A_ROW, n)
    tiles = np.pad(255 - images, ((0, -n % columns), (0, 0), (0, 0))).astype(np.uint8)
    return _picture(tiles.reshape(-1, columns, height, width))


def maps(levels: np.ndarray, palette: np.ndarray) -> dict:
    """Maps (n, height, width, maps), levels 0 to 1 of a palette uint8 (256, 3), a row an image."""
    tiles = np.clip(np.rint(levels * 255), 0, 255).astype(np.uint8)
    return _picture(tiles.transpose(0, 3, 1, 2), palette)


def _picture(tiles: np.ndarray, palette: np.ndarray | None = None) -> dict:
    """Tiles uint8 (rows, columns, height, width) as a PNG, and where they are in it."""
    rows, columns, height, width = tiles.shape
    image = Image.fromarray(tiles.swapaxes(1, 2).reshape(rows * height, columns * width))
    if palette is not None:
        image.putpalette(palette.tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=9)
    png = base64.b64encode(file.getvalue()).decode("ascii")
    return {"png": png, "height": height, "width": width, "columns": columns}
