"""Whether every output is what DVC recorded, byte for byte: `make verify`.

DVC trusts a file whose time and size it knows, and what its cache delivers. Here all outputs are
read and hashed anew.
"""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from stages.common import artifacts, console
from stages.common.console import StageError

PIECE = 1 << 20  # bytes read at once


class Out(NamedTuple):
    """An output of a stage."""

    path: Path
    recorded: str  # MD5 of the file; of a folder that of its listing, and `.dir`
    cached: Path | None  # the file in DVC's cache; none of a folder, or of what is not cached


def outs() -> list[Out]:
    """The outputs of all stages. Raises StageError where DVC cannot read the pipeline."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            return [
                Out(
                    Path(out.fs_path).relative_to(Path.cwd()),
                    out.hash_info.value or "",
                    Path(out.cache.oid_to_path(out.hash_info.value))
                    if out.use_cache and out.hash_info and not out.hash_info.isdir else None,
                )
                for out in repo.index.outs
            ]  # fmt: skip
    except DvcException as error:
        raise StageError(f"DVC cannot read this pipeline: {str(error).rstrip('.')}.") from None


def md5(path: Path) -> str:
    """Of a file."""
    found = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def md5_of_folder(by_name: dict[str, str]) -> str:
    """Of a folder's listing, as DVC writes it: the MD5 of each file by its path in the folder."""
    listing = [{"md5": by_name[name], "relpath": name} for name in sorted(by_name)]
    text = json.dumps(listing, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def files_of(path: Path) -> Iterator[Path]:
    """The files of an output that DVC counts."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file() and not file.name.startswith(artifacts.UNFINISHED):
            yield file


def problems(recorded: list[Out]) -> list[str]:
    """A sentence for every output that is not what DVC recorded."""
    files = [file for out in recorded for file in files_of(out.path)]
    with ThreadPoolExecutor() as pool:
        hashes = dict(zip(files, console.progress(pool.map(md5, files), "hashing", len(files)),
                          strict=True))  # fmt: skip
    found = []
    for path, expected, cached in recorded:
        if not expected:
            found.append(f"{path} was never made. `dvc repro` makes it.")
        elif not path.exists():
            found.append(f"{path} is missing. `dvc checkout {path}` or `dvc repro` brings it.")
        else:
            of = {file.relative_to(path).as_posix(): hashes[file] for file in files_of(path)}
            actual = md5_of_folder(of) if path.is_dir() else hashes[path]
            if actual != expected:
                found.append(_advice(path, expected, cached))
    return found


def _advice(path: Path, expected: str, cached: Path | None) -> str:
    """What to do about an output that is another than DVC recorded.

    What stays in place, DVC would not look at again.
    """
    start = f"{path} is not what DVC recorded. Delete it"
    if cached and cached.is_file():
        if md5(cached) == expected:
            return f"{start}, then `dvc checkout {path}` brings it back from DVC's cache."
        start += f" and {cached}, which is damaged, too"
    return f"{start}, then `dvc repro` makes it anew."


def main() -> None:
    """Hash, compare, and say what to do."""
    recorded = outs()
    if found := problems(recorded):
        raise StageError("\n".join(found))
    console.say(f"All {len(recorded)} outputs are what DVC recorded.")


if __name__ == "__main__":
    console.run(main, stage=False)
