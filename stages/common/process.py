"""How a stage runs: it ends with its parent, alone writes its output, here or on a cluster.

Without the first, a training goes on after its DVC was killed. Without the second, it and its
successor write the same files, and DVC calls the result up to date.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import select
import shlex
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stages.common import artifacts, cluster
from stages.common.console import StageError
from stages.common.unchanged import unchanged

PATIENCE = 5.0  # seconds that a stage whose parent was killed has to end, before a successor fails
PR_SET_PDEATHSIG = 1  # of Linux's prctl
LIBRARY = ctypes.CDLL(None)  # C's


def command() -> list[str]:
    """The command that started this process, without the path of Python."""
    spec = sys.modules["__main__"].__spec__
    module = spec.name.removesuffix(".__main__") if spec else Path(sys.argv[0]).name
    return ["python", "-m", module, *sys.argv[1:]]


def run(main: Callable[[], None]) -> None:
    """Run a stage's `main`. Under DVC it ends with its parent, and it alone writes its output.

    Raises StageError where another process runs the same command in this folder, and where its
    settings or its code are others at its end.
    """
    if {cluster.TASK, "DVC_STAGE"} & set(os.environ):  # by hand, it may outlive the shell (nohup)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # removes what is half written
        end_with_parent()
    with _alone():
        if scheduler := os.environ.get(cluster.SCHEDULER):
            sys.exit(cluster.run_elsewhere(scheduler, command()))
        artifacts.sweep(Path("data"), Path("reports"))
        with unchanged():
            main()


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Have the system send this process a signal when its parent dies, by SIGKILL too (Linux).

    The parent may be dead already: importing Keras takes seconds. A child of DVC or of a worker is
    in its parent's process group; whoever takes in an orphan is in another.
    """
    if sys.platform != "linux":
        return
    send_at_death_of_parent(number)
    parent = os.getppid()
    try:
        orphaned = os.getpgid(parent) != os.getpgrp()
    except ProcessLookupError:
        orphaned = True
    if orphaned:
        os.kill(os.getpid(), number)
    for process in _parents_of_shells(parent):
        _end_with(process, number)


def send_at_death_of_parent(number: int) -> None:
    """Ask Linux for it; what this process then executes keeps it, what it forks does not."""
    LIBRARY.prctl(PR_SET_PDEATHSIG, int(number))


def _parents_of_shells(process: int) -> Iterator[int]:
    """The parents of shells that wait for this stage, from `process` up.

    DVC starts a command through a shell. Bash and zsh turn into the command; others, such as dash,
    stay between it and DVC.
    """
    with contextlib.suppress(FileNotFoundError):  # it ended just now
        while True:
            words = Path(f"/proc/{process}/cmdline").read_text(errors="replace").split("\0")
            if "-c" not in words or f"-m {command()[2]}" not in words[-2]:
                return
            status = Path(f"/proc/{process}/stat").read_text(errors="replace")
            process = int(status.rpartition(")")[2].split()[1])
            yield process


def _end_with(process: int, number: int) -> None:
    """Have a thread send this process a signal once another one has ended."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        os.kill(os.getpid(), number)
        return
    except OSError:  # a system that lacks this
        return

    def watch() -> None:
        select.select([handle], [], [])  # readable then
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold this command's lock file: locked until this process ends, then removed."""
    path = _lock_file()
    deadline = time.monotonic() + PATIENCE
    while (handle := _claim(path)) is None:
        if time.monotonic() > deadline:
            holder = path.read_text(encoding="utf-8").strip() if path.exists() else "ended now"
            raise StageError(
                f"Another process ({holder}) writes what `{shlex.join(command())}` would write "
                "here. Wait until it has ended, or end it, then run the stage again."
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _lock_file() -> Path:
    """In the system's folder for temporary files, so that nothing is left in the project.

    Where a stage runs on a worker, the process that waits for it holds a lock of its own.
    """
    words = [str(Path.cwd().resolve()), *command(), str(cluster.TASK in os.environ)]
    name = hashlib.sha256("\0".join(words).encode()).hexdigest()[:20]
    return Path(tempfile.gettempdir()) / f"four-versus-nine-{os.getuid()}-{name}.lock"


def _claim(path: Path) -> int | None:
    """Open and lock a file, and write this process's number into it; None where another has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino == path.stat().st_ino:  # else its holder has removed it
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None
