"""Where each file lives, and how it is read and written.

Paths are relative to the project's root, the folder every stage runs in. Every write goes to
a temporary file in the same folder that then takes the final name, so that an interrupted
stage leaves no half file. The bytes depend on the contents alone.
"""

import errno
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.common.console import StageError

DATASET = Path("data/raw/dataset.npz")
MODELS = Path("data/models")
EVALUATION = Path("data/evaluation")
ACTIVATIONS = Path("data/activations")
STATISTICS = Path("data/statistics")
INTERVENTIONS = Path("data/interventions")
REPLICATES = Path("data/replicates")
INPUT_PATTERNS = Path("data/input_patterns")
RECEPTIVE_FIELD = INPUT_PATTERNS / "receptive_field.csv"
TIMINGS = Path("data/timings")
REPORTS = Path("reports")
CLAIMS = REPORTS / "claims.json"


def model_folder(model: str, seed: int) -> Path:
    """The folder of one trained network; `model` is `cnn` or `mlp`."""
    return MODELS / f"{model}-{seed}"


def activations_folder(seed: int) -> Path:
    """The folder of one CNN's activations."""
    return ACTIVATIONS / f"cnn-{seed}"


def statistics_folder(seed: int) -> Path:
    """The folder of one CNN's statistics of maps and points."""
    return STATISTICS / f"cnn-{seed}"


def interventions_folder(seed: int) -> Path:
    """The folder of what one CNN's points do when they are edited."""
    return INTERVENTIONS / f"cnn-{seed}"


def patterns_file(seed: int) -> Path:
    """The file of what makes each map of one CNN fire."""
    return INPUT_PATTERNS / f"cnn-{seed}.npz"


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then give it that name in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix="".join(path.suffixes))
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_npz(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays, uncompressed: activations are read far more often than stored."""
    replace(path, lambda temporary: np.savez(temporary, **arrays))


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table with the shortest decimals that give each float back."""
    replace(path, lambda temporary: table.to_csv(temporary, index=False, lineterminator="\n"))


def write_json(path: Path, value: Any) -> None:
    """Write JSON with keys in the order given; NaN is refused, since JSON has none."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(path, text)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends."""
    replace(path, lambda temporary: temporary.write_text(text, encoding="utf-8", newline="\n"))


def read_npz(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Read the arrays called `names` from an NPZ file, or all of them where none is named.

    Raises StageError when the file is missing, is no NPZ file, is damaged or lacks an array.
    """

    def read() -> dict[str, np.ndarray]:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):  # NumPy would advise the reader to unpickle it
                raise ValueError("this is no whole NPZ file")
            file.seek(0)
            archive = np.load(file, allow_pickle=False)
            return {name: archive[name] for name in names or archive.files}

    return _read(path, read)


def read_csv(path: Path, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table; raises StageError when it is missing, empty or lacks one of `columns`."""
    table = _read(path, lambda: pd.read_csv(path))
    lacking = [name for name in columns if name not in table]
    if lacking:
        raise StageError(f"{path} lacks the column {lacking[0]}. {_again(path)}")
    return table


def read_json(path: Path) -> Any:
    """Read a JSON file; raises StageError when it is missing or is no JSON."""
    return _read(path, lambda: json.loads(path.read_text(encoding="utf-8")))


def _read(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except FileNotFoundError:
        problem = f"{path} is missing."
    except KeyError as error:
        problem = f"{path} is not complete: {str(error.args[0]).rstrip('.')}."
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError) as error:
        problem = f"{path} cannot be read, it is damaged ({error})."
    except OSError as error:
        if error.errno != errno.EINVAL:  # a damaged archive points before its own beginning
            raise
        problem = f"{path} cannot be read, it is damaged."
    raise StageError(f"{problem} {_again(path)}")


def _again(path: Path) -> str:
    return f"Delete it if it is there, then run `dvc repro`, which makes {path.name} anew."
