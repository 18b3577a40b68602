"""The committed run as a site: what it links to is there, and it says how to cite."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest

from ..project import ROOT, Copy


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A repository with the committed README and figures, and a lock."""
    copy = Copy(tmp_path)
    (copy.project / "reports/comparison").mkdir(parents=True)
    shutil.copy(ROOT / "reports/README.md", copy.project / "reports")
    shutil.copytree(ROOT / "reports/figures", copy.project / "reports/figures")
    (copy.project / "dvc.lock").write_text("schema: '2.0'\n", "utf-8")
    copy.run("git", "init", "-q")
    copy.run("git", "add", ".")
    copy.run("git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "a run")
    return copy


def site(copy: Copy) -> subprocess.CompletedProcess:
    """Write it into the folder `site` of the project."""
    command = [sys.executable, "-m", "stages.report.site", "site"]
    environment = copy.environment | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=copy.project, env=environment, capture_output=True,
                          text=True, check=False)  # fmt: skip


def tree(copy: Copy):
    text = (copy.project / "site/index.html").read_text("utf-8")
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def test_all_that_it_shows_and_links_to_is_there(copy):
    for path in ("index.html", "comparison/index.html"):
        (copy.project / "reports" / path).write_text("<title>x</title>", "utf-8")
    done = site(copy)
    assert done.returncode == 0, done.stderr
    page, folder = tree(copy), copy.project / "site"
    shown = [of.get("src") for of in page.iter("img")]
    assert len(shown) > 3
    hrefs = [of.get("href") for of in page.iter("a") if of.get("href")]
    links = [href for href in hrefs if not href.startswith("#")]
    assert {"report.html", "comparison.html"} <= set(links)
    assert all((folder / path).is_file() for path in (*shown, *links))
    ids = {of.get("id") for of in page.iter() if of.get("id")}
    assert {href[1:] for href in hrefs if href.startswith("#")} <= ids


def test_it_names_the_commit_and_the_lock(copy):
    assert site(copy).returncode == 0
    text = (copy.project / "site/index.html").read_text("utf-8")
    assert copy.run("git", "rev-parse", "HEAD").strip() in text
    assert hashlib.sha256((copy.project / "dvc.lock").read_bytes()).hexdigest() in text


def test_it_goes_without_what_is_not_there(copy):
    assert site(copy).returncode == 0
    links = [of.get("href") for of in tree(copy).iter("a")]
    assert not {"report.html", "comparison.html"} & set(links)


def test_without_a_lock_it_says_so(copy):
    (copy.project / "dvc.lock").unlink()
    done = site(copy)
    assert done.returncode == 1
    assert "Run this in a clone of the project." in " ".join(done.stderr.split())
