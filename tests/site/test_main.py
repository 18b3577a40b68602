"""The committed run as a site: what it links to is there, and it says how to cite."""

import hashlib
import shutil
from pathlib import Path

import html5lib
import pytest
from ruamel.yaml import YAML

from ..project import ROOT, Copy
from .repository import PAGES, committed, site


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return committed(tmp_path)


def tree(copy: Copy):
    text = (copy.project / "site/index.html").read_text("utf-8")
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def test_all_that_it_shows_and_links_to_is_there(copy):
    for path in PAGES.values():
        (copy.project / "reports" / path).write_text("<title>x</title>", "utf-8")
    done = site(copy)
    assert done.returncode == 0, done.stderr
    page, folder = tree(copy), copy.project / "site"
    assert page.get("lang") == "en"
    assert page.findtext("head/title").strip()
    shown = [of.get("src") for of in page.iter("img")]
    assert len(shown) > 3
    hrefs = [of.get("href") for of in page.iter("a") if of.get("href")]
    links = [href for href in hrefs if not href.startswith("#")]
    assert {*PAGES, "CITATION.cff"} <= set(links)
    assert all((folder / path).is_file() for path in (*shown, *links))
    ids = {of.get("id") for of in page.iter() if of.get("id")}
    assert {href[1:] for href in hrefs if href.startswith("#")} <= ids


def test_it_goes_without_pages_that_are_not_there(copy):
    assert site(copy).returncode == 0
    links = [of.get("href") for of in tree(copy).iter("a")]
    assert not PAGES.keys() & set(links)


def test_it_says_what_to_cite(copy):
    assert site(copy).returncode == 0
    (cite,) = (of for of in tree(copy).iter("section") if of.get("id") == "cite")
    text = " ".join("".join(cite.itertext()).split())
    commit = copy.run("git", "rev-parse", "HEAD").strip()
    assert f"commit {commit[:7]}." in text
    assert commit in text
    assert hashlib.sha256((copy.project / "dvc.lock").read_bytes()).hexdigest() in text
    citation = YAML(typ="safe", pure=True).load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert f"“{citation['title']}”, version {citation['version']}" in text


def break_lock(project: Path) -> None:
    (project / "dvc.lock").unlink()


def change_readme(project: Path) -> None:
    (project / "reports/README.md").write_text("# Another run\n", "utf-8")


def forget_commits(project: Path) -> None:
    shutil.rmtree(project / ".git")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (break_lock, "`git restore dvc.lock` brings it back."),
        (change_readme, "reports/README.md is not as in the commit"),
        (forget_commits, "Run this in a clone of the project."),
    ],
)
def test_what_it_cannot_cite_it_does_not_write(copy, damage, sentence):
    damage(copy.project)
    done = site(copy)
    assert done.returncode == 1
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (copy.project / "site").exists()
