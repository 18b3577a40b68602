"""How a stage speaks to the person at the terminal: lines, progress, and errors as sentences."""

import argparse
import errno
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator

from tqdm import tqdm


class StageError(Exception):
    """A stage cannot go on. The message says what is wrong, where, and what to do."""


def say(text: str) -> None:
    """Print a piece of a stage's story at once, also when the output is a pipe."""
    print(text, flush=True)


def progress(items: Iterable, what: str, total: int | None = None) -> Iterator:
    """Pass `items` through, with a progress bar where standard error is a terminal.

    `total` is how many, where they have no length.
    """
    bar = {"desc": what, "total": total, "disable": None, "leave": False, "dynamic_ncols": True}
    return iter(tqdm(items, **bar))


def seed_argument(stage: str, description: str) -> int:
    """The `--seed` of a stage that runs once for each network."""
    parser = argparse.ArgumentParser(prog=f"python -m stages.{stage}", description=description)
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args().seed


def run(main: Callable[[], None], stage: bool = True) -> None:
    """Run a program's `main`; turn what a user can cause into a sentence and exit code 1.

    A stage ends with its parent and alone writes its output. Where `stages.repro` asks for that, it
    runs on a cluster.
    """
    from stages.common import process  # which needs StageError

    # Keras and NumPy have some, which are not for users: PYTHONWARNINGS=error would end a training.
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        if stage:
            process.run(main)
        else:
            main()
    except (StageError, OSError) as error:
        _fail(_explain(error) if isinstance(error, OSError) else str(error))
    except KeyboardInterrupt:
        print("\nstopped by the keyboard", file=sys.stderr)
        sys.exit(130)


def _explain(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else ""
    advice = {
        errno.ENOSPC: "Free some space there, then run the stage again.",
        errno.EACCES: "Give yourself the right to it, then run the stage again.",
        errno.EPERM: "Give yourself the right to it, then run the stage again.",
        errno.EROFS: "The file system is read-only: work in a copy that can be written.",
    }.get(error.errno or 0, "Mend that, then run the stage again.")
    # HDF5 puts a paragraph of its own into strerror.
    why = os.strerror(error.errno) if error.errno else error
    return f"The system refused{where}: {why}. {advice}"


def _fail(message: str) -> None:
    width = max(40, min(shutil.get_terminal_size().columns, 100))
    wrap = textwrap.TextWrapper(
        width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    lines = f"error: {message}".splitlines()
    print("\n".join(wrap.fill(line) if line.strip() else line for line in lines), file=sys.stderr)
    sys.exit(1)
