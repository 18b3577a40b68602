"""How few points flip half: planted heads, every k by brute force, resamples as doubled images."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from stages.common import controls, edits, trained
from stages.interventions import half, patching, rankings

from .conftest import ORDER, PAIR, POINTS

KNOWN = [3, 8, 13, 18, 21, 22]  # what the planted head reads


def planted_head(weights=1.0, threshold=2.5):
    """The answer is b where the points, times `weights`, sum up to more than `threshold`."""
    kernel = np.zeros((POINTS, 1), np.float32)
    kernel[:, 0] = weights
    logits_kernel, bias = np.zeros((1, 10), np.float32), np.full(10, -99, np.float32)
    logits_kernel[0, PAIR[1]] = 1
    bias[list(PAIR)] = threshold, 0
    return trained.Head(kernel, np.zeros(1, np.float32), logits_kernel, bias)


def make_study(weights, threshold=2.5):
    """Six points are 0 in a and 1 in b, three of them flip an image; 17 are noise."""
    generator = np.random.default_rng(0)
    validation, test = (
        tuple(generator.random((n, POINTS)).astype(np.float32) for n in sizes)
        for sizes in ((7, 8), (10, 9))
    )
    for a, b in (validation, test):
        a[:, KNOWN], b[:, KNOWN] = 0, 1
        a[:, 5] = b[:, 5] = 0
    head, live = planted_head(weights, threshold), np.delete(np.arange(POINTS), 5)
    ranked = rankings.rank(head, PAIR, *validation, live)
    return rankings.Study(head, PAIR, validation, test, live, (), *ranked, np.empty((0, POINTS)))


@pytest.fixture
def planted():
    """A head that reads the six points alone."""
    return make_study(np.isin(np.arange(POINTS), KNOWN))


@pytest.fixture
def noisy():
    """A head that reads the six, and every other point a bit, so that images differ."""
    noise = np.random.default_rng(8).normal(0, 0.7, POINTS)
    return make_study(np.isin(np.arange(POINTS), KNOWN) + noise, 3.5)


def interchange(study, partners, place=0):
    base, source = patching.see_pair(study)[:: -1 if place else 1]
    base = half.answered_rightly(base)
    return patching.make_patch(study.head, "interchange", base, source, partners)


def shares(study, patch, partners, order, weights, place=0):
    """The share flipped by each k from 0, (K, R), one edited image after the other."""
    source = study.test[1 - place]
    flips = np.zeros((len(order) + 1, len(patch.base.points)))
    for k in range(len(order) + 1):
        mask = np.isin(np.arange(POINTS), order[:k])
        for row, image in enumerate(patch.base.points):
            edited = np.where(mask, source[partners[row]], image)
            flips[k, row] = (study.head(edited).argmax(axis=1) == PAIR[1 - place]).mean()
    return np.round(flips @ weights.T / weights.sum(axis=1), 9)  # thirds add up to a half


def random_weights(n, resamples=6, seed=0):
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(n, np.full(n, 1 / n), size=resamples)
    return np.concatenate([np.ones((1, n)), drawn]).astype(np.float32)


def test_the_points_that_a_planted_head_reads_are_found(planted):
    images = patching.see_pair(planted)
    partners = controls.pairing(10, 9, 4, np.random.default_rng(1))
    own = half.own_partners(10, 4, np.random.default_rng(2))
    weights = {"validation": random_weights(7), "test": random_weights(10)}
    random_orders = np.random.default_rng(3).permuted(np.tile(planted.live, (40, 1)), axis=1)
    row, columns = half.of_direction(
        planted, "a_to_b", images, partners, own, random_orders, weights
    )
    assert set(planted.orders["a_to_b"][:6]) == set(KNOWN)
    assert (row["live"], row["k"], row["image_k"]) == (23, 3, 3)
    assert (row["flipped"], row["same_class"]) == (1, 0)
    np.testing.assert_array_equal(columns["k_a_to_b"], np.full(7, 3))
    third = [np.sort(np.flatnonzero(np.isin(order, KNOWN)))[2] + 1 for order in random_orders]
    np.testing.assert_allclose(columns["random_k_a_to_b"], np.full(7, np.mean(third)))
    np.testing.assert_allclose(columns["half_a_to_b"], 3 / np.mean(third))


@pytest.mark.parametrize("place", [0, 1])
def test_k_is_the_first_of_every_k(noisy, place):
    images = patching.see_pair(noisy)[place]
    partners = controls.pairing(10 - place, 9 + place, 3, np.random.default_rng(0))[images.right]
    patch = interchange(noisy, partners, place)
    weights = random_weights(len(patch.base.points))
    orders = np.random.default_rng(4).permuted(np.tile(noisy.live, (7, 1)), axis=1)
    expected = []
    for order, row in zip(orders, weights, strict=True):
        share = shares(noisy, patch, partners, order, row[np.newaxis], place)[:, 0]
        expected.append(np.argmax(share >= 0.5) if share.max() >= 0.5 else len(order))
    assert len(set(expected)) > 1
    every = half.grid(23, 1)
    found = [
        half.crossings(noisy.head, patch, order, every, row[np.newaxis])[0]
        for order, row in zip(orders, weights, strict=True)
    ]
    np.testing.assert_array_equal(found, expected)
    found = half.half_flipped(noisy.head, patch, orders, orders[:3], weights)
    assert found.k[0] == expected[0]
    drawn = [half.crossings(noisy.head, patch, order, every, weights) for order in orders[:3]]
    np.testing.assert_allclose(found.random_k, np.mean(drawn, axis=0))


def test_a_grid_and_its_block_by_brute_force(noisy):
    """On every `step`-th k and between them, then on every k of the block that it ends in."""
    partners = controls.pairing(10, 9, 3, np.random.default_rng(0))
    base, source = patching.see_pair(noisy)
    base = base._replace(right=np.ones(10, bool))
    patch = patching.make_patch(noisy.head, "interchange", base, source, partners)
    weights = random_weights(10)
    for order in np.random.default_rng(6).permuted(np.tile(noisy.live, (4, 1)), axis=1):
        share = shares(noisy, patch, partners, order, weights)
        for step in (2, 3, 5, 8):
            ks = np.array(half.grid(23, step))
            found = half.crossings(noisy.head, patch, order, half.grid(23, step), weights)
            for column, (k, row) in enumerate(zip(found, weights, strict=True)):
                of_grid = share[ks, column]
                at = np.argmax(of_grid >= 0.5) if (of_grid >= 0.5).any() else len(ks) - 1
                fine = np.linspace(ks[at - 1], ks[at], 100_001)
                between = np.interp(fine, ks[at - 1 : at + 1], of_grid[at - 1 : at + 1]) >= 0.5
                first = fine[np.argmax(between)] if between.any() else 23
                assert k == np.ceil(np.round(first, 3))
                block = np.arange(ks[at - 1] + 1, ks[at] + 1)
                reached = share[block, column] >= 0.5
                exact = block[np.argmax(reached)] if reached.any() else 23
                assert half.first_k(noisy.head, patch, order, row[np.newaxis], step) == exact


def test_a_direction_in_each_resample_by_brute_force(noisy):
    """With images answered wrongly, and orders redone from validation images."""
    for place, direction in enumerate(("a_to_b", "b_to_a")):
        images = patching.see_pair(noisy)[:: -1 if place else 1]
        n = len(images[0].points)
        right = images[0].right & (np.arange(n) != 2)
        images[0] = images[0]._replace(right=right)
        partners = controls.pairing(n, 19 - n, 3, np.random.default_rng(0))
        weights = {"validation": random_weights(7 + place, 30, 1), "test": random_weights(n, 30, 2)}
        random_orders = np.random.default_rng(3).permuted(np.tile(noisy.live, (5, 1)), axis=1)
        row, columns = half.of_direction(
            noisy, direction, images, partners, half.own_partners(n, 2, np.random.default_rng(1)),
            random_orders, weights,
        )  # fmt: skip
        orders = rankings.resampled_orders(
            noisy.changes[direction], noisy.live, weights["validation"]
        )
        base = half.answered_rightly(images[0])
        patch = patching.make_patch(noisy.head, "interchange", base, images[1], partners[right])
        tested = weights["test"][:, right]

        def first(order, weights, patch=patch, of=partners[right], place=place):
            share = shares(noisy, patch, of, order, weights[np.newaxis], place)[:, 0]
            return np.argmax(share >= 0.5) if share.max() >= 0.5 else 23

        expected = [first(*each) for each in zip(orders, tested, strict=True)]
        np.testing.assert_array_equal(columns[f"k_{direction}"], expected)
        drawn = [np.mean([first(order, each) for order in random_orders]) for each in tested]
        np.testing.assert_allclose(columns[f"random_k_{direction}"], drawn)
        assert len(set(drawn)) > 1
        assert row["flipped"] == pytest.approx(
            shares(noisy, patch, partners[right], orders[0], tested[:1], place)[expected[0], 0]
        )


def test_what_stands_beside_k_by_brute_force(noisy):
    """b edited to a; each image left has partners of its own, distances are to validation images.

    Four points flip some of the images and not all, from either class.
    """
    source, whole = patching.see_pair(noisy)
    right = whole.right & ~np.isin(np.arange(9), [0, 4])  # not the first ones: rows must be chosen
    partners = controls.pairing(9, 10, 3, np.random.default_rng(0))
    own = half.own_partners(9, 2, np.random.default_rng(1))
    images = [whole._replace(right=right), source]
    found = half.description(noisy, images, partners, own, noisy.live, 4.0)
    mask, base = np.isin(np.arange(POINTS), noisy.live[:4]), whole.points[right]

    def distance(points):
        each = cdist(points, np.concatenate(noisy.validation)).min(axis=1)
        return pytest.approx(np.median(each), rel=1e-4)

    assert found["real"] == distance(base)
    cases = (("flipped", "edited", source, partners), ("same_class", "edited_same", whole, own))
    for share, name, taken, rows in cases:
        edited = np.where(mask, taken.points[rows[right]], base[:, np.newaxis]).reshape(-1, POINTS)
        flipped = (noisy.head(edited).argmax(axis=1) == PAIR[0]).mean()
        assert 0 < flipped < 1
        assert found[share] == pytest.approx(flipped)
        assert found[name] == distance(edited)


def staircase(n=20):
    """n images of a; the k-th point of any order flips the k-th of them, so that half is at n/2."""
    points = np.zeros((n, POINTS), np.float32)
    points[:, 5] = -np.arange(n)
    base = patching.Images(PAIR[0], points, np.ones(n, bool), np.zeros(n), points.mean(axis=0))
    source = base._replace(label=PAIR[1], points=np.ones((1, POINTS), np.float32))
    head = planted_head(threshold=0.5)
    kept = head.dense_bias + n  # so that no sum is below 0
    head = head._replace(dense_bias=kept, logits_bias=head.logits_bias + n * (np.arange(10) == 2))
    patch = patching.make_patch(head, "interchange", base, source, np.zeros((n, 1), int))
    return head, patch


@pytest.mark.parametrize("step", [1, 2, 3, 4, 7, 30])
def test_a_grid_is_read_between_its_points(step):
    head, patch = staircase()
    order = np.delete(ORDER, np.flatnonzero(ORDER == 5))[:20]
    weights = np.ones((2, 20), np.float32)
    weights[1, 10:] = 0  # of the ten first images, five are flipped by five points
    weights[1, 0] = 1
    found = half.crossings(head, patch, order, half.grid(20, step), weights)
    assert found[0] == 10
    assert step > 5 or found[1] == 5
    assert half.first_k(head, patch, order, weights[:1], step) == 10
    assert half.first_k(head, patch, order, weights[1:], step) == 5  # every k in its block


def test_a_k_stands_where_the_share_falls_again():
    weights = np.zeros(POINTS)
    weights[:3] = 5, -10, 20
    head = planted_head(weights)
    points = np.zeros((4, POINTS), np.float32)
    base = patching.Images(PAIR[0], points, np.ones(4, bool), np.zeros(4), points[0])
    source = base._replace(label=PAIR[1], points=points + 1)
    patch = patching.make_patch(head, "interchange", base, source, np.arange(4)[:, np.newaxis])
    ones, order = np.ones((1, 4), np.float32), np.arange(3)
    assert half.first_k(head, patch, order, ones, 1) == 1
    assert half.first_k(head, patch, order, ones, 2) == 3  # the blocks end at 2 and at 3
    orders = np.array([order, [1, 0, 2], [1, 2, 0]])
    np.testing.assert_array_equal(
        half.by_effect(head, patch, orders, np.repeat(ones, 3, axis=0)), [1, 3, 2]
    )


def test_a_weight_of_two_is_an_image_twice(noisy):
    rows = np.array([0, 0, 1, 2, 3, 3, 3, 5, 7, 9])
    weights = np.bincount(rows, minlength=10)[np.newaxis].astype(np.float32)
    partners = controls.pairing(10, 9, 2, np.random.default_rng(0))
    base, source = patching.see_pair(noisy)
    base = base._replace(right=np.ones(10, bool))
    orders, ones = noisy.live[np.newaxis], np.ones((1, len(rows)), np.float32)
    whole = patching.make_patch(noisy.head, "interchange", base, source, partners)
    twice = base._replace(points=base.points[rows], right=base.right[rows])
    drawn = patching.make_patch(noisy.head, "interchange", twice, source, partners[rows])
    weighted = half.half_flipped(noisy.head, whole, orders, orders, weights)
    doubled = half.half_flipped(noisy.head, drawn, orders, orders, ones)
    assert 1 < weighted.k[0] < 23
    np.testing.assert_array_equal(weighted, doubled)
    np.testing.assert_array_equal(
        weighted, half.half_flipped(noisy.head, whole, orders, orders, 3 * weights)
    )


def test_all_points_where_none_flip_half_and_nothing_where_nothing_is(planted):
    partners = controls.pairing(10, 9, 4, np.random.default_rng(1))
    patch = interchange(planted, partners)
    order = np.array([0, 1, 2])  # which the head does not read
    weights = np.array([[1] * 10, [0] * 10], np.float32)
    orders = np.stack([order, order])
    found = half.half_flipped(planted.head, patch, orders, orders, weights)
    np.testing.assert_array_equal(found.k, [3, np.nan])
    np.testing.assert_array_equal(found.random_k, [3, np.nan])
    images, own = patching.see_pair(planted), half.own_partners(10, 4, np.random.default_rng(2))
    weights = {"validation": np.ones((2, 7)), "test": np.ones((2, 10))}
    wrong = images[0]._replace(right=np.zeros(10, bool))
    for study, base in ((planted._replace(live=order[:0]), images[0]), (planted, wrong)):
        orders = np.tile(study.live, (5, 1))
        row, columns = half.of_direction(
            study, "a_to_b", [base, images[1]], partners, own, orders, weights
        )
        assert (row.pop("direction"), row.pop("live")) == ("a_to_b", len(study.live))
        assert len(row) == 8
        assert np.isnan([*row.values()]).all()
        assert list(columns) == ["k_a_to_b", "random_k_a_to_b", "half_a_to_b"]
        assert all(np.isnan(values).all() and len(values) == 2 for values in columns.values())
    row, _ = half.of_direction(
        planted, "a_to_b", images, partners, own[:, :0], np.tile(planted.live, (5, 1)), weights
    )
    assert np.isnan([row["same_class"], row["edited_same"]]).all()  # a class of one image


@pytest.mark.parametrize("place", [0, 1])
def test_each_image_has_its_own_order(study, place):
    base, source = patching.see_pair(study)[:: -1 if place else 1]
    found = half.image_ks(study.head, PAIR, base, source, study.live)

    def difference(points):
        logits = study.head(points[np.newaxis])[0]
        return logits[PAIR[1 - place]] - logits[PAIR[place]]

    def expected(image):
        effects = []
        for point in study.live:
            mask = np.arange(POINTS) == point
            effects.append(difference(np.where(mask, source.mean, image)) - difference(image))
        order = study.live[np.argsort(-np.array(effects), kind="stable")]
        for k in range(1, len(order) + 1):
            edited = np.where(np.isin(np.arange(POINTS), order[:k]), source.mean, image)
            if study.head(edited[np.newaxis]).argmax() == PAIR[1 - place]:
                return k
        return len(order)

    np.testing.assert_array_equal(found, [expected(image) for image in base.points])
    assert len(set(found)) > 2


def test_distances_are_euclidean_to_the_nearest(images):
    base, source = images
    known = np.random.default_rng(5).random((9, POINTS)).astype(np.float32)
    np.testing.assert_allclose(half.nearest(base, known), cdist(base, known).min(axis=1), rtol=1e-4)
    assert half.nearest(known, known).max() < 1e-2
    partners = controls.pairing(12, 12, 3, np.random.default_rng(0))
    mask = np.isin(np.arange(POINTS), ORDER[:9]).astype(np.float32)
    each = [
        cdist(edits.edit(base[[row]], mask, source[[partner]]), known).min()
        for row in range(12)
        for partner in partners[row]
    ]
    found = half.edited_distance(base, source, partners, ORDER[:9], known)
    np.testing.assert_allclose(found, np.median(each), rtol=1e-4)


def test_no_image_is_its_own_partner():
    partners = half.own_partners(6, 4, np.random.default_rng(0))
    assert partners.shape == (6, 4)
    assert all(len({row, *of}) == 5 for row, of in enumerate(partners))
    assert set(partners.ravel()) == set(range(6))
    assert half.own_partners(2, 4, np.random.default_rng(0)).tolist() == [[1], [0]]
    assert half.own_partners(1, 4, np.random.default_rng(0)).shape == (1, 0)
