"""The section on the dense layer and the look-alike: numbers, figures, other outcomes."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.report import plots, words
from stages.report.sections.causes import dense
from stages.report.sections.pictures import hard

from .conftest import Changed, one_seed, plain, rendered

WORDS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
         "Bag", "Ankle boot")  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def assign(**columns):
    """A change of a table: some of its columns."""
    return lambda table: table.assign(**columns)


def text(run, changes=None, name: str = "dense", **groups) -> str:
    return plain(rendered(Changed(run, changes, **groups), name)[name])


def test_the_text_has_the_numbers_of_the_tables(run):
    prose, summary = text(run), run.every_shown(files.DENSE)
    assert f"carried by {words.reach(summary['half'], '.0f')} of them" in prose
    assert f"{words.reach(summary['active'])} of {summary['units'][0]} units are active" in prose
    shares = run.every_shown(files.PATH_SHARES)
    assert f"have {words.mean_and_reach(shares['share'], '.0%')} of the effect" in prose
    assert len(dense.numbers(run)["rows"]) == len(run.shown) * len(DIRECTIONS)


def test_the_first_k_is_the_first_that_flips_half(run):
    def rising(table):
        return table.assign(flipped=table.groupby(["direction", "mode"]).cumcount() / 4)

    changed = Changed(run, {files.DENSE_PATCHING: rising})
    half = dense.halves(changed)
    for seed in run.shown:
        table = run.read(files.DENSE_PATCHING, seed=seed)
        of = table[(table["direction"] == "b_to_a") & (table["mode"] == "interchange")]
        row = half[(half["seed"] == seed) & (half["direction"] == "b_to_a")]
        assert row["k"].tolist() == [of["k"].iloc[2]]
    metrics = dense.metrics(changed)
    assert metrics["patch_k_a"] == half[half["direction"] == "a_to_b"]["k"].mean()


def test_metrics_leave_out_what_is_not_there(run):
    never = dense.metrics(Changed(run, {files.DENSE_PATCHING: assign(flipped=0.1)}))
    assert {name for name, value in never.items() if np.isnan(value)} == {"patch_k_a", "patch_k_b"}


def test_the_text_is_true_for_other_outcomes(run):
    nothing = {"shift_a": np.nan, "shift_b": np.nan}
    gone = dict.fromkeys(("half", "most", "half_test", "half_random"), np.nan)
    none = dict.fromkeys(("share", "share_control_mean", "share_control_low", "share_control_high",
                          "share_p", "units_share"), np.nan)  # fmt: skip
    outcomes = {
        "to no test image of": {files.DENSE: assign(taken=0, **nothing)},
        "to 1 test image of": {files.DENSE: assign(taken=1, shift_a=1.0, shift_b=2.0)},
        f"Units for {run.names[1]} add more": {files.DENSE: assign(taken=2, shift_a=1, shift_b=2)},
        f"Units for {run.names[0]} add more": {files.DENSE: assign(taken=2, shift_a=2, shift_b=1)},
        "Of the 40 images of": {files.DENSE: assign(taken=40, shift_a=1.0, shift_b=2.0)},
        "no number of units flips": {files.DENSE_PATCHING: assign(flipped=0.1)},
        "1 unit flips half": {files.DENSE_PATCHING: assign(flipped=0.9)},
        "units are active": {files.DENSE: assign(active=0, taken=0, **gone, **nothing)},
        "other paths": {files.PATH_SHARES: assign(share=0.2)},
        "have 90% of": {files.PATH_SHARES: assign(share=0.9)},
        "Path patching": {files.PATH_SHARES: assign(**none)},
    }
    for words_, changes in outcomes.items():
        prose = text(run, changes)
        assert words_ in prose
        assert not re.search(r"\bnan\b", prose)
    assert "sufficient" in text(run, outcomes["1 unit flips half"])
    assert "sufficient" not in text(run, outcomes["no number of units flips"])
    assert "other paths" not in text(run, outcomes["have 90% of"])
    nothing_drawn = rendered(Changed(run, outcomes["units are active"]), "dense")["dense"]
    assert "<figure" not in nothing_drawn.html


def test_one_network_and_names_that_are_words(run):
    alone = plain(rendered(one_seed(run), "dense")["dense"])
    assert "networks" not in alone
    for name in ("dense", "hard"):
        prose = plain(rendered(Changed(run, names=WORDS), name)[name])
        assert not re.search(r"\b[0-9]s\b|\bnan\b", prose)


@pytest.mark.parametrize("names", [(), WORDS])
def test_the_units_are_drawn_as_they_are(run, names):
    run = Changed(run, names=names)
    units, for_a = dense.shown_units(run)
    bars, _, picture, sums, *_ = dense.dense_units(run).axes
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches], units["contribution"])
    data = run.read(files.DENSE_IMAGES, seed=run.seed)
    drawn = picture.images[0].get_array()
    np.testing.assert_array_equal(drawn, data["values"][:, units["unit"]])
    np.testing.assert_allclose([bar.get_width() for bar in sums.patches], data["difference"])
    sides = (units["weight_b"] > units["weight_a"]).tolist()
    assert sides == [False] * for_a + [True] * (len(units) - for_a)
    assert (np.diff(units["contribution"][:for_a]) <= 0).all()
    assert (np.diff(units["contribution"][for_a:]) >= 0).all()


def test_the_curves_are_those_of_the_table(run):
    table = run.every_shown(files.DENSE_PATCHING)
    for axes, direction in zip(dense.dense_patching(run).axes, DIRECTIONS, strict=True):
        groups = table[table["direction"] == direction].groupby(["seed", "mode"])
        lines = [line.get_xydata() for line in axes.lines if len(line.get_xdata()) > 2]
        assert len(lines) == len(groups)
        for _, of in groups:
            wanted = of[["k", "flipped"]].to_numpy()
            assert any(np.array_equal(wanted, line) for line in lines)


def test_the_widest_line_of_the_diagram_is_the_path_with_most_effect(run):
    paths = run.read(files.PATHS, seed=run.seed)
    (axes,) = dense.dense_paths(run).axes
    lines = [line for line in axes.lines if line.get_xdata()[0] == 0]
    assert len(lines) == len(paths)
    effects = ((paths["effect_a_to_b"] + paths["effect_b_to_a"]) / 2).abs()
    widths = np.array([line.get_linewidth() for line in lines])
    np.testing.assert_allclose(np.sort(widths / widths.max()), np.sort(effects / effects.max()))
    best = paths.loc[effects.idxmax()]
    places = {label.get_text(): label.get_position()[1] for label in axes.texts}
    left = places["map {:.0f}, ({:.0f}, {:.0f})".format(*best[["map", "row", "column"]])]
    widest = lines[int(widths.argmax())]
    assert widest.get_ydata().tolist() == [left, places[f"unit {best['unit']:.0f}"]]
    colors = {line.get_color() for line in lines if line.get_linewidth() == widths.max()}
    assert colors == {plots.COLOR_C if best["weight"] > 0 else plots.COLOR_BOTH}


def test_the_lookalike_is_the_exemplar_most_like_the_other_class(run):
    data, (a, b) = run.read(files.EXEMPLARS, seed=run.seed), run.pair
    rows = hard.compared_images(run)
    assert data["label"][rows].tolist() == [a, a, b]
    difference = data["logits"][:, b] - data["logits"][:, a]
    assert difference[rows[1]] == difference[data["label"] == a].max()
    for row, sign in ((rows[0], -1), (rows[2], 1)):
        others = (data["label"] == data["label"][row]) & (data["index"] != data["index"][rows[1]])
        typical = others & (data["role"] == "typical")
        if typical.any():
            assert typical[row]
        else:  # the one most alike is the typical one
            assert difference[row] * sign == (difference * sign)[others].max()
    axes = hard.lookalike(run).axes
    grids = axes[3 : 3 * (1 + len(run.params.network.cnn.names))]
    for at, layer in enumerate(run.params.network.cnn.names):
        for axis, row in zip(grids[3 * at : 3 * at + 3], rows, strict=True):
            wanted = plots.map_grid(data[layer][row], plots.WIDE)
            np.testing.assert_array_equal(axis.images[0].get_array().filled(np.nan), wanted)
    table = run.read(files.RESEMBLANCE, seed=run.seed)
    at = table[(table["index"] == data["index"][rows[1]]) & (table["layer"] == run.last)].iloc[0]
    prose = text(run, name="hard")
    assert f"by {at.r_own:.2f} with the mean of {run.names[0]}" in prose


def test_no_lookalike_where_the_exemplars_lack_one(run):
    def only(label):
        def change(arrays):
            return {name: values[arrays["label"] == label] for name, values in arrays.items()}

        return {files.EXEMPLARS: change, files.WRONG_POINTS: lambda table: table.head(0)}

    for label in run.pair:
        assert hard.compared_images(Changed(run, only(label))) == []
        assert "lookalike" not in rendered(Changed(run, only(label)), "hard")["hard"].html
    listed = {files.EXEMPLARS: lambda of: of | {"role": np.full(len(of["role"]), "listed")}}
    first, like, third = hard.compared_images(Changed(run, listed))
    data = run.read(files.EXEMPLARS, seed=run.seed)
    difference = data["logits"][:, run.pair[1]] - data["logits"][:, run.pair[0]]
    assert difference[first] < difference[like]
    assert difference[third] == difference[data["label"] == run.pair[1]].max()
