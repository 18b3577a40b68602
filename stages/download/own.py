"""`own`: the images in an NPZ file of the user's, in the layout of Keras's `mnist.npz`.

The file is taken for what it may be: pinned by its SHA-256, never unpickled, and read no further
than the size that its headers declare, which is bounded.
"""

import hashlib
import io
import lzma
import math
import os
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from stages.common.console import StageError
from stages.common.params import Dataset
from stages.download.datasets import KERAS_ARRAYS, RefusedError

SIDES = range(20, 65)  # pixels
MOST_CLASSES = 20
MOST_BYTES = 4_000_000_000  # of all arrays together, unpacked
HEADER_BYTES = 1 << 14  # more than NumPy writes before an array, or accepts
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
DAMAGE += (NotImplementedError, SyntaxError, tokenize.TokenError)  # of headers, by NumPy
WRITE = "Write it with numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)"


class Header(NamedTuple):
    """What an array inside the archive says it is."""

    shape: tuple[int, ...]
    by_columns: bool  # in memory, which NumPy calls Fortran's order
    dtype: np.dtype
    start: int  # bytes before the values

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize


def load(settings: Dataset) -> tuple[dict[str, np.ndarray], tuple[str, ...], str]:
    """The arrays by KEYS, the names of the classes by number, and `dataset.path`.

    Images are uint8 (n, side, side), labels uint8 (n,). Raises StageError where the file is
    missing, another one, or not as `dataset` in params.yaml describes it.
    """
    path = _path(settings.path)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        try:
            if settings.sha256 not in (None, sha256):
                raise RefusedError(
                    f"wrong checksum: the SHA-256 is {sha256}, dataset.sha256 in params.yaml is "
                    f"{settings.sha256}. Where the new file is meant, put its SHA-256 there"
                )
            arrays = read(stream)
            classes = check(arrays)
            names = settings.class_names or tuple(map(str, range(classes)))
            if len(names) != classes:
                raise RefusedError(
                    f"its labels are of {classes} classes, and dataset.class_names in params.yaml "
                    f"names {len(names)}. Name each class once, or none"
                )
        except RefusedError as reason:
            raise StageError(f"{path}: {reason}.") from None
    if settings.sha256 is None:
        raise StageError(
            f"dataset.sha256 is missing in params.yaml. For the file {path} as it is now, the "
            f"line under dataset is\n  sha256: {sha256}"
        )
    by_key = {key: arrays[name] for key, name in KERAS_ARRAYS.items()}
    labels = {key: by_key[key].astype(np.uint8) for key in ("train_labels", "test_labels")}
    return by_key | labels, names, settings.path


def _path(setting: str | None) -> Path:
    if setting is None:
        raise StageError(
            "dataset.path is missing in params.yaml. Name the NPZ file of your images there, or "
            "choose another dataset.name."
        )
    given = Path(os.path.expanduser(setting))  # noqa: PTH111, no error without a home
    path = Path.cwd() / given
    if path.is_file():
        return path
    advice = "Correct dataset.path in params.yaml"
    if not given.is_absolute():
        advice += (
            ". A path that is not full is taken from the project's root, and an experiment in the "
            "queue or with --temp has a root of its own: give the full path there"
        )
    raise StageError(f"There is no file {path}. {advice}.")


def read(stream: IO[bytes]) -> dict[str, np.ndarray]:
    """The four arrays of an NPZ file by their names there. Raises RefusedError.

    Exactly the values that the headers declare are read: an archive may unpack to far more.
    """
    if not zipfile.is_zipfile(stream):
        raise RefusedError(f"it is no NPZ file. {WRITE}")
    try:
        with zipfile.ZipFile(stream) as archive:
            held = archive.namelist()
            if lacking := [name for name in KERAS_ARRAYS.values() if f"{name}.npy" not in held]:
                names = [member.removesuffix(".npy") for member in held]
                raise RefusedError(
                    f"it lacks {', '.join(lacking)} and holds {', '.join(names) or 'nothing'}. "
                    f"{WRITE}"
                )
            headers = {name: _header(archive, name) for name in KERAS_ARRAYS.values()}
            for name, header in headers.items():
                _check_form(name, header)
            if (size := sum(header.size for header in headers.values())) > MOST_BYTES:
                raise RefusedError(
                    f"its arrays unpack to {size:,} bytes, more than {MOST_BYTES:,}. Take fewer "
                    "images"
                )
            return {name: _values(archive, name, header) for name, header in headers.items()}
    except DAMAGE as error:
        raise RefusedError(f"it is damaged ({str(error) or 'it ends early'}). {WRITE}") from None
    except RuntimeError:  # what zipfile raises for a password
        raise RefusedError(f"it is encrypted. {WRITE}") from None


def _header(archive: zipfile.ZipFile, name: str) -> Header:
    """Of one array. ValueError where it is none, or its header is longer than NumPy's are."""
    with archive.open(f"{name}.npy") as member:
        beginning = io.BytesIO(member.read(HEADER_BYTES))
    version = npy.read_magic(beginning)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"{name} has the format {version}")
    shape, by_columns, dtype = readers[version](beginning)
    if min(shape, default=0) < 0:
        raise ValueError(f"{name} has the shape {shape}")
    return Header(shape, by_columns, dtype, beginning.tell())


def _values(archive: zipfile.ZipFile, name: str, header: Header) -> np.ndarray:
    with archive.open(f"{name}.npy") as member:
        member.read(header.start)
        values = member.read(header.size)
    if len(values) < header.size:
        raise ValueError(f"{name} ends early")
    order = "F" if header.by_columns else "C"
    return np.frombuffer(values, header.dtype).reshape(header.shape, order=order)


def _check_form(name: str, header: Header) -> None:
    """RefusedError where an array is not of the type and shape of images, or of labels."""
    of_images = name.startswith("x")
    dtype, shape = header.dtype, header.shape
    if dtype.hasobject:
        raise RefusedError(f"{name} holds pickled Python objects, which are never opened. {WRITE}")
    if of_images and dtype != np.uint8:
        raise RefusedError(
            f"{name} is of type {dtype}. Images are uint8, from 0 for background to 255 for ink"
        )
    if not of_images and dtype.kind not in "iu":
        raise RefusedError(f"{name} is of type {dtype}. Labels are whole numbers from 0")
    if of_images and len(shape) != 3:
        colour = ": make colour images grey" if len(shape) == 4 else ""
        raise RefusedError(f"{name} has the shape {shape}, not (n, rows, columns){colour}")
    if not of_images and len(shape) != 1:
        raise RefusedError(f"{name} has the shape {shape}, not (n,)")


def check(arrays: dict[str, np.ndarray]) -> int:
    """The number of classes of what `read` returns. Raises RefusedError at the first fault."""
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if len(images) != len(labels):
            raise RefusedError(
                f"x_{part} has {len(images):,} images and y_{part} {len(labels):,} labels. Each "
                "image has one label"
            )
    sizes = {arrays[name].shape[1:] for name in ("x_train", "x_test")}
    rows, columns = max(sizes)
    if len(sizes) > 1 or rows != columns or rows not in SIDES:
        shown = " and ".join(f"{size[0]} x {size[1]}" for size in sorted(sizes))
        raise RefusedError(
            f"its images are of {shown} pixels. All must be square and of one size, from "
            f"{SIDES[0]} to {SIDES[-1]} pixels"
        )
    labels = {part: {*map(int, np.unique(arrays[f"y_{part}"]))} for part in ("train", "test")}
    if not all(labels.values()):
        raise RefusedError("it has no training or no test images")
    every = set().union(*labels.values())
    lowest, highest = min(every), max(every)
    if lowest < 0 or highest >= MOST_CLASSES or highest == 0:
        raise RefusedError(
            f"its labels go from {lowest} to {highest}. They must begin at 0, and be of 2 to "
            f"{MOST_CLASSES} classes"
        )
    for part, present in labels.items():
        if lacking := sorted(set(range(highest + 1)) - present):
            raise RefusedError(
                f"no {part} image is of class {', '.join(map(str, lacking))}. Every label from 0 "
                f"to {highest} must occur in y_train and in y_test"
            )
    return highest + 1
