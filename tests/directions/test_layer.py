"""Bases of the points' space, and a network seen in one."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from stages.directions.layer import Pair, principal_axes, rotation, swaps, without_rounding

from .conftest import PAIR, POINTS, planted


def test_a_rotation_is_orthogonal_and_uniform():
    generator = np.random.default_rng(0)
    draws = np.array([rotation(3, generator) for _ in range(4000)])
    np.testing.assert_allclose(draws @ draws.transpose(0, 2, 1), np.tile(np.eye(3), (4000, 1, 1)),
                               atol=1e-12)  # fmt: skip
    # Without the signs of R the diagonal of Q is below 0 far more often than above.
    assert np.abs(draws.mean(axis=0)).max() < 0.04
    assert abs((np.linalg.det(draws) > 0).mean() - 0.5) < 0.04
    np.testing.assert_allclose((draws**2).mean(axis=0), np.full((3, 3), 1 / 3), atol=0.02)


def test_a_rotation_of_one_point_is_a_sign():
    signs = {rotation(1, np.random.default_rng(seed)).item() for seed in range(20)}
    assert signs == {-1.0, 1.0}


@pytest.mark.parametrize("images", [200, 5], ids=["more images", "fewer images than points"])
def test_principal_axes_are_scikit_learns(images):
    values = np.random.default_rng(1).normal(size=(images, 8)) * np.arange(1, 9) + 3
    axes = principal_axes(values)
    np.testing.assert_allclose(axes.T @ axes, np.eye(8), atol=1e-12)
    some = min(images - 1, 8)
    wanted = PCA(some).fit(values).components_
    np.testing.assert_allclose(np.abs(np.sum(axes[:, :some].T * wanted, axis=1)), 1, atol=1e-9)


def test_the_network_answers_the_same_in_every_basis():
    layer = planted(np.ones(POINTS) / np.sqrt(POINTS), dead=5)
    layer.test.a[:, -2] = 7  # dead on validation images, not on test images
    kernel = layer.head.dense_kernel.copy()
    kernel[-2] = 0.3, -0.1
    layer = layer._replace(head=layer.head._replace(dense_kernel=kernel))
    axes = rotation(POINTS, np.random.default_rng(2))
    turned = layer.to(axes)
    for split in ("validation", "test"):
        for before, after in zip(getattr(layer, split), getattr(turned, split), strict=True):
            np.testing.assert_allclose(turned.head(after), layer.head(before), atol=1e-4)
            live = before[:, layer.live] @ axes
            np.testing.assert_allclose(after[:, layer.live], live, atol=1e-5)
            np.testing.assert_array_equal(after[:, POINTS:], before[:, POINTS:])
    np.testing.assert_allclose(turned.fit.a, layer.fit.a @ axes, atol=1e-5)


def test_coordinates_of_rounding_alone_are_0():
    """Five images have four axes in which they vary at all."""
    values = np.random.default_rng(3).normal(size=(5, 8)).astype(np.float32) + 3
    axes = principal_axes(values).astype(np.float32)
    turned = without_rounding(Pair(values[:2] @ axes, values[2:] @ axes))
    assert (turned.both[:, 4:] == 0).all()
    assert (turned.both[:, :4].std(axis=0) > 0.1).all()
    nothing = Pair(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32))
    assert not without_rounding(nothing).both.any()


def test_images_answered_rightly_are_swapped_with_some_of_the_other_class():
    layer = planted(np.eye(POINTS)[0])
    layer.test.a[7] = layer.test.b[0]  # answered as b
    to_b, to_a = swaps(layer, 3, np.random.default_rng(4))
    assert 7 not in to_b.rows
    assert len(to_b.rows) == len(layer.test.a) - 1
    base, source = to_b.images(layer)
    assert base.shape == (3 * len(to_b.rows), POINTS)
    np.testing.assert_array_equal(base[3:6], np.tile(layer.test.a[to_b.rows[1]], (3, 1)))
    np.testing.assert_array_equal(source[3:6], layer.test.b[to_b.partners[1]])
    assert all(len(set(row)) == 3 for row in to_b.partners)
    assert layer.head(to_a.images(layer)[0]).argmax(axis=1).tolist() == [PAIR[1]] * 450
