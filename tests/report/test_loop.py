"""The section on loops: its pictures are the edited images, its numbers those of the tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from stages.common import files, inference, resampling
from stages.common.cases import CLOSED, CLOSING, GAP, NARROW, OPENED, OPENING
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
    axes = np.array(loop.loop_edits(run).axes).reshape(2, 5)
    for line, kinds, label in zip(axes, (CLOSING, OPENING), loop.roles(run), strict=True):
        before = line[0].images[0].get_array()
        (row,) = np.flatnonzero((data["test_images"] == before).all(axis=(1, 2)))
        assert data["test_labels"][row] == label
        for axis, kind in zip(line[1:], kinds, strict=True):
            of = (edited["edit"] == kind) & (edited["index"] == row)
            assert axis.get_visible() == of.any()
            if of.any():
                shown = axis.images[0].get_array()
                sizes = edited["size"][of][(edited["image"][of] == shown).all(axis=(1, 2))]
                size = loop.SIZE_SHOWN.get(kind, 0)
                assert size in sizes  # all that is wider than the loop is the same
                assert axis.get_xlabel().startswith(f"{means['cnn', kind, size]:.0%} read as ")


def test_curves_are_of_every_network_by_width(run):
    edits = table(run, "edits")
    for axis, whole, part in zip(
        loop.loop_sizes(run).axes, (CLOSED, None), (GAP, NARROW), strict=True
    ):
        *curves, loops = axis.lines
        of = edits[edits["edit"].isin((whole, part))]
        assert len(curves) == 2 * len(run.seeds)
        found = sorted(tuple(line.get_ydata()) for line in curves)
        expected = sorted(
            tuple(curve.sort_values("size")["flipped"])
            for _, curve in of.groupby(["model", "seed"])
        )
        np.testing.assert_allclose(found, expected)
        np.testing.assert_allclose(loops.get_ydata(), of.groupby("size")["loop"].mean())
        assert list(loops.get_xdata()) == sorted(of["size"].unique())


def test_points_in_common_by_hand(run):
    common, (few, _) = loop.common_points(run).iloc[0], loop.roles(run)
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


def shares(run, **flipped: float) -> Changed:
    """The run with these shares flipped by edits, `closed=0.9` or `opened_elsewhere=0`."""
    named = {name.replace("_", " "): share for name, share in flipped.items()}

    def change(table):
        new = table["edit"].map(named)
        return table.assign(flipped=new.where(new.notna(), table["flipped"]))

    return Changed(run, {files.EDITS: change})


def test_the_top_counts_where_it_flips_most_and_another_loop_hardly_any(run):
    clear = {"closed": 0.9, "opened": 0.9, "closed_elsewhere": 0.01, "opened_elsewhere": 0.0}
    of_all = run.read(files.EDITED, split="test")["edit"]
    both = {OPENING[3], CLOSING[3]} <= set(of_all)
    assert both
    sentence = "So what counts is whether the top is closed"
    for change, holds in (
        ({}, both), ({"closed": 0.4}, False), ({"opened": 0.4}, False),
        ({"opened_elsewhere": 0.2}, False),
    ):  # fmt: skip
        changed = shares(run, **(clear | change))
        assert (sentence in plain(rendered(changed, "loop")["loop"])) == holds


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
