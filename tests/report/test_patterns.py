"""The section on input patterns: true for any outcome of the search."""

import dataclasses

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import artifacts
from stages.common.console import StageError
from stages.report import pattern_figures
from stages.report.patterns import patterns as section
from stages.report.results import Results
from stages.report.results import _patterns as read_patterns

from .conftest import changed, made_up


def with_columns(results: Results, **columns: object) -> Results:
    """The same results, with other values for the maps of conv_3, in every network."""
    altered = {}
    for seed, found in results.patterns.items():
        found = {name: values.copy() for name, values in found.items()}
        for name, values in columns.items():
            if found[name].dtype.kind == "U":
                found[name] = found[name].astype("U9")
            found[name][found["layer"] == "conv_3"] = values
        altered[seed] = found
    return dataclasses.replace(results, patterns=altered)


def said(results: Results) -> str:
    return " ".join(section(results).paragraphs)


def drawn(results: Results) -> None:
    for picture in section(results).pictures:
        plt.close(picture.draw(results))


def test_numbers_are_counted_over_all_networks(results):
    text = said(results)
    assert "Of the 250 maps of conv_3 that some image fires (2 networks)" in text
    assert "6 maps of conv_3 are fired by none of the images" in text
    assert "free of prices and jitter, fires 4 of them; 2 maps are left" in text
    assert "0 of them proven to answer to no image at all" in text
    images = sum(results.images.values())
    assert f"the highest of all {images:,} images" in text
    rows = section(results).tables[0].rows
    assert [row[:6] for row in rows if row[1] == "conv_3"] == [
        (f"cnn-{seed}", "conv_3", "128", "125 of 125", "2", "1 (0)") for seed in (0, 1)
    ]


@pytest.mark.parametrize(
    ("columns", "sentence", "absent"),
    [
        ({"status": "reached"}, "is fired by some image, in every network", "fired by none"),
        ({"status": "silent"}, "fires 256 of them; none is left that nothing fires", "proven to"),
        (
            {"status": "dead", "upper_bound": -1.0},
            "fires none of them: 256 maps are left that no start fires, 256 of them proven",
            "the data lack what it asks for",
        ),
        ({"success_rate": 0.0}, "(2 networks), 0 have a random start", "every one has"),
        (
            {"status": "unreached"},
            "256 maps are fired by images and by no pattern",
            "fired by none",
        ),
        (
            {"untrained_success_rate": 0.1},
            "passes the images from 10% of its starts.",
            "says nothing",
        ),
        ({"untrained_success_rate": 0.9}, "found says nothing about training", "from 0%"),
        ({"success_rate": 0.001}, "; under 1% of the random starts do", "; 0%"),
        ({"success_rate": 0.875}, "every one has a random start that ends beyond", "0 have"),
    ],
)
def test_every_outcome_is_told_as_it_is(results, columns, sentence, absent):
    altered = with_columns(results, **columns)
    assert sentence in said(altered)
    assert absent not in said(altered)


@pytest.mark.parametrize("status", ["silent", "dead", "unreached"])
def test_every_status_is_drawn(results, status):
    drawn(with_columns(results, status=status, upper_bound=-1.0))


def test_the_network_may_answer_another_class_to_its_own_pattern(results):
    found = {seed: dict(arrays) for seed, arrays in results.patterns.items()}
    logits = found[0]["class_logits"].copy()
    logits[0, 8] = 99
    found[0]["class_logits"] = logits
    text = said(dataclasses.replace(results, patterns=found))
    assert (
        "logit of 4: 20.0, real images up to 15.0, passed from 100% of the random starts, " in text
    )
    assert "answered 8; " in text
    assert "3 of 4 pass every real image and are answered as meant." in text
    assert "suffices" not in text


def test_layers_that_were_not_searched_are_left_out(params):
    alone = changed(params, "patterns", layers=("conv_3",))
    results = made_up(alone)
    found = results.patterns
    kept = {
        seed: {
            name: values[96:] if len(values) == 224 else values for name, values in arrays.items()
        }
        for seed, arrays in found.items()
    }
    results = dataclasses.replace(results, patterns=kept)
    assert "first_layer" not in [picture.name for picture in section(results).pictures]
    assert {row[1] for row in section(results).tables[0].rows} == {"conv_3"}
    drawn(results)


def test_maps_are_ordered_by_the_class_they_serve_and_silent_ones_come_last(results):
    order = pattern_figures.served_class(results)
    assert sorted(order["map"]) == list(range(128))
    maps = results.maps[0]["conv_3"].set_index("map")
    none = maps.index[maps["selectivity"].isna()].tolist()
    assert 0 < len(none) < 64
    assert order["map"].tolist()[-len(none) :] == none
    assert (order["preferred_class"].iloc[-len(none) :] == -1).all()
    serving = order.iloc[: -len(none)]
    assert serving["preferred_class"].is_monotonic_increasing
    for label, group in serving.groupby("preferred_class"):
        chosen = maps.loc[group["map"]]
        assert (chosen["preferred_class"] == label).all()
        assert chosen["selectivity"].dropna().is_monotonic_decreasing


def test_telling_maps_are_the_best_by_each_measure(results):
    chosen = pattern_figures.telling_maps(results)
    points = results.points[0]
    effects = results.interventions["effects"][0]
    effect = (effects["effect_a_to_b"] + effects["effect_b_to_a"]).to_numpy() / 2
    distance = np.abs(points["auroc"].to_numpy() - 0.5)
    live = ~points["dead"].to_numpy()
    best = {"AUROC": {}, "effect": {}}
    for by, value in (("AUROC", distance), ("effect", effect)):
        for point in np.flatnonzero(live):
            number = points["map"][point]
            if value[point] > best[by].get(number, (-np.inf, 0))[0]:
                best[by][number] = (value[point], point)
    by_auroc = sorted(best["AUROC"], key=lambda number: -best["AUROC"][number][0])[:6]
    others = [
        number
        for number in sorted(best["effect"], key=lambda number: -best["effect"][number][0])
        if number not in by_auroc
    ]
    assert chosen["map"].tolist() == by_auroc + others[:6]
    assert chosen["by"].tolist() == ["AUROC"] * 6 + ["effect"] * 6
    for row in chosen.itertuples():
        point = best[row.by][row.map][1]
        assert (row.row, row.column) == (points["row"][point], points["column"][point])
        assert row.effect == pytest.approx(effect[point])


def test_no_live_map_is_told_and_drawn(results):
    tables = {seed: table.assign(dead=True) for seed, table in results.points.items()}
    dead = dataclasses.replace(results, points=tables)
    alts = [picture.alt for picture in section(dead).pictures]
    assert "No map of conv_3 is live." in alts


def test_a_file_without_a_layer_of_the_settings_is_a_sentence(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = results.patterns[0]
    alone = {name: values[96:] if len(values) == 224 else values for name, values in found.items()}
    artifacts.write_npz(artifacts.patterns_file(0), alone)
    assert set(read_patterns(0, ("conv_3",))["layer"]) == {"conv_3"}
    with pytest.raises(StageError, match=r"no patterns of conv_1, which patterns\.layers names"):
        read_patterns(0, ("conv_3", "conv_1"))
    artifacts.write_npz(artifacts.patterns_file(0), {"layer": found["layer"]})
    with pytest.raises(StageError, match="is not complete"):
        read_patterns(0, ("conv_3",))
