"""One file over HTTP, with a bound on everything: waiting, tries, time and size."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from tqdm import tqdm

from stages.download.datasets import GZIP_MAGIC, RefusedError

CONNECT_TIMEOUT = 5.0  # seconds until a connection stands
READ_TIMEOUT = 15.0  # seconds without a single byte
DEADLINE = 300.0  # seconds for one file, all tries together
TRIES = 3
BACK_OFF = 1.0  # seconds before the second try, doubled before each further one
CHUNK = 1 << 16
# None: off where standard error is no terminal.
BAR = {"unit": "B", "unit_scale": True, "disable": None, "leave": False, "dynamic_ncols": True}


class PassingError(RefusedError):
    """Trouble that may pass: worth another try at the same source."""


def fetch(url: str, limit: int, label: str) -> bytes:
    """Read what `url` serves, at most `limit` bytes, with a progress bar on a terminal.

    Tries again after time-outs, broken connections and a server's own errors (5xx), never after
    an answer that another try would only repeat. Raises RefusedError.
    """
    deadline = time.monotonic() + DEADLINE
    tries = 0
    while True:
        tries += 1
        try:
            return _read(url, limit, label, deadline)
        except PassingError as trouble:
            pause = BACK_OFF * 2 ** (tries - 1)
            if tries == TRIES or time.monotonic() + pause > deadline:
                raise RefusedError(f"{trouble} (tries: {tries})") from None
            time.sleep(pause)


def answers(url: str) -> None:
    """Read the first two bytes of `url`: raises RefusedError unless they begin gzip data.

    The page of a captive portal, which answers every request, does not pass.
    """
    with _answer(url) as response:
        if response.raw.read(2, decode_content=False) != GZIP_MAGIC:
            raise RefusedError("something else than the data answers (a login page?)")


def _read(url: str, limit: int, label: str, deadline: float) -> bytes:
    data = bytearray()
    with _answer(url) as response:
        total = response.raw.length_remaining  # None where the server does not say
        with tqdm(desc=label, total=total, **BAR) as bar:
            # `read1` returns what is there: a server that drips cannot outlast the deadline.
            while chunk := response.raw.read1(CHUNK, decode_content=False):
                data += chunk
                bar.update(len(chunk))
                if len(data) > limit:
                    raise RefusedError(f"larger than the {limit:,} bytes expected at most")
                if time.monotonic() > deadline:
                    raise RefusedError(f"not complete after {DEADLINE:g} s")
    return bytes(data)


@contextmanager
def _answer(url: str) -> Iterator[requests.Response]:
    """The server's answer to GET; whatever goes wrong until it is read becomes a short reason."""
    headers = {"Accept-Encoding": "identity"}  # the file as it lies there
    timeout = CONNECT_TIMEOUT, READ_TIMEOUT
    try:
        with requests.get(url, stream=True, timeout=timeout, headers=headers) as response:
            if response.status_code != 200:
                may_pass = response.status_code >= 500 or response.status_code == 429
                reason = f"HTTP {response.status_code} {response.reason}"
                raise PassingError(reason) if may_pass else RefusedError(reason)
            yield response
    except requests.ConnectTimeout:
        raise PassingError(f"no connection within {CONNECT_TIMEOUT:g} s") from None
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise PassingError(f"the server stalled for {READ_TIMEOUT:g} s") from None
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        raise RefusedError("its certificate or encryption is not accepted") from None
    except (requests.ConnectionError, urllib3.exceptions.ProtocolError) as error:
        raise PassingError(_root(error)) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        raise RefusedError(f"no valid address or answer ({type(error).__name__})") from None


def _root(error: BaseException) -> str:
    """What the system said at the bottom of a chain of exceptions, as `Connection refused`."""
    reason = "the connection broke off"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            reason = f"no connection: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return reason
