"""Which points carry an edit, in a head that reads known points."""

import numpy as np
from sklearn.metrics import roc_auc_score

from stages.common import trained
from stages.loop import points

CARRIER = 3


def head():
    """Answers 1 where point 3 is above 0.5; it reads nothing else."""
    kernel = np.zeros((80, 1), np.float32)
    kernel[CARRIER] = 1
    weights = np.array([[0, 2.0]], np.float32), np.array([0.5, -0.5], np.float32)
    return trained.Head(kernel, np.zeros(1, np.float32), *weights)


def edited():
    generator = np.random.default_rng(0)
    before = generator.random((30, 80)).astype(np.float32)
    before[:, CARRIER] = 0
    after = before + generator.random((30, 80)).astype(np.float32)
    after[:, CARRIER] = 1
    return points.Images(before, after, 0, 1)


def test_only_the_point_that_is_read_has_an_effect():
    images = edited()
    effect = points.mean_effects(head(), images)
    assert np.flatnonzero(effect).tolist() == [CARRIER]
    assert effect[CARRIER] == 2
    back = points.Images(images.after, images.before, 1, 0)
    np.testing.assert_allclose(points.mean_effects(head(), back), effect)


def test_the_carrier_alone_flips_all_and_no_random_point_does():
    order = np.r_[CARRIER, np.delete(np.arange(80), CARRIER)]
    table = points.carried_table(
        head(), edited(), order, (1, 2, 80), np.zeros(80), 40, np.random.default_rng(0)
    )
    assert table["flipped"].tolist() == [1, 1, 1]
    assert 0 < table["flipped_control_mean"][0] < 0.5  # in one of eight it is a stand-in
    assert table["flipped_control_mean"].isna().tolist() == [False, False, True]
    late = points.flipped_along(head(), edited(), order[::-1], (1, 79, 80))
    assert late.tolist() == [0, 0, 1]


def test_without_a_right_answer_no_share_is_known():
    images = edited()
    wrong = images._replace(label=1, other=0)
    assert np.isnan(points.flipped_along(head(), wrong, np.arange(80), (1, 80))).all()


def test_auroc_is_scikit_learns_and_the_best_are_of_validation_images():
    generator = np.random.default_rng(1)
    values, loop = generator.normal(size=(60, 50)), np.arange(60) < 20
    values[loop, 7] += 3
    values[loop, 9] -= 3
    found = points.loop_auroc(values, loop)
    expected = [roc_auc_score(loop, values[:, point]) for point in range(50)]
    np.testing.assert_allclose(found, expected)
    tested = np.full(50, 0.5)
    tested[[7, 9]] = 0.9, 0.2
    best = points.best_points(found, np.arange(50), tested)
    assert len(best) == points.BEST
    assert sorted(best[:2]) == [0.8, 0.9]
    assert np.isnan(points.loop_auroc(values, np.ones(60, bool))).all()
