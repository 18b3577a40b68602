"""The section `similarity` for this run and for other outcomes, and what its figures draw."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.report import words
from stages.report.sections.pictures import similarity

from .. import designs
from .conftest import Changed, one_seed, plain, rendered

TABLE, ARRAYS, NEAR = files.LAYER_CORRELATIONS, files.CLASS_CORRELATIONS, files.NEIGHBOURS


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def section(run):
    return rendered(run, "similarity")["similarity"]


def untrained_wins(table):
    """Before training the pair is separated, after it not, and in pixels less."""
    value = table["network"].map({"trained": 0.1, "untrained": 0.5})
    value = value.where(table["layer"] != "pixels", 0.2)
    return table.assign(separation=value, same=1 - value, between=0.4, place=7.0, constant=3)


def of_two_classes(run):
    """The run as if the pair were all classes there are."""

    def cut(names):
        return lambda arrays: (
            arrays | {name: arrays[name][:, :2, :2] for name in names if name in arrays}
        )

    labels = {"label": lambda of: of % 2, "near_label": lambda of: of % 2}
    changes = {
        ARRAYS: cut(("trained", "untrained")),
        TABLE: lambda table: table.assign(
            other=np.nan, other_separation=np.nan, place=1.0, pairs=1
        ),
        NEAR: lambda of: cut(("shares",))(of) | {name: to(of[name]) for name, to in labels.items()},
    }
    return Changed(run, changes, names=("cat", "dog"), analysis={"pair": (1, 0), "contrast": ()})


def of_one_layer(run):
    """The run as if the CNN had one conv layer."""
    keep = ("pixels", "conv_1", "dense", "logits")

    def cut(arrays):
        rows = np.isin(arrays["layer"], keep)
        return arrays | {name: of[rows] for name, of in arrays.items()}

    changes = {ARRAYS: cut, TABLE: lambda table: table[table["layer"].isin(keep)]}
    return Changed(run, changes, network={"cnn": designs.changed(maps=[12]).settings})


def test_the_numbers_are_those_of_the_tables(run):
    prose, first = plain(section(run)), run.read(NEAR, seed=run.seed)
    tables = [run.read(TABLE, seed=seed) for seed in run.shown]
    last = [table[table["layer"] == run.last].set_index("network") for table in tables]
    (a, b), mean = run.pair, words.mean_and_reach
    for name in ("same", "between", "other", "separation", "other_separation"):
        for network in ("trained", "untrained")[: 1 if name == "other_separation" else 2]:
            assert mean([of.loc[network, name] for of in last], "z.2f") in prose
    assert f"Training raises it in {len(last)} of {len(last)} networks" in prose
    shares = [run.read(NEAR, seed=seed)["shares"] for seed in run.shown]
    own, other = (mean([of[1, a, label] for of in shares], ".1%") for label in run.pair)
    assert f"Of the 10 fit images nearest to {run.one(a)} by {run.last}, {own} are" in prose
    assert f"and {other} are {run.many(b)}." in prose
    assert f"By pixels, {first['shares'][0, a, a]:.1%} are" in prose
    assert len(re.findall("<tr>", section(run).html)) == 1 + len(first_layers(run))


def first_layers(run):
    return run.read(ARRAYS, seed=run.seed)["layer"].tolist()


def test_the_metrics_are_means_over_the_networks(run):
    found = similarity.metrics(run)
    tables = [run.read(TABLE, seed=seed).set_index(["layer", "network"]) for seed in run.shown]
    for name, key in (("same", (run.last, "trained")), ("between", (run.last, "trained"))):
        assert found[name] == pytest.approx(np.mean([of.loc[key, name] for of in tables]))
    untrained = [of.loc[(run.last, "untrained"), "separation"] for of in tables]
    assert found["separation_untrained"] == pytest.approx(np.mean(untrained))
    a = run.pair[0]
    shares = [run.read(NEAR, seed=seed)["shares"][:, a, a] for seed in run.shown]
    assert found["neighbours"] == pytest.approx(np.mean(shares, axis=0)[1], rel=1e-6)
    assert found["neighbours_pixels"] == pytest.approx(shares[0][0])
    none = {TABLE: lambda table: table.assign(separation=np.nan)}
    left_out = {name for name, x in similarity.metrics(Changed(run, none)).items() if np.isnan(x)}
    assert left_out == {"separation", "separation_untrained"}


def test_prose_follows_the_outcome(run):
    prose = plain(section(Changed(run, {TABLE: untrained_wins})))
    n = len(run.shown)
    assert f"Training raises it in 0 of {words.count(n, 'network')}." in prose
    assert f"above that of pixels in {n} of {n}." in prose
    assert "are more alike than after" not in prose
    assert f"are number 7 on {run.last} and number 7 in pixels" in prose
    assert "up to 3 images are left out" in prose
    for change in (run, one_seed(run)):
        assert "are left out" not in plain(section(change))


def test_one_seed_is_named_and_has_no_range(run):
    prose, seed = plain(section(one_seed(run))), run.seeds[-1]
    assert f"Numbers are of cnn-{seed}" in prose
    assert not re.search(r"\brange\b", prose)
    assert not re.search(r"\d \(\d", prose)


def test_the_pair_alone_has_no_other_classes(run):
    found = section(of_two_classes(run))
    assert found.title == "How alike are images of “dog”?"
    assert "a “dog” and a “cat” by" in plain(found)
    assert "50% is chance" in plain(found)
    assert "any other pair of classes by" not in plain(found)
    assert "pairs of classes, counted" not in plain(found)


@pytest.mark.parametrize("other", [of_two_classes, of_one_layer, one_seed])
def test_it_stands_and_is_drawn_for_other_runs(run, other):
    changed = other(run)
    assert not re.search(r"\bnan\b", plain(section(changed)))
    for draw in (similarity.class_correlations, similarity.nearest_images):
        draw(changed).canvas.draw()


def test_without_exemplars_or_correlations_there_are_no_numbers(run):
    empty = ("index", "role", "label", "image")
    changes = {
        NEAR: lambda of: (
            of
            | {name: of[name][:0] for name in empty}
            | {"near_r": of["near_r"][:, :0], "shares": of["shares"] * np.nan}
        ),
        TABLE: lambda table: table.assign(same=np.nan, separation=np.nan, place=np.nan),
    }
    found = section(Changed(run, changes))
    assert not re.search(r"\bnan\b", plain(found))
    assert "nearest_images" not in found.markdown
    assert f"nearest to {run.one(run.pair[0])} by {run.last}, – are" in plain(found)


def test_the_matrices_drawn_are_means_over_networks_with_the_pair_first(run):
    every = [run.read(ARRAYS, seed=seed) for seed in run.shown]
    order = [*run.pair, *(label for label in range(10) if label not in run.pair)]
    axes = [of for of in similarity.class_correlations(run).axes if of.images]
    shown = {of.get_title().split("\n")[0]: of for of in axes}
    assert list(shown) == [
        "pixels", *run.conv_layers, *(f"{layer} untrained" for layer in run.conv_layers)
    ]  # fmt: skip
    for title, axis in shown.items():
        layer, _, network = title.partition(" ")
        at = every[0]["layer"].tolist().index(layer)
        mean = np.mean([of[network or "trained"][at] for of in every], axis=0)
        np.testing.assert_allclose(axis.images[0].get_array(), mean[order][:, order], rtol=1e-6)
        assert f"between {mean[run.pair]:z.2f}" in axis.get_title()
    assert len({of.images[0].get_clim() for of in axes}) == 1


def test_neighbours_drawn_are_those_of_the_file_in_their_colours(run):
    data = run.read(NEAR, seed=run.seed)
    missing = {
        NEAR: lambda of: of | {"near_r": np.where(of["near_r"] < of["near_r"][1, 0, 3], np.nan, 1)}
    }
    for changed in (run, Changed(run, missing)):
        r = changed.read(NEAR, seed=run.seed)["near_r"]
        axes = [of for of in similarity.nearest_images(changed).axes if of.images]
        images = [of.images[0].get_array() for of in axes]
        expected = []
        for at, image in enumerate(data["image"]):
            expected.append(image)
            for feature in (1, 0):  # the last layer, then pixels
                known = ~np.isnan(r[feature, at])
                expected += list(data["near_image"][feature, at][known])
        np.testing.assert_array_equal(images, expected)
    assert len(images) < len(data["image"]) * 11
