"""Keras, imported without what TensorFlow's C++ prints before its log level applies.

Import this module only where a network is built or run: it takes seconds. Call `prepare` before
anything else is done with it.
"""

import os
import sys

# TensorFlow turns these kernels on by itself only on processors with VNNI, BF16 or AMX.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

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

__all__ = ["STEPS_AT_ONCE", "keras", "prepare"]
# Between two steps Keras looks after callbacks, which costs a tenth of a step. On PyTorch it must.
STEPS_AT_ONCE = 1 if keras.backend.backend() == "torch" else 16


def prepare(threads: int) -> None:
    """Make the backend give the same bytes at every run, on `threads` threads of the processor.

    The number of threads changes the last digits, the number of cores does not. On a GPU memory
    is taken as it is needed, so that several processes can share one.
    """
    if keras.backend.backend() != "tensorflow":
        return
    config = tensorflow.config
    config.experimental.enable_op_determinism()
    config.threading.set_intra_op_parallelism_threads(threads)
    config.threading.set_inter_op_parallelism_threads(threads)
    for device in config.list_physical_devices("GPU"):
        config.experimental.set_memory_growth(device, True)
