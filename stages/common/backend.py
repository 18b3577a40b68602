"""Keras, imported without what TensorFlow's C++ prints before its log level applies.

Import this module only where a network is built or run: it takes seconds.
"""

import os
import sys

sys.stderr.flush()
_terminal = os.dup(2)
_nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)
try:
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow  # Keras imports parts of it later
finally:
    os.dup2(_terminal, 2)
    os.close(_terminal)
    os.close(_nowhere)

__all__ = ["keras", "make_deterministic"]


def make_deterministic() -> None:
    """Ask the backend for the same bytes at every run; costs nothing measurable here."""
    if keras.backend.backend() == "tensorflow":
        tensorflow.config.experimental.enable_op_determinism()
