"""What a stage sends to a cluster, and how its processes there end. No cluster is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from stages.common import cluster

TRAIN = ["python", "-m", "stages.train", "--seed", "0"]


def with_workers(*resources: dict) -> SimpleNamespace:
    """A client of a cluster whose workers offer these."""
    workers = {str(n): {"resources": offered} for n, offered in enumerate(resources)}
    return SimpleNamespace(scheduler_info=lambda n_workers: {"workers": workers})  # noqa: ARG005


def test_a_training_asks_for_a_gpu_where_there_is_one():
    some = with_workers({}, {"GPU": 2})
    assert cluster._resources(some, TRAIN) == {"GPU": 1}
    assert cluster._resources(some, ["python", "-m", "stages.claims"]) == {}
    assert cluster._resources(with_workers({}, {}), TRAIN) == {}


def test_a_stage_that_needs_a_gpu_waits_for_a_worker_with_one():
    assert cluster._has_worker(with_workers({}, {"GPU": 1}), {"GPU": 1})
    assert not cluster._has_worker(with_workers({}), {"GPU": 1})
    assert cluster._has_worker(with_workers({}), {})
    assert not cluster._has_worker(with_workers(), {})


def test_a_stage_finds_its_variables_on_the_worker_and_no_others(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("REPRO_SCHEDULER", "tcp://host:1")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    command = cluster._with_environment(["python", "-c", program], "train@cnn-0-1")
    worker = {"OMP_NUM_THREADS": "1", "KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": "3"}
    worker |= {"PATH": os.environ["PATH"], "REPRO_SCHEDULER": "tcp://host:1"}
    shown = subprocess.run(command, env=worker, capture_output=True, text=True, check=True).stdout
    found = json.loads(shown)
    assert found["KERAS_BACKEND"] == "jax"
    assert found["CUDA_VISIBLE_DEVICES"] == "3"
    assert found["REPRO_TASK"] == "train@cnn-0-1"
    assert found["REPRO_PROJECT"] == str(Path.cwd())
    assert not {"OMP_NUM_THREADS", "REPRO_SCHEDULER"} & set(found)


@pytest.mark.parametrize(("status", "passed"), [(0, 0), (1, 1), (-15, 143)])
def test_output_and_exit_status_are_passed_on(capsys, status, passed):
    done = subprocess.CompletedProcess([], status, "done\n", "warned\n")
    assert cluster._passed_on(done) == passed
    assert capsys.readouterr() == ("done\n", "warned\n")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the environment of other processes")
def test_only_marked_processes_end():
    sleepers = [
        subprocess.Popen(["sleep", "60"], env=os.environ | {"REPRO_TASK": task})
        for task in ("this-one", "that-one")
    ]
    try:
        cluster.end_marked("REPRO_TASK=this-one")
        sleepers[0].wait(timeout=10)
        assert sleepers[1].poll() is None
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
