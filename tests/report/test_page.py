"""The page as written: valid, whole, and with the numbers of the files beside it."""

import dataclasses
import io
import itertools
import json
import re
from pathlib import Path

import html5lib
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from stages.common import artifacts, plots
from stages.common.params import read_params
from stages.report import __main__ as report
from stages.report import story
from stages.report.results import Results

from .conftest import changed, made_up

ROOT = Path(__file__).parents[2]
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
           "Sneaker", "Bag", "Ankle boot")  # fmt: skip


def written(results: Results, folder: Path) -> Path:
    """The folder `reports` as `python -m stages.report` writes it, all figures the same dot.

    Drawing takes seconds; what the figures show is tested elsewhere.
    """
    dot = io.BytesIO()
    Image.new("L", (1, 1)).save(dot, "PNG")

    def save(figure: Figure, path: Path) -> None:
        path.write_bytes(dot.getvalue())
        plt.close(figure)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(plots, "save", save)
        patch.setattr(report, "read_params", lambda: results.params)
        patch.setattr(report, "read", lambda _: results)
        report.main()
    return folder / artifacts.REPORTS


@pytest.fixture(scope="module")
def results() -> Results:
    return made_up(changed(read_params(), "train", seeds=(0, 1)))


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory) -> Path:
    return written(results, tmp_path_factory.mktemp("report"))


def parsed(text: str):
    """The page's tree; raises html5lib's ParseError at the first thing that is not HTML 5."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


@pytest.fixture(scope="module")
def page(folder):
    return parsed((folder / "index.html").read_text(encoding="utf-8"))


def words(element) -> str:
    return " ".join("".join(element.itertext()).split())


def tables_of_page(page) -> dict[str, list[list[str]]]:
    """Every table by its caption: its headings, then its rows."""
    found = {}
    for box in page.findall(".//div[@class='table']"):
        rows = [[words(cell) for cell in row] for row in box.findall(".//tr")]
        found[words(box.find("p"))] = rows
    return found


def tables_of_readme(text: str) -> dict[str, list[list[str]]]:
    """The same of the Markdown, whose formulas are HTML."""
    found = {}
    for caption, body in re.findall(r"^([^|\n]+)\n\n((?:\|.*\n)+)", text, re.M):
        lines = [line for line in body.splitlines() if "| --- |" not in line]
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
        plain = [[words(parsed(f"<!DOCTYPE html><title>x</title><p>{cell}"))[1:].strip()
                  for cell in row] for row in rows]  # fmt: skip
        found[caption] = [[cell.replace("\\|", "|") for cell in row] for row in plain]
    return found


@pytest.mark.parametrize("broken", ["<p></div>", "<a id=1 id=2>", "<table><p></table>"])
def test_what_is_no_html_is_found(broken):
    with pytest.raises(html5lib.html5parser.ParseError):
        parsed(f"<!DOCTYPE html><title>x</title>{broken}")


def test_the_page_is_valid_and_every_anchor_leads_somewhere(page):
    ids = [element.get("id") for element in page.iter() if element.get("id") is not None]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[\w-]+", name) for name in ids)
    links = [element.get("href") for element in page.findall(".//a")]
    assert {link[1:] for link in links} <= set(ids)
    for name in ("aria-labelledby", "aria-describedby", "for"):
        assert {element.get(name) for element in page.iter() if element.get(name)} <= set(ids)


LABELABLE = ("button", "input", "meter", "output", "progress", "select", "textarea")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def what_the_grammar_does_not_see(page) -> list[str]:
    """Labels that hold what they do not label, and sections without a heading of their own."""
    found = []
    for label in page.iter("label"):
        inside = [e for tag in LABELABLE for e in label.iter(tag) if e.get("type") != "hidden"]
        others = [e for e in inside if e.get("id") != label.get("for")]
        if others if label.get("for") else len(inside) > 1:
            found.append(f"label: {words(label)}")
    for section in page.iter("section"):
        nested = {e for inner in section.findall(".//section") for e in inner.iter()}
        if not any(e.tag in HEADINGS and e not in nested for e in section.iter()):
            found.append(f"section: {section.get('id') or section.get('class')}")
    return found


def test_labels_and_sections_hold_what_is_theirs(page):
    assert what_the_grammar_does_not_see(page) == []
    assert len(list(page.iter("label"))) > 1
    assert page.findall(".//section//section")


@pytest.mark.parametrize(
    "broken",
    ["<label for=a>x <output id=b></output></label><input id=a>",
     "<label><input><input></label>",
     "<section><p>x</p></section>",
     "<section><p>x</p><section><h2>x</h2></section></section>"],
)  # fmt: skip
def test_what_is_not_theirs_is_found(broken):
    page = parsed(f"<!DOCTYPE html><title>x</title>{broken}")
    assert len(what_the_grammar_does_not_see(page)) == 1


def test_everything_has_a_name_for_who_does_not_see_it(page):
    for image in page.iter("img"):
        assert len(image.get("alt")) > 40
        assert re.search(r"\d", image.get("alt")), image.get("alt")
    for element in [*page.iter("a"), *page.iter("button"), *page.iter("summary")]:
        assert words(element) or element.get("aria-label")
    assert page.get("lang") == "en"
    levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch("h[1-6]", str(e.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for region in page.findall(".//*[@role='region']"):
        assert region.get("aria-labelledby")


def test_each_section_figure_table_and_claim_has_its_anchor(page, results):
    sections = story.sections(results)
    ids = {element.get("id") for element in page.iter()}
    links = {element.get("href") for element in page.iter("a")}
    wanted = {section.anchor for section in sections}
    wanted |= {f"figure-{picture.name}" for part in sections for picture in part.pictures}
    wanted |= {f"claim-{row['id']}" for row in results.claims}
    assert wanted <= ids
    assert {f"#{name}" for name in wanted} <= links
    contents = [link.get("href") for link in page.findall(".//nav//a")]
    assert contents == [f"#{section.anchor}" for section in sections]


def test_the_page_asks_for_nothing(folder):
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=(?!"(?:data:|#))""", text)
    script = re.search(r"<script>(.*)</script>", text, re.S)[1]
    assert '"use strict";' in script
    for asking in ("fetch(", "XMLHttpRequest", "import(", "http:", "https:", "eval("):
        assert asking not in script, asking
    style = re.search(r"<style>(.*)</style>", text, re.S)[1]
    assert "&#" not in style  # as it stands in its file
    assert "url(" not in style
    assert len(text) < 8e6


def test_the_readme_shows_the_tables_of_the_page(folder, page):
    readme = tables_of_readme((folder / "README.md").read_text(encoding="utf-8"))
    shown = tables_of_page(page)
    assert len(shown) > 8
    for caption, rows in shown.items():
        assert readme[caption] == rows, caption


def test_the_readme_shows_the_sections_and_figures_of_the_page(folder, page):
    readme = (folder / "README.md").read_text(encoding="utf-8")
    titles = [words(h2) for h2 in page.iter("h2")]
    explorer = next(words(part.find("h2")) for part in page.iter("section")
                    if part.get("id") == "explorer")  # fmt: skip
    titles.remove(explorer)  # the one section that needs a browser
    assert re.findall("^## (.*)", readme, re.M) == titles
    alts = [image.get("alt") for image in page.findall(".//figure/img")]
    assert re.findall(r"!\[(.*?)\]\(figures/", readme) == alts
    for name in re.findall(r"\]\((figures/.*?)\)", readme):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_numbers_of_tables_are_those_of_the_files(page, results):
    shown = tables_of_page(page)
    accuracy = results.evaluation["accuracy"].query("split == 'test'")
    (rows,) = (rows for caption, rows in shown.items() if caption.startswith("Test accuracy"))
    expected = [
        [f"{row.model}-{row.seed}", f"{row.accuracy:.2%}", f"{row.low:.2%} to {row.high:.2%}",
         str(row.errors)]
        for row in accuracy.itertuples()
    ]  # fmt: skip
    assert rows[1:] == expected
    (rows,) = (rows for caption, rows in shown.items() if caption.startswith("CNN against MLP"))
    mcnemar = results.evaluation["mcnemar"]
    assert [row[3:5] for row in rows[1:]] == [
        [str(row.only_cnn_right), str(row.only_mlp_right)] for row in mcnemar.itertuples()
    ]
    a, b = results.names
    (rows,) = (r for c, r in shown.items() if c.startswith(f"Points common to {b} and not to {a}"))
    points = results.points[results.seed].set_index(["map", "row", "column"])
    for name, mean_a, _, auroc, *_ in rows[1:]:
        point = points.loc[tuple(int(number) for number in re.findall(r"\d+", name))]
        assert (mean_a, auroc) == (f"{point['mean_a_test']:.2f}", f"{point['auroc_test']:.3f}")
        assert bool(point["common_b"])
        assert not bool(point["common_a"])


def test_numbers_of_the_text_are_those_of_the_metrics(folder, page):
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    text = {section.get("id"): words(section) for section in page.iter("section")}
    counts = metrics["claims"]
    assert (
        f"{counts['supported']} is supported, {counts['not_supported']} is not"
        in (text["verdicts"])
    )
    for model, name in (("cnn", "CNN"), ("mlp", "MLP")):
        assert f"{metrics[model]['accuracy']:.2%} (" in text["data"]
        ends = f"{metrics[model]['lowest']:.2%} to {metrics[model]['highest']:.2%} by network"
        assert ends in text["data"]
        assert re.search(rf"{name} .*?{metrics[model]['confused']:.1f} times", text["models"])
    assert f"correlate by {metrics['maps']['matched_r']:.2f}" in text["replicates"]
    assert f"{metrics['points']['to_tell']:.0f} of the {metrics['points']['live']:,.0f} live" in (
        words(page.find(".//header"))
    )


def test_written_again_it_is_the_same(folder, results, tmp_path):
    again = written(results, tmp_path)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert len(files) > 20
    for name in files:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_words_and_one_seed_make_a_valid_page_too(tmp_path):
    """The higher class first, no contrast, no pair of networks, nothing that tells."""
    params = changed(read_params(), "train", seeds=(7,))
    params = changed(params, "analysis", pair=(5, 3), contrast=())
    odd = dataclasses.replace(made_up(params, seed=1, spread=0.0), class_names=CLOTHES)
    folder = written(odd, tmp_path)
    page = parsed((folder / "index.html").read_text(encoding="utf-8"))
    assert words(page.find(".//h1")).startswith("What tells a “Sandal” from a “Dress”?")
    readme = tables_of_readme((folder / "README.md").read_text(encoding="utf-8"))
    for caption, rows in tables_of_page(page).items():
        assert readme[caption] == rows, caption
    assert "nan" not in re.findall(r"[a-z]+", words(page.find(".//main")).lower())


def test_the_committed_report_has_the_numbers_of_the_files_beside_it():
    reports = ROOT / artifacts.REPORTS
    text = (reports / "README.md").read_text(encoding="utf-8")
    metrics = json.loads((reports / "metrics.json").read_text(encoding="utf-8"))
    claims = json.loads((reports / "claims.json").read_text(encoding="utf-8"))
    for model in ("cnn", "mlp"):
        assert f"{metrics[model]['accuracy']:.2%} (" in text
        assert f"{metrics[model]['confused']:.1f} times" in text
    assert f"Of {sum(metrics['claims'].values())} claims" in text
    for row in claims:
        finding, _, because = row["sentence"].partition(": ")
        part = report.verdicts.read_part(row)
        assert f"{finding}: {because[0].upper()}{because[1:]}" in text
        assert bool(part.values) == bool(row["values"]), row["id"]
        assert part.values in row["sentence"]
        assert part.intervals in row["sentence"]
        assert part.asked in row["sentence"]
