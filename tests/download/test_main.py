"""The dataset file, the command line, and `--check`."""

import sys
from pathlib import Path

import numpy as np
import pytest

from stages.common import artifacts, console, files
from stages.download import __main__ as download
from stages.download import check, datasets, web

from .test_sources import FIRST, closed_port

DATASET = Path(files.DATASET.path)
pytestmark = pytest.mark.usefixtures("project", "tiny")


@pytest.fixture
def run(monkeypatch):
    """Run the stage as `python -m stages.download` does; returns its exit code."""

    def stage(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["download", *arguments])
        try:
            console.run(download.main)
        except SystemExit as end:
            return end.code
        return 0

    return stage


@pytest.fixture
def checked(run, capsys):
    """The exit code of `--check`, and its one line."""

    def stage() -> tuple[int, str]:
        code = run("--check")
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out.count("\n") == 1
        return code, printed.out.strip()

    return stage


def set_param(project, old: str, new: str) -> None:
    path = project / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_dataset_file_holds_the_images_of_its_source(run, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DATASET_MIRROR", str(tiny.in_folder(tmp_path / "mirror")))
    assert run() == 0
    arrays = artifacts.read(files.DATASET)
    assert arrays.keys() == artifacts.forms(files.DATASET).keys()
    origins = {"fit": "train", "validation": "train", "test": "test"}
    for part, count in {"fit": 160, "validation": 40, "test": 50}.items():
        rows = arrays[f"{part}_index"]
        assert len(rows) == count
        for what in ("images", "labels"):
            source = tiny.arrays[f"{origins[part]}_{what}"]
            np.testing.assert_array_equal(arrays[f"{part}_{what}"], source[rows])
    np.testing.assert_array_equal(arrays["test_index"], np.arange(50))
    assert arrays["class_names"].tolist() == list("0123456789")
    assert str(arrays["name"]) == "mnist"
    assert list(DATASET.parent.iterdir()) == [DATASET]
    assert f"source      DATASET_MIRROR ({tmp_path}/mirror)\n" in capsys.readouterr().out


def test_the_source_changes_no_byte(run, tiny, server, tmp_path, monkeypatch):
    contents = set()
    tiny.in_keras_cache(tmp_path)
    for mirror in (str(tiny.in_folder(tmp_path / "mirror")), server.url, ""):
        monkeypatch.setenv("DATASET_MIRROR", mirror)
        assert run() == 0
        contents.add(DATASET.read_bytes())
        DATASET.unlink()
    assert len(contents) == 1


def test_digits_need_no_source_and_hold_out_at_most_a_quarter(run, checked, project, capsys):
    set_param(project, "name: mnist", "name: digits")
    set_param(project, "validation_size: 40", "validation_size: 5000")
    assert checked() == (0, "digits can be had: it lies inside scikit-learn.")
    assert run() == 0
    arrays = artifacts.read(files.DATASET)
    counts = [len(arrays[f"{part}_labels"]) for part in ("fit", "validation", "test")]
    assert counts == [900, 300, 597]
    assert "300, not 5,000: at most a quarter of 1,200" in capsys.readouterr().out


def test_a_failed_run_leaves_the_last_file_alone(run, tiny, server, monkeypatch, capsys):
    DATASET.parent.mkdir(parents=True)
    DATASET.write_bytes(b"of the last run")
    server.answers[FIRST] = tiny.files[FIRST][:-100]
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    assert run() == 1
    assert capsys.readouterr().err.startswith("error: mnist could not be had.")
    assert list(DATASET.parent.iterdir()) == [DATASET]
    assert DATASET.read_bytes() == b"of the last run"


def test_check_verifies_a_mirror_folder(checked, tiny, tmp_path, monkeypatch):
    folder = tiny.in_folder(tmp_path / "mirror")
    monkeypatch.setenv("DATASET_MIRROR", str(folder))
    assert checked() == (0, f"mnist can be had: from DATASET_MIRROR ({folder}).")
    (folder / FIRST).write_bytes(tiny.files[FIRST][:-50])
    code, line = checked()
    assert code == 1
    assert "truncated gzip data" in line


def test_check_reads_no_more_of_a_url_than_it_needs(checked, server, monkeypatch):
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    assert checked() == (0, f"mnist can be had: from DATASET_MIRROR ({server.url}).")
    assert server.requests == [f"/data/{FIRST}"]
    server.answers[FIRST] = b"<html>Sign in</html>"
    code, line = checked()
    assert code == 1
    assert "a login page?" in line


def test_check_needs_one_mirror_that_answers(checked, tiny, server, monkeypatch):
    mirrors = (f"http://127.0.0.1:{closed_port()}/", server.url)
    monkeypatch.setitem(datasets.PUBLISHED, "mnist", tiny.published._replace(mirrors=mirrors))
    assert checked() == (0, f"mnist can be had: from {server.url}.")


def test_check_ends_with_its_patience(checked, server, monkeypatch):
    """The read time-out here is longer than any test: patience alone must end the wait."""
    server.answers[FIRST] = server.stall
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    monkeypatch.setattr(web, "READ_TIMEOUT", 3600.0)
    monkeypatch.setattr(check, "PATIENCE", 0.2)
    code, line = checked()
    assert code == 1
    assert f"DATASET_MIRROR ({server.url}): no answer within 0.2 s" in line


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_bad_settings_are_an_error_without_an_answer(run, project, capsys, arguments):
    set_param(project, "name: mnist", "name: imagenet")
    assert run(*arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "dataset.name is 'imagenet'" in printed.err
