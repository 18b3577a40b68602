"""How time and memory of each stage grow with images and with seeds. Small networks serve."""

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from stages.common.names import MODELS

from ..conftest import SMALL
from ..project import ROOT, changed_settings

IMAGES = 1600  # of the smallest dataset; a quarter each of validation and test images
CHEAP = {"train.seeds": [0], "analysis.shown_seeds": [0], "cnn.epochs": 1, "mlp.epochs": 1}
OWN = {"dataset.name": "own", "dataset.path": "images.npz", "analysis.pair": [4, 9]}
ALONE = ("evaluate", "receptive_field", "replicates", "claims", "report")  # once for all seeds
BY_SEED = (
    "activations", "map_statistics", "probes", "interventions", "input_patterns", "orientation",
    "similarity", "dense", "decoder", "strokes", "loop", "depth", "directions", "smallest_change",
    "attribution", "pairs",
)  # fmt: skip


def furnish(folder: Path, changes: dict) -> None:
    """Settings with these changes, in a folder of their own."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (folder / "params.yaml").write_text(changed_settings(text, changes), encoding="utf-8")


def stage(folder: Path, name: str, *arguments: str) -> tuple[float, float]:
    """Run a stage; processor seconds and the most memory in MB."""
    command = [sys.executable, "-m", f"stages.{name}", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    log = folder / "output.txt"
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    child = os.posix_spawn(
        "/bin/sh", ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), *command], environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)],
    )  # fmt: skip
    os.close(output)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(log.read_text(encoding="utf-8"))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def show(title: str, unit: str, sizes: tuple, table: dict[str, list[tuple[float, float]]]) -> None:
    """A row a stage: seconds and memory for each size."""
    print(f"{title}; seconds of processor time / MB of memory")
    print(" " * 18 + "".join(f"{f'{size} {unit}':>18}" for size in sizes))
    for name, row in table.items():
        print(f"{name:<18}" + "".join(f"{f'{time:.1f} / {most:.0f}':>18}" for time, most in row))
    print(flush=True)


def images() -> None:
    """Every stage on once, twice and four times as many images."""
    sizes = tuple(IMAGES * factor for factor in (1, 2, 4))
    table: dict[str, list] = {}
    for count in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path = folder / "images.npz"
            write_images(path, count)
            pinned = {"dataset.sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            furnish(folder, SMALL | CHEAP | OWN | pinned | {"dataset.validation_size": count // 4})
            for what, arguments in every_stage():
                table.setdefault(what, []).append(stage(folder, what.split()[0], *arguments))
    show("images: growth with the dataset", "images", sizes, table)


def every_stage() -> list[tuple[str, list[str]]]:
    """All stages of one seed in an order that serves, with their arguments."""
    trained = [(f"train {model}", ["--model", model, "--seed", "0"]) for model in MODELS]
    by_seed = [(name, ["--seed", "0"]) for name in BY_SEED]
    return [("download", []), *trained, *by_seed, *((name, []) for name in ALONE)]


def write_images(path: Path, count: int) -> None:
    """Ten classes of 28 x 28 blotches in noise, in the form of an own dataset."""
    generator = np.random.default_rng(0)
    blotches = np.kron(generator.integers(0, 2, (10, 7, 7)), np.full((4, 4), 120))
    arrays = {}
    for split, n in (("train", count * 3 // 4), ("test", count // 4)):
        labels = (np.arange(n) % 10).astype(np.uint8)
        noisy = blotches[labels] + generator.normal(0, 90, (n, 28, 28))
        arrays |= {f"x_{split}": np.clip(noisy, 0, 255).astype(np.uint8), f"y_{split}": labels}
    np.savez(path, **arrays)


def seeds() -> None:
    """The stages that gather, with 3, 10 and 30 seeds: one network under many names."""
    counts, table = (3, 10, 30), {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furnish(folder, SMALL | CHEAP)
        for what, arguments in every_stage()[: 3 + len(BY_SEED)]:
            stage(folder, what.split()[0], *arguments)
        for seed in range(1, max(counts)):
            copy_seed(folder / "data", seed)
        for count in counts:
            furnish(folder, SMALL | CHEAP | {"train.seeds": list(range(count))})
            for what in ALONE:
                table.setdefault(what, []).append(stage(folder, what))
    show("seeds: growth with the networks", "seeds", counts, table)


def copy_seed(data: Path, seed: int) -> None:
    """Everything that belongs to seed 0, under another seed's name."""
    for path in [*data.glob("*/*-0"), *data.glob("*/*-0.*")]:
        target = path.with_name(path.name.replace("-0", f"-{seed}"))
        (shutil.copytree if path.is_dir() else shutil.copy)(path, target)
