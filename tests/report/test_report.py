"""The report: true for any outcome, the same numbers as the files, the same bytes again."""

import dataclasses
import html.parser
import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import artifacts, console, plots
from stages.report import (
    explorer,
    figures,
    map_figures,
    networks,
    story,
    summaries,
    verdicts,
)
from stages.report.__main__ import render
from stages.report.blocks import Picture, Section
from stages.report.results import Results, _points

from .conftest import changed, interventions, made_up


def text_of(results: Results) -> str:
    """Everything the report says, figures' captions and tables included."""
    parts = [story.title(results), networks.notice(results), *story.lead(results)]
    parts.append(story.accuracy(results))
    for section in story.sections(results):
        parts += section.items
        for claim in section.claims:
            parts += [claim.text, *(f"{part.finding}: {part.because}" for part in claim.parts)]
        parts += [section.title, *section.paragraphs]
        parts += [f"{picture.alt} {picture.caption}" for picture in section.pictures]
        for table in section.tables:
            parts += [table.caption, *table.headings, *(" ".join(row) for row in table.rows)]
    return "\n".join(parts)


def section(results: Results, anchor: str) -> Section:
    """One section of the report."""
    return next(part for part in story.sections(results) if part.anchor == anchor)


def page_of(results: Results) -> str:
    sections = story.sections(results)
    images = {picture.name: "AAAA" for section in sections for picture in section.pictures}
    return render(
        "template.html", title=story.title(results), lead=story.lead(results),
        accuracy=story.accuracy(results), sections=sections,
        notice=networks.notice(results), footer=("made",), images=images,
        explorer=explorer.parts(results),
    )  # fmt: skip


def pictures_of(results: Results) -> list[Picture]:
    return [picture for part in story.sections(results) for picture in part.pictures]


def draw_all(results: Results) -> None:
    """Draw every figure, without the costly layout of a file."""
    for picture in pictures_of(results):
        plt.close(picture.draw(results))


def test_every_figure_is_written_with_a_title_labels_and_an_alternative(results, tmp_path):
    pictures = pictures_of(results)
    assert len({picture.name for picture in pictures}) == len(pictures) == 18
    for picture in pictures:
        figure = picture.draw(results)
        assert figure.get_suptitle()
        for axes in figure.axes:
            sharing = axes.get_shared_x_axes().get_siblings(axes)
            named = figure.get_supxlabel() or any(other.get_xlabel() for other in sharing)
            assert named or not axes.lines, picture.name
        path = tmp_path / f"{picture.name}.png"
        plots.save(figure, path)
        assert path.read_bytes().startswith(b"\x89PNG")
        assert picture.alt
        assert picture.caption
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", ["training_curves", "class_means"])
def test_a_figure_is_the_same_bytes_again(results, tmp_path, name):
    picture = next(picture for picture in pictures_of(results) if picture.name == name)
    for turn in ("first", "second"):
        plots.save(picture.draw(results), tmp_path / turn)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("pair", [(3, 5), (8, 1)])
def test_another_pair_leaves_no_trace_of_the_first(params, pair):
    names = tuple("abcdefghij")  # digits in the text are then counts, rows and columns
    another = changed(params, "analysis", pair=pair, contrast=(0,))
    results = dataclasses.replace(made_up(another), class_names=names)
    shown = [text_of(results)]
    for picture in pictures_of(results):
        figure = picture.draw(results)
        shown += [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
        plt.close(figure)
    prose = "\n".join(shown)
    for label, name in enumerate(names):
        assert (f"“{name}”" in prose) == (label in (*pair, 0)), name


def test_words_of_a_dataset_and_an_empty_contrast(params):
    alone = changed(params, "analysis", contrast=())
    clothes = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
               "Sneaker", "Bag", "Ankle boot")  # fmt: skip
    results = dataclasses.replace(made_up(alone), class_names=clothes)
    assert story.title(results).startswith("What tells a “Coat” from an “Ankle boot”?")
    assert "contrast" not in section(results, "layers").pictures[0].alt
    draw_all(results)


def test_classes_reduced_to_the_pair(params):
    pair = params.analysis.pair
    results = made_up(params)
    tables = {
        seed: table[table["class"].isin(pair)]
        for seed, table in results.interventions["specificity"].items()
    }
    reduced = dataclasses.replace(
        results, interventions={**results.interventions, "specificity": tables}
    )
    text = section(reduced, "specificity").paragraphs[0]
    assert "Of the other classes" not in text
    assert "No other class" not in text
    draw_all(reduced)


@pytest.mark.parametrize(
    ("label", "name"), [(4, "a 4"), (8, "an 8"), (1, "a 1"), (0, "a 0"), (9, "a 9")]
)
def test_articles(results, label, name):
    assert results.one(label) == name


def test_names_that_are_words_are_quoted(results):
    clothes = dataclasses.replace(results, class_names=("Ankle boot", *["Coat"] * 9))
    assert clothes.one(0) == "an “Ankle boot”"
    assert clothes.many(1) == "images of “Coat”"


def test_digits_are_never_taken_for_mnist(params):
    results = made_up(changed(params, "dataset", name="digits"))
    assert "UCI digits" in story.title(results)
    assert "MNIST" not in story.title(results)
    assert "NOT the MNIST images" in networks.notice(results)
    assert "NOT the MNIST images" in page_of(results).partition('class="lead"')[0]
    assert networks.notice(made_up(params)) == ""


def test_one_seed(params):
    results = made_up(changed(params, "train", seeds=(7,)))
    text = text_of(results)
    assert "1 CNN" in section(results, "data").paragraphs[0]
    for several in (
        "other networks",
        "; thin",
        "networks:",
        "means over the",
        "mean and range",
    ):
        assert several not in text, several
    assert "names one network" in story.lead(results)[2]
    draw_all(results)


@pytest.mark.parametrize(("cnn", "mlp", "ahead"), [(2, 30, 2), (30, 2, 0), (5, 5, 0)])
def test_text_turns_with_the_outcome(results, cnn, mlp, ahead):
    pair = results.evaluation["pair"].copy()
    pair["errors"] = np.where(pair["model"] == "cnn", cnn, mlp)
    turned = dataclasses.replace(results, evaluation={**results.evaluation, "pair": pair})
    text = section(turned, "models").paragraphs[0]
    assert f"With {ahead} of 2 seeds the CNN confuses fewer" in text
    assert f"{cnn}.0 times on average and the MLP {mlp}.0 times" in text


def test_nothing_significant_nothing_common(params):
    results = made_up(params, spread=0.0)
    points = results.points[0].assign(common_a=False, common_b=False)
    silent = dataclasses.replace(results, points=dict.fromkeys(results.points, points))
    text = text_of(silent)
    assert "no points of conv_3 are common" in text
    assert not re.search(r"\bnan\b", text.lower())
    draw_all(silent)


def test_telling_points_are_chosen_on_validation_and_never_dead(results):
    points = results.points[0]
    chosen = figures.telling_points(points, 5)
    live = points[~points["dead"]]
    distances = (live["auroc"] - 0.5).abs()
    assert not chosen["dead"].any()
    np.testing.assert_array_equal(
        (chosen["auroc"] - 0.5).abs(), distances.sort_values(ascending=False)[:5]
    )


def test_long_tables_are_cut_and_say_so(results):
    points = results.points[0].assign(common_a=True, common_b=False)
    many = dataclasses.replace(results, points=dict.fromkeys(results.points, points))
    table = section(many, "common").tables[0]
    assert len(table.rows) == 20
    assert f"first 20 of {len(points)}" in table.caption


def test_numbers_in_text_metrics_and_tables_are_those_of_the_files(results):
    metrics = summaries.metrics(results)
    test = results.evaluation["accuracy"].query("split == 'test'")
    for model in ("cnn", "mlp"):
        accuracy = test[test["model"] == model]["accuracy"]
        assert metrics[model]["accuracy"] == pytest.approx(accuracy.mean(), abs=5e-6)
        assert metrics[model]["lowest"] == pytest.approx(accuracy.min(), abs=5e-6)
        assert f"{accuracy.mean():.2%} (" in section(results, "data").paragraphs[1]
    errors = results.evaluation["pair"].groupby("model")["errors"].mean()
    assert metrics["cnn"]["confused"] == pytest.approx(errors["cnn"], abs=5e-6)
    live = results.points[0].query("not dead")
    assert metrics["points"]["live"] == len(live)
    assert f"of the {len(live):,} live points" in story.lead(results)[0]


class Page(html.parser.HTMLParser):
    """Collects what a page asks for and whether its tags close in order."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.addresses += [values[key] for key in ("src", "href") if key in values]
        self.ids += [values["id"]] if "id" in values else []
        if tag == "img":
            assert values["alt"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_asks_for_nothing(results):
    page = page_of(results)
    parsed = Page()
    parsed.feed(page)
    assert parsed.open == []
    assert len(set(parsed.ids)) == len(parsed.ids)
    for address in parsed.addresses:
        assert address.startswith(("data:", "#")), address
        if address.startswith("#"):
            assert address[1:] in parsed.ids
    assert page == page_of(results)


def test_names_from_a_dataset_are_escaped(results):
    odd = dataclasses.replace(results, class_names=("<b>", *"12345678", "<script>"))
    assert page_of(odd).count("<script>") == page_of(results).count("<script>")


def test_a_network_without_a_live_point_is_a_sentence(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = artifacts.statistics_folder(0) / "points_conv_3.csv"
    artifacts.write_csv(path, results.points[0].assign(dead=True))
    with pytest.raises(console.StageError, match=r"cnn-0.*did not learn"):
        _points(0)


def test_the_verdicts_open_the_report_and_are_counted(results):
    opening = story.sections(results)[0]
    parts = [part for claim in opening.claims for part in claim.parts]
    assert opening.anchor == "verdicts"
    # A: one part fails; B: all hold; E: open.
    assert "Of 3 claims" in opening.paragraphs[0]
    assert "1 is supported, 1 is not, and 1 is undecided" in opening.paragraphs[0]
    metrics = summaries.metrics(results)
    assert metrics["claims"] == {"supported": 1, "not_supported": 1, "undecided": 1}
    assert [part.verdict for part in parts] == [row["verdict"] for row in results.claims]
    assert [claim.verdict for claim in opening.claims] == [
        "not supported",
        "supported",
        "undecided",
    ]
    first, last = parts[0], parts[-1]
    assert (first.values, first.intervals, first.asked) == ("4.0%", "3.0% to 5.0%", "at most 5%")
    assert (last.values, last.because) == ("", "It is not measured")


def test_points_that_flip_nothing_are_said(params, results):
    tables = interventions(np.random.default_rng(0), (0, 1), params, reach=0.3)
    all_of_them = [{"seed": seed, "value": 1.0, "low": 1.0, "high": 1.0} for seed in (0, 1)]
    claims = [{**row, "values": all_of_them} for row in results.claims]
    never = dataclasses.replace(results, interventions=tables, claims=claims)
    live = int((~results.points[0]["dead"]).sum())
    assert summaries.metrics(never)["points"]["to_flip"] == live
    assert "no tested number of points flips half" in section(never, "few-decide").paragraphs[0]
    assert "no tested number of points" in story.lead(never)[1]
    assert f"{0.04 * live:.0f} points" in story.lead(results)[1]
    assert (
        "5 points taken over are the first tested number"
        in section(results, "few-decide").paragraphs[0]
    )


def test_one_seed_needs_two_to_compare(params):
    alone = made_up(changed(params, "train", seeds=(7,)))
    assert "needs two seeds" in section(alone, "replicates").paragraphs[0]


def test_no_hard_image_is_said(results):
    empty = {seed: table.head(0) for seed, table in results.interventions["wrong_points"].items()}
    easy = dataclasses.replace(
        results, interventions={**results.interventions, "wrong_points": empty}
    )
    assert "none to explain" in section(easy, "hard").paragraphs[0]


@pytest.mark.parametrize("verdict", verdicts.VERDICTS)
def test_the_text_stands_whatever_the_verdicts(results, verdict):
    claims = [{**row, "verdict": verdict} for row in results.claims]
    told = dataclasses.replace(results, claims=claims)
    opening = story.sections(told)[0]
    assert {claim.verdict for claim in opening.claims} == {verdict}
    assert all(verdicts.SYMBOLS[verdict] not in claim.text for claim in opening.claims)
    assert page_of(told).count(f'class="verdict {verdict.replace(" ", "-")}"') == 3 + 4


def test_every_contrast_class_is_shown(params):
    many = changed(params, "analysis", contrast=(0, 1, 2, 3))
    results = made_up(many)
    labels = results.exemplars["label"][map_figures.shown_exemplars(results)]
    assert set(labels) == {*many.analysis.pair, *many.analysis.contrast}
    assert "of 4, 4, 4, 0, 1, 2, 3, 9" in section(results, "layers").pictures[0].alt


def test_listed_images_without_a_class_of_the_pair_show_its_mean(params):
    a, b = params.analysis.pair
    listed = changed(params, "analysis", exemplars=(5,), contrast=())
    results = made_up(listed)
    rows = np.flatnonzero(results.exemplars["label"] == b)
    only_b = {name: values[rows] for name, values in results.exemplars.items()}
    only_b["role"] = np.array(["listed"] * len(rows))
    none_hard = {seed: t.head(0) for seed, t in results.interventions["wrong_points"].items()}
    tables = {**results.interventions, "wrong_points": none_hard}
    shown = dataclasses.replace(results, exemplars=only_b, interventions=tables)
    names = list(map_figures.typical(shown))
    assert names == [f"{a} (mean of 40 test images)", f"{b} (test image {only_b['index'][0]})"]
    assert all(name in section(shown, "common").pictures[0].alt for name in names)
    assert section(shown, "layers").title == "What do the maps show?"
    draw_all(shown)


def test_moved_images_are_told_with_their_numbers(results):
    table = results.shifts.set_index(["model", "pixels"])["accuracy"]
    text = section(results, "models").paragraphs[1]
    for model in ("cnn", "mlp"):
        lost = 100 * (table[model, 0].to_numpy() - table[model, 3].to_numpy())
        assert f"{lost.mean():.2f} ({lost.min():.2f} to {lost.max():.2f})" in text
    assert "moved by up to 1 px" in section(results, "models").pictures[1].caption


def test_networks_trained_with_other_moves_are_told_apart(params):
    still = changed(changed(params, "cnn", augment_shift=0), "mlp", augment_shift=0)
    unlike = changed(params, "cnn", augment_shift=3)
    for of, words in ((still, "no image was moved"), (unlike, "3 px for the CNN and 1 px for the")):
        assert words in section(made_up(of), "models").pictures[1].caption
