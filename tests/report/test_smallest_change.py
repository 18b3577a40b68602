"""The section on the smallest change: its words for several outcomes, its figures, its metrics."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.common.cases import DIRECTIONS
from stages.report import plots
from stages.report.sections.causes import smallest_change as section

from .conftest import Changed, plain, rendered

WORDS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
         "Bag", "Ankle boot")  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def assign(**columns):
    """A change of a table: some of its columns."""
    return lambda table: table.assign(**columns)


def text(run, changes=None, **groups) -> str:
    """The words of the section, with its figures drawn where it shows them."""
    changed = Changed(run, changes, **groups)
    shown = rendered(changed, "smallest_change")["smallest_change"]
    for figure in ("change_steps", "change_maps"):
        if f"figure-{figure}" in shown.html:
            getattr(section, figure)(changed)
    prose = plain(shown)
    assert not re.search(r"\bnan\b", prose)
    return prose


def transferred(itself=1.0, cnn=0.5, mlp=0.25, random=0.0):
    """A change of the table of transfer: what each kind of reader flips."""

    def change(table):
        shares = table["model"].map({"cnn": cnn, "mlp": mlp})
        first = ~table.duplicated(["boundary", "direction"])  # the network itself comes first
        return table.assign(flipped=shares.where(~first, itself), flipped_random=random)

    return change


def failed(table):
    return table.assign(succeeded=False)


def nothing_succeeded() -> dict:
    """The files where the search failed for all images."""
    none = dict.fromkeys(("flipped", "flipped_random"), np.nan)
    return {
        files.CHANGED: failed,
        files.CHANGE_TRANSFER: assign(**none),
        files.CHANGED_POINTS: assign(change_a_to_b=np.nan, change_b_to_a=np.nan),
        files.SMALLEST_CHANGE: assign(both=np.nan, both_expected=np.nan),
    }


def test_the_text_has_the_numbers_of_the_tables(run):
    table = section.changed(run).query("not boundary")
    prose, (a, b) = text(run), run.names
    for direction, (of, to) in zip(DIRECTIONS, ((a, b), (b, a)), strict=True):
        means = table[table["direction"] == direction].groupby("seed")["l1"].mean()
        if len(means):
            size = section.written(means.tolist(), ".1f")
            assert f"From {of} to {to} it takes {size} of ink" in prose
    margin = run.every_shown(files.SMALLEST_CHANGE).query("not boundary")
    towards_b = margin.loc[margin["direction"] == DIRECTIONS[0], "margin"]
    assert f"and {section.written(towards_b.tolist(), '.1f')} for {b}" in prose


def test_means_are_over_images_then_over_networks(run):
    """Planted: 2 of ink in the first network's images, 5 in the others'."""
    first = run.shown[0]

    class Planted(Changed):
        def read(self, file, *names, **where):
            value = super().read(file, *names, **where)
            if file is files.CHANGED:
                l1 = 2.0 if where["seed"] == first else 5.0
                value = value.assign(l1=l1, ink=10.0, nearest=20.0, succeeded=True)
            return value

    planted = Planted(run)
    row = section.cases(planted)[0]
    others = len(run.shown) - 1
    assert row["l1"] == [2.0] + [5.0] * others
    assert row["of_ink"] == pytest.approx([0.2] + [0.5] * others)
    assert row["of_nearest"] == pytest.approx([0.1] + [0.25] * others)
    assert section.metrics(planted)["ink_a"] == pytest.approx((2 + 5 * others) / (1 + others))


def test_readers_are_of_three_kinds(run):
    planted = Changed(run, {files.CHANGE_TRANSFER: transferred(1.0, 0.5, 0.25, 0.125)})
    for row in section.cases(planted):
        assert set(row["itself"]) == {1.0}
        assert set(row["cnn"]) == ({0.5} if len(run.shown) > 1 else set())
        assert set(row["mlp"]) == {0.25}
        assert set(row["itself_random"]) == {0.125}
    metrics = section.metrics(planted)
    assert (metrics["transfer_cnn"], metrics["transfer_mlp"]) == (0.5, 0.25)
    prose = text(run, {files.CHANGE_TRANSFER: transferred(1.0, 0.5, 0.25, 0.125)})
    assert "to 50% of the images, the MLP of the same seed to 25%." in prose
    assert "flips 50% of the images in the other CNNs" in prose  # just across the boundary
    assert "flip 12% from" in prose


def test_strokes_must_hold_in_every_network_and_measure(run):
    strong = assign(region=0.6, region_random=0.2, joined=0.9, joined_random=0.3, succeeded=True)
    cases = {
        (0.6, 0.9, 0.9): True, (0.2, 0.9, 0.9): False, (0.6, 0.3, 0.9): False,
        (0.6, 0.9, 0.5): False,
    }  # fmt: skip
    for (region, joined, cnn), holds in cases.items():
        changes = {
            files.CHANGED: lambda table, region=region, joined=joined: strong(table).assign(
                region=region, joined=joined
            ),
            files.CHANGE_TRANSFER: transferred(cnn=cnn),
        }
        prose = text(run, changes)
        assert ("are those of strokes" in prose) == holds
        assert ("It was not shown that the change" in prose) == (not holds)
    one_sided = {
        files.CHANGED: lambda table: strong(table).assign(
            succeeded=table["direction"] == DIRECTIONS[0]
        ),
        files.CHANGE_TRANSFER: transferred(cnn=0.9),
    }
    assert "are those of strokes" not in text(run, one_sided)


def test_it_stands_where_nothing_was_found(run):
    changes = nothing_succeeded()
    prose = text(run, changes)
    assert "The search found no change" in prose
    assert "it takes" not in prose
    html = rendered(Changed(run, changes), "smallest_change")["smallest_change"].html
    assert "<figure" not in html
    metrics = section.metrics(Changed(run, changes))
    assert all(np.isnan(value) for value in metrics.values())


def test_it_stands_without_images(run):
    """As the files are where the network answers no image of the pair rightly: headers alone."""

    def header(table):
        return pd.read_csv(io.StringIO(table.head(0).to_csv(index=False)))

    changes = nothing_succeeded() | {
        files.CHANGED: header,
        files.CHANGED_IMAGES: lambda arrays: {
            name: of if name == "share" else of[:0] for name, of in arrays.items()
        },
    }
    changes[files.SMALLEST_CHANGE] = assign(images=0, both=np.nan, both_expected=np.nan)
    assert "For 0 rightly answered test images" in text(run, changes)


def test_it_stands_with_one_direction(run):
    def only_a(table):
        return table.assign(succeeded=table["direction"] == DIRECTIONS[0])

    changes = {files.CHANGED: only_a, files.CHANGED_POINTS: assign(change_b_to_a=np.nan)}
    prose, (a, b) = text(run, changes), run.names
    assert f"From {a} to {b} it takes" in prose
    assert f"From {b} to {a} it takes" not in prose
    assert len(section.change_maps(Changed(run, changes)).axes) == 2 + 2  # and colour bars


def test_it_stands_with_one_network_and_with_words(run):
    def alone_read(table):  # what the stage writes where one network is shown
        itself = ~table.duplicated(["boundary", "direction"]) | (table["model"] == "mlp")
        return table[itself]

    only = run.shown[:1]
    alone = Changed(run, {files.CHANGE_TRANSFER: alone_read}, train={"seeds": only},
                    analysis={"shown_seeds": only})  # fmt: skip
    prose = plain(rendered(alone, "smallest_change")["smallest_change"])
    assert "networks," not in prose
    assert "other CNNs then" not in prose
    assert "1 network shown: fewer than" in prose
    assert not re.search(r"\bnan\b", prose)
    named = plain(rendered(Changed(run, names=WORDS), "smallest_change")["smallest_change"])
    assert f"“{WORDS[run.pair[0]]}”" in named
    assert not re.search(r"\b[0-9]s\b", named)


def test_the_steps_are_those_of_the_files(run):
    figure, data = section.change_steps(run), run.read(files.CHANGED_IMAGES, seed=run.seed)
    chosen = section.shown_images(run)
    table = section.to_real_margin(run, run.seed)
    columns = len(data["share"]) + 1
    cells = np.array(figure.axes).reshape(len(chosen), columns)
    a, b = run.pair
    for line, (place, row) in zip(cells, chosen, strict=True):
        assert data["index"][place] == row["index"] == table["index"][place]
        label = run.pair[DIRECTIONS.index(row["direction"])]
        assert data["label"][place] == label
        shown = [axis.images[0].get_array() for axis in line[:-1]]
        size = np.abs(data["changed"][place] - data["image"][place]).sum()
        assert row["l1"] == pytest.approx(size, rel=1e-4)  # of the margin that is drawn
        np.testing.assert_allclose(shown[0], data["image"][place])
        np.testing.assert_allclose(shown[-1], data["changed"][place], atol=1e-6)
        halfway = (data["image"][place] + data["changed"][place]) / 2
        np.testing.assert_allclose(shown[2], halfway, atol=1e-6)
        for axis, logits in zip(line, data["logits"][place], strict=False):
            assert axis.get_xlabel() == f"{logits[b] - logits[a]:+.1f}"
            color = plots.class_colors([logits.argmax()], run.pair)[0]
            assert axis.xaxis.label.get_color() == color
        assert line[-1].get_xlabel() == f"ink {row['l1']:.1f}"
    for direction in DIRECTIONS:
        of = table[table["succeeded"] & (table["direction"] == direction)]["l1"]
        drawn = [row["l1"] for _, row in chosen if row["direction"] == direction]
        assert drawn == sorted(drawn)
        assert all(of.min() <= l1 <= of.max() for l1 in drawn)


def test_colours_say_what_is_added_and_removed():
    image, change = np.full((1, 3), 0.5), np.array([[1.0, -1.0, 0.0]])
    added, removed, pale = section.tinted(image, change)[0]
    np.testing.assert_allclose(added, section.to_rgb(section.ADDED))
    np.testing.assert_allclose(removed, section.to_rgb(section.REMOVED))
    np.testing.assert_allclose(pale, 0.875)


def test_maps_are_means_of_what_is_added_and_removed(run):
    figure = section.change_maps(run)
    parts = section.mean_parts(run)
    drawn = iter(figure.axes[: 2 * len(parts)])
    for direction in parts:
        whole = []
        for seed in run.shown:
            data, table = (
                run.read(files.CHANGED_IMAGES, seed=seed),
                section.to_real_margin(run, seed),
            )
            for place, row in table.iterrows():
                if row["succeeded"] and row["direction"] == direction:
                    whole.append(data["changed"][place] - data["image"][place])
        for sign in (1, -1):
            mean = np.mean([np.maximum(sign * of, 0) for of in whole], axis=0)
            np.testing.assert_allclose(next(drawn).images[0].get_array(), mean, atol=1e-6)


def test_the_points_named_change_most(run):
    def planted(table):
        table = table.assign(change_a_to_b=0.0, change_b_to_a=0.0)
        table.loc[[2, 5], "change_a_to_b"] = 3.0, -4.0
        return table

    changed = Changed(run, {files.CHANGED_POINTS: planted})
    points = run.read(files.CHANGED_POINTS, seed=run.seed)
    first, second = (points.loc[place] for place in (5, 2))
    text_of = "map {:.0f}, ({:.0f}, {:.0f}) by {:+.2f}"
    cell = ["map", "row", "column"]
    named = section.most_changed(changed)[0]
    assert named.startswith(
        f"{text_of.format(*first[cell], -4)}, {text_of.format(*second[cell], 3)}"
    )


def test_shares_read_zero_only_at_zero():
    assert section.written([0.0, 0.0], None) == "0%"
    assert section.written([0.0, 0.004], None) == "under 1% (0% to under 1%)"
    assert section.written([1.0, 0.996], None) == "99.8% (99.6% to 100%)"
    assert section.written([], ".1f") == section.written([], None) == "–"
