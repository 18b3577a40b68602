"""Whether every output is what DVC recorded, byte for byte: `make verify`.

DVC trusts a file whose time and size it knows, and what its cache delivers. Here all outputs are
read and hashed anew.
"""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from stages.common import artifacts, console
from stages.common.console import StageError

PIECE = 1 << 20  # bytes read at once
LISTED = 10  # outputs that are named


class Out(NamedTuple):
    """An output of a stage."""

    path: Path
    recorded: str  # MD5 of the file; of a folder that of its listing, and `.dir`
    cached: dict[str, Path]  # by MD5: the files in DVC's cache; none where it has no listing


def outs() -> list[Out]:
    """The outputs of all stages. Raises StageError where DVC cannot read the pipeline."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo() as repo:
            return [
                Out(Path(of.fs_path).relative_to(Path.cwd()), of.hash_info.value or "", _cached(of))
                for of in repo.index.outs
            ]
    except DvcException as error:
        raise StageError(f"DVC cannot read this pipeline: {str(error).rstrip('.')}.") from None


def _cached(out: Any) -> dict[str, Path]:
    """What DVC's cache has of an output of DVC's."""
    if not (out.use_cache and out.hash_info):
        return {}
    hashes = [out.hash_info.value]
    if out.hash_info.isdir:
        listing = Path(out.cache.oid_to_path(out.hash_info.value))
        hashes = []
        if listing.is_file():
            hashes = [entry["md5"] for entry in json.loads(listing.read_text("utf-8"))]
    return {of: Path(out.cache.oid_to_path(of)) for of in hashes}


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
    for out in recorded:
        of = {file.relative_to(out.path).as_posix(): hashes[file] for file in files_of(out.path)}
        actual = md5_of_folder(of) if out.path.is_dir() else hashes.get(out.path)
        if not out.recorded:
            found.append(f"{out.path} was never made. `dvc repro` makes it.")
        elif actual != out.recorded:
            found.append(_advice(out))
    return found


def _advice(out: Out) -> str:
    """What to do about an output that is another than DVC recorded.

    What stays in place, DVC would not look at again; what its cache has, it would bring back.
    """
    path, there = out.path, [file for file in out.cached.values() if file.is_file()]
    damaged = [str(out.cached[of]) for of in out.cached
               if out.cached[of] in there and md5(out.cached[of]) != of]  # fmt: skip
    is_there = path.exists()
    start = f"{path} {'is not what DVC recorded' if is_there else 'is missing'}."
    if damaged:
        delete = " and ".join([str(path)] * is_there + damaged)
        return f"{start} DVC's cache is damaged, too: delete {delete}, then run `dvc repro`."
    start += " Delete it, then" * is_there
    if out.cached and len(there) == len(out.cached):
        return f"{start} `dvc checkout {path}` brings it back from DVC's cache."
    return f"{start} `dvc repro` makes it anew."


def main() -> None:
    """Hash, compare, and say what to do."""
    recorded = outs()
    if found := problems(recorded):
        more = len(found) - LISTED
        rest = [f"And {more} more of {len(recorded)} outputs."] if more > 0 else []
        raise StageError("\n".join(found[:LISTED] + rest))
    console.say(f"All {len(recorded)} outputs are what DVC recorded.")


if __name__ == "__main__":
    console.run(main, stage=False)
