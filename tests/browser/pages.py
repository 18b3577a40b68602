"""A page of a finished run, as small as what is opened: a figure, a table, and the explorer."""

from pathlib import Path

from stages.common import files
from stages.common.run import Run
from stages.report import explorer
from stages.report.explorer import contents
from stages.report.page import policy_of

REPORT = Path(explorer.__file__).parents[1]
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A run</title>
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>{style}</style></head><body><header><h1>A run</h1></header>
<nav aria-label="Contents"><details><summary>Contents<span class="here"></span></summary>
<ol>{links}</ol></details></nav><main>{sections}</main><script>{script}</script></body></html>
"""
FIGURE = """<figure id="figure"><img src="data:image/png;base64,{png}" alt="Exemplars">
<figcaption>Some images.</figcaption></figure>"""
SECTION = '<section id="{0}"><h3>{0}</h3>{1}' + "<p>A line.</p>" * 40 + "</section>"
CLOSED = '<details id="chapter"><summary>A chapter</summary>{}</details>'
TABLE = '<details><summary>Points</summary><div class="scroll">{table}</div></details>'


def write(run: Run, folder: Path) -> Path:
    """Write the page of a run into `folder`, with the report's style and script."""
    parts = explorer.parts(run)
    png = contents.ink_tiles(run.read(files.EXEMPLARS, seed=run.seed)["image"])["png"]
    table = run.read(files.POINTS, seed=run.seed).head(20).to_html(border=0)
    figure, folded = FIGURE.format(png=png), TABLE.format(table=table)
    blocks = {"first": figure, "second": folded, "explorer": parts["html"], "last": ""}
    script = (REPORT / "page.js").read_text(encoding="utf-8")
    page = folder / "index.html"
    html = PAGE.format(
        policy=policy_of([script, parts["script"]]),
        style=(REPORT / "style.css").read_text(encoding="utf-8") + str(parts["style"]),
        links="".join(f'<li><a href="#{name}">The {name}</a></li>' for name in (*blocks, "inside")),
        sections="".join(SECTION.format(*block) for block in blocks.items())
        + CLOSED.format(SECTION.format("inside", "")),
        script=script,
    )
    page.write_text(html, encoding="utf-8")
    return page
