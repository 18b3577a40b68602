"""A stage's command on a worker of a `dask.distributed` cluster, which `stages.repro` asks for.

Workers need the project's folder and Python under the same paths as here, and nothing of the
project in their memory: functions of the standard library alone are sent to them.

`python -m stages.common.cluster NAME=VALUE` ends the processes on a machine whose environment has
that: a stage on a worker goes on when its task is cancelled.
"""

import logging
import os
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from stages.common.console import StageError

if TYPE_CHECKING:
    from distributed import Client, Future

SCHEDULER = "REPRO_SCHEDULER"  # in the environment of a stage that is to run on a cluster
TASK = "REPRO_TASK"  # in that of one on a worker: the key of its task
PROJECT = "REPRO_PROJECT"  # and the project's folder
ON_A_GPU = "stages.train"  # what asks for the resource GPU, where a worker offers it
# What a stage reads from its environment besides: on a worker as here. A worker's own process
# sets numbers of threads that are not for its stages.
CARRIED = (
    "DATASET_MIRROR",
    "DVC_ROOT",
    "DVC_STAGE",
    "KERAS_BACKEND",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
INSTALL = ".venv/bin/python -m pip install --require-hashes --no-deps -r requirements-cluster.txt"
TIMEOUT = 10  # seconds in which the scheduler must answer
WITHOUT_WORKERS = 60.0  # seconds that a stage waits for a worker that could run it
ENDING = 5.0  # seconds that a process has to end


def connect(scheduler: str) -> "Client":
    """A client of the scheduler; StageError where there is none."""
    try:
        from distributed import Client
    except ImportError as error:
        raise StageError(
            f"A cluster needs the package distributed. `{INSTALL}` installs it."
        ) from error
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # sentences of ours say it
    try:
        return Client(scheduler, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise StageError(no_answer(scheduler)) from error


def no_answer(scheduler: str) -> str:
    """What to say where the scheduler is not there, or no longer."""
    return (
        f"The scheduler at {scheduler} does not answer. Start it and its workers, then run the "
        "same command again: what is finished stays so."
    )


def run_elsewhere(scheduler: str, command: list[str]) -> int:
    """Run this process's command on a worker, pass its output on and return its exit status.

    Where this process is interrupted, the one on the worker ends, too.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    task = f"{os.environ.get('DVC_STAGE', command[2])}-{uuid.uuid4().hex}"
    with connect(scheduler) as client:
        resources, future = _resources(client, command), None
        try:
            future = client.submit(
                subprocess.run,
                _with_environment(command, task),
                cwd=str(Path.cwd()),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                key=task,
                pure=False,
                resources=resources,
            )
            return _passed_on(_result(client, future, resources))
        except KeyboardInterrupt:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            if future is not None:
                future.cancel()
            end_on_workers(client, f"{TASK}={task}")
            raise


def _with_environment(command: list[str], task: str) -> list[str]:
    """The command in a worker's environment, changed where it matters: `env -u A B=c ...`."""
    known = {name: os.environ[name] for name in CARRIED if name in os.environ}
    known |= {TASK: task, PROJECT: str(Path.cwd())}
    unset = [word for name in (*CARRIED, SCHEDULER) if name not in known for word in ("-u", name)]
    return [
        "env", *unset, *(f"{name}={value}" for name, value in known.items()),
        sys.executable, *command[1:],
    ]  # fmt: skip


def _resources(client: "Client", command: list[str]) -> dict[str, float]:
    """What the stage asks of a worker: a GPU for training, where the cluster has any."""
    offered = workers_of(client).values()
    wanted = command[2] == ON_A_GPU and any("GPU" in worker["resources"] for worker in offered)
    return {"GPU": 1} if wanted else {}


def workers_of(client: "Client") -> dict[str, dict]:
    """What the scheduler knows of its workers, by address."""
    return client.scheduler_info(n_workers=-1)["workers"]


def _result(client: "Client", future: "Future", needs: dict) -> subprocess.CompletedProcess:
    """What the worker's `subprocess.run` returned. StageError where there is none to come."""
    from distributed import wait

    scheduler, seen = client.scheduler.address, time.monotonic()
    while future.status == "pending":
        try:
            wait([future], timeout=5)
        except TimeoutError:
            if _has_worker(client, needs):
                seen = time.monotonic()
            if time.monotonic() - seen > WITHOUT_WORKERS:
                future.cancel()
                raise StageError(
                    f"The scheduler at {scheduler} has no worker left that can run this. Start "
                    "one, then run the same command again: what is finished stays so."
                ) from None
        except (CancelledError, OSError):  # the connection is lost
            raise StageError(no_answer(scheduler)) from None
    if future.status == "finished":
        return future.result()
    if future.status == "error":
        why = str(future.exception()).rstrip(".")
        raise StageError(f"The stage did not run on the cluster: {why}.")
    raise StageError(no_answer(scheduler))


def _has_worker(client: "Client", needs: dict[str, float]) -> bool:
    """Whether the cluster has a worker with these resources."""
    try:
        return any(
            needs.keys() <= worker["resources"].keys() for worker in workers_of(client).values()
        )
    except OSError:  # the connection is lost: the future will say so
        return True


def _passed_on(done: subprocess.CompletedProcess) -> int:
    print(done.stdout, end="", flush=True)
    print(done.stderr, end="", file=sys.stderr, flush=True)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell


def end_on_workers(client: "Client", mark: str) -> None:
    """End the processes of stages on all workers that have `mark`, NAME=VALUE, set."""
    command = [sys.executable, "-m", "stages.common.cluster", mark]
    client.run(subprocess.run, command, cwd=str(Path.cwd()), on_error="ignore")


def end_marked(mark: str) -> None:
    """The same on this machine."""
    name, _, value = mark.partition("=")
    marked = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value:
                process.terminate()
                marked.append(process)
        except psutil.Error:  # ended meanwhile, or another user's
            continue
    for process in psutil.wait_procs(marked, ENDING)[1]:
        process.kill()


if __name__ == "__main__":
    end_marked(sys.argv[1])
