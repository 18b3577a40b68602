"""The sections on counts and on orientation, for runs of other designs, classes and outcomes.

Their files are made here from random maps, so that no network is trained.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from stages.common import artifacts, fields, files
from stages.common.run import Run
from stages.orientation import tables
from stages.orientation.energy import energy, horizontal_index
from stages.report.sections.methods import arithmetic as counts
from stages.report.sections.pictures import orientation

from .conftest import Changed, plain, rendered

WORDS = ("T-shirt/top", "Trouser", "Ankle boot")
DESIGNS = {
    "default": {},
    "words": {"names": WORDS, "analysis.pair": [2, 1], "side": 31},
    "one layer": {"network.cnn.maps": [5], "side": 20},
    "one point": {"network.cnn.maps": [2], "network.cnn.kernel": 20, "side": 20},
    "strides, selu": {"network.cnn.pooling": "stride", "network.cnn.activation": "selu",
                      "network.cnn.kernel": [5, 4, 2]},
    "pairs of layers": {"network.cnn.convolutions": 2, "network.cnn.maps": [3, 4], "side": 40},
    "two classes": {"names": ("no", "yes"), "analysis.pair": [1, 0], "analysis.contrast": []},
    "one seed": {"train.seeds": [3], "analysis.shown_seeds": [3]},
}  # fmt: skip
DIGITS = tuple(map(str, range(10)))


def write_orientation(run: Run, seed: int, side: int) -> None:
    """The files of `orientation` of one network, from random maps of the run's design."""
    generator, layers = (
        np.random.default_rng(seed),
        fields.rows(run.design.settings.layers, side),
    )
    labels = np.arange(len(run.class_names)).repeat(4)
    cases = ("upright", "turned", "untrained", "untrained_turned")
    rows, by_map, shown = [], [], {}
    for row in layers:
        if row.layer.is_pool:
            continue
        name, shape = row.layer.name, (len(labels), row.side, row.side, row.layer.maps)
        parts = {case: energy(generator.random(shape)) for case in cases}
        controls = {name: energy(generator.random(shape)) for name in ("pixels", "averaged")}
        rows += tables.layer_rows(name, labels, parts, controls)
        on_empty = generator.random(row.layer.maps) < 0.5
        by_map.append(tables.map_table(name, parts).assign(on_empty=on_empty))
        chosen = tables.most_oriented(parts["upright"])
        maps = generator.random((2, *shape[1:3], len(chosen))).astype(np.float32)
        shown |= {f"{name}_map": chosen, f"{name}_index": horizontal_index(*energy(maps))}
        shown |= {f"{name}_upright": maps[0], f"{name}_turned": maps[1]}
    first = layers[0]
    kernels = generator.normal(size=(first.layer.kernel,) * 2 + (first.layer.maps,))
    maps = generator.normal(size=(3, first.side, first.side, first.layer.maps))
    biases = generator.normal(size=first.layer.maps).astype(np.float32)
    table = tables.background_table(kernels, biases, maps, maps[..., 0] > 0, "relu")
    shown |= tables.background_pictures(maps > 0, biases > 0)
    image = generator.integers(0, 256, (side, side)).astype(np.uint8)
    shown |= {"image": image, "index": np.array(0, np.int32), "image_index": np.array([0.5, -0.5])}
    artifacts.write(files.ORIENTATION, pd.DataFrame(rows), seed=seed)
    artifacts.write(files.MAP_ORIENTATION, pd.concat(by_map), seed=seed)
    artifacts.write(files.BACKGROUND, table, seed=seed)
    artifacts.write(files.ORIENTED_MAPS, shown, seed=seed)


def small_run(settings, changes: dict) -> Run:
    """A run of these settings in the current folder, with what the two sections read."""
    changes = dict(changes)
    names, side = changes.pop("names", DIGITS), changes.pop("side", 28)
    contrast = {"analysis.contrast": []} if len(names) < 10 else {}
    Path("params.yaml").write_text(settings(contrast | changes), encoding="utf-8")
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True)
    images = np.zeros((1, side, side), np.uint8)
    np.savez(path, test_images=images, class_names=np.array(names))
    run = Run.of(Path())
    rows = fields.rows(run.design.settings.layers, side)
    sizes = [
        {"layer": row.layer.name}
        | {f"{what}{end}": float(getattr(row, form)) for end in ("", "_low", "_high")
           for what, form in (("size", "field"), ("stride", "stride"))}
        for row in rows
    ]  # fmt: skip
    artifacts.write(files.FIELD_SIZES, pd.DataFrame(sizes))
    for seed in run.shown:
        write_orientation(run, seed, side)
    return run


@pytest.fixture(params=DESIGNS)
def case(request, settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return small_run(settings, DESIGNS[request.param])


@pytest.fixture
def run(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return small_run(settings, {})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def prose(run: Run, name: str) -> str:
    return plain(rendered(run, name)[name])


@pytest.mark.parametrize("name", ["arithmetic", "orientation"])
def test_a_section_stands_for_every_design(case, name):
    section = rendered(case, name)[name]
    assert section.html.startswith("<figure")
    assert not re.search(r"\b(nan|None|inf)\b", plain(section))
    if not case.class_names[0].isdigit():
        assert not re.search(r"\b[0-9]s\b", plain(section))


@pytest.mark.parametrize("case", ["words", "one point", "strides, selu"], indirect=True)
def test_every_figure_can_be_drawn(case):
    for draw in (counts.nested_fields, orientation.oriented_maps, orientation.orientation,
                 orientation.background_maps):  # fmt: skip
        draw(case).canvas.draw()
    assert np.isfinite(orientation.metrics(case)["background"])


def test_what_the_article_counts():
    rows = counts.statements()
    wrong = {row["said"]: row["is"] for row in rows if not row["right"]}
    assert wrong == {
        "5": "4",
        "4 × 4, disjoint": "4 × 4, overlapping by 2",
        "7 × 7 and 11 × 11": "9 × 9 and 13 × 13",
    }
    assert len(rows) == 8
    assert sum(row.parameters for row in fields.rows(counts.DEEP, counts.SIDE)) == 1_568_512


def test_the_table_of_layers_stands_where_the_network_is_not_the_articles(run, settings):
    assert "This run's network has the same" in prose(run, "arithmetic")
    assert "The layers of this run's network" not in prose(run, "arithmetic")
    artifacts.path_of(files.DATASET).unlink()
    artifacts.path_of(files.DATASET).parent.rmdir()
    other = prose(small_run(settings, {"network.cnn.maps": [4, 8]}), "arithmetic")
    assert "The layers of this run's network" in other
    assert "This run's network has the same" not in other


def test_what_pooling_saves(run):
    """The default network: 9 against 22 x 22 places of 128 maps before the dense layer."""
    rows = {row["name"]: row for row in counts.costs(run)}
    assert (rows["dense_weights"]["pooled"], rows["dense_weights"]["flat"]) == (
        "115,200",
        "6,195,200",
    )
    assert rows["dense_weights"]["factor"] == pytest.approx(22**2 / 9)
    assert rows["parameters"]["pooled"] == "208,982"


def test_the_drawn_fields_are_those_of_the_points_that_feed_one_point(run):
    (axes,) = counts.nested_fields(run).axes
    bars = [(bar.get_x(), bar.get_width(), bar.get_facecolor()[3]) for bar in axes.patches]
    pixels, bars = bars[:28], bars[28:]
    assert [(left, width) for left, width, _ in pixels] == [(pixel, 1) for pixel in range(28)]
    filled = [(left, width) for left, width, opaque in bars if opaque]
    widths = [width for _, width in filled]
    assert widths == [3] * 16 + [4] * 8 + [8] * 6 + [10] * 3 + [18]
    assert min(left for left, _ in filled) == filled[-1][0] == 4
    assert max(left + width for left, width in filled) == 22


@pytest.mark.parametrize(
    ("turned", "sentence"),
    [
        ([-0.1, -0.1, -0.1], "Turned, it changes its sign on conv_1, conv_2 and conv_3 in all 3"),
        ([0.1, 0.1, 0.1], "Turned, it keeps its sign on conv_1, conv_2 and conv_3 in all 3"),
        ([-0.1, 0.1, -0.1], "On conv_1, conv_2 and conv_3 it does so in some networks only"),
    ],
)
def test_prose_says_what_a_turn_does(run, turned, sentence):
    by_seed: dict[float, float] = {}  # by what tells the networks' tables apart

    def changed(table):
        value = by_seed.setdefault(table["upright"].sum(), turned[len(by_seed) % 3])
        return table.assign(upright=0.3, turned=value)

    assert sentence in prose(Changed(run, {files.ORIENTATION: changed}), "orientation")


def test_the_parts_are_half_the_sum_and_half_the_difference(run):
    table = orientation.by_layer(
        Changed(run, {files.ORIENTATION: lambda t: t.assign(upright=0.3, turned=-0.1)})
    )
    assert table["stays"].to_numpy() == pytest.approx(0.1)
    assert table["follows"].to_numpy() == pytest.approx(0.2)


def test_numbers_of_the_first_layer_are_those_of_its_table(run):
    table = run.read(files.BACKGROUND, seed=run.seed)
    row = orientation.background(run).iloc[0]
    assert row["on"] == table["on_background"].sum()
    assert row["background alone"] + row["both"] == row["on"]
    assert row["ink alone"] + row["both"] == table["on_ink"].sum()
    assert row[["background alone", "both", "ink alone", "neither"]].sum() == len(table)
    figure = orientation.background_maps(run)
    drawn = [len(points.get_offsets()) for axes in figure.axes for points in axes.collections]
    cases = ("background alone", "both", "ink alone", "neither")
    assert drawn[:4] == row[list(cases)].tolist()


def test_nothing_is_active_on_background(run):
    none = {files.BACKGROUND: lambda t: t.assign(on_background=False, outside=0.0)}
    text = prose(Changed(run, none), "orientation")
    assert "On background 0 of 32 maps are active" in text
    assert "Their value on background" not in text
    dead = {files.BACKGROUND: lambda t: t.assign(on_background=True, value=0.1, highest=0.0)}
    text = prose(Changed(run, dead), "orientation")
    assert "Their value on background" not in text
    assert "inf%" not in text


def test_layers_without_an_index_are_left_out(run):
    def dead(table):
        return table.assign(turned=table["turned"].where(table["layer"] != run.last))

    changed = Changed(run, {files.ORIENTATION: dead})
    assert orientation.oriented_layers(changed) == list(run.conv_layers[:-1])
    assert np.isnan([orientation.metrics(changed)[name] for name in ("stays", "follows")]).all()
    assert not re.search(r"\bnan\b", prose(changed, "orientation"))
