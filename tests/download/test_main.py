"""The split, the dataset file, the command line, and `--check`."""

import errno
import hashlib
import os
import runpy
import sys
from dataclasses import replace

import numpy as np
import pytest

from stages.common import artifacts, console
from stages.download import __main__ as download
from stages.download import check, datasets, web

from .test_sources import FIRST, closed_port

KEYS = {
    *(f"{part}_{what}" for part in ("fit", "validation", "test") for what in ("images", "labels")),
    *("fit_index", "validation_index", "test_index", "class_names", "name"),
}


def run(monkeypatch, *arguments: str) -> int:
    """Run the stage as `python -m stages.download` does; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["download", *arguments])
    try:
        console.run(download.main)
    except SystemExit as exit_:
        return exit_.code
    return 0


def set_param(project, old: str, new: str) -> None:
    path = project / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- the split ---


@pytest.mark.parametrize("seed", range(5))
def test_split_properties(seed):
    generator = np.random.default_rng(seed)
    labels = generator.choice(10, 997, p=generator.dirichlet(np.ones(10)))
    size = int(generator.integers(20, 300))
    fit, validation = download.split(labels, size, seed)
    assert fit.dtype == validation.dtype == np.int32
    assert len(validation) == size
    np.testing.assert_array_equal(np.sort(np.concatenate([fit, validation])), np.arange(997))
    for rows in (fit, validation):
        assert (np.diff(rows) > 0).all()
    exact = np.bincount(labels, minlength=10) * size / len(labels)
    held = np.bincount(labels[validation], minlength=10)
    assert (np.abs(held - exact) < 1).all()  # largest remainder: the floor or the one above it


def test_split_is_fixed_by_its_seed_alone():
    labels = np.tile(np.arange(10), 50)
    first, again, other = (download.split(labels, 100, seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_largest_remainder():
    labels = np.repeat([0, 1, 2], [5, 3, 2])
    _, validation = download.split(labels, 5, 0)  # exact shares 2.5, 1.5, 1.0
    np.testing.assert_array_equal(np.bincount(labels[validation]), [3, 1, 1])


@pytest.mark.parametrize("size", [0, 10])
def test_split_at_its_ends(size):
    fit, validation = download.split(np.arange(10), size, 0)
    assert (len(fit), len(validation)) == (10 - size, size)


@pytest.mark.parametrize("size", [-1, 11])
def test_split_refuses_what_is_not_there(size):
    with pytest.raises(ValueError, match="cannot hold out"):
        download.split(np.arange(10), size, 0)


# --- the dataset file ---


def test_the_dataset_file_keeps_the_contract(project, tiny, tmp_path, monkeypatch, capsys):
    folder = tiny.in_folder(tmp_path / "mirror")
    monkeypatch.setenv("DATASET_MIRROR", str(folder))
    assert run(monkeypatch) == 0
    arrays = artifacts.read_npz(artifacts.DATASET)
    assert arrays.keys() == KEYS
    for part, count, origin in (
        ("fit", 160, "train"),
        ("validation", 40, "train"),
        ("test", 50, "test"),
    ):
        rows = arrays[f"{part}_index"]
        assert rows.dtype == np.int32
        assert arrays[f"{part}_images"].shape == (count, 28, 28)
        for what in ("images", "labels"):
            values = arrays[f"{part}_{what}"]
            assert values.dtype == np.uint8
            np.testing.assert_array_equal(values, tiny.arrays[f"{origin}_{what}"][rows])
    np.testing.assert_array_equal(arrays["test_index"], np.arange(50))
    assert arrays["class_names"].tolist() == list("0123456789")
    assert str(arrays["name"]) == "mnist"
    assert list(project.glob("data/raw/*")) == [project / artifacts.DATASET]
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "dataset     mnist",
        f"source      DATASET_MIRROR ({folder})",
        "fit            160 images",
        "validation      40 images",
        "test            50 images",
        "written     data/raw/dataset.npz",
    ]


def test_the_source_changes_no_byte(project, tiny, server, tmp_path, monkeypatch):
    del project
    contents = []
    monkeypatch.setenv("DATASET_MIRROR", str(tiny.in_folder(tmp_path / "mirror")))
    assert run(monkeypatch) == 0
    contents.append(artifacts.DATASET.read_bytes())
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    assert run(monkeypatch) == 0
    contents.append(artifacts.DATASET.read_bytes())
    monkeypatch.delenv("DATASET_MIRROR")
    keras = tmp_path / "keras/datasets"
    keras.mkdir(parents=True)
    (keras / "mnist.npz").write_bytes(tiny.archive)
    assert run(monkeypatch) == 0
    contents.append(artifacts.DATASET.read_bytes())
    assert len(set(contents)) == 1


def test_digits_need_no_source_and_the_cap_is_told(project, monkeypatch, capsys):
    set_param(project, "name: mnist", "name: digits")
    set_param(project, "validation_size: 40", "validation_size: 5000")
    assert run(monkeypatch) == 0
    arrays = artifacts.read_npz(artifacts.DATASET)
    counts = [len(arrays[f"{part}_labels"]) for part in ("fit", "validation", "test")]
    assert counts == [900, 300, 597]
    assert str(arrays["name"]) == "digits"
    printed = capsys.readouterr().out
    assert "300, not 5,000: at most a quarter of 1,200 training images" in printed
    assert all(len(line) <= 80 for line in printed.splitlines())


def test_no_source_is_an_error_without_a_traceback(project, tiny, monkeypatch, capsys):
    del tiny
    assert run(monkeypatch) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: mnist could not be had.")
    assert not (project / "data").exists()


def test_a_failed_run_leaves_the_last_file_alone(project, tiny, server, monkeypatch):
    del project
    artifacts.DATASET.parent.mkdir(parents=True)
    artifacts.DATASET.write_bytes(b"of the last run")
    server.answers[FIRST] = tiny.files[FIRST][:-100]
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    assert run(monkeypatch) == 1
    assert list(artifacts.DATASET.parent.iterdir()) == [artifacts.DATASET]
    assert artifacts.DATASET.read_bytes() == b"of the last run"


def test_a_full_disk_leaves_no_partial_file(project, tiny, tmp_path, monkeypatch, capsys):
    def full(path, **_arrays):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setenv("DATASET_MIRROR", str(tiny.in_folder(tmp_path / "mirror")))
    monkeypatch.setattr(artifacts.np, "savez", full)
    assert run(monkeypatch) == 1
    assert list((project / "data/raw").iterdir()) == []
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "Free some space" in error


def test_a_folder_that_cannot_be_made(project, tiny, tmp_path, monkeypatch, capsys):
    (project / "data").write_text("a file where the folder should be")
    monkeypatch.setenv("DATASET_MIRROR", str(tiny.in_folder(tmp_path / "mirror")))
    assert run(monkeypatch) == 1
    assert capsys.readouterr().err.startswith("error: The system refused data/raw")


def test_the_package_runs_as_a_module(project, monkeypatch, capsys):
    del project
    monkeypatch.setattr(sys, "argv", ["download", "--help"])
    monkeypatch.delitem(sys.modules, "stages.download.__main__")
    with pytest.raises(SystemExit):
        runpy.run_module("stages.download", run_name="__main__")
    assert "--check" in capsys.readouterr().out


# --- --check ---


def checked(monkeypatch, capsys) -> tuple[int, str]:
    """The exit code of `--check`, and its one line."""
    code = run(monkeypatch, "--check")
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.count("\n") == 1
    return code, printed.out.strip()


def record_run(project, content: bytes, **changes: object) -> str:
    """Write a `dvc.lock` as DVC does after a run that made `content`; returns its MD5."""
    md5 = hashlib.md5(content).hexdigest()
    settings = {"name": "mnist", "split_seed": 0, "validation_size": 40} | changes
    params = "\n".join(f"        dataset.{key}: {value}" for key, value in settings.items())
    (project / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  download:\n    cmd: python -m stages.download\n"
        f"    params:\n      params.yaml:\n{params}\n"
        f"    outs:\n    - path: data/raw/dataset.npz\n      hash: md5\n      md5: {md5}\n"
    )
    return md5


def keep_in_cache(project, md5: str) -> None:
    kept = project / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"")


def test_check_digits(project, monkeypatch, capsys):
    set_param(project, "name: mnist", "name: digits")
    code, line = checked(monkeypatch, capsys)
    assert (code, line) == (0, "digits can be had: it lies inside scikit-learn.")


def test_check_finds_the_last_run_in_place(project, tiny, monkeypatch, capsys):
    del tiny
    record_run(project, b"dataset")
    artifacts.DATASET.parent.mkdir(parents=True)
    artifacts.DATASET.write_bytes(b"dataset")
    code, line = checked(monkeypatch, capsys)
    assert (code, line) == (0, "mnist can be had: it lies in data/raw/dataset.npz.")
    artifacts.DATASET.write_bytes(b"another")
    assert checked(monkeypatch, capsys)[0] == 1


def test_check_finds_the_last_run_in_the_cache(project, tiny, monkeypatch, capsys):
    del tiny
    keep_in_cache(project, record_run(project, b"dataset"))
    code, line = checked(monkeypatch, capsys)
    assert (code, line) == (0, "mnist can be had: it lies in .dvc/cache/files/md5.")


@pytest.mark.parametrize("change", [{"name": "digits"}, {"validation_size": 50}, {"split_seed": 1}])
def test_check_knows_that_dvc_would_not_use_another_run(project, tiny, monkeypatch, capsys, change):
    del tiny
    keep_in_cache(project, record_run(project, b"dataset", **change))
    assert checked(monkeypatch, capsys)[0] == 1


def test_check_without_the_recorded_output(project, tiny, monkeypatch, capsys):
    del tiny
    record_run(project, b"dataset")
    assert checked(monkeypatch, capsys)[0] == 1


@pytest.mark.parametrize(
    "content", ["", "stages: {}", "<<<<<<< HEAD\na: [", "stages: {download: {outs: 3, params: 1}}"]
)
def test_check_with_a_lock_that_says_nothing(project, tiny, monkeypatch, capsys, content):
    del tiny
    (project / "dvc.lock").write_text(content)
    assert checked(monkeypatch, capsys)[0] == 1


def test_check_verifies_a_mirror_folder(project, tiny, tmp_path, monkeypatch, capsys):
    del project
    folder = tiny.in_folder(tmp_path / "mirror")
    monkeypatch.setenv("DATASET_MIRROR", str(folder))
    code, line = checked(monkeypatch, capsys)
    assert (code, line) == (0, f"mnist can be had: from DATASET_MIRROR ({folder}).")
    (folder / FIRST).write_bytes(tiny.files[FIRST][:-50])
    code, line = checked(monkeypatch, capsys)
    assert code == 1
    assert "truncated gzip data" in line


def test_check_verifies_keras_cache(project, tiny, tmp_path, monkeypatch, capsys):
    del project
    copy = tmp_path / "keras/datasets/mnist.npz"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(tiny.archive)
    assert checked(monkeypatch, capsys)[0] == 0
    copy.write_bytes(tiny.archive[:-1])
    code, line = checked(monkeypatch, capsys)
    assert code == 1
    assert "wrong checksum" in line


def test_check_asks_a_url_for_no_more_than_it_needs(project, server, monkeypatch, capsys):
    del project
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    code, line = checked(monkeypatch, capsys)
    assert (code, line) == (0, f"mnist can be had: from DATASET_MIRROR ({server.url}).")
    assert server.asked == [f"/data/{FIRST}"]


def test_check_one_answering_mirror_is_enough(project, tiny, server, monkeypatch, capsys):
    del project
    mirrors = (f"http://127.0.0.1:{closed_port()}/", server.url)
    monkeypatch.setitem(datasets.PUBLISHED, "mnist", replace(tiny.published, mirrors=mirrors))
    assert checked(monkeypatch, capsys) == (0, f"mnist can be had: from {server.url}.")


def test_check_is_not_deceived_by_a_login_page(project, server, monkeypatch, capsys):
    del project
    server.answers[FIRST] = b"<html>Sign in</html>"
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    code, line = checked(monkeypatch, capsys)
    assert code == 1
    assert "a login page?" in line


def test_check_names_a_shared_reason_once(project, tiny, monkeypatch, capsys):
    del project
    mirrors = tuple(f"http://127.0.0.1:{closed_port()}/{name}/" for name in "abc")
    monkeypatch.setitem(datasets.PUBLISHED, "mnist", replace(tiny.published, mirrors=mirrors))
    code, line = checked(monkeypatch, capsys)
    assert code == 1
    assert line.startswith("mnist cannot be had: Keras's cache")
    assert line.endswith("; 3 sources: no connection: Connection refused.")


def test_check_waits_for_nobody_beyond_its_patience(project, server, monkeypatch, capsys):
    """The read time-out here is longer than any test: patience alone must end the wait."""
    del project
    server.answers[FIRST] = server.stall
    monkeypatch.setenv("DATASET_MIRROR", server.url)
    monkeypatch.setattr(web, "READ_TIMEOUT", 3600.0)
    monkeypatch.setattr(check, "PATIENCE", 0.2)
    code, line = checked(monkeypatch, capsys)
    assert code == 1
    assert f"DATASET_MIRROR ({server.url}): no answer within 0.2 s" in line


@pytest.mark.parametrize("arguments", [(), ("--check",)])
def test_bad_settings_are_told_apart(project, monkeypatch, capsys, arguments):
    set_param(project, "name: mnist", "name: imagenet")
    assert run(monkeypatch, *arguments) == (2 if arguments else 1)
    assert "dataset.name is 'imagenet'" in capsys.readouterr().err
