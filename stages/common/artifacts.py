"""How the files declared in `files` are written, read and checked.

Paths are relative to the project's root, the folder every stage runs in. Every write goes to a
temporary file in the same folder that then takes the final name, so that an interrupted stage
leaves no half file. DVC and Git ignore temporary files; what a killed stage left of them goes when
the next one starts. The bytes depend on the contents alone.
"""

import contextlib
import errno
import json
import os
import re
import socket
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import psutil
from ruamel.yaml import YAML, YAMLError

from stages.common.console import StageError
from stages.common.files import COMMITTED, File

# What names of temporary files begin with; .dvcignore and .gitignore have it, too.
UNFINISHED = ".unfinished-"
DAY = 86_400  # seconds
KINDS = {"int": "i", "float": "f", "bool": "b", "str": "OTUS"}  # of a column's NumPy dtype


class Form(NamedTuple):
    """What one array or column must be."""

    dtype: str
    sizes: tuple[str, ...]  # of an array: numbers and letters
    may_be_nan: bool
    meaning: str


Forms = dict[str, Form]


@cache
def forms(file: File) -> Forms:
    """The form of every declared name, in their order; an interval is three columns."""
    by_name = {}
    for line in file.content.strip().splitlines():
        names, _, rest = line.partition(": ")
        pattern = r"(\w+)(\??)(?: \((.*?)\))?, (.*)"
        if not (match := re.fullmatch(pattern, rest)):
            raise ValueError(f"{file.path}: this is no declaration: {line.strip()}")
        dtype, may_be_nan, sizes, meaning = match.groups()
        form = Form(dtype, tuple(re.findall(r"\w+", sizes or "")), bool(may_be_nan), meaning)
        if dtype == "interval":
            names = re.sub(r"\w+", r"\g<0> \g<0>_low \g<0>_high", names)
            form = form._replace(dtype="float", may_be_nan=True)
        by_name |= dict.fromkeys(names.split(), form)
    return by_name


def path_of(file: File, **where: object) -> Path:
    """Where a file lies, for a `seed`, `model`, `split`, `label` or `layer`."""
    return Path(file.path.format(**where))


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then give it that name in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f"{UNFINISHED}{_here()}-{os.getpid()}-"
    handle, name = tempfile.mkstemp("".join(path.suffixes), prefix, path.parent)
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


@cache
def _here() -> str:
    """The processes among which a number means one process: this boot, and container, of Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8")[:8]
        return boot + re.sub(r"\D", "", str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        return re.sub(r"\W", "", socket.gethostname())


def sweep(*folders: Path) -> None:
    """Remove temporary files of processes of this machine that are no more, and those a day old."""
    for folder, _, names in (found for top in folders for found in os.walk(top)):
        for name in names:
            if match := re.fullmatch(rf"{re.escape(UNFINISHED)}(\w+)-(\d+)-\w+(\..*)?", name):
                path, process = Path(folder, name), int(match[2])
                with contextlib.suppress(FileNotFoundError):
                    dead = match[1] == _here() and not psutil.pid_exists(process)
                    if dead or time.time() - path.stat().st_mtime > DAY:
                        path.unlink()


def write(file: File, content: Any, **where: object) -> None:
    """Write arrays by name to an NPZ file, a table to a CSV file, or anything to a JSON file.

    NPZ files are not compressed: they are read far more often than stored. JSON refuses NaN.
    """
    path = path_of(file, **where)
    if path.suffix == ".npz":
        replace(path, lambda temporary: np.savez(temporary, **content))
    elif path.suffix == ".csv":
        write_csv(path, content)
    else:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        write_text(path, f"{text}\n")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table to a path of its own, for a file that no stage reads."""
    replace(path, lambda temporary: table.to_csv(temporary, index=False, lineterminator="\n"))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends."""
    replace(path, lambda temporary: temporary.write_text(text, encoding="utf-8", newline="\n"))


def read(file: File, *names: str, root: Path = Path(), **where: object) -> Any:
    """Read a declared file and check it: a dict of arrays, a table, or what JSON or YAML holds.

    Of an NPZ file the arrays called `names` alone are read and checked, all where none is named.
    Raises StageError when the file is missing, damaged, or not as declared.
    """
    path = root / path_of(file, **where)
    try:
        if path.suffix == ".npz":
            return _read_npz(path, forms(file), names)
        if path.suffix == ".csv":
            return _read_csv(path, forms(file))
        if path.suffix in (".yaml", ".lock"):
            return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        problem = "is missing"
    except json.JSONDecodeError as error:
        problem = f"is no JSON ({error})"
    except YAMLError:
        problem = "is no YAML"
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError) as error:
        problem = f"cannot be used: {str(error).rstrip('.')}"
    except OSError as error:
        if error.errno != errno.EINVAL:  # a damaged archive points before its own beginning
            raise
        problem = "is damaged"
    advice = f"Delete it if it is there, then run `dvc repro`, which makes {path.name} anew."
    if file.stage == COMMITTED:
        advice = f"Bring it back with `git restore {path}`."
    raise StageError(f"{path} {problem}. {advice}")


def _no_number(constant: str) -> None:
    raise ValueError(f"it holds {constant}, which is no number")


def _read_npz(path: Path, declared: Forms, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    with path.open("rb") as stream:
        if not zipfile.is_zipfile(stream):  # NumPy would advise the reader to unpickle it
            raise ValueError("it is no whole NPZ file")
        stream.seek(0)
        archive = np.load(stream, allow_pickle=False)
        for name in names or (name for name in declared if "{" not in name):
            if name not in archive.files:
                raise ValueError(f"it lacks the array {name}")
        arrays = {name: archive[name] for name in names or archive.files}
    _check_arrays(arrays, declared)
    return arrays


def _check_arrays(arrays: dict[str, np.ndarray], declared: Forms) -> None:
    """ValueError at the first array whose dtype, shape or values are not as declared."""
    known: dict[str, int] = {}
    for name, values in arrays.items():
        form, shared = declared.get(name), known
        if form is None:  # an array of some layer, with sizes of its own but for n
            patterns = (p for p in declared if re.fullmatch(p.replace("{layer}", r"\w+_\d"), name))
            if not (pattern := next(patterns, "")):
                raise ValueError(f"it holds the array {name}, which common/files does not name")
            form, shared = declared[pattern], {k: v for k, v in known.items() if k == "n"}
        dtype = "str" if values.dtype.kind == "U" else values.dtype.name
        if dtype != form.dtype:
            raise ValueError(f"{name} is of type {dtype}, not {form.dtype}")
        fits = len(form.sizes) == values.ndim and all(
            size == (int(letter) if letter.isdigit() else shared.setdefault(letter, size))
            for letter, size in zip(form.sizes, values.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{name} has the shape {values.shape}, not {', '.join(form.sizes)}")
        if values.dtype.kind == "f" and not form.may_be_nan and not np.isfinite(values).all():
            raise ValueError(f"{name} holds a value that is infinite or no number")


def _read_csv(path: Path, declared: Forms) -> pd.DataFrame:
    texts = {name: str for name, form in declared.items() if form.dtype == "str"}
    table = pd.read_csv(path, dtype=texts)  # names of classes may look like numbers
    columns = [
        (name, form)
        for pattern, form in declared.items()
        for name in _of_classes(pattern, table) or [pattern]
    ]
    for name, form in columns:
        if name not in table:
            raise ValueError(f"it lacks the column {name}")
        if table.empty:  # pandas gives its columns no types
            continue
        if table[name].dtype.kind not in KINDS[form.dtype]:
            raise ValueError(f"the column {name} is not of type {form.dtype} throughout")
        if form.dtype == "float" and not form.may_be_nan and not np.isfinite(table[name]).all():
            raise ValueError(f"the column {name} has a cell that is empty or infinite")
    return table


def _of_classes(pattern: str, table: pd.DataFrame) -> list[str]:
    """The columns of a table that a declared name with `{label}` in it stands for."""
    anyone = pattern.replace("{label}", r"\d+")
    return [name for name in table if anyone != pattern and re.fullmatch(anyone, name)]
