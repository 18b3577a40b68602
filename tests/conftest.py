"""What the tests share: settings with changes, a made-up dataset with networks trained on it, and
one small run of the whole pipeline.

The made-up dataset is ten checkerboards in noise, two of them much alike. The small run is of
scikit-learn's digits. Nothing here is downloaded.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from stages.common import console
from stages.common.names import MODELS

from .project import Copy, changed_settings, code_of_checkout

ROOT = Path(__file__).parents[1]
PAIR = (7, 2)  # not the default, and the higher class first: nothing may expect 4 before 9
LOOPED = (8, 3)  # of digits: one has loops
SEEDS = (0, 1)
WORKSHOP = {
    "dataset.name": "digits",
    "train.seeds": list(SEEDS),
    "analysis.shown_seeds": list(SEEDS),
    "network.cnn.maps": [8, 12, 16],
    "network.cnn.dense": 30,
    "cnn.epochs": 2,
    "mlp.epochs": 2,
    "cnn.batch_size": 110,
    "analysis.pair": list(PAIR),
    "analysis.contrast": [1, 7, 3],
    "activations.layers": ["conv_3", "conv_1"],
    "activations.classes": [7, 2, 0],
    "replicates.images": 40,
}
SMALL = {
    "dataset.name": "digits",
    "train.seeds": list(SEEDS),
    "analysis.shown_seeds": list(SEEDS),
    "network.cnn.maps": [12, 16, 32],
    "network.cnn.dense": 40,
    "cnn.epochs": 3,
    "cnn.batch_size": 32,
    "mlp.epochs": 3,
    "mlp.batch_size": 32,
    "analysis.pair": list(LOOPED),
    "interventions.controls": 20,
    "replicates.images": 100,
    "patterns.starts": 1,
    "patterns.steps": 8,
    "claims.resamples": 100,
}
IMAGES = {"fit": 640, "validation": 120, "test": 150}

# Train, and look inside what was trained, in one process: each import of TensorFlow takes seconds.
TRAIN = """
import sys
from stages import activations, train
for arguments in sys.argv[1:]:
    stage, *sys.argv[1:] = arguments.split()
    {"train": train, "activations": activations}[stage].main()
"""

# What follows the networks must do without Keras: here it cannot be imported at all.
AFTER = """
import sys
sys.modules["keras"] = sys.modules["tensorflow"] = None
from stages import evaluate, map_statistics
evaluate.main()
sys.argv[1:] = ["--seed", "0"]
map_statistics.main()
"""


def _settings(changes: dict[str, object] | None = None) -> str:
    return changed_settings((ROOT / "params.yaml").read_text(encoding="utf-8"), changes or {})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What rests on the small run of the pipeline is marked so; browser and MNIST are slow."""
    for item in items:
        if {"copy", "finished"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.pipeline)
        if any(item.get_closest_marker(name) for name in ("browser", "mnist")):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The whole pipeline on digits with two seeds and few epochs, two stages at a time.

    Only for reading. SMALL_RUN in the environment names a folder that keeps it for other tests of
    the same code.
    """
    if shutil.which("git") is None:
        pytest.skip("needs Git")
    kept = os.environ.get("SMALL_RUN")
    folder = Path(kept).resolve() if kept else tmp_path_factory.mktemp("digits")
    ran, code = folder / "ran.json", code_of_checkout()
    if not ran.is_file() or json.loads(ran.read_text(encoding="utf-8"))["code"] != code:
        for made in ("project", "site"):  # of other code
            shutil.rmtree(folder / made, ignore_errors=True)
        copy = Copy.of_checkout(folder)
        copy.change(SMALL)
        stages = sorted(copy.repro_by_two())
        ran.write_text(json.dumps({"code": code, "stages": stages}), encoding="utf-8")
    copy = Copy(folder)
    copy.ran = set(json.loads(ran.read_text(encoding="utf-8"))["stages"])
    return copy


@pytest.fixture(scope="session")
def finished(copy: Copy) -> Path:
    """The folder of the small run; only for reading."""
    return copy.project


@pytest.fixture(scope="session")
def settings() -> Callable[[dict[str, object] | None], str]:
    """The project's `params.yaml` as text, with other values for keys like `cnn.epochs`."""
    return _settings


@pytest.fixture(scope="session")
def workshop_settings() -> Callable[[dict[str, object]], str]:
    """As `settings`, from those that the workshop was made with."""
    return lambda changes: _settings(WORKSHOP | changes)


def _start(folder: Path, *arguments: str, **options: object) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-W", "error::RuntimeWarning", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(scope="session")
def python() -> Callable[..., tuple[int, str, str]]:
    """Run this Python in a folder, with the project on its path: exit code, output, errors."""

    def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
        process = _start(folder, *arguments)
        output, errors = process.communicate()
        return process.returncode, output, errors

    return run


@pytest.fixture(scope="session")
def made() -> dict[str, np.ndarray]:
    """A dataset file's arrays: 28 x 28 checkerboards, one a class, in much noise."""
    generator = np.random.default_rng(0)
    boards = np.zeros((10, 28, 28))
    cells = generator.integers(0, 2, (10, 5, 5))
    cells[PAIR[1]] = cells[PAIR[0]]
    cells[PAIR[1], 2, 2:4] = 1 - cells[PAIR[1], 2, 2:4]
    boards[:, 4:24, 4:24] = np.kron(cells, np.full((4, 4), 120))
    arrays = {}
    for split, images in IMAGES.items():
        labels = generator.permutation(np.arange(images) % 10).astype(np.uint8)
        noisy = boards[labels] + generator.normal(0, 90, (images, 28, 28))
        arrays[f"{split}_images"] = np.clip(noisy, 0, 255).astype(np.uint8)
        arrays[f"{split}_labels"] = labels
        arrays[f"{split}_index"] = np.arange(images, dtype=np.int32)
    names = np.array([f"board {label}" for label in range(10)])
    return arrays | {"class_names": names, "name": np.array("made")}


@pytest.fixture(scope="session", autouse=True)
def keras_as_in_stages() -> None:
    """TensorFlow's threads are set once a process, before anything is computed."""
    if backend := sys.modules.get("stages.common.backend"):
        backend.prepare(2)


@pytest.fixture(scope="session", autouse=True)
def training(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[subprocess.Popen]] | None]:
    """The workshop's folder and what trains in it: beside other tests, where one will ask for it.

    Each seed has its process.
    """
    items = request.session.items
    if not any("workshop" in getattr(item, "fixturenames", ()) for item in items):
        yield None
        return
    folder = tmp_path_factory.mktemp("workshop")
    _furnish(folder, request.getfixturevalue("made"))
    first, second = ([f"train --model {model} --seed {seed}" for model in MODELS] for seed in SEEDS)
    commands = ([*first, f"activations --seed {SEEDS[0]}"], second)
    processes = [_start(folder, "-c", TRAIN, *command) for command in commands]
    yield folder, processes
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def workshop(training: tuple[Path, list[subprocess.Popen]]) -> Path:
    """A folder with the dataset and everything the stages made of it; only for reading.

    `output.txt` is what the later stages printed.
    """
    folder, processes = training
    for process in processes:
        _end(process)
    output = _succeed(folder, "-c", AFTER)
    (folder / "output.txt").write_text(output, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory, made: dict[str, np.ndarray]) -> Path:
    """As the workshop: the first seed's networks, trained in another process and order."""
    folder = tmp_path_factory.mktemp("twin")
    _furnish(folder, made)
    networks = [f"train --model {model} --seed {SEEDS[0]}" for model in reversed(MODELS)]
    _succeed(folder, "-c", TRAIN, *networks)
    return folder


def _furnish(folder: Path, made: dict[str, np.ndarray]) -> None:
    """The settings and the made-up dataset of the workshop."""
    (folder / "data/raw").mkdir(parents=True)
    (folder / "params.yaml").write_text(_settings(WORKSHOP), encoding="utf-8")
    np.savez(folder / "data/raw/dataset.npz", **made)


def _succeed(folder: Path, *arguments: str) -> str:
    """What this Python prints in a folder, where it must succeed."""
    return _end(_start(folder, *arguments))


def _end(process: subprocess.Popen) -> str:
    """What a process printed, which must succeed."""
    output, errors = process.communicate()
    assert process.returncode == 0, output + errors
    return output


@pytest.fixture
def bench(workshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the workshop to damage; the test runs inside it."""
    folder = tmp_path / "bench"
    shutil.copytree(workshop, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fails(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a stage's `main` that must end with exit code 1 and a sentence; returns the sentence."""

    def run(main: Callable[[], None], *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["stage", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            console.run(main)
        message = " ".join(capsys.readouterr().err.split())
        assert end.value.code == 1
        assert message.startswith("error: ")
        assert message.endswith(".")
        assert "Traceback" not in message
        return message.removeprefix("error: ")

    return run
