"""The section on attributions: its words for several outcomes, its figures, its metrics."""

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt

from stages.common import files
from stages.report import words
from stages.report.sections.causes import attribution

from .conftest import Changed, plain, rendered


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def text(run) -> str:
    """The words of the section, with its figures drawn."""
    attribution.attributed_pixels(run)
    attribution.attribution_checks(run)
    prose = plain(rendered(run, "attribution")["attribution"])
    assert not re.search(r"\bnan\b", prose)
    return prose


def assign(**columns):
    """A change of a table: some of its columns."""
    return lambda table: table.assign(**columns)


def test_the_text_has_the_numbers_of_the_tables(run):
    prose, deleted = text(run), run.every_shown(files.DELETION)
    here = deleted[(deleted["order"] == "attribution") & np.isclose(deleted["removed"], 0.2)]
    assert len(here) == len(run.shown)
    first = run.read(files.DELETION, seed=run.seed)["difference"].iloc[0]
    assert (
        first == run.read(files.DELETION, seed=run.seed).query("removed == 0")["difference"].max()
    )
    assert f"to {words.mean_and_reach(here['difference'], 'z.1f')}; random order" in prose
    summary = run.every_shown(files.ATTRIBUTION)
    assert f"is {words.mean_and_reach(summary['below_random'], 'z.1f')} logits below" in prose
    assert f"within {summary['gap'].max():.1%}" in prose
    assert f"{run.seed}" in prose
    assert f"in cnn-{run.seed}" in prose
    spearman = run.every_shown(files.PATCHING_ESTIMATES)["spearman"].dropna()
    if len(spearman):
        assert f"with Spearman {words.mean_and_reach(spearman, '.4f')}" in prose


def test_the_control_is_of_all_weights(run):
    def planted(table):
        table.loc[table["randomised"] == run.conv_layers[0], "signed"] = 0.123
        return table

    changed = Changed(run, {files.RANDOMISED: planted})
    assert re.search(r"With sign it is .*? 0\.12 for all weights random", text(changed))
    assert attribution.metrics(changed)["random_weights"] == pytest.approx(0.123)


def test_no_right_answer_leaves_no_curves(run):
    none = {
        f"below_{name}{end}": np.nan for name in ("ink", "random") for end in ("", "_low", "_high")
    }
    gone = dict.fromkeys(("difference", "difference_low", "difference_high"), np.nan)
    columns = [f"{name}{end}" for name in attribution.CORRELATIONS for end in ("", "_low", "_high")]
    changes = {
        files.ATTRIBUTION: assign(sample=0, randomised=0, **none),
        files.DELETION: assign(**gone),
        files.RANDOMISED: assign(**dict.fromkeys(columns, np.nan)),
        files.PATCHING_ESTIMATES: assign(half=np.nan, same_half=np.nan, spearman=np.nan),
    }
    prose = text(Changed(run, changes))
    assert "so that no ink was removed." in prose
    assert "Attribution patching orders" not in prose
    assert "random weights is of" not in prose


def test_it_stands_with_one_network_words_and_listed_exemplars(run):
    def listed(arrays):
        return arrays | {"role": np.full(len(arrays["role"]), "listed")}

    names = tuple(f"Ankle boot {letter}" for letter in "abcdefghij")
    seeds = run.shown[-1:]
    settings = {"train": {"seeds": seeds}, "analysis": {"shown_seeds": seeds}}
    prose = text(Changed(run, {files.ATTRIBUTED: listed}, names=names, **settings))
    assert "range of" not in prose
    assert "1 network is fewer than" in prose
    assert f"“{names[run.pair[0]]}”" in prose


def test_no_exemplars_are_no_picture(run):
    def none(arrays):
        return {name: values[:0] for name, values in arrays.items()}

    prose = text(Changed(run, {files.ATTRIBUTED: none}))
    assert prose.startswith("Integrated gradients divide")


def test_the_pictures_are_those_of_the_file(run):
    data, rows = run.read(files.ATTRIBUTED, seed=run.seed), attribution.shown(run)
    assert len(rows) <= attribution.DRAWN
    right = (data["label"] == data["answer"])[rows]
    figure = attribution.attributed_pixels(run)
    pictures = [axis for axis in figure.axes if axis.get_visible() and axis.images]
    for at, row in enumerate(rows):
        left, other = (axis.images[0].get_array() for axis in pictures[2 * at : 2 * at + 2])
        np.testing.assert_array_equal(left, data["image"][row])
        np.testing.assert_array_equal(other, data["attribution"][row])
        title = pictures[2 * at].get_title(loc="left")
        assert ("answer" in title) != right[at]
    assert len({tuple(axis.images[0].get_clim()) for axis in pictures[1 : 2 * len(rows) : 2]}) == 1


def test_the_curves_are_those_of_the_tables(run):
    top, bottom = attribution.attribution_checks(run).axes
    deleted, random = run.every_shown(files.DELETION), run.every_shown(files.RANDOMISED)
    lines = [line.get_ydata() for line in top.lines]
    for _, of in deleted.groupby(["seed", "order"]):
        assert any(np.array_equal(line, of["difference"]) for line in lines)
    lines = [line.get_ydata() for line in bottom.lines]
    layers = ["logits", "dense", *run.conv_layers[::-1], "untrained"]
    for _, of in random.groupby("seed"):
        for column in attribution.CORRELATIONS:
            expected = of.set_index("randomised")[column].reindex(layers)
            assert any(np.array_equal(line, expected, equal_nan=True) for line in lines)


def test_metrics_are_means_over_the_shown_networks(run):
    metrics, summary = attribution.metrics(run), run.every_shown(files.ATTRIBUTION)
    assert metrics["below_ink"] == pytest.approx(summary["below_ink"].mean())
    assert set(metrics) == {"below_random", "below_ink", "random_weights", "spearman"}


def test_it_stands_with_one_conv_layer(run):
    cnn = run.params.network.cnn
    cnn = type(cnn).model_validate(cnn.model_dump() | {"maps": cnn.maps[:1], "kernel": 3})
    kept = ("ink", "logits", "dense", "conv_1", "untrained")
    changes = {files.RANDOMISED: lambda table: table[table["randomised"].isin(kept)]}
    changed = Changed(run, changes, network={"cnn": cnn})
    assert "points of conv_1" in text(changed)
    _, axis = attribution.attribution_checks(changed).axes
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels == ["logits", "+ dense", "+ conv_1", "untrained"]
