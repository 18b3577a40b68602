"""The section on loops: its pictures are the edited images, its numbers those of the tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from stages.common import files, inference, resampling
from stages.common.cases import CLOSED, GAP, NARROW, OPENED
from stages.report import loops
from stages.report.exploratory import estimate
from stages.report.sections.causes import loop

from .conftest import Changed, one_seed, plain, rendered


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def table(run, name: str) -> pd.DataFrame:
    """A table of every network, as it lies in `data/`."""
    paths = {seed: run.root / f"data/loop/cnn-{seed}/{name}.csv" for seed in run.seeds}
    return pd.concat([pd.read_csv(path).assign(seed=seed) for seed, path in paths.items()])


def test_the_picture_shows_an_image_of_each_class_before_and_after(run):
    edited = np.load(run.root / "data/strokes/edited_test.npz")
    data = np.load(run.root / "data/raw/dataset.npz")
    means = table(run, "edits").groupby(["model", "edit", "size"])["flipped"].mean()
    axes = np.array(loops.loop_edits(run).axes).reshape(2, 6)
    for line, kinds, label in zip(axes, loops.IN_PICTURE, loops.roles(run), strict=True):
        before = line[0].images[0].get_array()
        (row,) = np.flatnonzero((data["test_images"] == before).all(axis=(1, 2)))
        assert data["test_labels"][row] == label
        for axis, kind in zip(line[1:], kinds, strict=False):
            of = (edited["edit"] == kind) & (edited["index"] == row)
            assert axis.get_visible() == of.any()
            if of.any():
                shown = axis.images[0].get_array()
                sizes = edited["size"][of][(edited["image"][of] == shown).all(axis=(1, 2))]
                size = loops.SIZE_SHOWN.get(kind, 0)
                assert size in sizes  # all that is wider than the loop is the same
                assert axis.get_xlabel().startswith(f"{means['cnn', kind, size]:.0%} read as ")


def test_curves_are_of_every_network_by_width(run):
    edits = table(run, "edits")
    for axis, whole, part in zip(
        loop.loop_sizes(run).axes, (CLOSED, None), (GAP, NARROW), strict=True
    ):
        *curves, with_loop = axis.lines
        of = edits[edits["edit"].isin((whole, part))]
        assert len(curves) == 2 * len(run.seeds)
        found = sorted(tuple(line.get_ydata()) for line in curves)
        expected = sorted(
            tuple(curve.sort_values("size")["flipped"])
            for _, curve in of.groupby(["model", "seed"])
        )
        np.testing.assert_allclose(found, expected)
        np.testing.assert_allclose(with_loop.get_ydata(), of.groupby("size")["loop"].mean())
        assert list(with_loop.get_xdata()) == sorted(of["size"].unique())


def test_points_in_common_by_hand(run):
    common, (few, _) = loop.common_points(run).iloc[0], loops.roles(run)
    seed = run.seeds[0]
    live = ~run.read(files.POINTS, seed=seed)["dead"].to_numpy()
    direction = "a_to_b" if few == run.pair[0] else "b_to_a"
    by_loop = run.read(files.LOOP_POINTS, seed=seed)["effect_closed"].to_numpy()
    alone = run.read(files.EFFECTS, seed=seed)[f"effect_{direction}"].to_numpy()
    count = round(run.params.claims.few_points * live.sum())
    best = [set(np.flatnonzero(live)[np.argsort(-of[live])[:count]]) for of in (by_loop, alone)]
    assert common["count"] == count
    assert common["closed"] == len(best[0] & best[1])
    assert common["chance"] == pytest.approx(count**2 / live.sum())


def test_few_networks_have_a_range_and_five_an_interval(run):
    few = estimate(run, files.LOOP_RESAMPLES, "cnn_closed")
    values = table(run, "resamples").query("resample == 0")["cnn_closed"]
    assert few == (values.mean(), values.min(), values.max(), False)
    assert few.show(".1%") == f"{values.mean():.1%} ({values.min():.1%} to {values.max():.1%})"

    class Five(Changed):
        seeds = (1, 2, 3, 4, 5)

        def every(self, file, **_):
            parts = [run.read(file, seed=run.seeds[0]).assign(seed=seed) for seed in self.seeds]
            return pd.concat([of.assign(cnn_closed=of["cnn_closed"] + of["seed"] / 100)
                              for of in parts])  # fmt: skip

    many = estimate(Five(run), files.LOOP_RESAMPLES, "cnn_closed")
    first = run.read(files.LOOP_RESAMPLES, seed=run.seeds[0])["cnn_closed"].to_numpy()
    values = np.array([first + seed / 100 for seed in Five.seeds])
    groups = resampling.of_split(run, "test").counts.shape[1]
    of = inference.estimate(values, [(seed,) for seed in Five.seeds], groups)
    assert many == (of.value, *of.interval(), True)
    nothing = Changed(run, {files.LOOP_RESAMPLES: lambda of: of.assign(cnn_closed=np.nan)})
    assert np.isnan(estimate(nothing, files.LOOP_RESAMPLES, "cnn_closed").mean)


def test_a_third_class_stands_below_a_picture_where_it_is_no_exception(run):
    def third(share):
        def change(table):
            table["third"] = share
            return table

        return [axis.get_xlabel() for axis in loops.loop_edits(
            Changed(run, {files.EDITS: change})).axes]  # fmt: skip

    assert any("as a third" in label for label in third(0.49))
    assert not any("as a third" in label for label in third(0.05))


def test_a_model_without_right_answers_to_an_edit_has_no_line(run):
    without = {files.EDITS: lambda of: of[(of["model"] == "cnn") | (of["edit"] != CLOSED)]}
    labels = [axis.get_xlabel() for axis in loops.loop_edits(Changed(run, without)).axes]
    assert "MLP" not in labels[1]
    assert "read as" in labels[1]
    assert any(row["edit"] == "closed by a stroke"
               for row in loops.main_numbers(Changed(run, without))["rows"])  # fmt: skip


def test_the_top_is_named_where_the_strokes_lie_there(run):
    images = run.dataset_array("test_images")
    height = images.shape[1]

    def drawn_at(row):
        def change(arrays):
            image = images[arrays["index"]].copy()
            image[:, row] = 255
            return arrays | {"image": image}

        return Changed(run, {files.EDITED: change})

    for row, named in ((0, True), (height - 1, False)):
        changed = drawn_at(row)
        assert loops.across_the_top(changed) == named
        for name in ("loop", "lead"):
            text = plain(rendered(changed, name)[name])
            assert ("across the open top" in text) == named


def test_points_that_flip_nothing_are_not_counted(run):
    nothing = Changed(run, {files.CARRIED: lambda table: table.assign(flipped=0.0)})
    assert loop.carried(nothing).empty
    assert "live points flip" not in plain(rendered(nothing, "loop")["loop"])
    of = loop.carried(run)
    live = run.every(files.POINTS).groupby("seed")["dead"].agg(lambda dead: (~dead).sum())
    assert (of["live"] == of["seed"].map(live)).all()


def test_where_classes_do_not_differ_in_loops_it_is_said(run):
    none = Changed(run, {files.EDITS: lambda table: table.head(0)})
    section = rendered(none, "loop")["loop"]
    assert "differ too little in loops" in plain(section)
    assert "figure" not in section.html
    assert not section.finding
    assert "nan" not in plain(section)


def test_it_is_readable_with_one_network_and_words_for_names(run):
    names = ("T-shirt/top", "Ankle boot") * 5
    for of in (one_seed(run), Changed(run, names=names)):
        text = plain(rendered(of, "loop")["loop"])
        assert "nan" not in text
        assert "the range of the networks" in text
    assert loop.metrics(run)["opened"] == pytest.approx(
        table(run, "resamples").query("resample == 0")["cnn_opened"].mean()
    )
    assert OPENED in set(run.read(files.EDITED, split="test")["edit"])
