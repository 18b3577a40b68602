"""Patches of a layer in which one map and one place are known to carry the class."""

import numpy as np
import pytest

from stages.depth import patching

MAP, ROW, COLUMN = 2, 1, 3


def rest(values: np.ndarray) -> np.ndarray:
    """Logits: class 1 by one value, class 0 by what is left of it; nothing else is read."""
    carrier = values[:, ROW, COLUMN, MAP]
    return np.stack([1 - carrier, carrier, np.zeros(len(values))], axis=1).astype(np.float32)


@pytest.fixture
def patches():
    generator = np.random.default_rng(0)
    base, source, same = generator.random((3, 8, 4, 5, 6)).astype(np.float32)
    own, other = np.repeat([0, 1], 4), np.repeat([1, 0], 4)
    for values, label in ((base, own), (source, other), (same, own)):
        values[:, ROW, COLUMN, MAP] = label
    difference = patching.towards(rest(base), own, other)
    whole = float((patching.towards(rest(source), own, other) - difference).mean())
    return patching.Patches(base, source, same, own, other, difference, whole)


def test_only_the_carrier_has_an_effect(patches):
    for masks, at in (
        (patching.map_masks(6), MAP), (patching.place_masks(4, 5), ROW * 5 + COLUMN)
    ):  # fmt: skip
        found = patching.effects(rest, patches, masks, patches.source)
        expected = np.zeros((len(masks), 8))
        expected[at] = 1
        np.testing.assert_allclose(found, expected, atol=1e-6)
        assert not patching.effects(rest, patches, masks, patches.same).any()


def test_the_masks_part_the_layer():
    for masks, shape in (
        (patching.map_masks(6), (4, 5, 6)), (patching.place_masks(4, 5), (4, 5, 6)),
        (patching.place_masks(26, 26), (26, 26, 2)), (patching.place_masks(27, 27), (27, 27, 1)),
    ):  # fmt: skip
        whole = np.broadcast_to(masks, (len(masks), *shape))
        assert (whole.sum(axis=0) == 1).all()
        assert (whole.any(axis=(1, 2, 3))).all()
    assert len(patching.place_masks(26, 26)) == 13 * 13
    first = patching.place_masks(26, 26)[0, ..., 0]
    assert np.argwhere(first).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    second = patching.place_masks(26, 26)[1, ..., 0]
    assert np.argwhere(second).min(axis=0).tolist() == [0, 2]


def test_a_set_flips_from_the_carrier_on(patches):
    order = np.array([5, 0, MAP, 1, 3, 4])
    assert patching.flipped(rest, patches, order, (1, 2, 3, 6)).tolist() == [0, 0, 1, 1]
