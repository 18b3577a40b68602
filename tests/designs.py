"""The default networks, as tests of their parts build them."""

import numpy as np

from stages.common import artifacts, files
from stages.common.architecture import Design
from stages.common.params import read_params

from .project import ROOT

_network = read_params(ROOT / "params.yaml").network
CNN = Design(_network.cnn, 28, 10)
MLP = Design(_network.mlp, 28, 10)
DESIGNS = {"cnn": CNN, "mlp": MLP}
CONV_LAYERS = CNN.settings.conv_layers
LAYERS = CNN.settings.names
LAST = CONV_LAYERS[-1]


def write_dataset(side: int, classes: int = 10) -> None:
    """What a stage reads of the dataset to know a network's design; in the current folder."""
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = np.array([str(label) for label in range(classes)])
    np.savez(path, test_images=np.zeros((1, side, side), np.uint8), class_names=names)


def changed(**changes: object) -> Design:
    """The default CNN with other settings, and perhaps another `side` or number of `classes`."""
    whole = {name: changes.pop(name) for name in ("side", "classes") if name in changes}
    settings = type(CNN.settings).model_validate(CNN.settings.model_dump() | changes)
    return CNN._replace(settings=settings, **whole)


# The workshop's, see conftest.py.
SMALL = {"cnn": changed(maps=[8, 12, 16], dense=30), "mlp": MLP}
