"""The committed run as a site: `python -m stages.report.site FOLDER`. Nothing is computed anew.

In:  `reports/README.md` with its figures; the comparison and the whole report where they are there.
Out: in FOLDER `index.html`, in the report's look, `figures/`, `comparison.html`, `report.html`.
"""

import argparse
import hashlib
import shutil
import subprocess
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from stages.common import artifacts, console
from stages.common.console import StageError
from stages.report import page

REPORTS, LOCK = Path("reports"), Path("dvc.lock")
# What is linked from the first page, by its file in the site.
WHOLE = {"report.html": ("index.html", "The whole report, with the explorer"),
         "comparison.html": ("comparison/index.html", "A comparison with other runs")}  # fmt: skip


def cited() -> dict[str, str]:
    """What a number is cited with: the commit, and the SHA-256 of `dvc.lock`."""
    git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if git.returncode or not LOCK.is_file():
        raise StageError(
            "The site names the commit and dvc.lock. Run this in a clone of the project."
        )
    return {
        "commit": git.stdout.strip(),
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
        prog="python -m stages.report.site", description="Write the committed run as a site."
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    there = {name: of for name, of in WHOLE.items() if (REPORTS / of[0]).is_file()}
    for name, (path, _) in there.items():
        shutil.copy(REPORTS / path, folder / name)
    shutil.copytree(REPORTS / "figures", folder / "figures", dirs_exist_ok=True)
    readme = opening((REPORTS / "README.md").read_text("utf-8"))
    links = {name: words for name, (_, words) in there.items()}
    whole = page.index("site.html", readme, links=links, **cited())
    artifacts.write_text(folder / "index.html", whole)
    console.say(f"{folder / 'index.html'}: with {', '.join(there) or 'nothing else'}")


if __name__ == "__main__":
    console.run(main, stage=False)
