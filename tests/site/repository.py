"""A repository with what Git holds of the committed run, and the site that is written of it."""

import shutil
import subprocess
import sys
from pathlib import Path

from ..project import ROOT, Copy

PAGES = {"report.html": "index.html", "comparison.html": "comparison/index.html"}


def committed(folder: Path) -> Copy:
    """The README with its figures, the citation and a lock, in a commit."""
    copy = Copy(folder)
    (copy.project / "reports/comparison").mkdir(parents=True)
    for name in ("reports/README.md", "CITATION.cff"):
        shutil.copy(ROOT / name, copy.project / name)
    shutil.copytree(ROOT / "reports/figures", copy.project / "reports/figures")
    (copy.project / "dvc.lock").write_text("schema: '2.0'\n", "utf-8")
    copy.run("git", "init", "-q")
    copy.run("git", "add", ".")
    copy.run("git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "a run")
    return copy


def site(copy: Copy) -> subprocess.CompletedProcess:
    """Write the site into the folder `site` of the repository."""
    command = [sys.executable, "-m", "stages.site", "site"]
    environment = copy.environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=copy.project, env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip
