"""The stages on a cluster: a scheduler and workers on this machine, each in a folder of its own."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ..project import Copy
from .test_pipeline import SETTINGS, assert_same
from .tiny import RESULT, Tiny, ended, interrupt, until

pytestmark = pytest.mark.slow

BLIND = """
import pathlib

def nothing(path, **_):
    raise FileNotFoundError(2, "No such file or directory", str(path))

pathlib.Path.read_text = nothing
"""


class Cluster:
    """A scheduler, and workers of one thread each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        where = ["--host", "127.0.0.1", "--port", self.address.rpartition(":")[2]]
        self.processes: list[subprocess.Popen] = []
        self.scheduler = self._start("scheduler", *where, "--dashboard-address", ":0")

    def worker(self, *options: str) -> None:
        """Start one and wait for it."""
        words = ["worker", self.address, "--nthreads", "1", "--no-dashboard", *options]
        self._start(*words)
        log = self._log(len(self.processes) - 1)
        until(lambda: "Starting established connection" in log.read_text())

    def end(self) -> None:
        """Kill all of it."""
        for process in self.processes:
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            for child in family:
                if child.is_running():
                    child.kill()

    def _start(self, *words: str) -> subprocess.Popen:
        log = self._log(len(self.processes))
        log.parent.mkdir(parents=True)
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        with log.open("wb") as file:
            process = subprocess.Popen(command, cwd=log.parent, stdout=file, stderr=file)
        self.processes.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self.folder / str(number) / "log"


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster without workers."""
    pytest.importorskip("distributed", reason="needs what requirements-cluster.txt lists")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.end()


@pytest.fixture
def workers(cluster: Cluster) -> Cluster:
    """A cluster with two workers."""
    cluster.worker()
    cluster.worker()
    return cluster


def on_a_worker(stage: str, project: Path, seconds: float = 60) -> psutil.Process:
    """The process of a stage on a worker, once it is there; it must be within a time."""

    def find() -> psutil.Process | None:
        for process in psutil.process_iter():
            try:
                variables = process.environ()
            except psutil.Error:
                continue
            task, where = variables.get("REPRO_TASK", ""), variables.get("REPRO_PROJECT")
            if task.startswith(f"{stage}-") and where == str(project):
                return process
        return None

    return until(find, seconds)


def gone(process: psutil.Process) -> Callable[[], bool]:
    """Whether a process has ended."""
    return lambda: not psutil.pid_exists(process.pid) or process.status() == psutil.STATUS_ZOMBIE


def test_the_pipeline_with_a_worker_killed_in_the_middle(copy: Copy, cluster, tmp_path):
    other = Copy.of_checkout(tmp_path)
    other.change(SETTINGS)
    for options in ([], [], ["--resources", "GPU=1"]):
        cluster.worker(*options)
    run = subprocess.Popen(
        [sys.executable, "-m", "stages.repro", "--scheduler", cluster.address],
        cwd=other.project,
        env=other.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stage = on_a_worker("activations@0", other.project, seconds=900)  # after all of a training
    stage.parent().kill()
    until(gone(stage))
    output, _ = run.communicate()
    assert run.returncode == 0, output
    assert ", 3 at a time" in output.splitlines()[0]
    assert_same(copy, other)


def test_a_worker_killed_in_the_middle_of_a_stage(tiny: Tiny, workers: Cluster):
    hold = tiny.hold("b")
    run = tiny.start("--scheduler", workers.address)
    first = on_a_worker("b", tiny.project)
    task = first.environ()["REPRO_TASK"]
    first.parent().kill()
    until(gone(first))
    assert on_a_worker("b", tiny.project).environ()["REPRO_TASK"] == task
    hold.unlink()
    code, output = ended(run)
    assert code == 0, output
    assert tiny.results() == RESULT


def test_a_stage_fails_with_its_own_words(tiny: Tiny, workers: Cluster):
    (tiny.project / "fail-b").touch()
    code, output = tiny.repro("--scheduler", workers.address)
    assert code == 1
    assert output.endswith("\nerror: b has no disk left. Free some.\n")
    assert "b is at work" in output
    assert set(tiny.results()) == {"a", "c"}


def test_ctrl_c_ends_the_stages_on_the_workers(tiny: Tiny, workers: Cluster):
    hold = tiny.hold("b")
    run = tiny.start("--scheduler", workers.address)
    stage = on_a_worker("b", tiny.project)
    code, output = interrupt(run)
    assert code == 130
    assert "stopped by the keyboard" in output
    assert gone(stage)()
    assert tiny.processes() == []
    assert tiny.locks() == {}
    hold.unlink()
    assert tiny.repro("--scheduler", workers.address)[0] == 0
    assert tiny.results() == RESULT


def test_the_scheduler_dies(tiny: Tiny, workers: Cluster):
    hold = tiny.hold("b")
    run = tiny.start("--scheduler", workers.address)
    stage = on_a_worker("b", tiny.project)
    workers.scheduler.send_signal(signal.SIGKILL)
    code, output = ended(run)
    assert code == 1
    last = output[output.rindex("error: ") :]
    assert f"The scheduler at {workers.address} does not answer." in " ".join(last.split())
    until(gone(stage))
    hold.unlink()
    assert tiny.locks() == {}
    assert tiny.repro()[0] == 0
    assert tiny.results() == RESULT


def test_nothing_runs_without_workers_that_see_the_project(tiny: Tiny, cluster: Cluster):
    code, output = tiny.repro("--scheduler", cluster.address)
    assert code == 1
    assert "has no workers" in " ".join(output.split())
    cluster.worker()
    blind = cluster.folder / "blind.py"
    blind.write_text(BLIND)
    cluster.worker("--preload", str(blind), "--no-nanny")
    code, output = tiny.repro("--scheduler", cluster.address)
    assert code == 1
    assert "does not see this project" in " ".join(output.split())
    assert "tcp://127.0.0.1:" in output
    assert tiny.results() == {}
    assert list((tiny.project / ".dvc/tmp/repro").glob("seen-*")) == []
