"""What figures draw, read back from their axes, is what the tables hold."""

import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from stages.common import plots
from stages.report import figures, intervention_figures, replicate_figures
from stages.report.results import Results

from .conftest import changed, made_up


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def curves(axes: Axes) -> list[np.ndarray]:
    """The curves of axes, (n, 2) each; lines across the whole of them are left out."""
    found = [line.get_xydata() for line in axes.lines]
    return [xy for xy in found if not any(list(along) == [0, 1] for along in xy.T)]


def drawn_exactly(axes: Axes, x, y) -> bool:
    """Whether one of the curves is that of `x` and `y`."""
    wanted = np.column_stack([x, y])
    return any(
        curve.shape == wanted.shape and np.allclose(curve, wanted, rtol=1e-12, equal_nan=True)
        for curve in curves(axes)
    )


def filled(axes: Axes) -> list[np.ndarray]:
    """The corners of what is filled between two curves."""
    return [band.get_paths()[0].vertices for band in axes.collections if band.get_paths()]


def of_networks(results: Results, name: str, column: str, shift: float = 0.01) -> Results:
    """Give every network a table of its own, so that one drawn for another is noticed."""
    tables = results.interventions[name]
    for place, (seed, table) in enumerate(list(tables.items())):
        tables[seed] = table.assign(**{column: table[column] - shift * place})
    return results


def test_training_curves(results):
    error, loss = figures.training_curves(results).axes
    runs = [run for _, run in results.histories.groupby(["model", "seed"])]
    runs += [run for _, run in results.evaluation["curves"].groupby("model")]
    for run in runs:
        for prefix in ("", "val_"):
            assert drawn_exactly(error, run["epoch"], 1 - run[f"{prefix}accuracy"])
            assert drawn_exactly(loss, run["epoch"], run[f"{prefix}loss"])
    assert len(curves(error)) == len(curves(loss)) == 2 * len(runs)


def test_shifts(results):
    (axes,) = figures.accuracy_against_shift(results).axes
    runs = [run for _, run in results.shifts.groupby(["model", "seed"])]
    assert len(curves(axes)) == len(runs) == 4
    for run in runs:
        assert drawn_exactly(axes, run["pixels"], run["accuracy"])


def test_confusion(results):
    table = results.evaluation["confusion"]
    for axes, model in zip(figures.confusion(results).axes, ("cnn", "mlp"), strict=True):
        of_model = table[table["model"] == model]
        mean = of_model.groupby(["actual", "predicted"])["count"].mean()
        shown = axes.images[0].get_array()
        for (actual, predicted), count in mean.items():
            assert shown.mask[actual, predicted] == (actual == predicted)
            assert actual == predicted or shown[actual, predicted] == count
        written = {text.get_position(): text.get_text() for text in axes.texts}
        assert written.keys() == {(p, a) for (a, p), count in mean.items() if count > 0}
        for (predicted, actual), text in written.items():
            assert float(text) == pytest.approx(mean[actual, predicted], abs=0.5)


def test_titles_of_telling_points(results):
    table = results.points[0]
    top = figures.telling_points(table)
    a, b = (values.reshape(len(values), -1) for values in results.pair_values)
    axes = figures.telling_distributions(results).axes
    for place, point in zip(axes, top.itertuples(), strict=False):
        title = place.get_title()
        assert f"map {point.map}, ({point.row}, {point.column})" in title
        assert f"AUROC {point.auroc_test:.3f}" in title
        assert f"[{point.auroc_test_low:.3f}, {point.auroc_test_high:.3f}]" in title
        column = np.ravel_multi_index((point.row, point.column, point.map), (3, 3, 128))
        silent = [(values[:, column] == 0).mean() for values in (a, b)]
        assert f"silent in {silent[0]:.0%} and {silent[1]:.0%}" in title
        bars = {}
        for bar in place.patches:
            color = colors.to_hex(bar.get_facecolor())
            bars[color] = bars.get(color, 0) + bar.get_height()
        shares = [bars[color.lower()] for color in (plots.COLOR_A, plots.COLOR_B)]
        np.testing.assert_allclose(shares, 1 - np.array(silent), atol=1e-9)
    assert sum(place.get_visible() for place in axes) == len(top) == 20


def test_effect_significance(results):
    scatter, histogram = figures.effect_against_significance(results).axes
    table = results.points[0]
    live = table[~table["dead"] & table["hedges_g"].notna()]
    offsets = np.concatenate([points.get_offsets() for points in scatter.collections])
    wanted = np.column_stack([live["hedges_g"], -np.log10(live["q_value"])])
    assert len(offsets) == len(wanted)
    for values in (offsets, wanted):
        values.sort(axis=0)
    np.testing.assert_allclose(offsets, wanted, rtol=1e-9)
    legend = " ".join(text.get_text() for text in scatter.get_legend().get_texts())
    alone = int((live["common_a"] & ~live["common_b"]).sum())
    assert f"common to 4 alone ({alone})" in legend
    bins = np.histogram(table.loc[~table["dead"], "auroc_test"], np.linspace(0, 1, 41))[0]
    steps = [patch.get_xy()[1:-1:2, 1] for patch in histogram.patches]
    assert len(steps) == 2
    for step in steps:
        np.testing.assert_array_equal(step, bins)


def test_point_curve(results):
    of_networks(results, "point_curve", "accuracy")
    axes = intervention_figures.point_curve(results).axes
    for place, ranking in zip(axes, intervention_figures.RANKINGS, strict=True):
        for seed, table in results.interventions["point_curve"].items():
            curve = table[table["ranking"] == ranking]
            assert drawn_exactly(place, curve["k"], 1 - curve["accuracy"])
            if seed == results.seed:
                interval = filled(place)[1][:, 1]
                np.testing.assert_allclose(interval.min(), 1 - curve["high"].max())
                np.testing.assert_allclose(interval.max(), 1 - curve["low"].min())
        assert f"{results.chosen_k[0][ranking]} points suffice" in place.get_title()
        assert len(curves(place)) == 2


def test_patching(results):
    of_networks(results, "patching", "flipped")
    of_networks(results, "patching", "recovered", 0.02)
    axes = np.reshape(intervention_figures.patching(results).axes, (2, 2))
    for row, measure in enumerate(("flipped", "recovered")):
        for column, direction in enumerate(("a_to_b", "b_to_a")):
            place = axes[row, column]
            assert len(curves(place)) == 2 * len(intervention_figures.MODES)
            for table in results.interventions["patching"].values():
                for mode, curve in table[table["direction"] == direction].groupby("mode"):
                    assert drawn_exactly(place, curve["k"], curve[measure]), mode
            band = filled(place)[0][:, 1]
            table = results.interventions["patching"][0]
            assert band.max() == pytest.approx(table[f"{measure}_control_high"].max())
            assert band.min() == pytest.approx(table[f"{measure}_control_low"].min())


def test_specificity(results):
    of_networks(results, "specificity", "accuracy_after", 0.1)
    k = intervention_figures.few_points(results)
    axes = intervention_figures.specificity(results).axes
    for place, mode in zip(axes, ("mean", "zero"), strict=True):
        lost = []
        for table in results.interventions["specificity"].values():
            rows = table[(table["k"] == k) & (table["mode"] == mode)].set_index("class")
            lost.append(100 * (rows["accuracy_before"] - rows["accuracy_after"]))
        heights = [bar.get_height() for bar in place.patches]
        np.testing.assert_allclose(heights, np.mean(lost, axis=0), atol=1e-9)
        for of_network in lost:
            assert drawn_exactly(place, range(10), of_network)


def test_wrong_image(results):
    rows = intervention_figures.explained_image(results)
    _, maps, bars, *_ = intervention_figures.wrong_image(results).axes
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches], rows["effect"].abs())
    places = [label.get_text() for label in bars.get_yticklabels()]
    assert places == [f"map {p.map}, ({p.row}, {p.column})" for p in rows.itertuples()]
    assert len(maps.patches) == 2 * len(rows)  # each frame is two


def test_layer_similarity(params):
    results = made_up(changed(params, "train", seeds=(0, 1, 2)))
    shifted = {}
    for name in ("matching", "cka"):
        table = results.replicates[name].copy()
        table[["matched_r", "cka"]] += np.linspace(0, 0.04, len(table))[:, np.newaxis]
        shifted[name] = table
    results.replicates.update(shifted)
    axes = replicate_figures.layer_similarity(results).axes
    for place, name, column in zip(axes, shifted, ("matched_r", "cka"), strict=True):
        for layer, rows in shifted[name].groupby("layer", sort=False):
            at = ["conv_1", "conv_2", "conv_3"].index(layer) - 0.08
            assert drawn_exactly(place, np.full(len(rows), at), rows[column])
