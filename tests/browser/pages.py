"""A page of a finished run, as small as what is opened: a figure, a table, and the explorer."""

import base64
import io
from pathlib import Path

from markupsafe import escape
from PIL import Image

from stages.common import files, network
from stages.common.run import Run
from stages.report import explorer

REPORT = Path(explorer.__file__).parents[1]
SECTIONS = ("first", "second", "explorer", "last")


def write(run: Run, folder: Path) -> Path:
    """Write the page of a run into `folder`, with the report's style and script."""
    parts = explorer.parts(run)
    links = "".join(f'<li><a href="#{name}">The {name}</a></li>' for name in SECTIONS)
    contents = {"first": _figure(run), "second": _table(run), "explorer": parts["html"]}
    text = "<p>One line.</p>" * 40
    sections = "".join(
        f'<section id="{name}"><h2>{name}</h2>{contents.get(name, "")}{text}</section>'
        for name in SECTIONS
    )
    page = folder / "index.html"
    page.write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A run</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{_text("style.css")}{parts["style"]}</style>'
        f'</head><body><a class="skip" href="#first">Skip</a><header><h1>A run</h1></header>'
        '<nav aria-label="Contents"><details><summary>Contents<span class="here"></span></summary>'
        f"<ol>{links}</ol></details></nav><main>{sections}</main>"
        f"<script>{_text('page.js')}</script></body></html>",
        encoding="utf-8",
    )
    return page


def _text(name: str) -> str:
    return (REPORT / name).read_text(encoding="utf-8")


def _figure(run: Run) -> str:
    """An exemplar as a figure."""
    file = io.BytesIO()
    exemplar = run.read(files.EXEMPLARS, seed=run.seed)["image"][0]
    Image.fromarray(exemplar).save(file, "PNG")
    png = base64.b64encode(file.getvalue()).decode("ascii")
    image = f'<img src="data:image/png;base64,{png}" alt="An exemplar">'
    return f'<figure id="figure">{image}<figcaption>An image.</figcaption></figure>'


def _table(run: Run) -> str:
    """A table of every class and map, wider than a phone, folded."""
    maps = run.read(files.MAPS, seed=run.seed, layer=network.LAST)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in maps.itertuples(index=False)
    )
    return (
        '<div class="table"><p class="caption">Maps</p><details><summary>All maps</summary>'
        f'<div class="scroll"><table>{rows}</table></div></details></div>'
    )
