"""The page and the README as `python -m stages.report` writes them."""

import re

import html5lib
import pytest

from stages.report import __main__ as report
from stages.report import page, sections

from .conftest import Changed, figures, one_seed, plain, rendered

BANNED = re.compile(
    r"\b(tell(s|ing)? \d|tells? (a|an|apart)|telling|fires?|fired|riddle|prices?|shifts|moved)\b"
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


def test_every_anchor_leads_somewhere_and_every_name_is_used_once(tree):
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = {element.get("href") for element in tree.findall(".//a")}
    assert {link.removeprefix("#") for link in links} <= set(ids)
    for name in ("aria-labelledby", "aria-describedby", "for"):
        targets = {word for e in tree.iter() for word in (e.get(name) or "").split()}
        assert targets <= set(ids)


def test_the_page_loads_nothing(tree):
    for element in tree.iter():
        for name in ("src", "href", "data"):
            assert (element.get(name) or "#").startswith(("#", "data:")), element.get(name)


def test_all_sections_are_in_both_forms_and_the_explorer_in_the_page_alone(tree, reports):
    names = [module.__name__.rpartition(".")[2] for module in page.modules()]
    assert [section.get("id") for section in tree.findall(".//main/section")] == names
    titles = ["".join(e.itertext()) for e in tree.findall(".//main/section/h2")]
    headings = re.findall("^## (.*)$", (reports / "README.md").read_text("utf-8"), re.M)
    assert headings == [t for t, name in zip(titles, names, strict=True) if name != "explorer"]


def test_both_forms_show_the_same_tables(tree, reports):
    def cells(rows):
        return [["".join(cell.itertext()).strip() for cell in row] for row in rows]

    shown = [cells(table.findall(".//tr")) for table in tree.findall(".//div[@class='table']")]
    text = (reports / "README.md").read_text("utf-8")
    blocks = [b for b in re.findall(r"(?:^\|.*\n)+", text, re.M) if "formula" not in b]
    written = [
        [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in block.splitlines()]
        for block in blocks
    ]
    assert len(shown) == len(written) > 10
    for table, rows in zip(shown, written, strict=True):
        lines = [[re.sub(r"\\(.)", r"\1", cell).strip() for cell in row] for row in rows]
        assert table == [line for line in lines if line[0] != "---"]


def test_figures_are_files_with_a_text_in_their_place(tree, reports):
    text = (reports / "README.md").read_text("utf-8")
    assert not re.search(r"[^\n]\n!\[", text)  # each is a paragraph of its own
    named = re.findall(r"!\[(.*)\]\(figures/(\w+)\.png\)", text)
    files = {path.stem for path in (reports / "figures").iterdir()}
    assert {name for _, name in named} == files == figures()
    alts = {f.get("id"): f.find("img").get("alt") for f in tree.findall(".//figure[@id]")}
    for alt, name in named:
        assert alts[f"figure-{name}"] == re.sub(r"\\(.)", r"\1", alt)
        assert re.search(r"\d", alt), f"the text of {name} has no number"


def test_no_text_uses_words_that_the_project_avoids(run):
    for name, section in rendered(run).items():
        if name not in ("claims", "settings"):
            words = plain(section) + " ".join(re.findall('alt="(.*?)"', section.html))
            assert not BANNED.search(words), (name, BANNED.search(words))


def test_a_section_that_is_put_into_the_folder_is_in_the_report(run, tmp_path, monkeypatch):
    (tmp_path / "dropped.py").write_text('ORDER = 1\ndef numbers(run): return {"n": 1234}\n')
    table = '{% call table({"n": "{n:.1f}"}, [{"n": n}]) %}All.{% endcall %}'
    (tmp_path / "dropped.md").write_text(f"# A title\n\nIt is {{{{ n }}}}.\n\n{table}\n")
    monkeypatch.setattr(sections, "__path__", [*sections.__path__, str(tmp_path)])
    assert page.modules()[0].__name__.endswith("dropped")
    section = rendered(run, "dropped")["dropped"]
    assert section.markdown == "# A title\n\nIt is 1,234.\n\nAll.\n\n| n |\n| --- |\n| 1234.0 |\n"
    assert "<td>1234.0</td>" in section.html


HOSTILE = ("<b>bold</b>", "a|b", "*star*", "_line_", "`code`", "[x](y)", "&lt;", "</script>",
           "~~no~~", "\\")  # fmt: skip


@pytest.mark.parametrize("pair", [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)])
def test_names_of_classes_read_as_they_are(run, pair):
    shown = rendered(Changed(run, names=HOSTILE, analysis={"pair": pair}), "models")["models"]
    tree = parsed(f"<!DOCTYPE html><title>x</title>{shown.html}")
    text = "".join(tree.itertext())
    for label in pair:
        assert f"“{HOSTILE[label]}”" in text
    head = ["".join(cell.itertext()) for cell in tree.findall(".//table")[0].findall(".//th")]
    a, b = (f"“{HOSTILE[label]}”" for label in pair)
    assert head[1:3] == [f"{a} as {b}", f"{b} as {a}"]
    assert shown.title.striptags() == f"Does the CNN confuse {a} and {b} less than an MLP?"


def test_long_tables_are_folded(run):
    points = rendered(run, "typical")["typical"]
    rows = max(table.count("<tr>") for table in points.html.split("</table>"))
    assert rows > page.LONG
    assert points.html.count("<details>") == points.markdown.count("<details>") > 0
    assert "<details>" not in rendered(one_seed(run), "networks")["networks"].html
