"""The committed run as a site: `python -m stages.site FOLDER`, no stage of the pipeline.

In:  `reports/README.md` with its figures; the whole report and the comparison where they are there;
     `CITATION.cff`, `dvc.lock` and Git's commit, to cite.
Out: in FOLDER `index.html`, in the report's look, `figures/`, `report.html`, `comparison.html` and
     `CITATION.cff`. Nothing is computed anew.
"""

import argparse
import hashlib
import shutil
import subprocess
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup
from ruamel.yaml import YAML

from stages.common import artifacts, console
from stages.common.console import StageError
from stages.report import page

HERE = Path(__file__).parent
REPORTS, LOCK, CITATION = Path("reports"), Path("dvc.lock"), Path("CITATION.cff")
SHOWN = (LOCK, CITATION, REPORTS / "README.md", REPORTS / "figures")  # of the commit
# Linked from the first page where they are there: file in the site, file in `reports`, words.
WHOLE = (
    ("report.html", "index.html", "The whole report"),
    ("comparison.html", "comparison/index.html", "A comparison with other runs"),
)


def git(*words: str) -> str:
    """What a Git command prints. Raises StageError where it fails."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StageError("Git knows no commit here. Run this in a clone of the project.")
    return done.stdout.strip()


def cited() -> dict[str, str]:
    """What a number is cited with: title, version, commit, and the SHA-256 of `dvc.lock`.

    Raises StageError where a file that the site shows is missing, or not as in the commit.
    """
    commit = git("rev-parse", "HEAD")
    if missing := [path.as_posix() for path in SHOWN if not path.exists()]:
        raise StageError(f"{missing[0]} is missing. `git restore {missing[0]}` brings it back.")
    if changed := git("status", "--porcelain", "--", *map(str, SHOWN)):
        raise StageError(
            f"{changed.split()[1]} is not as in the commit that the site would name. "
            "Commit it, or bring it back: git restore dvc.lock reports CITATION.cff."
        )
    citation = YAML(typ="safe", pure=True).load(CITATION.read_text("utf-8"))
    return {
        "title": citation["title"],
        "version": citation["version"],
        "commit": commit,
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
    }


def opening(text: str) -> page.Section:
    """The README in short as the opening of a page."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    _, _, body = text.partition("\n# ")
    title, _, rest = body.partition("\n")
    html = (Markup(markdown.renderInline(title)), Markup(markdown.render(rest)))
    return page.Section(
        "index", *html, heading=Markup(title), markdown=Markup(rest), finding=Markup()
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stages.site", description="Write the committed run as a site."
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    values = cited()
    links = {name: words for name, path, words in WHOLE if (REPORTS / path).is_file()}
    readme = opening((REPORTS / "README.md").read_text("utf-8"))
    whole = page.index("site.html", readme, HERE, images="'self' data:", links=links, **values)
    folder.mkdir(parents=True, exist_ok=True)
    for name, path, _ in WHOLE:
        if name in links:
            shutil.copy(REPORTS / path, folder / name)
    shutil.copy(CITATION, folder)
    shutil.copytree(REPORTS / "figures", folder / "figures", dirs_exist_ok=True)
    artifacts.write_text(folder / "index.html", whole)
    console.say(f"{folder / 'index.html'}: with {' and '.join(links) or 'no other page'}")


if __name__ == "__main__":
    console.run(main, stage=False)
