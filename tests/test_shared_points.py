"""How many points several images have in common: by hand, by counting all choices, and on a run."""

from itertools import combinations, product

import numpy as np
import pytest

from stages import map_statistics
from stages.common import files, trained
from stages.common.cases import DIFFERENT_CLASSES, EXEMPLARS, SAME_CLASS, shown_exemplars
from stages.common.run import Run

A, B = 7, 2


def test_a_row_counts_points_on_in_every_image_and_in_one_more():
    on = np.array([[[1, 1, 1, 0], [1, 1, 0, 1]]], bool)
    alone, further = map_statistics.shared_row(EXEMPLARS, on, {5: np.array([[0, 1, 1, 1]], bool)})
    assert (alone["points"], alone["images"], further["points"], further["label"]) == (2, 2, 1, 5)
    assert np.isnan([alone["label"], alone["points_low"], further["points_high"]]).all()


def test_random_images_share_what_all_choices_share_on_average():
    generator = np.random.default_rng(0)
    sizes = {A: 6, B: 4, 1: 3, 3: 5}
    on = {label: generator.random((n, 40)) < 0.6 for label, n in sizes.items()}
    rows = map_statistics.shared_points(on, A, (B,), 3, np.random.default_rng(1))
    found = {(row["case"], row["label"]): row for row in rows}
    same = [on[A][list(of)].all(0) for of in combinations(range(6), 3)]
    further = [(shared & one).sum() for shared, one in product(same, on[B])]
    classes = combinations(sizes, 3)
    per_classes = [
        np.mean([np.all(images, axis=0).sum() for images in product(*(on[label] for label in of))])
        for of in classes
    ]
    expected = {
        (SAME_CLASS, np.nan): np.mean([shared.sum() for shared in same]),
        (SAME_CLASS, B): np.mean(further),
        (DIFFERENT_CLASSES, np.nan): np.mean(per_classes),
    }
    assert list(found) == list(expected)
    for key, mean in expected.items():
        assert found[key]["points"] == pytest.approx(mean, abs=0.4)  # 5 standard errors
        assert found[key]["points_low"] < mean < found[key]["points_high"]


def test_as_many_different_classes_or_none():
    on = {label: np.ones((4, 5), bool) for label in (A, B)}
    rows = map_statistics.shared_points(on, A, (), 3, np.random.default_rng(0))
    assert [row["case"] for row in rows] == [SAME_CLASS]
    assert rows[0]["points"] == rows[0]["points_low"] == 5


ROLES = ("clear", "typical", "hard", "clear", "typical", "hard", "contrast", "wrong")
LABELS = (A, A, A, B, B, B, 1, A)


def test_exemplars_in_figures_are_three_of_a_one_of_b_and_the_contrasts():
    assert shown_exemplars(ROLES, LABELS, (A, B), (1, 3)) == [0, 1, 2, 4, 6]
    assert shown_exemplars(ROLES[1:], LABELS[1:], (A, B), ()) == [0, 1, 3]
    assert shown_exemplars(ROLES, LABELS, (B, A), ()) == [3, 4, 5, 1]


def test_of_listed_images_those_of_a_come_first():
    labels = [B, A, 1, A, A, A] + [B] * 20
    rows = shown_exemplars(["listed"] * 26, labels, (A, B), (1,))
    assert rows == [1, 3, 4, 0, 2, 5, 6, 7, 8, 9, 10, 11]
    assert shown_exemplars(["listed"], [3], (A, B), ()) == [0]


def test_a_run_says_which_points_its_exemplars_share(workshop):
    run = Run.of(workshop)
    level = run.params.statistics.common_level
    validation = np.concatenate(run.pair_maps(0, "validation"))
    data, maximum = run.read(files.EXEMPLARS, seed=0), validation.max(axis=0)
    on = (data[run.last] > level * maximum) & (maximum > 0)
    roles = data["role"].tolist()
    of_a = [i for i, label in enumerate(data["label"]) if label == A and roles[i] in ROLES[:3]]
    shared = on[of_a].all(axis=0)
    points = run.read(files.POINTS, seed=0)
    np.testing.assert_array_equal(points["shared"], trained.as_points(shared[np.newaxis])[0])
    table = run.read(files.SHARED_POINTS, seed=0)
    assert 0 < shared.sum() == table["points"][0]
    b = next(i for i, label in enumerate(data["label"]) if label == B and roles[i] == "typical")
    of_b = table[(table["case"] == EXEMPLARS) & (table["label"] == B)]
    assert of_b["points"].item() == (shared & on[b]).sum()
    random = table[table["case"] == SAME_CLASS]
    assert random["label"].iloc[1:].tolist() == [B]  # no contrast class is dumped there
