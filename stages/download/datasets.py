"""The datasets as data: what their files must hold, and how bytes become arrays.

`mnist` and `fashion_mnist` are published as four gzipped IDX files. Each is pinned by a SHA-256,
so it does not matter who serves it. `digits` lies inside scikit-learn and needs no network.
"""

import gzip
import hashlib
import io
import math
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

GZIP_MAGIC = b"\x1f\x8b"

DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


class RefusedError(Exception):
    """What a source gave, or that it gave nothing, cannot be used. The message is the reason."""


@dataclass(frozen=True)
class File:
    """One published IDX file: its key here, its name without `.gz`, and what it must be."""

    key: Literal["train_images", "train_labels", "test_images", "test_labels"]
    name: str
    shape: tuple[int, ...]
    sha256: str
    sha256_of: Literal["payload", "gz"] = "payload"

    @property
    def size(self) -> int:
        """Bytes of the payload: magic, one count an axis, one byte a value."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)

    @property
    def limit(self) -> int:
        """Bytes that no packed or plain form of this file exceeds: gzip adds 0.04 % at worst."""
        return self.size + self.size // 1000 + 1024


@dataclass(frozen=True)
class Published:
    """A dataset on the web: its files, the folders that serve them, and Keras's copy.

    `keras_copy` is relative to Keras's dataset folder: an NPZ file, which `keras_sha256` pins,
    or a folder that holds the same four files.
    """

    name: str
    class_names: tuple[str, ...]
    files: tuple[File, ...]
    mirrors: tuple[str, ...]
    keras_copy: str
    keras_sha256: str | None = None


# MNIST's payload is pinned, not its gzip form: mirrors re-gzip.
MNIST = Published(
    name="mnist",
    class_names=DIGIT_NAMES,
    files=(
        File(
            "train_images",
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        File(
            "train_labels",
            "train-labels-idx1-ubyte",
            (60_000,),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        File(
            "test_images",
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        File(
            "test_labels",
            "t10k-labels-idx1-ubyte",
            (10_000,),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    keras_copy="mnist.npz",
    keras_sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)

# Only the checksums of the .gz files were published.
FASHION_MNIST = Published(
    name="fashion_mnist",
    class_names=FASHION_NAMES,
    files=(
        File(
            "train_images",
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "gz",
        ),
        File(
            "train_labels",
            "train-labels-idx1-ubyte",
            (60_000,),
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "gz",
        ),
        File(
            "test_images",
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "gz",
        ),
        File(
            "test_labels",
            "t10k-labels-idx1-ubyte",
            (10_000,),
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            "gz",
        ),
    ),
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    keras_copy="fashion-mnist",
)

PUBLISHED = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST)}


def decode(raw: bytes, file: File) -> np.ndarray:
    """One file as it came, gzipped or plain, to its verified array (uint8, `file.shape`).

    Raises RefusedError when it is damaged, is something else, or has another checksum.
    """
    packed = raw.startswith(GZIP_MAGIC)
    if not packed and not raw.startswith(b"\0\0"):
        raise RefusedError(_what_it_is(raw))
    if not packed and file.sha256_of == "gz":
        raise RefusedError("not gzipped, and the known checksum is that of the .gz file")
    payload = _gunzip(raw, file.size) if packed else raw
    verify(payload if file.sha256_of == "payload" else raw, file.sha256)
    return parse_idx(payload, file.shape)


def verify(data: bytes, sha256: str) -> None:
    """Raises RefusedError, which names both checksums, when `data` has another SHA-256."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise RefusedError(f"wrong checksum: the SHA-256 is {found}, expected {sha256}")


def parse_idx(payload: bytes, shape: tuple[int, ...]) -> np.ndarray:
    """Parse IDX bytes strictly: magic, counts, exact length, and classes 0 to 9 in labels.

    Returns uint8 of `shape`: (n, rows, columns) for images, (n,) for labels. Raises RefusedError.
    """
    magic = bytes([0, 0, 0x08, len(shape)])  # 0x08: unsigned bytes
    start = 4 + 4 * len(shape)
    if payload[:4] != magic:
        raise RefusedError(f"the magic is {payload[:4].hex()}, expected {magic.hex()}")
    if len(payload) < start:
        raise RefusedError("ends within its header")
    counts = struct.unpack(f">{len(shape)}I", payload[4:start])
    if counts != shape:
        raise RefusedError(f"the counts are {counts}, expected {shape}")
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


def _what_it_is(raw: bytes) -> str:
    if not raw:
        return "empty"
    if raw[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "a web page (HTML) in place of data"
    return "neither gzip nor IDX data"
