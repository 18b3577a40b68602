"""A copy of the project in which DVC runs the pipeline, apart from the checkout.

The copy holds what Git would: the tracked files and the new ones that it does not ignore.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import reduce
from io import StringIO
from operator import getitem
from pathlib import Path

import html5lib
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
BINARIES = Path(sys.executable).parent


def changed_settings(text: str, changes: dict[str, object]) -> str:
    """`params.yaml` as text, with other values for keys like `cnn.epochs`."""
    yaml = YAML()
    values = yaml.load(text)
    for key, value in changes.items():
        *groups, leaf = key.split(".")
        reduce(getitem, groups, values)[leaf] = value
    changed = StringIO()
    yaml.dump(values, changed)
    return changed.getvalue()


class Copy:
    """A Git repository with the project's files in `folder`, and DVC run inside it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        place = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            # A hook of Git that runs the tests would lend them its repository.
            if not name.startswith("GIT_") or name.startswith("GIT_CONFIG")
        }
        self.environment |= {"PATH": place, "DVC_SITE_CACHE_DIR": str(folder / "site")}
        self.environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        self.environment |= variables
        self.project = folder / "project"

    @classmethod
    def of_checkout(cls, folder: Path, **variables: str) -> "Copy":
        """A copy of this checkout, with nothing run in it."""
        copy = cls(folder, **variables)
        for name in _files():
            target = copy.project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        (copy.project / "dvc.lock").unlink(missing_ok=True)  # made on another machine
        copy.run("git", "init", "--quiet")
        copy.run("git", "add", "--all")
        return copy

    def again(self, folder: Path) -> "Copy":
        """This copy with all that was run in it, to change elsewhere."""
        other = Copy(folder)
        shutil.copytree(self.project, other.project, symlinks=True)
        return other

    def run(self, *command: str) -> str:
        """Run a command that must succeed; returns all it printed."""
        done = subprocess.run(
            command,
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def repro(self, *options: str) -> set[str]:
        """Run `dvc repro`; returns the stages that ran, as `train@cnn-0`."""
        return set(re.findall(r"^Running stage '(.+)':$", self.run("dvc", "repro", *options), re.M))

    def repro_by_two(self) -> set[str]:
        """Run the pipeline two stages at a time, in half of the time; returns those that ran."""
        output = self.run("python", "-m", "stages.repro", "--jobs", "2")
        return set(re.findall(r"^ +(\S+) done in \d", output, re.MULTILINE))

    def change(self, changes: dict[str, object]) -> None:
        """Change settings, by keys like `cnn.epochs`."""
        path = self.project / "params.yaml"
        before = path.read_text(encoding="utf-8")
        assert all(f" {key.rpartition('.')[2]}:" in before for key in changes)
        path.write_text(changed_settings(before, changes), encoding="utf-8")

    def stages(self) -> set[str]:
        """Every stage of the pipeline, as `train@cnn-0`."""
        return set(self.run("dvc", "stage", "list", "--all", "--name-only").split())

    def outs(self) -> dict[str, set[str]]:
        """The outputs of each stage, from the lock that a run leaves."""
        lock = YAML(typ="safe", pure=True).load((self.project / "dvc.lock").read_text())
        return {
            stage: {out["path"] for out in entry["outs"]} for stage, entry in lock["stages"].items()
        }


def code_of_checkout() -> str:
    """A hash of the files that a copy of this checkout runs by."""
    found = hashlib.sha256()
    for name in sorted(
        name for name in _files() if name.startswith(("stages/", "dvc.y", "params"))
    ):
        found.update(name.encode() + (ROOT / name).read_bytes())
    return found.hexdigest()


def page_text(project: Path, *without: str) -> str:
    """The words of the report's page and its figures, but for the sections called `without`."""
    text = (project / "reports/index.html").read_text(encoding="utf-8")
    page = html5lib.parse(text, namespaceHTMLElements=False)
    for around in list(page.iter()):
        for inside in list(around):
            if inside.tag in ("script", "style") or inside.get("id") in without:
                around.remove(inside)
    alternatives = (image.get("alt") or "" for image in page.iter("img"))
    return " ".join(" ".join([*page.itertext(), *alternatives]).split())


def _files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("the project is no Git checkout, so what belongs to it is not known")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
