"""What figures draw, read back from their axes, is what the tables hold."""

import io
from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.text import Text
from PIL import Image

from stages.common import files, trained
from stages.common.cases import DIRECTIONS
from stages.common.names import MODELS
from stages.report import plots
from stages.report.metrics import RANKINGS, histories, observed
from stages.report.sections.causes import patching, separating
from stages.report.sections.causes.probes import probe_curve
from stages.report.sections.causes.specificity import few_points, lost_accuracy, specificity
from stages.report.sections.networks import models, networks, replicates
from stages.report.sections.pictures import hard

from .. import designs
from .conftest import Changed


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def curves(axes) -> list[np.ndarray]:
    """The curves of axes, (n, 2) each; lines across the whole of them are left out."""
    lines = [line.get_xydata() for line in axes.lines]
    return [xy for xy in lines if not any(list(along) == [0, 1] for along in xy.T)]


def drawn(axes, x, y) -> bool:
    """Whether one of the curves is that of `x` and `y`."""
    wanted = np.column_stack([x, y])
    alike = [curve for curve in curves(axes) if curve.shape == wanted.shape]
    return any(np.allclose(curve, wanted, rtol=1e-9, equal_nan=True) for curve in alike)


def test_training_curves(run):
    error, loss = networks.training_curves(run).axes
    runs = histories(run)
    means = runs.groupby(["model", "epoch"], as_index=False).mean(numeric_only=True)
    shown = [of for _, of in [*runs.groupby(["model", "seed"]), *means.groupby("model")]]
    for of in shown:
        for prefix in ("", "val_"):
            assert drawn(error, of["epoch"], 1 - of[f"{prefix}accuracy"])
            assert drawn(loss, of["epoch"], of[f"{prefix}loss"])
    assert len(curves(error)) == len(curves(loss)) == 2 * len(shown)
    assert len(loss.get_legend().get_texts()) == 2 * len(MODELS)


def test_translation(run):
    (axes,) = models.translation(run).axes
    groups = run.read(files.TRANSLATION).groupby(["model", "seed"])
    assert len(curves(axes)) == len(groups)
    assert all(drawn(axes, of["pixels"], of["accuracy"]) for _, of in groups)


def test_confusion(run):
    table = run.read(files.CONFUSION)
    for axes, model in zip(models.confusion(run).axes, MODELS, strict=True):
        of = table[table["model"] == model]
        mean = of.pivot_table("count", "actual", "predicted").to_numpy()
        errors = np.where(np.eye(len(mean), dtype=bool), np.nan, mean)
        np.testing.assert_array_equal(axes.images[0].get_array().filled(np.nan), errors)
        assert len(axes.texts) == (mean > 0).sum()


def test_separating_points(run):
    best = separating.best_points(run)
    assert not best["dead"].any()
    assert (best["auroc"] - 0.5).abs().is_monotonic_decreasing
    pair = [trained.as_points(maps) for maps in run.pair_maps(run.seed, "test")]
    axes = separating.separating_points(run).axes
    for place, (column, point) in zip(axes, best.iterrows(), strict=False):
        title = "map {map}, ({row}, {column}): AUROC {value:.3f}, {higher}\n".format(**point)
        assert place.get_title().startswith(title)
        bars = [(colors.to_hex(bar.get_facecolor()), bar.get_height()) for bar in place.patches]
        active = [(values[:, column] > 0).mean() for values in pair]
        shown = [sum(h for c, h in bars if c == color.lower()) for color in plots.PAIR]
        np.testing.assert_allclose(shown, active, atol=1e-9)


def test_effect_significance(run):
    scatter, histogram = separating.effect_significance(run).axes
    every = run.every(files.POINTS).query("not dead")
    live = every[(every["seed"] == run.seed) & every["hedges_g"].notna()]
    offsets = np.concatenate([points.get_offsets() for points in scatter.collections])
    wanted = np.column_stack([live["hedges_g"], -np.log10(live["q_value"])])
    np.testing.assert_allclose(np.sort(offsets, axis=0), np.sort(wanted, axis=0), rtol=1e-9)
    for step, (_, of) in zip(histogram.patches, every.groupby("seed"), strict=True):
        bins = np.histogram(of["auroc_test"], np.linspace(0, 1, 41))[0]
        np.testing.assert_array_equal(step.get_xy()[1:-1:2, 1], bins)


def test_probe_curve(run):
    few = observed(run.read(files.PROBE_RESAMPLES, seed=run.seed))["few"].iloc[0]
    figure = probe_curve(run)
    assert f"k = {few:,}" in figure.get_suptitle()
    for axes, ranking in zip(figure.axes, RANKINGS, strict=True):
        for seed in run.seeds:
            curve = run.read(files.PROBE_CURVE, seed=seed)
            curve = curve[curve["ranking"] == ranking]
            assert drawn(axes, curve["k"], 1 - curve["accuracy"])
            on_validation = drawn(axes, curve["k"], 1 - curve["accuracy_validation"])
            assert on_validation == (seed == run.seed)
        dotted = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
        assert dotted == [few]


def test_patching(run):
    table, places = run.every(files.PATCHING), product(("flipped", "recovered"), DIRECTIONS)
    for axes, (measure, direction) in zip(patching.patching(run).axes, places, strict=True):
        groups = table[table["direction"] == direction].groupby(["seed", "mode"])
        assert len(curves(axes)) == len(groups)
        assert all(drawn(axes, curve["k"], curve[measure]) for _, curve in groups)


def test_specificity(run):
    k = few_points(run)
    for axes, mode in zip(specificity(run).axes, ("mean", "zero"), strict=True):
        lost = 100 * lost_accuracy(run, k, mode)
        heights = [bar.get_height() for bar in axes.patches]
        np.testing.assert_allclose(heights, lost.mean(axis=1), atol=1e-9)
        assert all(drawn(axes, range(len(lost)), lost[seed]) for seed in run.seeds)


def test_wrong_image(run):
    shown = run.read(files.EXEMPLARS, seed=run.seed)
    at = np.flatnonzero(shown["label"] == run.pair[0])[0]
    of_image = {"index": shown["index"][at], "label": run.pair[0], "role": "hard"}
    points = {"map": [3, 0, 7], "row": [0, 2, 1], "column": [2, 1, 0], "effect": [0.3, 0.2, 0.1]}
    table = pd.DataFrame(points).assign(**of_image, logit_difference=-1.0)
    run = Changed(run, {files.WRONG_POINTS: lambda _: table})
    rows = hard.explained_image(run)
    _, maps, bars, *_ = hard.wrong_image(run).axes
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches], rows["effect"].abs())
    assert len(maps.patches) == 2 * len(rows)  # each frame is two


def test_layer_similarity(run):
    left, right = replicates.layer_similarity(run).axes
    for axes, file, name in (left, files.MATCHING, "matched_r"), (right, files.CKA, "cka"):
        table = run.read(file)
        assert drawn(axes, table["layer"].map(designs.CONV_LAYERS.index) - 0.08, table[name])


def test_a_grid_of_maps_has_every_map_in_its_place():
    maps = np.arange(2 * 3 * 5).reshape(2, 3, 5).astype(float)
    grid = plots.map_grid(maps, columns=2)
    assert grid.shape == (8, 7)
    for number, (top, left) in enumerate([(0, 0), (0, 4), (3, 0), (3, 4), (6, 0)]):
        np.testing.assert_array_equal(grid[top : top + 2, left : left + 3], maps[..., number])
    assert np.isnan(grid).sum() == grid.size - maps.size


def test_a_saved_figure_has_all_its_colours(tmp_path):
    figure, axes = plots.subplots(figsize=(3, 3))
    gradient = np.linspace(0, 1, 200).reshape(10, 20)
    axes[0, 0].imshow(gradient, cmap="viridis")
    axes[0, 0].set_title("rare", color=plots.COLOR_B, fontsize=5)
    whole = io.BytesIO()
    figure.savefig(whole, dpi=110)
    path = tmp_path / "figure.png"
    plots.save(figure, path)
    before, after = (np.asarray(Image.open(x).convert("RGB"), int) for x in (whole, path))
    assert np.abs(before - after).max() <= 8
    assert Image.open(path).mode == "P"


def test_dollar_signs_are_shown_and_powers_of_ten_stay(tmp_path):
    """Names of classes come from outside: Matplotlib would read, or refuse, what is in them."""
    names = ["$\\bad$", "$x$ or $y", "5 $"]
    figure, ((left, right),) = plots.subplots(1, 2)
    left.plot([1, 2, 3], [1, 10, 1000], label=names[0])
    left.set(yscale="log", title=names[1], xlabel=names[0])
    left.legend()
    plots.fit_names(right, names)
    right.text(0, 0, names[0])
    figure.suptitle(names[0])
    plots.save(figure, tmp_path / "names.png")
    assert [text.get_text() for text in figure.findobj(Text) if text.get_parse_math()] == [
        text.get_text() for text in left.yaxis.get_ticklabels(which="both")
    ]
    assert any("10^{2}" in text.get_text() for text in left.yaxis.get_ticklabels())
