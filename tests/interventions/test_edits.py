"""The edit, checked exactly, and the fast way against it."""

import numpy as np

from stages.common import edits

from .conftest import ORDER, PAIR, POINTS


def logits_after(head, base, replacement, order, ks):
    prepared = edits.prepare(head, base, replacement)
    return edits.logits_along(head, prepared, order, ks).transpose(0, 2, 1)


def test_an_image_patched_with_itself_changes_no_bit(head, images):
    base, source = images
    for mask in (0, 1, np.arange(POINTS) % 2):
        assert edits.edit(base, np.float32(mask), base).tobytes() == base.tobytes()
    assert edits.edit(base, np.float32(1), source).tobytes() == source.tobytes()
    none, *others = logits_after(head, base, base, ORDER, (0, 1, 7, POINTS))
    assert all(logits.tobytes() == none.tobytes() for logits in others)


def test_the_fast_way_is_the_edit(head, images):
    base, source = images
    for replacement in (source, source.mean(axis=0), np.zeros(POINTS, np.float32)):
        ks = (0, 1, 2, 3, 8, POINTS)
        for k, logits in zip(ks, logits_after(head, base, replacement, ORDER, ks), strict=True):
            mask = np.isin(np.arange(POINTS), ORDER[:k]).astype(np.float32)
            np.testing.assert_allclose(logits, head(edits.edit(base, mask, replacement)), atol=1e-5)


def test_single_point_effects_are_of_one_point_alone(head, images):
    base, source = images
    effects = edits.single_point_effects(head, base, source, PAIR)
    for point in range(POINTS):
        change = head(edits.edit(base, np.eye(POINTS)[point], source)) - head(base)
        np.testing.assert_allclose(effects[point], change[:, 7] - change[:, 2], atol=1e-4)
    np.testing.assert_array_equal(effects[5], 0)  # it is dead
