"""What sections say where it depends on the run: seeds, pair, dataset, images, signs."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from stages.common.params import Params
from stages.report import methods, story
from stages.report.figures import telling_points
from stages.report.results import Results

from .conftest import changed, claim, made_up

NAMES = tuple("abcdefghij")  # so that every digit in a text is a number


def said(results: Results, anchor: str) -> str:
    found = next(part for part in story.sections(results) if part.anchor == anchor)
    return "\n".join([*found.paragraphs, *found.items])


def with_tables(results: Results, name: str, tables: dict[int, pd.DataFrame]) -> Results:
    return dataclasses.replace(results, interventions={**results.interventions, name: tables})


@pytest.mark.parametrize("seeds", [(7,), (0, 1), (0, 1, 2)])
def test_what_no_training_changes_is_judged_with_any_number_of_seeds(params, seeds):
    results = made_up(changed(params, "train", seeds=seeds))
    field = claim("G", "field", "supported", seeds)
    field["short"]["replicates"] = "one architecture"
    results = dataclasses.replace(results, claims=[field])
    opening = said(results, "verdicts")
    assert "Of 1 claims of the work reproduced, 1 is supported" in opening
    assert "With fewer than 3 networks it is undecided too, except what no training" in opening
    few = "a verdict takes at least 3, except on what no training changes"
    assert (few in said(results, "limits")) == (len(seeds) < 3)


@pytest.mark.parametrize(
    ("dataset", "pair", "is_home"),
    [("mnist", (4, 9), True), ("mnist", (9, 4), True), ("mnist", (3, 5), False),
     ("fashion_mnist", (4, 9), False)],
)  # fmt: skip
def test_limits_name_the_run_that_rules_were_set_on(params, dataset, pair, is_home):
    other = changed(changed(params, "dataset", name=dataset), "analysis", pair=pair)
    text = said(made_up(other), "limits")
    assert "the committed run (MNIST, 4 and 9, 3 seeds)" in text
    assert ("Nothing was set anew for" in text) != is_home


def test_changes_of_accuracy_are_percentage_points_with_their_range(params):
    results = made_up(changed(params, "analysis", pair=(4, 9)))
    whole = results.interventions["specificity"][0]
    tables = {}
    for seed, (of_a, of_others) in {0: (0.1, 0.01), 1: (0.3, 0.02)}.items():
        lost = whole["class"].map({4: of_a, 9: -0.05, 7: of_others}).fillna(0)
        tables[seed] = whole.assign(accuracy_after=whole["accuracy_before"] - lost)
    text = said(with_tables(results, "specificity", tables), "specificity")
    assert "on 4 by -20.00 (-30.00 to -10.00) and on 9 by +5.00 percentage points" in text
    assert "(mean and range of 2 networks)" in text
    assert "7 loses most: 1.50 (1.00 to 2.00) percentage points" in text
    assert "%" not in text


def test_the_overlap_of_points_is_a_mean_with_its_range(params):
    results = made_up(changed(params, "train", seeds=(0, 1, 2)))
    points = results.replicates["selected_points"].assign(jaccard=[0.1, 0.2, 0.6])
    results = dataclasses.replace(
        results, replicates={**results.replicates, "selected_points": points}
    )
    text = said(results, "replicates")
    assert "Jaccard index of 0.30 (0.10 to 0.60) over 3 pairs; 0.05 is expected" in text


def test_what_a_point_sees_is_what_was_measured(results):
    wide = results.fields.assign(top=results.fields["row"] * 5, height=20, width=19)
    text = said(dataclasses.replace(results, fields=wide), "layers")
    assert "In conv_1 a map has 26 × 26 points; in conv_3 it has 3 × 3" in text
    assert "sees 20 × 19 pixels of the image, 5 pixels apart" in text


def test_what_was_not_looked_at_is_not_said_to_be_absent(results):
    nothing = {seed: t.head(0) for seed, t in results.interventions["wrong_points"].items()}
    easy = with_tables(results, "wrong_points", nothing)
    assert "In 4 images of 4 and 9, hard" in said(easy, "hard")  # one hard, three wrong
    assert "no point pushed the wrong way" in said(easy, "hard")
    others = np.flatnonzero(~np.isin(results.exemplars["label"], results.params.analysis.pair))
    only = {name: values[others] for name, values in results.exemplars.items()}
    only["role"] = np.array(["listed"] * len(others))
    text = said(dataclasses.replace(easy, exemplars=only), "hard")
    assert "This run keeps none, so that it was not asked" in text
    assert "no point pushed" not in text


@pytest.mark.parametrize("member", [0, 1])
def test_the_answer_names_the_best_point_and_its_class(params, member):
    """The same point, higher in class b and, mirrored, in class a, tells as well."""
    results = made_up(params, spread=1.0)
    points = results.points[0].copy()
    if member == 0:
        names = ("auroc", "auroc_test", "auroc_test_low", "auroc_test_high")
        low, high = 1 - points["auroc_test_high"], 1 - points["auroc_test_low"]
        for name in names:
            points[name] = 1 - points[name]
        points["auroc_test_low"], points["auroc_test_high"] = low, high
        results = dataclasses.replace(results, points=dict.fromkeys(results.points, points))
    best = telling_points(made_up(params, spread=1.0).points[0], 1).iloc[0]
    lead = story.lead(results)
    n = int(results.evaluation["pair"]["n"].iloc[0])
    assert len(lead) == 3
    where = f"map {best['map']}, row {best['row']}, column {best['column']}"
    assert f"{where}, higher in {'49'[member]}s" in lead[0]
    assert f"(AUROC) of {best['auroc_test']:.3f} on {n} test images" in lead[0]
    assert f"{best['auroc_test_low']:.3f} to {best['auroc_test_high']:.3f}" in lead[0]


@pytest.mark.parametrize("seeds", [(7,), (0, 1)])
def test_the_opening_says_how_well_the_networks_do(params, seeds):
    results = made_up(changed(params, "train", seeds=seeds))
    test = results.evaluation["accuracy"].query("split == 'test'")
    line = story.accuracy(results)
    for model in ("cnn", "mlp"):
        rows = test[test["model"] == model]
        assert f"{rows['accuracy'].mean():.2%}" in line
        assert f"{rows['low'].min():.2%} to {rows['high'].max():.2%}" in line
    assert "On 400 test images" in line


def test_every_measure_has_its_formula_and_its_meaning():
    for name, formula, words, source in methods.MEASURES:
        assert re.search(r"[=→≤≥#/−|{·(]", formula), name
        assert len(words) > 10, name
        assert source, name
    assert len({row[0] for row in methods.MEASURES}) == len(methods.MEASURES)


def numbers_of(alt: str) -> list[str]:
    """The numbers of an alternative text that name nothing: no layer, network, place or image."""
    named = r"(conv|pool)_\d|cnn-\d+|test image \d+|map \d+|\(\d, \d\)|“\w”"
    return re.findall(r"\d+", re.sub(named, "", alt))


@pytest.mark.parametrize("seeds", [(7,), (0, 1)])
def test_every_figure_has_its_numbers_in_words(params: Params, seeds):
    results = made_up(changed(params, "train", seeds=seeds))
    results = dataclasses.replace(results, class_names=NAMES)
    for part in story.sections(results):
        for picture in part.pictures:
            assert numbers_of(picture.alt), picture.name


def test_names_are_no_numbers():
    assert numbers_of("conv_1 of cnn-0 for “a” (test image 12), map 3, (0, 1)") == []
    assert numbers_of("conv_1 of cnn-0: 3 of 4.5") == ["3", "4", "5"]
