"""A DVC project of four stages that write a word each, in which `stages.repro` runs at once.

`b` takes long where a test holds it: until the file `hold-b` is gone.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from ..project import ROOT, Copy

STAGE = """
import sys, time
from pathlib import Path
from stages.common import console

def main():
    name, *deps = sys.argv[1:]
    print(f"{name} is at work", flush=True)
    while Path(f"hold-{name}").exists():
        time.sleep(0.02)
    if Path(f"fail-{name}").exists():
        raise console.StageError(f"{name} has no disk left. Free some.")
    Path(name).write_text(name + "".join(Path(dep).read_text() for dep in deps))

if __name__ == "__main__":
    console.run(main)
"""
PIPELINE = """
stages:
  a: {cmd: python -m tiny a, outs: [a], meta: {seconds: 1}}
  b: {cmd: python -m tiny b, outs: [b], meta: {seconds: 5}}
  c: {cmd: python -m tiny c a, deps: [a], outs: [c], meta: {seconds: 1}}
  d: {cmd: python -m tiny d b c, deps: [b, c], outs: [d], meta: {seconds: 1}}
"""
RESULT = {"a": "a", "b": "b", "c": "ca", "d": "dbca"}


def until(condition: Callable[[], object], seconds: float = 60) -> object:
    """Wait until a condition holds, and return it; it must within a time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
    return value


def alive(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended may wait for its parent to take notice."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


class Tiny:
    """The project in a folder."""

    def __init__(self, folder: Path) -> None:
        self.copy = Copy(folder)
        self.project = self.copy.project
        self.project.mkdir()
        (self.project / "stages").symlink_to(ROOT / "stages")
        (self.project / "tiny.py").write_text(STAGE)
        (self.project / "dvc.yaml").write_text(PIPELINE)
        (self.project / "params.yaml").symlink_to(ROOT / "params.yaml")
        self.copy.environment |= {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80"}
        self.copy.run("git", "init", "--quiet")
        self.copy.run("dvc", "init", "--quiet")

    def start(self, *options: str) -> subprocess.Popen:
        """`python -m stages.repro`, left running."""
        return subprocess.Popen(
            [sys.executable, "-m", "stages.repro", *options],
            cwd=self.project,
            env=self.copy.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def repro(self, *options: str) -> tuple[int, str]:
        """Its exit code and all that it prints, once it has ended."""
        return ended(self.start(*options))

    def hold(self, name: str) -> Path:
        """Have a stage wait until this file is removed."""
        path = self.project / f"hold-{name}"
        path.touch()
        return path

    def stages(self, name: str) -> list[psutil.Process]:
        """The running processes of a stage."""
        words = ["-m", "tiny", name]
        return [p for p in self._processes() if p.cmdline()[1:4] == words and alive(p)]

    def processes(self) -> list[psutil.Process]:
        """All that run in the project's folder."""
        return [process for process in self._processes() if alive(process)]

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.project) and process.cmdline():
                    yield process
            except psutil.Error:
                continue

    def working(self, name: str) -> psutil.Process:
        """The process of a stage, once it is at work."""
        log = self.project / f".dvc/tmp/repro/{name}.log"
        until(lambda: log.exists() and f"{name} is at work" in log.read_text())
        return self.stages(name)[0]

    def results(self) -> dict[str, str]:
        """What the stages have written."""
        paths = (self.project / name for name in RESULT)
        return {path.name: path.read_text() for path in paths if path.exists()}

    def locks(self) -> dict[str, object]:
        """What DVC's file of locks still names; `dvc` processes write and read nothing then."""
        path = self.project / ".dvc/tmp/rwlock"
        locks = json.loads(path.read_text()) if path.exists() else {}
        return {key: value for key, value in locks.items() if value}


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """The exit code of a process and what it printed."""
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def interrupt(process: subprocess.Popen) -> tuple[int, str]:
    """As Ctrl-C does."""
    os.kill(process.pid, signal.SIGINT)
    return ended(process)
