"""What must hold on a cluster before anything runs there."""

import os
import socket
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from stages.common import cluster
from stages.common.console import StageError
from stages.repro.children import FOLDER


def prepare(scheduler: str) -> int:
    """Check that every worker sees this project; returns how many stages they run at once.

    Ends what an earlier run, killed by force, may have left on them.
    """
    with cluster.connect(scheduler) as client:
        workers = cluster.workers_of(client)
        if not workers:
            raise StageError(
                f"The scheduler at {scheduler} has no workers. Start one on each machine: "
                f"dask worker {scheduler}"
            )
        _check_project(client)
        cluster.end_on_workers(client, f"{cluster.PROJECT}={Path.cwd()}")
    return sum(worker["nthreads"] for worker in workers.values())


def _check_project(client: "cluster.Client") -> None:
    """StageError where a worker has no such folder, another one under its name, or no Python."""
    token, text = Path.cwd() / FOLDER / f"seen-{uuid.uuid4().hex}", uuid.uuid4().hex
    token.write_text(text, encoding="utf-8")
    try:
        seen = client.run(Path.read_text, token, encoding="utf-8", on_error="return")
        starts = client.run(os.access, sys.executable, os.X_OK, on_error="return")
    finally:
        token.unlink()
    for worker, content in seen.items():
        if content != text:
            raise StageError(
                f"The worker {worker} does not see this project: {Path.cwd()} is another folder "
                "there, or missing. Put the project on a file system that all machines share, "
                "under one path. Nothing has run."
            )
        if starts[worker] is not True:
            raise StageError(
                f"The worker {worker} does not see this Python: {sys.executable}. Put .venv and "
                "the Python that it was made from on a file system that all machines share, under "
                "one path. Nothing has run."
            )


def answers(scheduler: str) -> bool:
    """Whether the scheduler can be reached."""
    where = urlsplit(scheduler)
    try:
        socket.create_connection((where.hostname, where.port), cluster.TIMEOUT).close()
    except OSError:
        return False
    return True
