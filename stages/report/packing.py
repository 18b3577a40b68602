"""Arrays and pictures as text that a page can carry: base64, little-endian, PNG."""

import base64
import io

import numpy as np
from PIL import Image

TILES_IN_A_ROW = 48
DTYPES = {"f": "<f4", "u": "<u2"}


def array(values: np.ndarray) -> dict:
    """Floats as float32, unsigned integers as uint16."""
    little = np.ascontiguousarray(values, DTYPES[values.dtype.kind])
    return {
        "dtype": little.dtype.name,
        "shape": list(little.shape),
        "data": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def grey(images: np.ndarray) -> dict:
    """Grey images (n, height, width) from 0 to 255, as tiles of one picture."""
    n, height, width = images.shape
    columns = min(TILES_IN_A_ROW, n)
    tiles = np.zeros((-(-n // columns) * columns, height, width), np.uint8)
    tiles[:n] = images
    whole = tiles.reshape(-1, columns, height, width).swapaxes(1, 2)
    return picture(Image.fromarray(whole.reshape(-1, columns * width)), height, width, columns)


def picture(image: Image.Image, height: int, width: int, columns: int) -> dict:
    """A picture of tiles, `columns` in a row, each `height` x `width` pixels."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=9)
    png = base64.b64encode(file.getvalue()).decode("ascii")
    return {"png": png, "height": height, "width": width, "columns": columns}
