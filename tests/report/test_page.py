"""The page and the README as `python -m stages.report` writes them."""

import json
import re
from pathlib import Path

import html5lib
import pytest
from markdown_it import MarkdownIt
from markupsafe import Markup

from stages.common import files
from stages.report import __main__ as report
from stages.report import page
from stages.report.sections import causes

from .conftest import Changed, figures, modules, one_seed, plain, rendered

ROOT = Path(__file__).parents[2]
BANNED = re.compile(
    r"\b(?:tell(?:s|ing)? \d|tells? (?:a|an|apart)|telling|told|decid\w*|asked|fires?|fired|riddle"
    r"|prices?|shifts|moved)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def reports(run, tmp_path_factory):
    """The folder `reports` of the small run, made by the stage itself."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(report, "read_params", lambda: run.params)
        patch.setattr(report, "Run", lambda _: run)
        report.main()
    return folder / "reports"


def parsed(text: str):
    """The page's tree; raises html5lib's ParseError at the first thing that is not HTML 5."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


@pytest.fixture(scope="module")
def tree(reports):
    return parsed((reports / "index.html").read_text("utf-8"))


@pytest.fixture(scope="module")
def readme(reports):
    """The README as a tree, read by a Markdown parser as GitHub would."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    text = markdown.render((reports / "README.md").read_text("utf-8"))
    return parsed(f"<!DOCTYPE html><title>x</title>{text}")


def words_of(text: str) -> str:
    """A title's words."""
    return " ".join(Markup(text).striptags().split())


def words(element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_every_anchor_leads_somewhere_and_every_name_is_used_once(tree):
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {link.get("href").removeprefix("#") for link in tree.iter("a")} <= set(ids)
    names = ("aria-labelledby", "aria-describedby", "for")
    assert {w for e in tree.iter() for n in names for w in (e.get(n) or "").split()} <= set(ids)


def test_the_page_loads_nothing(tree):
    sources = [e.get(name) or "#" for e in tree.iter() for name in ("src", "href", "data")]
    assert all(source.startswith(("#", "data:")) for source in sources)


def test_the_page_has_all_sections_and_the_readme_what_each_found(run, tree, readme, reports):
    parts = tree.findall(".//main/section/details/section")
    assert ["lead", *(part.get("id") for part in parts)] == list(modules())
    chapters = [words(title) for title in tree.findall(".//main/section/h2")]
    assert [words(title) for title in readme.iter("h2")] == chapters
    found = {name: of for name, of in rendered(run).items() if of.finding and name != "lead"}
    assert len(found) > 15
    paragraphs = [words(p) for p in readme.iter("p")]
    for section in found.values():
        assert sum(p.startswith(words_of(section.title)) for p in paragraphs) == 1
    claims = run.read(files.CLAIMS)
    rows = [[words(cell) for cell in row] for row in readme.iter("tr")][1:]
    assert len(rows) == len(claims) + sum(len(claim["parts"]) for claim in claims)
    assert {row[1] for row in rows} == {p["outcome"] for c in claims for p in (c, *c["parts"])}
    ids = {element.get("id") for element in readme.iter()}
    assert {a.get("href")[1:] for a in readme.iter("a") if a.get("href")} <= ids
    assert len((reports / "README.md").read_text("utf-8").splitlines()) <= 150


def test_figures_are_files_with_a_text_in_their_place(tree, readme, reports):
    shown = {f.get("id"): f.find("img").get("alt") for f in tree.findall(".//figure[@id]")}
    assert all(re.search(r"\d", alt) for alt in shown.values())
    drawn = {path.stem for path in (reports / "figures").iterdir()}
    assert set(shown) == {f"figure-{name}" for name in drawn}
    assert drawn == figures()
    written = {image.get("src"): image.get("alt") for image in readme.iter("img")}
    assert len(written) > 5
    assert {
        f"figure-{Path(src).stem}": alt for src, alt in written.items()
    }.items() <= shown.items()
    assert all(len(p) == 1 for p in readme.iter("p") if p.find("img") is not None)


def test_no_text_uses_words_that_the_project_avoids(run):
    """The claims' own wording, names in code and the project's question apart."""
    texts = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "stages/README.md")}
    settings = (ROOT / "params.yaml").read_text("utf-8").splitlines()
    texts["params.yaml"] = "\n".join(line.partition("#")[2] for line in settings)
    for name, section in rendered(run).items():
        if name not in ("claims", "settings"):
            texts[name] = plain(section) + " ".join(re.findall('alt="(.*?)"', section.html))
    committed = json.loads((ROOT / "reports/claims.json").read_text("utf-8"))
    claims = (re.escape(row["claim"]) for row in (*run.read(files.CLAIMS), *committed))
    own = "|".join([*claims, "`[^`]*`", r"Bonett\W+Price", r"\*\*What, inside .*?\?\*\*"])
    found = {name: BANNED.findall(re.sub(own, "", text)) for name, text in texts.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_a_section_that_is_put_into_the_folder_is_in_the_report(run, tmp_path, monkeypatch):
    (tmp_path / "dropped.py").write_text('ORDER = 1\ndef numbers(run): return {"n": 1234}\n')
    table = '{% call table({"n": "{n:.1f}"}, [{"n": n}]) %}All.{% endcall %}'
    (tmp_path / "dropped.md").write_text(
        f"# A title\n\n{{% call finding() %}}It is {{{{ n }}}}.{{% endcall +%}}\n\n{table}\n"
    )
    monkeypatch.setattr(causes, "__path__", [*causes.__path__, str(tmp_path)])
    assert page.modules(causes)[0].__name__.endswith("dropped")
    section = rendered(run, "dropped")["dropped"]
    assert (section.heading, section.finding) == ("A title", "It is 1,234.")
    assert "<p>It is 1,234.</p>" in section.html
    assert "<td>1234.0</td>" in section.html


HOSTILE = ("<b>bold</b>", "a|b", "*star*", "_line_", "`code`", "[x](y)", "&lt;", "</script>",
           "~~no~~", "\\")  # fmt: skip


@pytest.mark.parametrize("pair", [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)])
def test_names_of_classes_read_as_they_are(run, pair):
    shown = rendered(Changed(run, names=HOSTILE, analysis={"pair": pair}), "models")["models"]
    tree = parsed(f"<!DOCTYPE html><title>x</title>{shown.html}")
    head = [words(cell) for cell in tree.find(".//table").iter("th")]
    a, b = (f"“{HOSTILE[label]}”" for label in pair)
    assert {a, b} <= set(re.findall("“.*?”", words(tree)))
    assert head[1:3] == [f"{a} as {b}", f"{b} as {a}"]
    assert shown.title.striptags() == f"Does the CNN confuse {a} and {b} less than an MLP?"


def test_long_tables_are_folded(run):
    all_of_a = {files.POINTS: lambda table: table.assign(typical_a=True, typical_b=False)}
    points = rendered(Changed(run, all_of_a), "typical")["typical"]
    rows = max(table.count("<tr>") for table in points.html.split("</table>"))
    assert rows > page.LONG
    assert points.html.count("<details>") > 0
    assert "<details>" not in rendered(one_seed(run), "networks")["networks"].html
