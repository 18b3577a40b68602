"""The small pipeline, which runs two stages at a time, against plain `dvc repro`."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ..conftest import SMALL as SETTINGS
from ..project import Copy

PAGE = "reports/index.html"  # its footer has the training times


def differs(path: str) -> bool:
    """Whether a file or an output may differ from run to run: it holds times."""
    return path.startswith("data/timings") or path == PAGE


def lock(copy: Copy) -> dict[str, dict]:
    """The entries of `dvc.lock` without the hashes of what holds times."""
    path = copy.project / "dvc.lock"
    entries = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["stages"]
    for entry in entries.values():
        for item in entry["deps"] + entry["outs"]:
            if differs(item["path"]):
                for key in ("md5", "size"):
                    item.pop(key)
    return entries


def contents(folder: Path) -> dict[str, bytes]:
    """Every file that the stages write, but for those that hold times."""
    paths = (p for name in ("data", "reports") for p in (folder / name).rglob("*") if p.is_file())
    by_name = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in by_name.items() if not differs(name)}


def assert_same(one: Copy, other: Copy) -> None:
    """Two runs left the same entries and the same bytes, and DVC has nothing to do."""
    assert lock(one) == lock(other)
    first, second = contents(one.project), contents(other.project)
    assert len(first) > 100
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert other.repro() == set()


@pytest.mark.slow
def test_stages_side_by_side_leave_what_dvc_repro_leaves(copy: Copy, tmp_path):
    other = Copy.of_checkout(tmp_path)
    other.change(SETTINGS)
    assert other.repro() == copy.ran
    assert_same(other, copy)
