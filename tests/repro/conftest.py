"""A small pipeline for tests of what may go wrong."""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from .tiny import Tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    """A DVC project of four stages; what still runs in it after the test is ended."""
    if shutil.which("git") is None or sys.platform != "linux":
        pytest.skip("needs Git and Linux")
    project = Tiny(tmp_path)
    yield project
    for process in project.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
