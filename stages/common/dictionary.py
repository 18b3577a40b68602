"""The data dictionary in `stages/README.md`, made from the declarations in `files`.

`python -m stages.common.dictionary` writes it anew between its two marks.
"""

from itertools import groupby
from pathlib import Path

from stages.common import artifacts
from stages.common.files import FILES, File

README = Path("stages/README.md")
BEGIN, END = "<!-- dictionary -->\n", "<!-- end of dictionary -->\n"


def text() -> str:
    """Every declared file, by the stage that writes it, with its keys or columns."""
    lines = []
    for stage, of_stage in groupby(FILES, key=lambda file: file.stage):
        lines += [f"### {stage}", ""]
        for file in of_stage:
            lines += [f"**`{file.path}`** {file.about}", "", *_rows(file)]
    return "\n".join(lines)


def _rows(file: File) -> list[str]:
    """A table of what one file holds; a row for the names that are declared together."""
    if not file.content:
        return []
    word = {".npz": "key", ".json": "metric"}.get(Path(file.path).suffix, "column")
    rows = [f"| {word} | form | meaning |", "| --- | --- | --- |"]
    for form, names in groupby(artifacts.forms(file).items(), key=lambda item: item[1]):
        listed = ", ".join(f"`{name}`" for name, _ in names)
        sizes = f" ({', '.join(form.sizes)})" if file.path.endswith(".npz") else ""
        empty = ", may be empty" if form.may_be_nan else ""
        rows.append(f"| {listed} | {form.dtype}{sizes}{empty} | {form.meaning} |")
    return [*rows, ""]


def replaced(page: str) -> str:
    """The README's text with the dictionary made anew."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"{README} does not hold the two marks of the dictionary once each")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{text()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    artifacts.write_text(README, replaced(README.read_text(encoding="utf-8")))
