"""What edited images do to answers, by hand."""

import numpy as np
import pytest

from stages.common import measures
from stages.common.cases import CLOSED, DRAWN, ERASED, OPENED
from stages.loop import answers

PAIR = (2, 1)
LABELS = np.array([2, 2, 2, 1, 0])
BEFORE = np.array([[0, 1, 5], [0, 1, 3], [0, 4, 2], [0, 6, 1], [9, 0, 0.0]])


def found(after, index, edit, size=None):
    edited = {
        "index": np.array(index), "edit": np.array(edit),
        "size": np.array(size or [0] * len(index)),
    }  # fmt: skip
    return answers.answers(BEFORE, np.array(after, float), edited, LABELS, PAIR)


def test_only_images_answered_rightly_count():
    of, right = found([[0, 9, 0], [0, 9, 0], [0, 9, 0], [7, 2, 3]], [0, 1, 2, 3], [CLOSED] * 4)
    assert right.tolist() == [True, True, False, True]
    assert of.index.tolist() == [0, 1, 3]
    assert of.flipped.tolist() == [True, True, False]
    assert of.third.tolist() == [False, False, True]
    # z_1 - z_2 was -4, -2 and 5; for the image of class 1 the other class is 2.
    assert of.change.tolist() == [9 + 4, 9 + 2, 5 - (2 - 3)]


def test_several_edits_of_an_image_count_as_one():
    values, rows = answers.per_image(np.array([1, 0, 1, 1]), np.array([7, 7, 3, 7]))
    assert rows.tolist() == [3, 7]
    assert values.tolist() == [1, pytest.approx(2 / 3)]
    assert answers.per_image(np.array([]), np.array([], int))[0].shape == (0,)


def test_a_row_for_each_edit_and_size():
    of, _ = found([[0, 9, 0], [0, 0, 9], [0, 9, 0], [0, 9, 0]], [0, 0, 1, 0],
                  [DRAWN, DRAWN, DRAWN, CLOSED])  # fmt: skip
    table = answers.edits_table(of, np.array([1, 3, 6, 2.0]), np.array([0, 1, 0, 1])).set_index(
        "edit"
    )
    drawn = table.loc[DRAWN]
    assert drawn["images"] == 2
    assert drawn["flipped"] == (0.5 + 1) / 2
    assert drawn["ink"] == (2 + 6) / 2
    assert drawn["loop"] == 0.25
    assert table.loc[CLOSED, "flipped"] == 1
    ends = measures.wilson_interval(1.5, 2)  # of two images, whatever the number of edits
    assert (drawn["flipped_low"], drawn["flipped_high"]) == pytest.approx(ends)
    none = of.of("none")
    assert answers.edits_table(none, none.change, none.change).empty


def test_gains_are_of_images_that_have_both():
    of, _ = found([[0, 9, 0], [0, 9, 0], [0, 0, 9], [0, 9, 0]], [0, 1, 1, 1],
                  [CLOSED, CLOSED, DRAWN, DRAWN])  # fmt: skip
    weights = np.array([[1, 1, 1, 1, 1], [3, 0, 0, 0, 0], [0, 2, 0, 0, 0.0]])
    columns = answers.gain_columns(of, weights)
    np.testing.assert_array_equal(columns["closed"], [1, 1, 1])
    np.testing.assert_array_equal(columns["drawn"], [0.5, np.nan, 0.5])
    np.testing.assert_array_equal(columns["closed_gain"], [0.5, np.nan, 0.5])
    for name in (OPENED, ERASED.split()[0], "opened_gain"):
        assert np.isnan(columns[name]).all()


def test_the_difference_within_a_class_is_weighted():
    difference = np.array([1.0, 3, 10, 5, 7])
    labels, loop = np.array([2, 2, 2, 1, 1]), np.array([True, True, False, True, False])
    weights = np.array([[1, 1, 1, 1, 1], [3, 1, 1, 1, 0.0]])
    columns = answers.within_columns(difference, labels, loop, PAIR, weights)
    np.testing.assert_array_equal(columns["within_a"], [2 - 10, 1.5 - 10])
    np.testing.assert_array_equal(columns["within_b"], [-2, np.nan])


def test_auroc_is_higher_with_a_loop():
    row = answers.within_row(np.array([1.0, 2, 3, 4]), np.array([False, False, True, True]))
    assert row["auroc"] == 1
    assert row["auroc_low"] < 1
    none = answers.within_row(np.array([1.0, 2]), np.array([True, True]))
    assert np.isnan(none["auroc"])
