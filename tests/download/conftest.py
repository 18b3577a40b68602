"""A tiny dataset in place of `mnist`, and a web server on this machine that serves it."""

import gzip
import hashlib
import io
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from stages.download import datasets, web
from stages.download.datasets import File, Published
from stages.download.sources import KERAS_ARRAYS

PARAMS = Path(__file__).parents[2] / "params.yaml"
Handler = Callable[[BaseHTTPRequestHandler], None]


def idx(array: np.ndarray) -> bytes:
    """A uint8 array as IDX bytes."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    ) + array.tobytes()


@dataclass
class Tiny:
    """A small dataset: arrays, gzipped files by name, Keras's NPZ file, and the pins of all."""

    arrays: dict[str, np.ndarray]
    files: dict[str, bytes]
    archive: bytes
    published: Published

    def in_folder(self, folder: Path) -> Path:
        """Write the four files as a mirror folder would hold them."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder

    def in_keras_cache(self, folder: Path) -> Path:
        """Write the NPZ file to the cache of Keras in `folder`; returns its path."""
        path = folder / "keras/datasets/mnist.npz"
        path.parent.mkdir(parents=True)
        path.write_bytes(self.archive)
        return path


def reply(request: BaseHTTPRequestHandler, code: int, body: bytes, size: int | None = None) -> None:
    """Answer with this status and body, and announce `size` bytes."""
    request.send_response(code)
    request.send_header("Content-Length", str(size or len(body)))
    request.end_headers()
    request.wfile.write(body)


@dataclass
class Server:
    """What the server answers, by file name; a file without an answer is 404."""

    url: str
    answers: dict[str, bytes | Handler] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def stall(self, _: BaseHTTPRequestHandler) -> None:
        """An answer that never comes, until the test is over."""
        self.release.wait(60)


@pytest.fixture(autouse=True)
def _quick_and_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sleeps, uses a proxy, or reads this machine's home."""
    monkeypatch.setattr(web, "BACK_OFF", 0.0)
    monkeypatch.delenv("DATASET_MIRROR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with the settings of the real one, as the current folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    settings = PARAMS.read_text(encoding="utf-8").replace("_size: 5000", "_size: 40")
    (folder / "params.yaml").write_text(settings, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """The small dataset, published as `mnist` without web mirrors."""
    generator = np.random.default_rng(0)
    arrays = {
        "train_images": generator.integers(0, 256, (200, 28, 28)).astype(np.uint8),
        "train_labels": np.repeat(np.arange(10), 20).astype(np.uint8),
        "test_images": generator.integers(0, 256, (50, 28, 28)).astype(np.uint8),
        "test_labels": np.repeat(np.arange(10), 5).astype(np.uint8),
    }
    pins = tuple(
        File(pin.key, pin.name, array.shape, hashlib.sha256(idx(array)).hexdigest())
        for pin, array in zip(datasets.MNIST.files, arrays.values(), strict=True)
    )
    packed = {f"{file.name}.gz": gzip.compress(idx(arrays[file.key]), mtime=0) for file in pins}
    stream = io.BytesIO()
    np.savez(stream, **{KERAS_ARRAYS[key]: array for key, array in arrays.items()})
    archive = stream.getvalue()
    published = datasets.MNIST._replace(
        files=pins, mirrors=(), keras_sha256=hashlib.sha256(archive).hexdigest()
    )
    monkeypatch.setitem(datasets.PUBLISHED, "mnist", published)
    return Tiny(arrays, packed, archive, published)


@pytest.fixture
def server(tiny: Tiny) -> Iterator[Server]:
    """A server of the small dataset's files on this machine."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2].partition("?")[0]
            state.requests.append(self.path)
            answer = state.answers.get(name)
            if answer is None:
                self.send_error(404)
            elif callable(answer):
                answer(self)
            else:
                reply(self, 200, answer)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up early is what many tests are about."""

    with Quiet(("127.0.0.1", 0), Answer) as httpd:
        state = Server(f"http://127.0.0.1:{httpd.server_port}/data", dict(tiny.files))
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        state.release.set()
        httpd.shutdown()
        thread.join()
