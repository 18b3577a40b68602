"""Every way in which a source can fail, and the search that goes on to the next one."""

import gzip
import os
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

from stages.common.console import StageError
from stages.download import sources, web
from stages.download.datasets import PUBLISHED, RefusedError
from stages.download.sources import Folder, KerasArchive, Web, obtain

from .conftest import reply

FIRST = "train-images-idx3-ubyte.gz"
LABELS = "train-labels-idx1-ubyte.gz"


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reason_of(server, tiny) -> str:
    """Why the server's first file is refused."""
    with pytest.raises(RefusedError) as refused:
        Web("here", server.url).read(tiny.published.files[0])
    assert str(refused.value).startswith(f"{FIRST}: ")
    return str(refused.value)


def assert_all(arrays, tiny):
    assert arrays.keys() == tiny.arrays.keys()
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, tiny.arrays[key])


def test_a_signed_address_works_and_its_secrets_are_not_shown(server, tiny, monkeypatch):
    signed = server.url.replace("//", "//user:word@") + "?key=hidden"
    monkeypatch.setenv("DATASET_MIRROR", signed)
    arrays, used = obtain(tiny.published)
    assert_all(arrays, tiny)
    assert used == f"DATASET_MIRROR ({server.url})"
    assert server.requests == [f"/data/{name}?key=hidden" for name in tiny.files]


@pytest.mark.parametrize(("mirror", "shown"), [
    ("https://user:SECRET@h:81/a@b?key=SECRET#SECRET", "https://h:81/a@b"),
    ("https://user:SE/CRET@h/x", "an invalid address"),
    ("https://user:SE?CRET@h/x", "an invalid address"),
    ("http:\\\\user:SECRET@h/x", "with a password"), ("ftp://user:SECRET@h", "with a password"),
    ("svn+http://user:SECRET@h/x", "with a password"), ("//user:SECRET@h/x", "with a password"),
    ("https:user:SECRET@h/x", "with a password"), ("user:SECRET@h:/x", "with a password"),
    ("/a@b/what?", "(/a@b/what?)"), ("mnist", "(mnist)"),
])  # fmt: skip
def test_an_address_of_any_form_is_shown_without_its_secrets(tiny, monkeypatch, mirror, shown):
    monkeypatch.setenv("DATASET_MIRROR", mirror)
    first, *_ = sources.sources(tiny.published)
    assert shown in first.label
    assert "SE" not in first.label.removeprefix("DATASET")


def test_an_oversize_body_is_refused_while_it_comes(server, tiny):
    def without_end(request):
        request.send_response(200)
        request.end_headers()
        while not server.release.is_set():  # until the client hangs up
            request.wfile.write(bytes(1 << 16))

    server.answers[FIRST] = without_end
    assert "larger than the" in reason_of(server, tiny)
    assert len(server.requests) == 1


def test_an_answer_that_would_be_repeated_is_not_tried_again(server, tiny):
    server.answers[FIRST] = gzip.compress(gzip.decompress(tiny.files[FIRST])[:-1] + b"\0")
    assert "wrong checksum" in reason_of(server, tiny)
    del server.answers[FIRST]
    assert "HTTP 404 Not Found" in reason_of(server, tiny)
    assert len(server.requests) == 2


@pytest.mark.parametrize("trouble", ["status", "broken off"])
def test_trouble_that_passes_is_tried_again(server, tiny, trouble):
    whole = tiny.files[FIRST]

    def answer(request):
        if len(server.requests) > 1:
            reply(request, 200, whole)
        elif trouble == "status":
            reply(request, 503, b"not now")
        else:
            reply(request, 200, whole[:1000], size=len(whole))

    server.answers[FIRST] = answer
    array = Web("here", server.url).read(tiny.published.files[0])
    np.testing.assert_array_equal(array, tiny.arrays["train_images"])
    assert len(server.requests) == 2


def test_lasting_trouble_ends_the_tries(server, tiny, monkeypatch):
    pauses = []
    monkeypatch.setattr(web, "BACK_OFF", 1.0)
    monkeypatch.setattr(web.time, "sleep", pauses.append)
    server.answers[FIRST] = lambda request: reply(request, 500, b"")
    assert "HTTP 500 Internal Server Error (tries: 3)" in reason_of(server, tiny)
    assert pauses == [1, 2]
    monkeypatch.setattr(web, "DEADLINE", 0.5)
    assert "(tries: 1)" in reason_of(server, tiny)  # no pause outlasts the deadline
    assert len(server.requests) == 4


def test_a_server_that_stalls(server, tiny, monkeypatch):
    monkeypatch.setattr(web, "READ_TIMEOUT", 0.05)
    server.answers[FIRST] = server.stall
    assert "the server stalled for 0.05 s (tries: 3)" in reason_of(server, tiny)
    assert len(server.requests) == 3


def test_a_file_that_takes_too_long(server, tiny, monkeypatch):
    monkeypatch.setattr(web, "DEADLINE", -1.0)
    assert "not complete after" in reason_of(server, tiny)


@pytest.mark.parametrize("url", ["http://", "http://[", "http://a..b", "http://*:x/", "https://\n"])
def test_an_invalid_address_is_an_error_without_a_traceback(tiny, monkeypatch, url):
    monkeypatch.setenv("DATASET_MIRROR", url)
    with pytest.raises(StageError, match=r"- DATASET_MIRROR .*: "):
        obtain(tiny.published)


def test_a_folder_may_hold_gzipped_and_plain_files(tiny, tmp_path):
    folder = tiny.in_folder(tmp_path / "mirror")
    packed = folder / FIRST
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    source = Folder("here", folder)
    assert_all({file.key: source.read(file) for file in tiny.published.files}, tiny)
    source.probe(tiny.published)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), f"holds neither {FIRST} nor {FIRST[:-3]}"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), f"{FIRST}: truncated gzip data"),
        (lambda path: shutil.rmtree(path.parent), "no such folder"),
        # More zeros than any computer can read into its memory.
        (lambda path: os.truncate(path, 0) or os.truncate(path, 1 << 40), "larger than"),
    ],
)
def test_a_spoilt_folder(tiny, tmp_path, spoil, reason):
    folder = tiny.in_folder(tmp_path / "mirror")
    spoil(folder / FIRST)
    with pytest.raises(RefusedError) as refused:
        Folder("here", folder).read(tiny.published.files[0])
    assert reason in str(refused.value)


def test_the_order_of_sources(tmp_path, monkeypatch):
    monkeypatch.setenv("DATASET_MIRROR", str(tmp_path))
    mirror, package, cache, *web_mirrors = sources.sources(PUBLISHED["fashion_mnist"])
    assert mirror == Folder(f"DATASET_MIRROR ({tmp_path})", tmp_path)
    assert package.path == Path("/usr/share/datasets/fashion-mnist")
    assert cache.path == tmp_path / "keras/datasets/fashion-mnist"
    assert isinstance(cache, Folder)
    assert [source.url for source in web_mirrors] == list(PUBLISHED["fashion_mnist"].mirrors)
    monkeypatch.setenv("DATASET_MIRROR", " ")
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    cache, *_ = sources.sources(PUBLISHED["mnist"])
    assert isinstance(cache, KerasArchive)
    assert cache.path == tmp_path / ".keras/datasets/mnist.npz"


def test_the_next_source_gives_what_one_lacks(server, tiny, tmp_path, monkeypatch, capsys):
    folder = tiny.in_folder(tmp_path / "mirror")
    (folder / LABELS).unlink()
    tiny.in_keras_cache(tmp_path).write_bytes(tiny.archive[:-1])
    monkeypatch.setenv("DATASET_MIRROR", str(folder))
    arrays, used = obtain(tiny.published._replace(mirrors=(server.url,)))
    assert_all(arrays, tiny)
    assert used == f"DATASET_MIRROR ({folder}), {server.url}"
    assert f"/data/{FIRST}" not in server.requests  # verified before, and kept
    assert tiny.published.keras_sha256 in capsys.readouterr().out


def test_the_error_lists_every_attempt_and_the_ways_out(server, tiny, monkeypatch):
    closed = f"http://127.0.0.1:{closed_port()}/"
    server.answers[FIRST] = b"<html>Sign in</html>"
    monkeypatch.setenv("DATASET_MIRROR", "/no/such/folder")
    with pytest.raises(StageError) as error:
        obtain(tiny.published._replace(mirrors=(closed, server.url)))
    lines = str(error.value).splitlines()
    assert lines[1] == "- DATASET_MIRROR (/no/such/folder): no such folder"
    assert lines[2].startswith("- Keras's cache")
    assert lines[3] == f"- {closed}: {FIRST}: no connection: Connection refused (tries: 3)"
    assert lines[4] == f"- {server.url}: {FIRST}: a web page (HTML)"
    assert "DATASET_MIRROR" in lines[-2]
    assert all(name in lines[-2] for name in tiny.files)
    assert "dvc exp run -S dataset.name=mnist_5k" in lines[-1]
