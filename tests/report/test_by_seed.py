"""Metrics of each network: what a run of this seed alone has, and means that are the metrics."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files, inference
from stages.report import beside, by_seed, metrics

from .conftest import Changed, one_seed


@pytest.fixture(scope="module")
def table(run) -> pd.DataFrame:
    """A row a metric, a column a seed."""
    return by_seed.table(run).pivot_table("value", "metric", "seed", sort=False)


def test_every_metric_of_a_run_is_declared(run):
    declared = list(artifacts.forms(files.METRICS))
    assert set(beside.flat(metrics.every_metric(run))) <= set(declared)


def test_the_committed_run_has_every_declared_metric():
    committed = artifacts.read(files.METRICS)
    assert set(beside.flat(committed)) == set(artifacts.forms(files.METRICS))


def test_metrics_are_the_means_over_networks(run, table):
    expected = beside.flat(metrics.every_metric(run))
    missing = {name for name in expected if not by_seed.whole(name)} - set(table.index)
    assert missing == {"maps.matched_r", "maps.identity_r"}  # two networks have no pseudo-values
    for name, mean in table.mean(axis=1).items():
        assert mean == pytest.approx(expected[name], abs=2e-5), name


def test_a_network_has_what_it_has_alone(run, table):
    alone = one_seed(run)
    expected = beside.flat(metrics.every_metric(alone))
    seed = run.seeds[-1]
    shown = {name: value for name, value in expected.items() if not by_seed.whole(name)}
    assert table[seed].dropna().to_dict() == pytest.approx(shown)


def test_what_is_looked_at_closely_is_of_the_shown_seeds(run):
    first, last = run.seeds
    fewer = Changed(run, analysis={"shown_seeds": (last,)})
    found = by_seed.table(fewer)
    of_first = set(found.loc[found["seed"] == first, "metric"])
    of_last = set(found.loc[found["seed"] == last, "metric"])
    assert of_first < of_last
    assert {name.partition(".")[0] for name in of_last - of_first} == {
        "patterns", "unseen", "similarity", "decoder", "orientation", "depth", "directions",
        "smallest_change", "attribution", "pairs", "dense",
    }  # fmt: skip


def test_rows_are_as_declared(run):
    found = by_seed.table(run)
    declared = list(artifacts.forms(files.METRICS))
    order = [declared.index(name) for name in found["metric"]]
    assert order == sorted(order)
    assert not found.duplicated(["metric", "seed"]).any()
    assert np.isfinite(found["value"]).all()


def test_pairs_of_networks_have_pseudo_values(run):
    seeds, generator = (3, 5, 6, 9), np.random.default_rng(0)
    pairs = list(combinations(seeds, 2))
    values = generator.random((len(pairs), 2))
    table = pd.DataFrame(pairs, columns=["seed_i", "seed_j"]).assign(layer=run.last)
    table[["matched_r", "identity_r"]] = values
    changed = Changed(run, {files.MATCHING: lambda _: table}, train={"seeds": seeds})
    found = by_seed.of_pairs(changed)
    for name, column in zip(("matched_r", "identity_r"), values.T, strict=True):
        pseudo = found[f"maps.{name}"]
        assert list(pseudo.index) == list(seeds)
        assert pseudo.mean() == pytest.approx(column.mean(), abs=1e-5)
        expected = inference.estimate(column[:, np.newaxis], pairs, 2).by_network
        assert pseudo.var(ddof=1) / len(seeds) == pytest.approx(expected, rel=1e-3)
