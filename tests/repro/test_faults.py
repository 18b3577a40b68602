"""What goes wrong in a run: stages fail, processes are killed, two runs meet."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from .tiny import RESULT, Tiny, ended, interrupt, until

pytestmark = pytest.mark.pipeline


def test_all_stages_run_and_dvc_finds_nothing_left(tiny: Tiny):
    code, output = tiny.repro("--jobs", "2")
    assert code == 0, output
    lines = output.splitlines()
    assert lines[0] == "repro: 4 stages, about 10 s, 2 at a time"
    assert lines[1:3] == ["  b starts", "  a starts"]  # b is on the longest way
    assert lines[-1] == "repro: everything is up to date"
    assert all(len(line) <= 80 for line in lines)
    assert sum(" done in " in line for line in lines) == 4
    assert tiny.results() == RESULT
    assert tiny.locks() == {}
    assert tiny.copy.repro() == set()
    assert tiny.repro() == (0, "repro: everything is up to date\n")


def test_what_is_known_of_durations_is_not_hashed(tiny: Tiny):
    assert tiny.repro("--jobs", "2")[0] == 0
    pipeline = tiny.project / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace("seconds: 5", "seconds: 50"))
    assert tiny.copy.repro() == set()
    assert "meta" not in (tiny.project / "dvc.lock").read_text()


def test_only_what_dvc_ran_is_remembered(tiny: Tiny):
    assert tiny.repro("--jobs", "2")[0] == 0
    remembered = tiny.project / ".dvc/tmp/repro/seconds.json"
    assert set(json.loads(remembered.read_text())) == set(RESULT)
    remembered.unlink()
    (tiny.project / "c").unlink()  # DVC has it in its cache, and d finds the same bytes
    code, output = tiny.repro()
    assert code == 0
    assert output.splitlines()[0].startswith("repro: 2 stages")
    assert "c had nothing to do, or was cached" in output
    assert not remembered.exists()


def test_a_target_runs_with_what_it_needs_alone(tiny: Tiny):
    assert tiny.repro("--jobs", "2", "c")[0] == 0
    assert set(tiny.results()) == {"a", "c"}
    code, output = tiny.repro("nonsense")
    assert code == 1
    assert output.startswith("error: DVC cannot read the pipeline: ")


def test_a_stage_fails(tiny: Tiny):
    (tiny.project / "fail-b").touch()
    code, output = tiny.repro("--jobs", "1")
    assert code == 1
    assert "b failed; 1 stage that had to wait did not run" in output
    assert output.endswith("\nerror: b has no disk left. Free some.\n")
    assert set(tiny.results()) == {"a", "c"}
    (tiny.project / "fail-b").unlink()
    assert tiny.repro()[0] == 0
    assert tiny.results() == RESULT


def test_ctrl_c_ends_all_and_leaves_no_lock(tiny: Tiny):
    hold = tiny.hold("b")
    run = tiny.start("--jobs", "2")
    tiny.working("b")
    code, output = interrupt(run)
    assert code == 130
    assert "stopped by the keyboard" in output
    assert tiny.processes() == []
    assert tiny.locks() == {}
    hold.unlink()
    assert tiny.repro()[0] == 0
    assert tiny.results() == RESULT


def test_a_run_that_is_killed_takes_its_stages_along(tiny: Tiny):
    hold = tiny.hold("b")
    run = tiny.start("--jobs", "2")
    tiny.working("b")
    began = tiny.processes()
    run.kill()
    run.communicate()
    until(lambda: not any(psutil.pid_exists(process.pid) for process in began))
    hold.unlink()
    assert tiny.repro()[0] == 0  # what DVC's locks still name is no process any more
    assert tiny.results() == RESULT


def test_half_a_file_of_locks_is_mended(tiny: Tiny):
    """DVC truncates the file before it writes: one that is ended there leaves it empty."""
    locks = tiny.project / ".dvc/tmp/rwlock"
    locks.write_text("")
    assert tiny.repro("--jobs", "2", "c")[0] == 0
    assert tiny.locks() == {}


def test_a_second_run_is_refused(tiny: Tiny):
    hold = tiny.hold("b")
    run = tiny.start("--jobs", "2")
    tiny.working("b")
    code, output = tiny.repro()
    assert code == 1
    assert f"(process {run.pid})" in output
    hold.unlink()
    assert ended(run)[0] == 0


def test_a_stage_that_changes_afterwards_is_told(tiny: Tiny):
    pipeline = tiny.project / "dvc.yaml"
    pipeline.write_text(pipeline.read_text().replace("tiny d b c,", "tiny d b c && echo x >>b,"))
    code, output = tiny.repro("--jobs", "2")
    assert code == 1
    assert "`dvc repro` ran b, d once more" in " ".join(output.split())


def orphan(tiny: Tiny, shell: str) -> psutil.Process:
    """The stage b of a `dvc repro` that is killed by SIGKILL while it runs."""
    tiny.hold("b")
    with (tiny.project / "output").open("w") as output:
        dvc = subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", "b"],
            cwd=tiny.project,
            env=tiny.copy.environment | {"SHELL": shell},
            stdout=output,
            stderr=output,
        )
    until(lambda: "b is at work" in (tiny.project / "output").read_text())
    (stage,) = tiny.stages("b")
    os.kill(dvc.pid, signal.SIGKILL)
    dvc.wait()
    return stage


def test_a_stage_ends_with_its_dvc(tiny: Tiny):
    stage = orphan(tiny, "/bin/sh")
    until(lambda: stage not in tiny.stages("b"), seconds=10)


def test_a_stage_ends_with_its_dvc_behind_a_shell_that_stays(tiny: Tiny):
    shell = tiny.project / "shell"
    shell.write_text('#!/bin/sh\n/bin/sh "$@"\nexit $?\n')
    shell.chmod(0o755)
    stage = orphan(tiny, str(shell))
    until(lambda: stage not in tiny.stages("b"), seconds=10)


def test_a_stage_refuses_to_write_beside_another_process(tiny: Tiny):
    tiny.hold("b")
    words = [sys.executable, "-m", "tiny", "b"]
    options = {"cwd": tiny.project, "env": tiny.copy.environment, "text": True}
    first = subprocess.Popen(words, stdout=subprocess.PIPE, **options)
    assert first.stdout.readline() == "b is at work\n"
    second = subprocess.run(words, capture_output=True, **options)
    assert second.returncode == 1
    assert second.stdout == ""
    assert f"({first.pid})" in second.stderr
    assert "`python -m tiny b`" in second.stderr
    first.kill()  # and its lock is gone with it
    first.communicate()
    (tiny.project / "hold-b").unlink()
    assert subprocess.run(words, capture_output=True, **options).returncode == 0


def test_settings_changed_while_a_stage_runs_are_not_recorded_with_its_output(tiny: Tiny):
    """DVC would write the new value beside the old output, and find nothing to do from then on."""
    settings, pipeline = tiny.project / "params.yaml", tiny.project / "dvc.yaml"
    text = settings.read_text()
    settings.unlink()
    settings.write_text(text)
    pipeline.write_text(pipeline.read_text().replace("b, outs", "b, params: [train.threads], outs"))
    hold = tiny.hold("b")
    run = tiny.start("--jobs", "2")
    tiny.working("b")
    settings.write_text(text.replace("threads: 2", "threads: 3"))
    hold.unlink()
    code, output = ended(run)
    assert code == 1
    assert "train.threads in params.yaml changed while this stage ran" in " ".join(output.split())
    assert "threads: 3" not in (tiny.project / "dvc.lock").read_text()
    assert tiny.copy.repro() == {"b", "d"}
    assert tiny.copy.repro() == set()
