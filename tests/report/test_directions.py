"""The section on bases and directions: its numbers, its words for other outcomes, its figures."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import bases, files
from stages.common.cases import DIRECTIONS
from stages.report import words
from stages.report.sections.causes import directions

from .conftest import Changed, one_seed, plain, rendered

WORDS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
         "Bag", "Ankle boot")  # fmt: skip
ALL = (files.BASIS_CURVES, files.BASIS_HALF, files.SINGLE_DIRECTIONS, files.ERASURE)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def text(run, changes=None, **groups) -> str:
    return plain(rendered(Changed(run, changes, **groups), "directions")["directions"])


def with_k(**by_basis):
    """A change of `files.BASIS_HALF`: these numbers of coordinates, in both directions."""
    return lambda table: table.assign(k=table["basis"].map(by_basis).astype(float), changed=0.25)


def test_the_text_has_the_numbers_of_the_tables(run):
    half = {files.BASIS_HALF: with_k(points=40, axes=1, rotation=100)}
    prose = text(run, half)
    assert "takes 40 points, 100 coordinates of a random rotation or 1 principal axis;" in prose
    assert "A random rotation takes 2.5 times as many coordinates as points." in prose
    assert "these edits make up 25%, 25% and 25% of the squared difference" in prose
    assert "it takes fewer points than coordinates of a random rotation" in prose
    single = run.every_shown(files.SINGLE_DIRECTIONS)
    means = single[(single["along"] == "means") & (single["direction"] == "a_to_b")]["flipped"]
    known = means.dropna()
    flips = words.mean_and_reach(known, ".1%") if len(known) else words.NOTHING
    assert f"the difference of the class means, flips {flips} of" in prose


def test_a_rotation_is_the_mean_of_its_draws(run):
    def by_draw(table):
        return table.assign(k=10.0 + 2 * table["draw"])

    half = directions.halves(Changed(run, {files.BASIS_HALF: by_draw}))
    rotated = half.xs("rotation", level="basis")["k"]
    assert rotated.unique().tolist() == [12]
    assert half.xs("points", level="basis")["k"].unique().tolist() == [10]

    def without_one(table):
        return by_draw(table).assign(k=lambda of: of["k"].where(of["draw"] != 1))

    half = directions.halves(Changed(run, {files.BASIS_HALF: without_one}))
    assert half.xs("rotation", level="basis")["k"].isna().all()
    assert half.xs("points", level="basis")["k"].notna().all()


def test_the_text_is_true_for_other_outcomes(run):
    def erased(reached):
        return lambda table: table.assign(
            chance=reached & (table["k"] == table.groupby("method")["k"].transform("max"))
        )

    outcomes = {
        "takes more than all points, 5 coordinates of a random rotation or": {
            files.BASIS_HALF: with_k(rotation=5, axes=2)
        },
        "In no network does it take fewer points": {
            files.BASIS_HALF: with_k(points=9, rotation=5, axes=2)
        },
        "Networks or directions differ in which": {
            files.BASIS_HALF: lambda table: table.assign(
                k=np.where(
                    table["basis"] == "points", 3.0 * (1 + (table["direction"] == "a_to_b")), 4.0
                ),
                changed=0.1,
            )
        },
        "the most that are removed, its error on test images is": {files.ERASURE: erased(False)},
        "until its error on test images is at chance": {files.ERASURE: erased(True)},
    }
    for words_, changes in outcomes.items():
        prose = text(run, changes)
        assert words_ in prose
        assert not re.search(r"\bnan\b", prose)


def test_nothing_flips(run):
    def nothing(table):
        gone = [name for name in ("k", "random_k", "changed", "negative", "below", "flipped",
                                  "recovered", "flipped_clipped") if name in table]  # fmt: skip
        return table.assign(**dict.fromkeys(gone, np.nan))

    def no_value(table):
        return table.assign(value=table["value"].where(table["measure"] == bases.PROBE))

    changes = {files.BASIS_HALF: nothing, files.SINGLE_DIRECTIONS: nothing}
    other = Changed(run, changes | {files.BASIS_CURVES: no_value})
    prose = plain(rendered(other, "directions")["directions"])
    assert "takes more than all points, more than all coordinates of a random rotation" in prose
    assert not re.search(r"\bnan\b", prose)
    directions.basis_curves(other)
    directions.erased_directions(other)
    known = directions.metrics(other)
    assert np.isnan([known["rotation_over_points"], known["means_flip"]]).all()


def test_no_live_point(run):
    empty = dict.fromkeys(ALL, lambda table: table.head(0))
    section = rendered(Changed(run, empty), "directions")["directions"]
    assert "is active in the pair" in plain(section)
    assert "<figure" not in section.html
    assert np.isnan(list(directions.metrics(Changed(run, empty)).values())).all()


def test_one_network_and_names_that_are_words(run):
    alone = one_seed(run)
    prose = plain(rendered(alone, "directions")["directions"])
    assert "networks, lowest" not in prose.partition("Bars")[0]
    assert "mean and range of" not in prose
    directions.basis_curves(alone)
    prose = text(run, names=WORDS)
    assert not re.search(r"\b[0-9]s\b|\bnan\b", prose)
    figure = directions.basis_curves(Changed(run, names=WORDS))
    assert any("patched from" in entry.get_text() for axis in figure.axes
               for entry in axis.get_legend().get_texts())  # fmt: skip


def test_curves_are_means_over_networks_and_rotations(run):
    table = run.every_shown(files.BASIS_CURVES)
    top, bottom = directions.basis_curves(run).axes
    drawn = [line.get_xydata() for axis in (top, bottom) for line in axis.lines]
    for basis, order in directions.ORDERS.items():
        probes = table[(table["basis"] == basis) & (table["order"] == order)]
        patches = table[(table["basis"] == basis) & (table["measure"] == bases.PATCHING)]
        for of in (probes, *(patches[patches["direction"] == to] for to in DIRECTIONS)):
            by_network = of.pivot_table("value", "k", "seed").dropna()
            wanted = by_network.mean(axis=1).reset_index().to_numpy()
            assert any(line.shape == wanted.shape and np.allclose(line, wanted) for line in drawn)


def test_bars_and_curves_are_those_of_the_tables(run):
    single, erased = (run.every_shown(file) for file in (files.SINGLE_DIRECTIONS, files.ERASURE))
    top, bottom = directions.erased_directions(run).axes
    widths = [patch.get_width() for patch in top.patches]
    by = single.groupby(["direction", "along", "edit"])["flipped"].mean()
    wanted = [by[direction, *case] for direction in DIRECTIONS for case in directions.ALONE]
    np.testing.assert_allclose(widths, wanted)
    drawn = [line.get_xydata() for line in bottom.lines]
    for (method, _), of in erased.groupby(["method", "seed"]):
        if method in (bases.PROBE, bases.COVARIANCE):
            for name in ("error", "other"):
                curve = of[["k", name]].to_numpy()
                assert any(np.array_equal(line, curve) for line in drawn)


def test_metrics_are_means_over_networks_and_directions(run):
    def half(table):
        return table.assign(flipped=np.where(table["along"] == "means", 0.5, 0.1))

    changes = {
        files.BASIS_HALF: with_k(points=4, axes=1, rotation=10),
        files.SINGLE_DIRECTIONS: half,
        files.ERASURE: lambda table: table.assign(chance=table["k"] == 1),
    }
    found = directions.metrics(Changed(run, changes))
    assert found["rotation_over_points"] == pytest.approx(2.5)
    assert found["means_flip"] == pytest.approx(0.5)
    assert found["erased_after"] == 1
