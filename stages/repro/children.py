"""One `dvc repro -s` for each stage: started, watched and ended, with a log file each."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from dvc.lock import make_lock
from dvc.rwlock import RWLOCK_FILE, RWLOCK_LOCK

from stages.common import process

FOLDER = Path(".dvc/tmp/repro")
TELLS = 15  # lines of a failed stage that are shown
GRACE = 15.0  # seconds to end after Ctrl-C, on a cluster too; then half as much by force
DVC_WORDS = re.compile(r"ERROR: failed to reproduce|Stage '.*' didn't change")


def dvc(*words: str) -> list[str]:
    """A command of DVC. `--wait-for-lock` goes before its name; the lock is free in a stage."""
    return [sys.executable, "-m", "dvc", "--wait-for-lock", *words]


def environment(**variables: str) -> dict[str, str]:
    """Of DVC: the `python` of a stage's command is this one."""
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path} | variables


@dataclass
class Child:
    """A stage that DVC runs."""

    name: str
    log: Path
    process: subprocess.Popen
    started: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, name: str, variables: dict[str, str]) -> "Child":
        """Run a stage alone: without `-s`, DVC would also run what it needs, which others do.

        It has a session of its own, so that Ctrl-C reaches this process alone, which then ends all.
        """
        log = FOLDER / f"{name.replace('/', '-')}.log"
        with log.open("wb") as file:
            started = subprocess.Popen(
                dvc("repro", "-s", name),
                env=environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_this_process,
            )
        return cls(name, log, started)

    def seconds(self) -> float:
        """Since it started."""
        return time.monotonic() - self.started

    def lines(self) -> list[str]:
        """What it printed; of a line that was drawn anew, the last state."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line.rpartition("\r")[2].rstrip() for line in text.splitlines() if line.strip()]

    def ran(self) -> bool:
        """Whether DVC ran the command, and did not find the stage unchanged or in its cache."""
        return f"Running stage '{self.name}':" in self.lines()

    def last_words(self) -> list[str]:
        """What the stage itself said last; what DVC said where the stage said nothing."""
        lines = self.lines()
        begins = [number for number, line in enumerate(lines) if line.startswith("> ")]
        own = lines[begins[-1] + 1 :] if begins else []
        own = [line for line in own if not DVC_WORDS.match(line)]
        return (own or lines)[-TELLS:]


def _end_with_this_process() -> None:
    """In a child, before DVC: it dies with this process, and its stage then with it."""
    if sys.platform == "linux":
        process.send_at_death_of_parent(signal.SIGTERM)


def end(children: Collection[Child]) -> None:
    """End stages and their DVC: as Ctrl-C does, so that DVC clears its locks, then by force.

    One whose command has ended may go on: DVC would leave half a `dvc.lock`.
    """
    named: set[str] = set()
    waiting, deadline = list(children), time.monotonic() + GRACE
    while waiting and time.monotonic() < deadline:
        for child in waiting:
            if child.name not in named and (_descendants(child) or not child.ran()):
                _signal(child, signal.SIGINT)
                named.add(child.name)
        time.sleep(0.05)
        waiting = [child for child in waiting if child.process.poll() is None]
    for child in waiting:  # the stage alone: DVC then sees it fail
        for descendant in _descendants(child):
            with contextlib.suppress(psutil.NoSuchProcess):
                descendant.kill()
    for child in waiting:
        try:
            child.process.wait(GRACE / 2)
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.process.wait()


def mend_locks() -> None:
    """Remove DVC's file of locks where a process that was ended has left it half written.

    DVC would refuse to run. Entries of processes that have ended it removes itself.
    """
    path = Path(".dvc/tmp") / RWLOCK_FILE
    with make_lock(str(path.with_name(RWLOCK_LOCK)), tmp_dir=str(path.parent), wait=True):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            pass
        except ValueError:
            path.unlink()


def _signal(child: Child, number: int) -> None:
    if child.process.poll() is None:
        os.killpg(child.process.pid, number)


def _descendants(child: Child) -> list[psutil.Process]:
    try:
        return psutil.Process(child.process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
