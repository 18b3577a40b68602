"""The section on all pairs of classes: ranks, words for other outcomes, the matrices, metrics."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy.stats import spearmanr

from stages.common import files
from stages.report import words
from stages.report.sections.causes import pairs

from .conftest import Changed, plain, rendered


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def changed(run, change, **groups) -> Changed:
    return Changed(run, {files.PAIRS: change}, **groups)


def text(run) -> str:
    """The words of the section, with its figure drawn."""
    pairs.all_pairs(run)
    prose = plain(rendered(run, "pairs")["pairs"])
    assert not re.search(r"\bnan\b", prose)
    return prose


def ours(run, table):
    return (table[["first", "second"]] == sorted(run.pair)).all(axis=1)


def with_ranks(run, **ranks) -> Changed:
    """The run with these ranks of the pair, the same in every network."""

    def change(table):
        here = ours(run, table)
        for name, rank in ranks.items():
            for ending in ("", "_low", "_high"):
                table.loc[here, f"rank_{name}{ending}"] = float(rank)
        return table

    return changed(run, change)


def test_the_ranks_are_those_of_the_tables(run):
    prose, table = text(run), run.every_shown(files.PAIRS)
    here = table[ours(run, table)]
    assert len(here) == len(run.shown)
    assert f"has rank {words.mean_and_reach(here['rank_errors'], '.0f')} by" in prose
    ends = here[["rank_loss_low", "rank_loss_high"]].to_numpy().ravel()
    assert f"and from {words.reach(ends, '.0f')} (95%" in prose
    assert f"Among {len(table) // len(run.shown)} pairs of classes" in prose
    metrics = pairs.metrics(run)
    assert metrics == {
        name: pytest.approx(here[name].mean())
        for name in ("rank_errors", "rank_auroc", "rank_loss")
    }


def test_it_is_hard_by_what_ranks_it_in_the_first_tenth_in_every_network(run):
    one = text(with_ranks(run, errors=4, auroc=5, loss=30))
    assert "by test images confused, and not by the others." in one
    two = text(with_ranks(run, errors=1, auroc=30, loss=2))
    assert "by test images confused and by the loss on few points, and not by the other." in two
    every = text(with_ranks(run, errors=1, auroc=1, loss=1))
    assert re.search(r"by the best point and by the loss on few points\. ", every)
    assert "By none of the three" in text(with_ranks(run, errors=5, auroc=30, loss=30))


def test_networks_that_agree_and_do_not(run):
    table = pairs.tables(run)
    by_seed = [of["confused"].to_numpy() for _, of in table.groupby("seed")]
    expected = [spearmanr(one, other).statistic for at, one in enumerate(by_seed)
                for other in by_seed[at + 1 :]]  # fmt: skip
    assert pairs.agreement(table, "confused") == pytest.approx(expected)
    assert pairs.agreement(table.assign(confused=0.0), "confused") == []


def test_the_matrices_are_means_below_the_diagonal(run):
    table, classes = pairs.tables(run), len(run.class_names)
    figure = pairs.all_pairs(run)
    pictures = [axis.images[0].get_array() for axis in figure.axes[:3]]
    for picture, (column, *_) in zip(pictures, pairs.MEASURES.values(), strict=True):
        assert picture.count() == classes * (classes - 1) / 2
        for (first, second), of_pair in table.groupby(["first", "second"]):
            assert picture[second, first] == pytest.approx(of_pair[column].mean())
    low, high = sorted(run.pair)
    for axis in figure.axes[:3]:
        assert {frame.get_xy() for frame in axis.patches} == {(low - 0.5, high - 0.5)}


def test_it_stands_with_one_network_and_words(run):
    names = tuple(f"Ankle boot {letter}" for letter in "abcdefghij")
    seeds = run.shown[-1:]
    alone = Changed(run, names=names, train={"seeds": seeds}, analysis={"shown_seeds": seeds})
    prose = text(alone)
    assert "range of" not in prose
    assert "Spearman" not in prose
    assert "One network is less than" in prose
    assert f"“{names[run.pair[0]]}” against “{names[run.pair[1]]}”" in prose


def test_what_is_missing_is_a_dash(run):
    numbers = ["auroc_test", "error_few", "error_all", "loss"]
    numbers += [f"rank_{name}{end}" for name in ("auroc", "loss") for end in ("", "_low", "_high")]

    def without(table):
        table.loc[ours(run, table), numbers] = np.nan
        return table

    prose = text(changed(run, without))
    assert "rank – by the AUROC of the best point and rank – by" in prose
    assert "The best point has AUROC –." in prose


def test_one_pair_alone_is_compared_with_none(run):
    two = changed(run, lambda table: table[ours(run, table)])
    prose = plain(rendered(two, "pairs")["pairs"])
    assert prose.startswith("There are two classes alone")


def test_it_stands_with_twenty_classes(run):
    names = tuple(f"class {letter}" for letter in "abcdefghijklmnopqrst")

    def of_many(table):
        many = pd.DataFrame(combinations(range(20), 2), columns=["first", "second"])
        rest = table.sample(len(many), replace=True, random_state=0, ignore_index=True)
        return many.join(rest.drop(columns=["first", "second"]))

    prose = text(Changed(run, {files.PAIRS: of_many}, names=names))
    assert "Among 190 pairs of classes" in prose
