"""Which images are shown, and which class's mean one resembles, by hand."""

import numpy as np

from stages.dense import images

INDEX = np.array([3, 10, 11, 20, 31])
MARGINS = np.array([5.0, 1, 2, 3, 4])


def exemplars(*rows):
    """`index`, `label` and `role` of exemplars."""
    index, label, role = zip(*rows, strict=True) if rows else ([], [], [])
    return {"index": np.array(index), "label": np.array(label), "role": np.array(role, str)}


def test_the_exemplars_of_a_class_stand_for_it():
    given = exemplars((31, 1, "clear"), (7, 0, "typical"), (20, 1, "typical"), (10, 1, "hard"),
                      (3, 1, "mlp_wrong"))  # fmt: skip
    chosen = images.representatives(INDEX, MARGINS, given, 1)
    assert chosen == [(4, "clear"), (3, "typical"), (1, "hard")]


def test_typical_images_fill_up_what_is_listed():
    given = exemplars((11, 1, "listed"))
    # The median margin is 3: images 3, then 2 and 4 as near, of which 2 is listed.
    chosen = images.representatives(INDEX, MARGINS, given, 1)
    assert chosen == [(2, "listed"), (3, "typical"), (4, "typical")]
    many = exemplars(*((row, 1, "listed") for row in INDEX))
    assert [row for row, _ in images.representatives(INDEX, MARGINS, many, 1)] == [0, 1, 2]
    assert len(images.representatives(INDEX[:2], MARGINS[:2], exemplars(), 1)) == 2


def test_images_taken_for_the_other_class_are_the_worst_first():
    logits = np.array([[3, 1, 0], [1, 2, 0], [0, 5, 9], [0, 4, 0], [9, 2, 1.0]])
    assert images.taken_for(logits, 0, 1).tolist() == [3, 1]  # the third is answered 2
    assert images.taken_for(logits[[0, 2]], 0, 1).tolist() == []


def test_correlation_is_pearsons():
    generator = np.random.default_rng(0)
    values, mean = generator.random((4, 30)), generator.random(30)
    wanted = [np.corrcoef(row, mean)[0, 1] for row in values]
    np.testing.assert_allclose(images.correlation(values, mean), wanted)
    whole = np.array([[200, 10, 0], [5, 5, 5]], np.uint8)  # of pixels; the second is constant
    np.testing.assert_allclose(images.correlation(whole, whole[0]), [1, np.nan])


def test_resemblance_by_hand():
    mean, other = np.array([1.0, 0, 0, 0]), np.array([0.0, 1, 0, 0])
    own = np.array([[2.0, 0, 0, 0], [3, 1, 0, 0], [1, 3, 0, 0], [0, 1, 0, 0], [9, 1, 0, 0]])
    table = images.resemblance("conv_1", own[1:4], own, mean, other)
    gap = table["r_other"] - table["r_own"]
    assert (gap > 0).tolist() == [False, True, True]
    assert table["as_close"].tolist() == [0.6, 0.4, 0.2]  # each counts itself
    assert (table["closer_other"] == 0.4).all()
    nothing = images.resemblance("conv_1", np.zeros((1, 4)), own, mean, other)
    assert nothing["as_close"].isna().all()
