"""The default networks, as tests of their parts build them."""

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


def changed(**changes: object) -> Design:
    """The default CNN with other settings, and perhaps another `side` or number of `classes`."""
    whole = {name: changes.pop(name) for name in ("side", "classes") if name in changes}
    settings = type(CNN.settings).model_validate(CNN.settings.model_dump() | changes)
    return CNN._replace(settings=settings, **whole)
