"""The section on decoded images: its words for several outcomes, its figures, its metrics."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.common.cases import COMPONENTS, TRAINED, UNTRAINED
from stages.report.sections.pictures import decoder

from .conftest import Changed, plain, rendered


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def planted(run, trained, untrained, within=0.3, **groups) -> Changed:
    """The run with these shares by layer, after and before training; `within` after it."""

    def change(table):
        for code, shares in ((TRAINED, trained), (UNTRAINED, untrained)):
            here = table["code"] == code
            planted_shares = [shares.get(layer, 0.1) for layer in table.loc[here, "layer"]]
            table.loc[here, "explained"] = planted_shares
        table.loc[table["code"] == TRAINED, "within"] = within
        return table

    return Changed(run, {files.EXPLAINED_VARIANCE: change}, **groups)


def text(run) -> str:
    """The words of the section."""
    return plain(rendered(run, "decoder")["decoder"])


def drawn_text(run) -> str:
    """The same, with the figures drawn."""
    decoder.decoded(run)
    decoder.explained_by_layer(run)
    prose = text(run)
    assert not re.search(r"\bnan\b", prose)
    return prose


def one_conv_layer(run) -> Changed:
    """The run as if the first conv layer were the only one."""
    cnn = run.params.network.cnn
    cnn = type(cnn).model_validate(cnn.model_dump() | {"maps": cnn.maps[:1], "kernel": 3})
    kept = ("conv_1", "dense", "logits")

    def pictures(arrays):
        rows = np.isin(arrays["layer"], kept)
        stacks = {code: arrays[code][rows] for code in (TRAINED, UNTRAINED)}
        return arrays | stacks | {"layer": arrays["layer"][rows]}

    changes = {
        files.EXPLAINED_VARIANCE: lambda table: table[table["layer"].isin((*kept, "class"))],
        files.DECODED: pictures,
    }
    return Changed(run, changes, network={"cnn": cnn})


def test_it_starts_with_its_picture(run):
    markdown = rendered(run, "decoder")["decoder"].markdown
    assert markdown.startswith("![")


def test_the_fall_is_compared_with_that_before_training(run):
    ends = run.conv_layers[0], run.last
    half = planted(run, dict(zip(ends, (0.9, 0.5), strict=True)), dict.fromkeys(ends[:1], 0.3))
    assert re.search(
        r"changes by -40\.0 percentage points after training and by -20\.0 before, so 50% of",
        text(half),
    )
    none = planted(run, dict(zip(ends, (0.5, 0.9), strict=True)), {})
    assert "changes by +40.0 percentage points after training and by +0.0 before." in text(none)
    assert "of the fall is there" not in text(none)


def test_what_is_not_above_the_class_is_not_said_to_be_held(run):
    held = f"From {run.last} a linear decoder recovers part of how an image differs"
    assert held in text(planted(run, {}, {}))
    for share in (-0.1, 0.004):
        lost = text(planted(run, {}, {}, within=share))
        assert held not in lost
        assert "was not shown" in lost


def test_components_stand_beside_layers_with_fewer_units_than_pixels_alone(run):
    table = run.read(files.EXPLAINED_VARIANCE, seed=run.seed)
    few = table[(table["code"] == COMPONENTS) & (table["units"] < run.design.side**2)]
    rows = {row["layer"]: row["components"] for row in decoder.numbers(run)["rows"]}
    assert {layer for layer, share in rows.items() if share != "–"} == set(few["layer"])
    assert rows["logits"] == f"{few.set_index('layer')['explained']['logits']:.1%}"


def test_it_stands_with_one_seed(run):
    alone = Changed(run, train={"seeds": run.seeds[-1:]}, analysis={"shown_seeds": run.seeds[-1:]})
    prose = drawn_text(alone)
    assert "mean over" not in prose
    assert f"From {run.last} a linear decoder recovers part" in prose
    assert "each of the networks" not in prose


def test_it_stands_with_words_and_without_contrast(run):
    names = tuple(f"Ankle boot {letter}" for letter in "abcdefghij")
    prose = drawn_text(Changed(run, names=names, analysis={"contrast": ()}))
    assert f"images of “{names[run.pair[0]]}”" in prose
    assert not re.search(r"\b[0-9]s\b", prose)


def test_it_stands_with_one_conv_layer(run):
    prose = drawn_text(one_conv_layer(run))
    assert "From conv_1 to dense the share changes" in prose
    assert "conv_2" not in prose


def test_a_class_without_test_images_has_a_dash(run):
    def without_a(table):
        return table.assign(explained_a=np.nan, within_a=np.nan)

    prose = text(Changed(run, {files.EXPLAINED_VARIANCE: without_a}))
    assert f"From {run.last} it explains – for" in prose
    assert not re.search(r"\bnan\b", prose)


def test_pictures_are_those_of_the_file(run):
    figure = decoder.decoded(run)
    arrays, chosen = run.read(files.DECODED, seed=run.seed), decoder.shown_exemplars(run)
    layers, n = len(arrays["layer"]), len(chosen)
    cells = np.array(figure.axes).reshape(layers + 1, n + 2)
    for line in range(layers):
        for column, row in enumerate(chosen):
            shown = cells[line + 1, column].images[0].get_array()
            np.testing.assert_array_equal(shown, arrays[TRAINED][line, row])
        before = cells[line + 1, n + 1].images[0].get_array()
        np.testing.assert_array_equal(before, arrays[UNTRAINED][line, chosen[0]])


def test_curves_are_those_of_the_table(run):
    table = run.every_shown(files.EXPLAINED_VARIANCE)
    layers = decoder.layers_of(table)
    for axes, measure in zip(decoder.explained_by_layer(run).axes, decoder.MEASURES, strict=True):
        curves = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == len(layers)]
        for code in decoder.LOOKS:
            of = table[table["code"] == code].pivot_table(measure, "layer", "seed").reindex(layers)
            for wanted in (*of.to_numpy().T, of.mean(axis=1)):
                assert any(np.allclose(curve, wanted) for curve in curves)


def test_metrics_are_means_over_the_shown_networks(run):
    ends = run.conv_layers[0], run.last
    other = planted(run, dict(zip(ends, (0.9, 0.5), strict=True)), {run.last: 0.25})
    found = decoder.metrics(other)
    assert found["last"] == pytest.approx(0.5)
    assert found["last_untrained"] == pytest.approx(0.25)
