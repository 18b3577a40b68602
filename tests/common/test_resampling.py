"""Which groups of images are resampled, how, and whether the spread is the textbook's."""

import numpy as np
import pytest

from stages.common import files, resampling
from stages.common.params import read_params
from stages.common.run import Run
from stages.common.sampling import balanced_rows

DEALT = {
    "equal": np.repeat(np.arange(10), 80),
    "unequal": np.repeat(np.arange(3), (41, 500, 77)),
    "small": np.repeat(np.arange(4), (7, 30, 12, 90)),
    "one_image": np.repeat(np.arange(3), (1, 9, 20)),
}


@pytest.fixture
def of_split(tmp_path, monkeypatch, settings):
    """The resamples of a split, for settings and a split's labels."""
    monkeypatch.chdir(tmp_path)

    def of_split(split, labels, **changes):
        (tmp_path / "params.yaml").write_text(settings(changes))
        path = tmp_path / files.DATASET.path
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = {"labels": labels.astype(np.uint8), "index": np.arange(len(labels), dtype="i4")}
        np.savez(path, **{f"{split}_{name}": values for name, values in arrays.items()})
        return resampling.of_split(Run(read_params()), split)

    return of_split


def test_groups_of_mnist_are_blocks_of_neighbouring_test_images(of_split):
    labels = np.random.default_rng(0).integers(0, 10, 10_000)
    found = of_split("test", labels, **{"dataset.name": "mnist"})
    np.testing.assert_array_equal(found.group, np.repeat(np.arange(40), 250))
    dealt = of_split("validation", labels, **{"dataset.name": "mnist"}).group
    assert len(np.unique(dealt[:250])) > 20


@pytest.mark.parametrize("labels", DEALT.values(), ids=DEALT)
@pytest.mark.parametrize("split", ["validation", "test"])
def test_elsewhere_every_class_is_dealt_evenly_over_all_groups(of_split, labels, split):
    labels = np.random.default_rng(1).permutation(labels)
    group = of_split(split, labels, **{"dataset.name": "digits"}).group
    sizes = np.bincount(labels)
    groups = max(2, min(40, sizes.min()))
    in_group = np.array(
        [np.bincount(labels[group == g], minlength=len(sizes)) for g in range(groups)]
    )
    np.testing.assert_array_equal(in_group.sum(axis=0), sizes)
    assert (np.ptp(in_group, axis=0) <= 1).all()
    assert np.ptp(in_group.sum(axis=1)) <= 1
    if sizes.min() > 1:
        assert in_group.min() >= 1


def test_images_are_dealt_at_random():
    labels = np.repeat(np.arange(2), 400)
    group = resampling.deal(labels, np.random.default_rng(0))
    neighbours = (np.abs(np.diff(group)) <= 1).mean()
    assert neighbours < 0.15  # by chance 3/40
    other = resampling.deal(labels, np.random.default_rng(1))
    assert (group == other).mean() < 0.1


def test_the_first_row_is_the_images_as_they_are_and_each_resample_has_as_many_groups(of_split):
    found = of_split("test", DEALT["small"], **{"dataset.name": "digits", "claims.resamples": 150})
    groups = found.group.max() + 1
    assert found.counts.shape == (151, groups)
    assert found.counts.dtype == found.weights.dtype == np.float32
    np.testing.assert_array_equal(found.counts[0], 1)
    np.testing.assert_array_equal(found.counts.sum(axis=1), groups)
    assert len(np.unique(found.counts[1:], axis=0)) > 100  # of 1,716 there are
    assert found.counts[1:].mean() == 1
    for image in (0, 40, 138):
        np.testing.assert_array_equal(found.weights[:, image], found.counts[:, found.group[image]])


def test_all_networks_have_the_same_resamples_whatever_the_seeds_are(of_split):
    labels, base = DEALT["unequal"], {"dataset.name": "digits", "analysis.shown_seeds": [5]}
    first, second, other = (
        of_split("test", labels, **base, **changes)
        for changes in ({"train.seeds": [5]}, {"train.seeds": [9, 5, 1]},
                        {"train.seeds": [5], "claims.seed": 1})
    )  # fmt: skip
    for found, expected in zip(first, second, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert (first.counts != other.counts).any()
    validation = of_split("validation", labels, **base, **{"train.seeds": [5]})
    assert (first.counts != validation.counts).any()


def test_the_mean_is_that_of_repeated_images():
    generator = np.random.default_rng(0)
    values, weights = generator.normal(size=30), generator.integers(0, 4, (6, 30))
    weights[4] = 0
    each = generator.normal(size=(6, 30))
    found, found_each = resampling.mean(values, weights), resampling.mean(each, weights)
    for row, counts in enumerate(weights):
        if row == 4:
            assert np.isnan([found[row], found_each[row]]).all()
            continue
        assert found[row] == pytest.approx(np.repeat(values, counts).mean())
        assert found_each[row] == pytest.approx(np.repeat(each[row], counts).mean())
    ones = np.ones((1, 30), np.float32)
    assert resampling.mean(values > 0, ones) == pytest.approx([(values > 0).mean()])


def variances(group, values, resamples=1000):
    """Over resamples, of the mean of each column of `values` (n, columns)."""
    weights = resampling.draw(group, resamples, np.random.default_rng(3)).weights[1:]
    means = weights @ values / weights.sum(axis=1, keepdims=True)
    return means.var(axis=0, ddof=1)


@pytest.mark.parametrize("blocks", [True, False])
def test_the_spread_of_a_mean_of_independent_images_is_the_textbook_s(blocks):
    """That of G groups is (G - 1)/G of it, as in every bootstrap."""
    generator, n, columns = np.random.default_rng(2), 2000, 400
    labels = np.arange(n) % 10
    group = np.arange(n) // 50 if blocks else resampling.deal(labels, generator)
    values = generator.exponential(size=(n, columns))
    found = variances(group, values).mean() / (39 / 40)
    # 39 degrees of freedom in each of 400 columns: relative error sqrt(2 / 39 / 400) = 1.1 %.
    assert found == pytest.approx(1 / n, rel=0.04)


def test_what_neighbours_share_widens_the_spread_where_they_are_resampled_together():
    """Of m images a group with correlation r the variance is 1 + (m - 1) r times the textbook's."""
    generator = np.random.default_rng(4)
    group = np.arange(2000) // 50
    values = generator.normal(size=(40, 300))[group] + generator.normal(size=(2000, 300))
    found = variances(group, values).mean() / (39 / 40)
    assert found == pytest.approx((1 + 49 * 0.5) * 2 / 2000, rel=0.05)


def test_classes_keep_their_share_where_images_are_dealt():
    labels = np.repeat(np.arange(2), (400, 1200))
    group = resampling.deal(labels, np.random.default_rng(0))
    weights = resampling.draw(group, 100, np.random.default_rng(0)).weights
    np.testing.assert_allclose(resampling.mean(labels == 0, weights), 0.25)


def test_a_balanced_sample_of_mnist_has_images_of_every_block():
    """Or resamples of its rows would be of fewer groups."""
    labels = np.random.default_rng(0).integers(0, 10, 10_000)
    rows = balanced_rows(labels, 500)
    assert len(np.unique(rows // resampling.BLOCK)) == 40
