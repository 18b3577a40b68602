"""Mean correlations against all pairs of images one by one, and on images of known correlation."""

import numpy as np
import pytest

from stages.similarity import correlations


@pytest.fixture
def rows():
    """Rows with a level and a scale of their own, (30, 12), and the class of each."""
    generator = np.random.default_rng(3)
    values = generator.normal(size=(30, 12)) * generator.uniform(0.1, 9, (30, 1))
    labels = generator.permutation(np.arange(30) % 3)
    return values + generator.normal(0, 5, (30, 1)) + np.eye(3, 12)[labels], labels


def one_by_one(values, labels, classes):
    """Mean r of all pairs of different images, by class."""
    r, i = np.corrcoef(values.reshape(len(values), -1)), np.arange(len(values))
    found = np.full((classes, classes), np.nan)
    for one in range(classes):
        for other in range(classes):
            pairs = (labels[:, None] == one) & (labels == other) & (i[:, None] != i)
            if pairs.any():
                found[one, other] = r[pairs].mean()
    return found


def seen(values):
    """What gives `values` for images that are numbers of rows."""
    return lambda images: {"layer": values[images]}


def test_products_of_standardised_rows_are_correlations(rows):
    values, _ = rows
    before = values.copy()
    standard, constant = correlations.standardised(values.reshape(30, 3, 2, 2))
    np.testing.assert_allclose(standard @ standard.T, np.corrcoef(values), atol=1e-5)
    assert standard.dtype == np.float32
    assert not constant.any()
    np.testing.assert_array_equal(values, before)


def test_a_constant_row_has_no_correlation():
    values = np.full((3, 7), np.float32(0.1))
    values[1, 0] = 0.3
    standard, constant = correlations.standardised(values)
    assert constant.tolist() == [True, False, True]
    assert not standard[constant].any()
    assert np.linalg.norm(standard[1]) == pytest.approx(1)


def test_class_sums_give_the_mean_over_all_pairs(rows):
    values, labels = rows
    labels = np.where(labels == 2, 4, labels)  # classes 2 and 3 have no image
    labels[np.flatnonzero(labels == 1)[1:]] = 0  # class 1 has one
    found = correlations.class_correlations(seen(values), np.arange(30), labels, 5)["layer"]
    np.testing.assert_allclose(found.r, one_by_one(values, labels, 5), atol=1e-6)
    assert np.isnan(found.r[1, 1])
    assert np.isnan(found.r[2]).all()
    assert (found.units, found.constant) == (12, 0)


def test_a_constant_image_is_left_out_and_counted(rows):
    values, labels = rows
    values[[4, 7]] = 2.5
    found = correlations.class_correlations(seen(values), np.arange(30), labels, 3)["layer"]
    rest = np.delete(np.arange(30), [4, 7])
    np.testing.assert_allclose(found.r, one_by_one(values[rest], labels[rest], 3), atol=1e-6)
    assert found.constant == 2


def planted(common: float, of_class: tuple[float, ...]):
    """Three images of each class, whose r is `of_class` within a class and 0 between classes.

    Then `common` of every image's variance is replaced by what all images share.
    """
    of_class = np.asarray(of_class)
    basis = np.linalg.qr(np.c_[np.ones(40), np.random.default_rng(0).normal(size=(40, 39))])[0]
    labels = np.arange(len(of_class)).repeat(3)
    shared, by_class, own = basis[:, 1], basis[:, 2:7].T[labels], basis[:, 7 : 7 + len(labels)].T
    weight = of_class[labels][:, None]
    images = np.sqrt(weight) * by_class + np.sqrt(1 - weight) * own
    return np.sqrt(common) * shared + np.sqrt(1 - common) * images, labels


@pytest.mark.parametrize("common", [0, 0.3, 0.95])
def test_separation_does_not_depend_on_what_all_images_share(common):
    values, labels = planted(common, (0.36, 0.5, 0))
    found = correlations.class_correlations(seen(values), np.arange(9), labels, 3)["layer"].r
    within = common + (1 - common) * np.array([0.36, 0.5, 0])
    np.testing.assert_allclose(np.diag(found), within, atol=1e-5)
    np.testing.assert_allclose(found[[0, 0, 1], [1, 2, 2]], common, atol=1e-5)
    apart = correlations.separations(found)
    np.testing.assert_allclose(apart[[0, 0, 1], [1, 2, 2]], [0.43, 0.18, 0.25], atol=1e-3)


def test_separation_is_0_for_classes_that_are_one_and_1_for_images_that_are_equal():
    assert correlations.separations(np.full((2, 2), 0.4))[0, 1] == pytest.approx(0)
    assert correlations.separations(np.array([[1, -0.3], [-0.3, 1]]))[0, 1] == 1
    assert np.isnan(correlations.separations(np.ones((2, 2)))).all()
    assert correlations.separations(np.array([[0.2, 0.6], [0.6, 0.2]]))[0, 1] == -1


R = np.array(
    [[0.8, 0.4, 0.1, 0.2], [0.4, 0.6, 0.0, 0.5], [0.1, 0.0, 0.9, 0.3], [0.2, 0.5, 0.3, 0.5]]
)


@pytest.mark.parametrize("pair", [(0, 3), (3, 0)])
def test_a_row_of_the_table_by_hand(pair):
    row = correlations.summary(R, pair)
    assert (row["same"], row["between"]) == (pytest.approx(0.65), 0.2)
    assert row["other"] == pytest.approx((0.4 + 0.1 + 0.0 + 0.5 + 0.3) / 5)
    others = [1 - 0.3 / 0.6, 1 - 0.15 / 0.9, 1 - 0.25 / 1, 1 - 0.45 / 0.5, 1 - 0.3 / 0.7]
    assert row["separation"] == pytest.approx(1 - 0.35 / 0.8)
    assert row["other_separation"] == pytest.approx(np.mean(others))
    assert (row["place"], row["pairs"]) == (3, 6)  # 1 - 0.45 / 0.5 and 1 - 0.3 / 0.6 are less


def test_two_classes_are_the_only_pair():
    row = correlations.summary(R[:2, :2], (1, 0))
    assert (row["place"], row["pairs"]) == (1, 1)
    assert np.isnan([row["other"], row["other_separation"]]).all()


def test_where_there_is_nothing_to_compare_there_is_no_number():
    row = correlations.summary(np.full((3, 3), np.nan), (0, 1))
    assert row.pop("pairs") == 3
    assert np.isnan(list(row.values())).all()
