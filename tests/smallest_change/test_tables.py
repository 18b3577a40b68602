"""The rows of the files, from planted images, changes and answers."""

import numpy as np
import pandas as pd
import pytest

from stages.smallest_change import tables
from stages.smallest_change.tables import Changes

PAIR = (3, 1)
SIDE = 6


@pytest.fixture
def changes() -> Changes:
    """Two images of a and three of b; the search for the last failed."""
    generator = np.random.default_rng(0)
    image = generator.random((5, SIDE, SIDE)).astype(np.float32)
    changed = image.copy()
    changed[:, 2, 2:4] = 1 - image[:, 2, 2:4]
    label = np.array([3, 3, 1, 1, 1])
    succeeded = np.array([True, True, True, True, False])
    random = generator.normal(size=(5, 4, SIDE, SIDE)).astype(np.float32)
    return Changes(
        np.arange(5, dtype=np.int32), label, 4 - label, image, changed, succeeded, random
    )


def test_rightly_answered_images_are_chosen_of_a_first():
    labels = np.array([1, 3, 2, 3, 1, 3, 3, 1])
    answers = np.array([1, 3, 2, 1, 1, 3, 3, 0])
    rows = tables.chosen_rows(np.eye(4)[answers], labels, PAIR, 2)
    assert rows.tolist() == [1, 5, 0, 4]
    assert tables.chosen_rows(np.eye(4)[answers], labels, PAIR, 60).tolist() == [1, 5, 6, 0, 4]
    never = tables.chosen_rows(np.eye(4)[np.full(8, 2)], labels, PAIR, 2)
    assert (len(never), never.dtype) == (0, np.int32)


def test_the_margin_is_that_of_nine_in_ten_right_images():
    logits = np.zeros((13, 4))
    logits[:11, 3] = np.arange(1, 12)  # images of 3 with margins 1 to 11
    logits[11, 2], logits[12, 1] = 5, 0.3  # one of 3 answered 2, and one of 1
    labels = np.array([3] * 12 + [1], np.uint8)
    assert tables.wanted_margin(logits, labels, 3) == pytest.approx(2)
    assert tables.wanted_margin(logits, labels, 1) == pytest.approx(0.3)
    assert tables.wanted_margin(logits / 10, labels, 1) == tables.BOUNDARY  # hardly right
    assert tables.wanted_margin(logits, labels, 2) == tables.BOUNDARY  # there is none


def test_the_nearest_is_that_of_a_loop():
    generator = np.random.default_rng(1)
    images, others = generator.random((4, 3, 3)), generator.random((7, 3, 3))
    loop = [min(np.abs(image - other).sum() for other in others) for image in images]
    np.testing.assert_allclose(tables.nearest(images, others), loop)
    assert len(tables.nearest(images[:0], others)) == 0


def test_an_image_has_its_row(changes):
    inside = np.zeros((SIDE, SIDE), bool)
    inside[2, 2] = True
    before = np.zeros((5, 4))
    before[:, :2] = 1
    after = np.array([[-1.0, 1, 1, 1]] * 5)
    distance = np.arange(5.0)
    table = tables.images_table(changes, inside, (before, after), distance, PAIR)
    assert table["direction"].tolist() == ["a_to_b"] * 2 + ["b_to_a"] * 3
    change = (changes.changed - changes.image)[:, 2, 2:4].astype(float)
    np.testing.assert_allclose(table["l1"], np.abs(change).sum(axis=1))
    np.testing.assert_allclose(2 * table["added"] - table["l1"], change.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(table["region"], np.abs(change[:, 0]) / table["l1"])
    whole = np.abs(changes.random).sum(axis=(2, 3))
    parts = np.abs(changes.random[:, :, 2, 2]) / whole
    np.testing.assert_allclose(table["region_random"], parts.mean(axis=1), rtol=1e-5)
    assert (table[["pixels", "turned_on", "turned_off"]] == [2, 2, 1]).all(axis=None)
    np.testing.assert_allclose(table["ink"], changes.image.sum(axis=(1, 2)), rtol=1e-5)
    assert table["nearest"].tolist() == [0, 1, 2, 3, 4]


def test_a_reader_counts_where_it_was_right_and_the_search_succeeded(changes):
    right = np.array([3, 3, 1, 0, 1])  # this reader answers the fourth image wrongly
    changed = np.array([1, 2, 3, 3, 3])
    at_random = np.array([[3, 1, 3, 3], [3, 1, 3, 3], [1, 1, 1, 1], [3, 3, 3, 3], [3, 3, 3, 3]])
    of_a, of_b = tables.transfer_rows(changes, PAIR, (right, changed, at_random))
    assert of_a == {"direction": "a_to_b", "flipped": 0.5, "flipped_random": 0.25}
    assert of_b == {"direction": "b_to_a", "flipped": 1, "flipped_random": 0}
    _, none = tables.transfer_rows(changes, PAIR, (np.full(5, 3), changed, at_random))
    assert np.isnan([none["flipped"], none["flipped_random"]]).all()


def test_points_change_by_the_mean_over_successes(changes):
    effects = pd.DataFrame({"map": [0, 1], "row": 0, "column": 0})
    before = np.zeros((5, 2), np.float32)
    after = np.array([[1, 0], [3, 0], [0, -1], [0, -2], [9, 9]], np.float32)
    table = tables.points_table(effects, changes, (before, after), PAIR)
    assert table["change_a_to_b"].tolist() == [2, 0]
    assert table["change_b_to_a"].tolist() == [0, -1.5]
    failed = changes._replace(succeeded=np.zeros(5, bool))
    none = tables.points_table(effects, failed, (before, after), PAIR)
    assert none[["change_a_to_b", "change_b_to_a"]].isna().all(axis=None)


def test_agreement_counts_points_that_are_among_both():
    effect = np.zeros(100)
    effect[:60] = np.arange(60, 0, -1)
    change = np.zeros(100)
    change[12:42] = np.linspace(-3, -1, 30)  # the most changed are 12 to 31
    change[70:] = 9  # which have no effect: they are not compared
    found = tables.agreement(change, effect)
    assert found == {"top": 20, "both": 8, "both_expected": pytest.approx(20 * 20 / 60)}
    assert tables.agreement(change[:5], effect[:5])["both"] == 5  # all there are
    for nothing in (
        tables.agreement(change, 0 * effect),
        tables.agreement(np.nan * change, effect),
    ):
        assert np.isnan(nothing["both"])


def test_the_summary_has_the_margin_of_the_target(changes):
    points = pd.DataFrame({"change_a_to_b": [1.0], "change_b_to_a": [2.0]})
    effects = pd.DataFrame({"effect_a_to_b": [1.0], "effect_b_to_a": [2.0]})
    table = tables.summary_table(changes, {3: 0.5, 1: 0.7}, points, effects, PAIR)
    assert table["margin"].tolist() == [0.7, 0.5]
    assert table["images"].tolist() == [2, 3]
