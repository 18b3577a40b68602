"""The rows of the stage's tables, from hand-made energies, kernels and maps."""

import numpy as np
import pytest

from stages.orientation import tables
from stages.orientation.__main__ import typical_row


def energies_of(index):
    """Energies of maps with these indices, each of energy 2, in one image."""
    index = np.asarray(index, float)[np.newaxis]
    return 1 + index, 1 - index


def test_a_row_a_class_with_its_own_images():
    down, right = np.array([[3.0, 1], [0, 0], [1, 1]]), np.array([[1.0, 1], [2, 2], [1, 1]])
    swapped = {
        "turned": (right, down),
        "untrained": (down, right),
        "untrained_turned": (right, down),
    }
    controls = {"pixels": (down[:, :1], right[:, :1]), "averaged": (right[:, :1], down[:, :1])}
    labels = np.array([2, 5, 2])
    rows = tables.layer_rows("conv_1", labels, {"upright": (down, right), **swapped}, controls)
    assert [(row["class"], row["images"]) for row in rows] == [(2, 2), (5, 1)]
    assert rows[0]["upright"] == pytest.approx(2 / 10)
    assert rows[0]["turned"] == -rows[0]["upright"]
    assert (rows[0]["pixels"], rows[0]["averaged"]) == pytest.approx((2 / 6, -2 / 6))
    assert (rows[1]["upright"], rows[1]["turned"]) == (-1, 1)
    assert np.isnan(rows[0]["maps_r"])  # of two maps


def test_maps_that_keep_their_order_correlate_and_maps_that_exchange_it_do_not():
    order = [-0.5, 0.1, 0.3, 0.8]
    cases = {"upright": order, "turned": [x / 2 + 0.1 for x in order],
             "untrained": order, "untrained_turned": [-x for x in order]}  # fmt: skip
    parts = {case: energies_of(index) for case, index in cases.items()}
    (row,) = tables.layer_rows("conv_1", np.array([1]), parts, {})
    assert (row["maps_r"], row["maps_r_untrained"]) == pytest.approx((1, -1))


def test_every_map_has_its_index_and_its_share_of_the_energy():
    down, right = np.array([[3.0, 0, 0], [1, 2, 0]]), np.array([[0.0, 1, 0], [0, 1, 0]])
    table = tables.map_table("conv_2", {"upright": (down, right)})
    np.testing.assert_allclose(table["upright"], [1, 0, np.nan])
    assert table["energy"].tolist() == [0.5, 0.5, 0]
    assert table["map"].tolist() == [0, 1, 2]


def test_the_most_oriented_maps_are_those_at_both_ends():
    index = [0.1, -0.9, 0.7, -0.2, 0.9, 0, 0.3, -0.5]
    found = tables.most_oriented(energies_of(index))
    assert found.tolist() == [4, 2, 6, 3, 7, 1]
    assert tables.most_oriented(energies_of(index[:4])).tolist() == [2, 0, 3, 1]
    assert tables.most_oriented(energies_of(index[:1])).tolist() == [0]


def test_maps_with_little_energy_are_left_out():
    down, right = energies_of([1, -1, 0.5, -0.5])
    down[:, 0] /= 100
    assert 0 not in tables.most_oriented((down, right))
    assert tables.most_oriented((0 * down, 0 * right)).size == 0


def test_what_is_active_on_background_has_a_bias_above_0():
    """Sums -3, 1, -1, 2 and biases 1, 1, -1, -1: background alone, both, neither, ink alone."""
    kernels = np.zeros((3, 3, 4), np.float32)
    kernels[1, 1] = (-3, 1, -1, 2)
    biases = np.array([1, 1, -1, -1], np.float32)
    images = np.zeros((2, 4, 4), np.float32)
    images[:, :, 2:] = 1
    maps = np.maximum(images[..., np.newaxis] * kernels[1, 1] + biases, 0)
    table = tables.background_table(kernels, biases, maps, images == 0, "relu")
    assert table["on_background"].tolist() == [True, True, False, False]
    assert table["on_ink"].tolist() == [False, True, False, True]
    assert table["value"].tolist() == [1, 1, 0, 0]
    assert table["highest"].tolist() == [1, 2, 0, 1]
    assert table["outside"].tolist() == [8, 8, 0, 0]
    assert table["inside"].tolist() == [0, 8, 0, 8]
    assert set(table["outside_points"]) == set(table["inside_points"]) == {8}
    shares = tables.background_pictures(maps > 0, table["on_background"].to_numpy())
    assert shares["background_share"][0].tolist() == [1, 1, 0.5, 0.5]
    assert shares["other_share"][0].tolist() == [0, 0, 0.5, 0.5]


def test_no_background_and_no_map_active_on_it():
    kernels, biases = np.ones((3, 3, 2), np.float32), np.full(2, -1, np.float32)
    maps, nowhere = np.ones((1, 2, 2, 2), np.float32), np.zeros((1, 2, 2), bool)
    table = tables.background_table(kernels, biases, maps, nowhere, "selu")
    assert table["outside_points"].tolist() == [0, 0]
    assert (table["value"] < 0).all()
    shares = tables.background_pictures(maps > 0, table["on_background"].to_numpy())
    assert np.isnan(shares["background_share"]).all()
    assert (shares["other_share"] == 1).all()


def test_the_typical_image_has_the_median_margin():
    labels = np.array([1, 0, 1, 1, 0])
    logits = np.array([[0, 5.0], [9, 0], [0, 1], [0, 3], [0, 9]])
    assert typical_row(labels, logits, 1) == 3
    assert typical_row(labels, logits, 0) == 4  # the lower one of two
