"""What a run says before it starts anything, and what it remembers."""

import sys

import pytest

from stages.repro import __main__ as repro
from stages.repro import durations
from stages.repro.view import about, count, opening


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "5 s"), (12, "15 s"), (89, "90 s"), (100, "2 minutes"), (430, "7 minutes")],
)
def test_times_are_rounded(seconds, words):
    assert about(seconds) == f"about {words}"
    assert about(3 * 3600) == "about 3.0 hours"


def test_the_first_line():
    assert opening(23, 430, 4) == "repro: 23 stages, about 7 minutes, 4 at a time"
    assert count(1) == "1 stage"


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1.5", "²"])
def test_jobs_must_be_a_number_of_stages(fails, jobs):
    message = fails(repro.main, f"--jobs={jobs}")
    assert message.startswith("JOBS is a whole number from 1, not ")


@pytest.mark.parametrize("address", ["host:8786", "tcp://host", "http://host:8786", "4"])
def test_a_scheduler_must_be_an_address(fails, address):
    assert "tcp://host:8786" in fails(repro.main, f"--scheduler={address}")


def test_elsewhere_nothing_is_made(tmp_path, monkeypatch, fails):
    monkeypatch.chdir(tmp_path)
    assert "root" in fails(repro.main)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--check",), ("--jobs=2",)])
def test_settings_that_are_not_allowed_stop_it_before_anything_runs(
    tmp_path, monkeypatch, fails, settings, arguments
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(settings({"claims.few_points": 7}), encoding="utf-8")
    assert fails(repro.main, *arguments).startswith("params.yaml: claims.few_points is 7. ")
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize(("changes", "said"), [
    ({"analysis.pair": [4, 11]}, "analysis.pair is [4, 11]"),
    ({"network.cnn.maps": [4, 4, 4, 4], "network.cnn.kernel": 9}, "pixels"),
])  # fmt: skip
def test_settings_that_do_not_fit_the_images_stop_it_too(
    tmp_path, monkeypatch, fails, settings, changes, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(settings(changes), encoding="utf-8")
    assert said in fails(repro.main, "--check")


@pytest.mark.parametrize("name", ["data", "reports", "data/models"])
def test_a_symbolic_link_is_refused_before_anything_runs(
    tmp_path, monkeypatch, fails, settings, name
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(settings(), encoding="utf-8")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    monkeypatch.setattr(sys, "argv", ["repro", "--check"])
    repro.main()  # says nothing where all is well
    (tmp_path / "inside").mkdir()
    (tmp_path / name).symlink_to(tmp_path / "inside")
    repro.main()
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(tmp_path.parent)
    assert fails(repro.main, "--check").startswith(f"{name} is a symbolic link")


def test_durations_are_remembered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert durations.remembered() == {}
    durations.remember("train@cnn-0", 12.34)
    durations.remember("report", 3)
    assert durations.remembered() == {"train@cnn-0": 12.3, "report": 3.0}
    for damaged in ("", "[]", '{"a": null}', '{"a": NaN', "\0"):
        durations.REMEMBERED.write_text(damaged)
        assert durations.remembered() == {}


def test_a_missing_package_is_asked_for_by_name(monkeypatch, fails):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = fails(lambda: repro.workers.prepare("tcp://localhost:1"))
    assert "--require-hashes --no-deps -r requirements-cluster.txt` installs it." in message
