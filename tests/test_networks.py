"""The whole pipeline on networks of other shapes, on digits with one seed."""

import json

import pytest

from stages.common.run import Run

from .project import Copy

CHEAP = {
    "dataset.name": "digits",
    "train.seeds": [0],
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
NETWORKS = {
    "kernel-5": ({"maps": [16, 32], "kernel": 5}, ["conv_1", "pool_1", "conv_2"]),
    "average": ({"pooling": "average"}, ["conv_1", "pool_1", "conv_2", "pool_2", "conv_3"]),
    "stride": ({"pooling": "stride"}, ["conv_1", "conv_2", "conv_3"]),
    "two": (
        {"convolutions": 2},
        ["conv_1", "conv_2", "pool_1", "conv_3", "conv_4", "pool_2", "conv_5"],
    ),
    "selu": ({"activation": "selu"}, ["conv_1", "pool_1", "conv_2", "pool_2", "conv_3"]),
    "one-layer": ({"maps": [8]}, ["conv_1"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_pipeline_runs_on_another_network(name, tmp_path):
    changes, layers = NETWORKS[name]
    copy = Copy.of_checkout(tmp_path)
    copy.change(CHEAP | {f"network.cnn.{key}": value for key, value in changes.items()})
    assert copy.repro() == copy.stages()
    run = Run.of(copy.project)
    assert list(run.params.network.cnn.names) == layers
    page = (copy.project / "reports/README.md").read_text(encoding="utf-8")
    other = {f"{kind}_{number}" for kind in ("conv", "pool") for number in range(1, 6)}
    assert all(layer in page for layer in layers)
    assert not any(layer in page.partition("## Settings")[0] for layer in other - set(layers))
    metrics = json.loads((copy.project / "reports/metrics.json").read_text(encoding="utf-8"))
    assert metrics["cnn"]["accuracy"] > 0.5
    assert copy.repro() == set()
