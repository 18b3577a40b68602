"""From the sections to a page and a README: both are made of the same Markdown templates.

A section is a module of `sections` with `ORDER`, `numbers(run)` and, where it has any, `FIGURES`,
and a template of the same name beside it, whose first line is its title. In a template

    {{ value }}                                      text, safe from what it may hold
    {% call figure("name") %}alt, empty line, caption{% endcall %}
    {% call table({"heading": "{column:.2f}", ...}, rows) %}caption{% endcall %}

A paragraph is one line: a line that began with a number or a sign could begin a list.
"""

import base64
import html
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from stages.common import artifacts, network
from stages.common.run import Run
from stages.report import plots, sections, words

HERE = Path(__file__).parent
LONG = 12  # rows; a longer table is folded
# What Markdown takes for a mark; an underscore within a word is none.
MARKS = re.compile(r"[\\`*<>\[\]|~&]|(?<![^\W_])_|_(?![^\W_])")


class Section(NamedTuple):
    """A part of the report in both forms; `title` is HTML."""

    name: str
    title: Markup
    html: Markup
    markdown: str


def modules() -> list[ModuleType]:
    """The modules of all sections, in their order."""
    names = [found.name for found in pkgutil.iter_modules(sections.__path__)]
    found = [import_module(f"{sections.__name__}.{name}") for name in names if name[0] != "_"]
    return sorted(found, key=lambda module: module.ORDER)


def escaped(value: Any) -> str:
    """A value as Markdown that reads as the value does; whole numbers get thousands separators."""
    if isinstance(value, Markup):
        return value
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return MARKS.sub(r"\\\g<0>", text)


def _to_html() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    markdown.add_render_rule("th_open", lambda *_: '<th scope="col">')
    return markdown


class Writer:
    """Renders sections of a run, and draws each figure when a template first shows it."""

    def __init__(self, run: Run, figures: Path) -> None:
        self.run, self.figures = run, figures
        self.drawn: dict[str, str] = {}  # base64 by name
        self.markdown = _to_html()
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([HERE, *sections.__path__]),
            undefined=jinja2.StrictUndefined,
            finalize=escaped,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters["fmt"] = format  # as Python does: {{ 0.5 | fmt(".0%") }}
        for name in ("count", "are", "reach", "mean_and_reach", "number", "share"):
            self.environment.globals[name] = self.environment.filters[name] = getattr(words, name)
        self.environment.globals |= {
            "run": run, "params": run.params, "names": run.names, "layer": network.LAST,
            "several": len(run.seeds) > 1, "many": tuple(map(run.many, run.pair)),
            "one": tuple(map(run.one, run.pair)), "first": f"cnn-{run.seed}",
            "bold": lambda bold: f"Bold: {bold}; thin: the other networks."
            if len(run.seeds) > 1 else f"The curves are of {bold}.",
        }  # fmt: skip

    def section(self, module: ModuleType) -> Section:
        """One section, or the lead, from its module and template."""
        name = module.__name__.rpartition(".")[2]
        numbers = getattr(module, "numbers", lambda _: {})(self.run)
        texts = []
        for page in (False, True):
            macros = {"figure": Figures(self, module, page), "table": Tables(self, name, page)}
            template = self.environment.get_template(f"{name}.md")
            title, _, body = template.render(**numbers, **macros).partition("\n")
            texts.append(body.strip())
        title = title.removeprefix("# ")
        body = Markup(self.markdown.render(texts[1]))
        return Section(name, self.inline(title), body, f"# {title}\n\n{texts[0]}\n")

    def inline(self, text: str) -> Markup:
        """One paragraph of Markdown as HTML without a tag of its own."""
        return Markup(self.markdown.renderInline(text.strip()))

    def draw(self, name: str, module: ModuleType) -> str:
        """The figure `name` of a section as base64; it is drawn and saved once."""
        if name not in self.drawn:
            path = self.figures / f"{name}.png"
            figure = module.FIGURES[name](self.run)
            artifacts.replace(path, lambda temporary: plots.save(figure, temporary))
            self.drawn[name] = base64.b64encode(path.read_bytes()).decode("ascii")
        return self.drawn[name]


class Figures(NamedTuple):
    """The macro `figure` of a section, for the page or for the README."""

    writer: Writer
    module: ModuleType
    page: bool

    def __call__(self, name: str, caller) -> str:
        """A figure; the block it calls holds the text in its place, and its caption."""
        alt, caption = caller().strip().split("\n\n", 1)
        image = self.writer.draw(name, self.module)
        if not self.page:
            return f"![{alt}](figures/{name}.png)\n\n*{caption}*\n"
        plain = html.escape(self.writer.inline(alt).striptags())
        return (
            f'<figure id="figure-{name}">\n'
            f'<img src="data:image/png;base64,{image}" alt="{plain}">\n'
            f"<figcaption>{self.writer.inline(caption)} "
            f'<a class="anchor" href="#figure-{name}" aria-label="Link to the figure {name}"></a>'
            "</figcaption>\n</figure>\n"
        )


class Tables:
    """The macro `table` of a section: the same text for the page and for the README."""

    def __init__(self, writer: Writer, section: str, page: bool) -> None:
        self.writer, self.section, self.page, self.n = writer, section, page, 0

    def __call__(self, columns: dict[str, str], rows, caller) -> str:
        """A table of `rows`, dicts or a data frame; nothing where there is none."""
        rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
        if not rows:
            return ""
        self.n += 1
        cells = [[words.cell(form, row) for form in columns.values()] for row in rows]
        lines = [columns, ["---"] * len(columns), *cells]
        cells = "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)
        caption, long = self.writer.inline(caller()), len(rows) > LONG
        if self.page:
            return self._block(caption, cells, long)
        if long:
            return f"<details>\n<summary>{caption}</summary>\n\n{cells}\n\n</details>\n"
        return f"{caller().strip()}\n\n{cells}\n"

    def _block(self, caption: Markup, cells: str, long: bool) -> str:
        name = f"{self.section}-{self.n}"
        plain = html.escape(caption.striptags())
        tag = "summary" if long else "p"
        first = (
            f'<{tag} class="caption" id="caption-{name}">{caption} <a class="anchor" '
            f'href="#table-{name}" aria-label="Link to this table: {plain}"></a></{tag}>'
        )
        return (
            f'<div class="table" id="table-{name}">\n{"<details>" * long}{first}\n'
            f'<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-{name}">\n\n'
            f"{cells}\n\n</div>{'</details>' * long}\n</div>\n"
        )


def readme(opening: Section, parts: list[Section]) -> str:
    """The README: all sections but the explorer, which is a program."""
    texts = [f"#{part.markdown}" for part in parts if part.name != "explorer"]
    note = "<!-- Written by `python -m stages.report`; changes made here are lost. -->"
    return "\n".join([note, opening.markdown, *texts])


def index(opening: Section, parts: list[Section], **values: object) -> str:
    """The page in one file, from `page.html`; `values` are what else it shows."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (Markup((HERE / name).read_text("utf-8")) for name in ("style.css", "page.js"))
    content = {"opening": opening, "sections": parts, "style": style, "script": script}
    return environment.get_template("page.html").render(**content, **values)
