"""Every way in which a source can fail, and the search that goes on to the next one."""

import gzip
import hashlib
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stages.common.console import StageError
from stages.download import sources, web
from stages.download.datasets import PUBLISHED, RefusedError
from stages.download.sources import Folder, Web, obtain

FIRST = "train-images-idx3-ubyte.gz"
LABELS = "train-labels-idx1-ubyte.gz"


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reason_of(server, tiny, name=FIRST) -> str:
    """Why the server's file is refused."""
    file = next(file for file in tiny.published.files if name.startswith(file.name))
    with pytest.raises(RefusedError) as refused:
        Web("here", server.url).read(file)
    assert str(refused.value).startswith(f"{name}: ")
    return str(refused.value)


def assert_all(arrays, tiny):
    assert arrays.keys() == tiny.arrays.keys()
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, tiny.arrays[key])


def status(code, then=None):
    """An answer with this status; `then` are the bytes that come from the second request on."""
    asked = []

    def answer(request):
        asked.append(request.path)
        body = then if then is not None and len(asked) > 1 else b"not now"
        request.send_response(200 if body is then else code)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


# --- the web ---


def test_a_url_mirror_gives_all_files(server, tiny, monkeypatch):
    monkeypatch.setenv("DATASET_MIRROR", server.url + "/")
    arrays, used = obtain(tiny.published)
    assert_all(arrays, tiny)
    assert used == f"DATASET_MIRROR ({server.url}/)"
    assert server.asked == [f"/data/{name}" for name in tiny.files]


def test_a_signed_address_works_and_its_secrets_are_not_shown(server, tiny, monkeypatch):
    signed = server.url.replace("//", "//user:word@") + "?key=hidden"
    monkeypatch.setenv("DATASET_MIRROR", signed)
    arrays, used = obtain(tiny.published)
    assert_all(arrays, tiny)
    assert used == f"DATASET_MIRROR ({server.url})"
    assert server.asked[0] == f"/data/{FIRST}?key=hidden"


def test_truncated_gzip(server, tiny):
    server.answers[FIRST] = tiny.files[FIRST][:-100]
    assert "truncated gzip data" in reason_of(server, tiny)
    assert len(server.asked) == 1


def test_wrong_checksum_is_not_asked_for_again(server, tiny):
    other = gzip.decompress(tiny.files[FIRST])[:-1] + b"\0"
    server.answers[FIRST] = gzip.compress(other)
    reason = reason_of(server, tiny)
    assert tiny.published.files[0].sha256 in reason
    assert hashlib.sha256(other).hexdigest() in reason
    assert len(server.asked) == 1


def test_html_in_place_of_data(server, tiny):
    server.answers[FIRST] = b"<!doctype html><title>Sign in to the network</title>"
    assert "HTML" in reason_of(server, tiny)


def test_an_oversize_body_is_refused_by_its_announcement(server, tiny):
    def announce_only(request):
        request.send_response(200)
        request.send_header("Content-Length", str(10**12))
        request.end_headers()
        server.stall(request)  # not a byte of the body is needed

    server.answers[FIRST] = announce_only
    assert "1,000,000,000,000 bytes announced" in reason_of(server, tiny)


@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversize_body_is_refused_while_it_comes(server, tiny, chunked):
    def without_end(request):
        request.protocol_version = "HTTP/1.1" if chunked else "HTTP/1.0"
        request.send_response(200)
        if chunked:
            request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        block = bytes(1 << 16)
        while not server.release.is_set():  # until the client hangs up
            request.wfile.write(b"10000\r\n" + block + b"\r\n" if chunked else block)

    server.answers[FIRST] = without_end
    assert "larger than the" in reason_of(server, tiny)
    assert len(server.asked) == 1


def test_404_is_not_asked_for_again(server, tiny):
    del server.answers[FIRST]
    assert "HTTP 404 Not Found" in reason_of(server, tiny)
    assert len(server.asked) == 1


def test_a_servers_own_error_is_tried_again(server, tiny):
    server.answers[FIRST] = status(503, then=tiny.files[FIRST])
    array = Web("here", server.url).read(tiny.published.files[0])
    np.testing.assert_array_equal(array, tiny.arrays["train_images"])
    assert len(server.asked) == 2


def test_a_servers_lasting_error_ends_the_tries(server, tiny, monkeypatch):
    pauses = []
    monkeypatch.setattr(web, "BACK_OFF", 1.0)
    monkeypatch.setattr(web.time, "sleep", pauses.append)
    server.answers[FIRST] = status(500)
    assert "HTTP 500 Internal Server Error (tries: 3)" in reason_of(server, tiny)
    assert len(server.asked) == 3
    assert pauses == [1, 2]


def test_a_body_that_breaks_off_is_tried_again(server, tiny):
    whole = tiny.files[FIRST]

    def half(request):
        request.send_response(200)
        request.send_header("Content-Length", str(len(whole)))
        request.end_headers()
        request.wfile.write(whole if len(server.asked) > 1 else whole[:1000])

    server.answers[FIRST] = half
    array = Web("here", server.url).read(tiny.published.files[0])
    np.testing.assert_array_equal(array, tiny.arrays["train_images"])
    assert len(server.asked) == 2


@pytest.mark.parametrize("after", [0, 100])
def test_a_server_that_stalls(server, tiny, monkeypatch, after):
    def stall(request):
        if after:
            request.send_response(200)
            request.end_headers()
            request.wfile.write(tiny.files[FIRST][:after])
        server.stall(request)

    monkeypatch.setattr(web, "READ_TIMEOUT", 0.05)
    server.answers[FIRST] = stall
    assert "the server stalled for 0.05 s (tries: 3)" in reason_of(server, tiny)
    assert len(server.asked) == 3


def test_a_file_that_takes_too_long(server, tiny, monkeypatch):
    monkeypatch.setattr(web, "DEADLINE", -1.0)
    assert "not complete after" in reason_of(server, tiny)


def test_no_pause_outlasts_the_deadline(server, tiny, monkeypatch):
    monkeypatch.setattr(web, "DEADLINE", -1.0)
    server.answers[FIRST] = status(503)
    assert "(tries: 1)" in reason_of(server, tiny)


def test_a_refused_connection(tiny):
    with pytest.raises(RefusedError, match=r"no connection: Connection refused \(tries: 3\)"):
        Web("here", f"http://127.0.0.1:{closed_port()}").read(tiny.published.files[0])


@pytest.mark.parametrize("url", ["http://", "http://[", "http://a..b", "http://*:x/", "https://\n"])
def test_an_address_that_is_none(tiny, monkeypatch, url):
    monkeypatch.setenv("DATASET_MIRROR", url)
    with pytest.raises(StageError, match=r"- DATASET_MIRROR .*: "):
        obtain(tiny.published)


# --- folders ---


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
        (lambda path: path.write_bytes(b""), f"{FIRST}: empty"),
        (lambda path: path.write_bytes(bytes(10**6)), f"{FIRST}: larger than"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), f"{FIRST}: truncated gzip data"),
        (lambda path: shutil.rmtree(path.parent), "no such folder"),
    ],
)
def test_a_spoilt_folder(tiny, tmp_path, spoil, reason):
    folder = tiny.in_folder(tmp_path / "mirror")
    spoil(folder / FIRST)
    with pytest.raises(RefusedError) as refused:
        Folder("here", folder).read(tiny.published.files[0])
    assert reason in str(refused.value)


def test_a_file_that_may_not_be_read(tiny, tmp_path, monkeypatch):
    def refuse(*_args, **_keywords):
        raise PermissionError(13, "Permission denied")

    folder = tiny.in_folder(tmp_path / "mirror")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RefusedError, match=f"{FIRST}: cannot be read, Permission denied"):
        Folder("here", folder).read(tiny.published.files[0])


def test_a_relative_folder_that_is_missing_asks_for_a_full_path(tiny, project, monkeypatch):
    monkeypatch.setenv("DATASET_MIRROR", "mirror")
    with pytest.raises(StageError, match=f"no such folder in {project}; give its full path"):
        obtain(tiny.published)


# --- the order, and going on ---


def test_the_order_of_sources(tiny, tmp_path, monkeypatch):
    published = replace(tiny.published, mirrors=("https://one.invalid/", "https://two.invalid/"))
    monkeypatch.setenv("DATASET_MIRROR", str(tmp_path))
    labels = [source.label for source in sources.sources(published)]
    assert labels == [
        f"DATASET_MIRROR ({tmp_path})",
        f"Keras's cache ({tmp_path / 'keras/datasets'})",
        *published.mirrors,
    ]


def test_an_empty_mirror_variable_is_none(tiny, monkeypatch):
    monkeypatch.setenv("DATASET_MIRROR", " ")
    assert [type(source).__name__ for source in sources.sources(tiny.published)] == ["KerasArchive"]


def test_keras_keeps_fashion_mnist_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    first, *_ = sources.sources(PUBLISHED["fashion_mnist"])
    assert isinstance(first, Folder)
    assert first.path == tmp_path / ".keras/datasets/fashion-mnist"


def test_a_wrong_file_in_keras_cache_is_passed_over(server, tiny, tmp_path, capsys):
    copy = tmp_path / "keras/datasets/mnist.npz"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(tiny.archive[:-1])
    arrays, used = obtain(replace(tiny.published, mirrors=(server.url,)))
    assert_all(arrays, tiny)
    assert used == server.url
    told = "".join(capsys.readouterr().out.split())
    assert tiny.published.keras_sha256 in told
    assert hashlib.sha256(tiny.archive[:-1]).hexdigest() in told


def test_a_verified_file_is_kept_when_its_source_fails_later(server, tiny, tmp_path, monkeypatch):
    folder = tiny.in_folder(tmp_path / "mirror")
    (folder / LABELS).unlink()
    monkeypatch.setenv("DATASET_MIRROR", str(folder))
    arrays, used = obtain(replace(tiny.published, mirrors=(server.url,)))
    assert_all(arrays, tiny)
    assert used == f"DATASET_MIRROR ({folder}), {server.url}"
    assert f"/data/{FIRST}" not in server.asked


def test_the_last_error_lists_every_attempt_and_the_ways_out(server, tiny, monkeypatch):
    refused = f"http://127.0.0.1:{closed_port()}/"
    server.answers[FIRST] = b"<html>Sign in</html>"
    monkeypatch.setenv("DATASET_MIRROR", "/no/such/folder")
    with pytest.raises(StageError) as error:
        obtain(replace(tiny.published, mirrors=(refused, server.url)))
    lines = str(error.value).splitlines()
    attempts = lines[1 : lines.index("Two ways out:")]
    assert attempts[0] == "- DATASET_MIRROR (/no/such/folder): no such folder"
    assert attempts[1].startswith("- Keras's cache")
    assert attempts[2] == f"- {refused}: {FIRST}: no connection: Connection refused (tries: 3)"
    assert attempts[3] == f"- {server.url}: {FIRST}: a web page (HTML) in place of data"
    assert len(attempts) == 4
    assert "DATASET_MIRROR" in lines[-2]
    assert all(name in lines[-2] for name in tiny.files)
    assert "dvc exp run -S dataset.name=digits" in lines[-1]
