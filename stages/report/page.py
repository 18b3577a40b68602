"""The page, and its README in short, made of the same Markdown templates.

A chapter is a package in `sections`, with a `TITLE`. A section is a module in it and a template of
the same name, whose first line is its title. `ORDER` is a chapter's place, or a section's in its
chapter. The figure that a chapter's first section begins with is the chapter's picture. The module
of a section may have `numbers(run)` for the template and `metrics(run)` for `metrics.json`, and has
a function of the run for each figure, under the figure's name. In a template

    {{ value }}                                      text, safe from what it may hold
    {% call figure("name") %}a line of alternative text, a line of caption{% endcall %}
    {% call table({"heading": "{column:.2f}", ...}, rows) %}caption{% endcall %}
    {% call finding() %}sentences that the README has, too{% endcall %}

Every template has the functions of `words`, `fmt` (Python's format), and of the run: `run`,
`params`, `names`, `one` and `many` (a and b), `first` and `several` (networks), `layer` (the last),
and `needed` (networks, to decide a claim). A paragraph is one line: a line that began with a number
or a sign could begin a list. Where it ends in a block, `+%}` keeps the end of the line.
"""

import base64
import hashlib
import pkgutil
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from stages.common import artifacts, inference
from stages.common.run import Run
from stages.report import plots, sections, words

HERE = Path(__file__).parent
LONG = 12  # rows; a longer table is folded
# What Markdown takes for a mark; an underscore within a word is none.
MARKS = re.compile(r"[\\`*<>\[\]|~&]|(?<![^\W_])_|_(?![^\W_])")

FIGURE = re.compile(r'<figure id="figure-(\w+)">.*?</figure>', re.DOTALL)
PICTURE = re.compile(r"(\s*<(figure|div)\b.*?</\2>\s*)?", re.DOTALL)  # perhaps none


class Section(NamedTuple):
    """A part of the report."""

    name: str
    title: Markup  # HTML
    html: Markup
    heading: Markup  # the title in Markdown
    markdown: Markup  # the text with figures as files, and tables in HTML
    finding: Markup  # what it says in the README; Markdown


def modules(package: ModuleType) -> list[ModuleType]:
    """The modules in a package, in their order: chapters of `sections`, or a chapter's sections."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    imported = (import_module(f"{package.__name__}.{name}") for name in names)
    return sorted(imported, key=lambda module: module.ORDER)


def chapters() -> list[tuple[ModuleType, list[ModuleType]]]:
    """Every chapter and the modules of its sections, in their order."""
    return [(chapter, modules(chapter)) for chapter in modules(sections)]


def escaped(value: Any) -> str:
    """A value as Markdown that reads as the value does; whole numbers get thousands separators."""
    if isinstance(value, Markup):
        return value
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return MARKS.sub(r"\\\g<0>", text)


def _environment(*folders: str | Path, **options: object) -> jinja2.Environment:
    strict = {"undefined": jinja2.StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    return jinja2.Environment(loader=jinja2.FileSystemLoader([*folders, HERE]), **strict, **options)


class Chapter(NamedTuple):
    """Sections that belong together."""

    name: str
    title: str
    picture: Markup  # that its first section began with, or nothing
    markdown: Markup  # the same in Markdown
    sections: list[Section]


class Writer:
    """Renders sections of a subject, and draws each figure when a template first shows it.

    The subject, a run, is what their functions get; templates lie in `folders` and have `values`.
    """

    def __init__(self, subject: Any, figures: Path, *folders: str | Path, **values: object) -> None:
        self.subject, self.figures = subject, figures
        self.drawn: dict[str, str] = {}  # base64 by name
        self.texts: dict[str, tuple[str, str]] = {}  # alternative text and caption by name
        self.markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
        self.markdown.add_render_rule("th_open", lambda *_: '<th scope="col">')
        self.templates = _environment(*folders, finalize=escaped)
        self.templates.filters |= {"fmt": format} | words.FUNCTIONS  # {{ 0.5 | fmt(".0%") }}
        self.templates.globals |= words.FUNCTIONS | values | {
            "figure": self._figure, "table": self._table, "finding": self._finding,
        }  # fmt: skip

    def chapter(self, package: ModuleType, parts: list[ModuleType]) -> Chapter:
        """One chapter with its sections; its picture stays in view while it is closed."""
        name = f"chapter-{package.__name__.rpartition('.')[2]}"
        first, *others = (self.section(module) for module in parts)
        picture = Markup(PICTURE.match(first.html)[0])
        first = first._replace(html=first.html[len(picture) :])
        return Chapter(name, package.TITLE, picture, self._as_files(picture), [first, *others])

    def section(self, module: ModuleType) -> Section:
        """One section, or the lead, from its module and template."""
        self.module, self.name = module, module.__name__.rpartition(".")[2]
        self.tables, self.findings = 0, []
        numbers = getattr(module, "numbers", lambda _: {})(self.subject)
        text = self.templates.get_template(f"{self.name}.md").render(**numbers)
        title, _, body = text.removeprefix("# ").partition("\n")
        html, markdown = Markup(self.markdown.render(body)), self._as_files(body)
        return Section(
            self.name,
            self._inline(title),
            html,
            Markup(title),
            markdown,
            Markup(" ".join(self.findings)),
        )

    def readme(self, opening: Section, chapters: list[Chapter], **values: object) -> str:
        """The README, from `readme.md`: the opening, outcomes, and what each section found."""
        template = self.templates.get_template("readme.md")
        return template.render(opening=opening, chapters=chapters, **values)

    def _as_files(self, text: str) -> Markup:
        """Markdown or HTML with its figures as Markdown images that are files."""

        def image(found: re.Match) -> str:
            alt, caption = self.texts[found[1]]
            return f"![{alt}](figures/{found[1]}.png)\n\n*{caption}*"

        return Markup(FIGURE.sub(image, text).strip())

    def draw(self, name: str) -> str:
        """A figure of the current section as base64; it is drawn and saved once."""
        if name not in self.drawn:
            path, figure = self.figures / f"{name}.png", getattr(self.module, name)(self.subject)
            artifacts.replace(path, lambda temporary: plots.save(figure, temporary))
            self.drawn[name] = base64.b64encode(path.read_bytes()).decode("ascii")
        return self.drawn[name]

    def _inline(self, text: str) -> Markup:
        """One paragraph of Markdown as HTML without a tag of its own."""
        return Markup(self.markdown.renderInline(text.strip()))

    def _finding(self, caller) -> str:
        """The macro `finding`: its block also stands in the README."""
        text = caller()
        self.findings.append(text.strip())
        return text

    def _figure(self, name: str, caller) -> str:
        """The macro `figure`: its block is the text in the figure's place, and the caption."""
        alt, caption = self.texts[name] = tuple(map(str.strip, caller().strip().split("\n", 1)))
        plain = escape(self._inline(alt).striptags())
        return (
            f'<figure id="figure-{name}">\n<img src="data:image/png;base64,{self.draw(name)}" '
            f'alt="{plain}">\n<figcaption>{self._inline(caption)} '
            f'<a class="anchor" href="#figure-{name}" aria-label="Link to the figure {name}"></a>'
            "</figcaption>\n</figure>\n\n"
        )

    def _table(self, columns: dict[str, str], rows, caller) -> str:
        """The macro `table`, of dicts or a data frame: folded where it is long."""
        rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
        if not rows:
            return ""
        cells = [[words.cell(form, row) for form in columns.values()] for row in rows]
        lines = [columns, ["---"] * len(columns), *cells]
        text = "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)
        caption, long = self._inline(caller()), len(rows) > LONG
        self.tables += 1
        name, tag = f"{self.name}-{self.tables}", "summary" if long else "p"
        return (
            f'<div class="table" id="table-{name}">\n{"<details>" * long}'
            f'<{tag} class="caption" id="caption-{name}">{caption} '
            f'<a class="anchor" href="#table-{name}" '
            f'aria-label="Link to this table: {escape(caption.striptags())}"></a></{tag}>\n'
            f'<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-{name}">\n\n'
            f"{text}\n\n</div>{'</details>' * long}\n</div>\n\n"
        )


def of_run(run: Run, figures: Path) -> Writer:
    """What writes the report of a run, with the pictures in the folder `figures`."""
    folders = [path for chapter in modules(sections) for path in chapter.__path__]
    return Writer(
        run, figures, *folders, run=run, params=run.params, names=run.names, layer=run.last,
        several=len(run.seeds) > 1, many=tuple(map(run.many, run.pair)),
        one=tuple(map(run.one, run.pair)), first=f"cnn-{run.seed}", needed=inference.NETWORKS,
    )  # fmt: skip


def index(
    name: str, opening: Section, *folders: Path, scripts: Sequence[str] = (), images: str = "data:",
    **values: object,
) -> str:  # fmt: skip
    """A page in one file, from the template `name`; `values` are what else it shows.

    It runs page.js and `scripts`, which stand in it, and loads nothing but images from `images`.
    """
    style, script = (Markup((HERE / part).read_text("utf-8")) for part in ("style.css", "page.js"))
    template = _environment(*folders, autoescape=True).get_template(name)
    policy = policy_of([script, *scripts], images)
    return template.render(opening=opening, style=style, script=script, policy=policy, **values)


def policy_of(scripts: Sequence[str], images: str = "data:") -> str:
    """The Content-Security-Policy of a page that runs these scripts, and no other."""
    hashes = (base64.b64encode(hashlib.sha256(of.encode()).digest()).decode() for of in scripts)
    allowed = " ".join(f"'sha256-{of}'" for of in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src {images}; "
        "base-uri 'none'; form-action 'none'"
    )
