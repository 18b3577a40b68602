"""The form of a declaration, and what several files have in common."""

from typing import NamedTuple

COMMITTED = "in Git"  # what no stage writes
CELL = "map row column: int, the point"
NETWORK = """model: str, cnn or mlp
    seed: int, of the training"""


class File(NamedTuple):
    """One file, or one for each seed, model, split, class or layer."""

    path: str
    stage: str  # that writes it, or COMMITTED
    about: str
    content: str = ""  # lines as in the package's docstring; empty where it is no table and no NPZ
