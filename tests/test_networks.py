"""The whole pipeline on networks of other shapes, and on own images, with one seed."""

import hashlib
import json
import re

import numpy as np
import pytest

from stages.common import files
from stages.common.run import Run

from .declared import check_files
from .project import Copy, page_text

CHEAP = {
    "dataset.name": "digits",
    "train.seeds": [0],
    "analysis.shown_seeds": [0],
    "network.cnn.maps": [6, 8, 12],
    "network.cnn.dense": 30,
    "cnn.epochs": 3,
    "cnn.batch_size": 32,
    "mlp.epochs": 2,
    "mlp.batch_size": 32,
    "interventions.controls": 20,
    "replicates.images": 20,
    "patterns.starts": 1,
    "patterns.steps": 4,
    "claims.resamples": 100,
}
# Each pipeline takes minutes, so that two settings which touch nothing in common share one.
NETWORKS = {
    "kernel-5": ({"maps": [16, 32], "kernel": 5}, ["conv_1", "pool_1", "conv_2"]),
    "stride-selu": (
        {"pooling": "stride", "activation": "selu"},
        ["conv_1", "conv_2", "conv_3"],
    ),
    "two-average": (
        {"convolutions": 2, "pooling": "average"},
        ["conv_1", "conv_2", "pool_1", "conv_3", "conv_4", "pool_2", "conv_5"],
    ),
    "one-layer": ({"maps": [8]}, ["conv_1"]),
}


def shapes(path, side=32):
    """Own images in an NPZ file: discs, squares and crosses of many sizes, in noise."""
    generator = np.random.default_rng(0)
    down, right = np.mgrid[:side, :side] - side / 2 + 0.5
    forms = (
        np.hypot(down, right),
        np.maximum(abs(down), abs(right)),
        np.minimum(abs(down), abs(right)),
    )
    arrays = {}
    for part, n in (("train", 600), ("test", 150)):
        labels = generator.permutation(np.arange(n) % 3)
        sizes = np.where(labels == 2, 2, generator.uniform(5, 12, n))
        images = np.stack([forms[label] < size for label, size in zip(labels, sizes, strict=True)])
        noise = generator.normal(0, 60, images.shape)
        arrays[f"x_{part}"] = np.clip(200 * images + noise, 0, 255).astype(np.uint8)
        arrays[f"y_{part}"] = labels
    np.savez(path, **arrays)


@pytest.mark.slow
def test_the_pipeline_runs_on_own_images(tmp_path):
    copy = Copy.of_checkout(tmp_path)
    shapes(tmp_path / "shapes.npz")
    own = {
        "dataset.name": "own",
        "dataset.path": str(tmp_path / "shapes.npz"),
        "dataset.sha256": hashlib.sha256((tmp_path / "shapes.npz").read_bytes()).hexdigest(),
        "dataset.class_names": ["disc", "square", "cross"],
        "analysis.pair": [0, 2],
        "analysis.contrast": [1],
    }
    copy.change(CHEAP | own)
    copy.repro_by_two()
    check_files(copy.project)
    run = Run.of(copy.project)
    assert (run.design.side, run.design.classes, run.dumped) == (32, 3, (0, 1, 2))
    page = page_text(copy.project)
    assert page.count("“cross”") > 10
    assert not re.search(r"\b(4s|9s|ten classes)\b", page)
    assert copy.repro() == set()


COMPARED = ("kernel-5", "two-average")  # with two seeds, whose maps are compared


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_pipeline_runs_on_another_network(name, tmp_path):
    changes, layers = NETWORKS[name]
    copy = Copy.of_checkout(tmp_path)
    seeds = [0, 1] if name in COMPARED else [0]
    shape = {f"network.cnn.{key}": value for key, value in changes.items()}
    copy.change(CHEAP | shape | {"train.seeds": seeds})
    copy.repro_by_two()
    check_files(copy.project)
    run = Run.of(copy.project)
    assert list(run.params.network.cnn.names) == layers
    page = page_text(copy.project)
    other = {f"{kind}_{number}" for kind in ("conv", "pool") for number in range(1, 6)}
    assert all(layer in page for layer in layers)
    own = page_text(copy.project, "arithmetic", "settings")
    assert 5_000 < len(own) < len(page)  # without what is of the article's network, or a setting
    assert not any(layer in own for layer in other - set(layers))
    last = run.read(files.RECEPTIVE_FIELD).query("layer == @layers[-1]")
    assert ("reach no point" in page) == ((last["top"] + last["height"]).max() < 28)
    metrics = json.loads((copy.project / "reports/metrics.json").read_text(encoding="utf-8"))
    assert metrics["cnn"]["accuracy"] > 0.5
    assert copy.repro() == set()
