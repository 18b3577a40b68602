"""Probes on k coordinates and patching of k, where the classes differ along one direction."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from stages.common import discriminant
from stages.common.bases import AUROC
from stages.common.edits import prepare
from stages.directions import curves
from stages.directions.layer import Pair, Swap, principal_axes, rotation, swaps

from .conftest import PAIR, POINTS, planted

RIDGES = (1e-3, 1e-1, 10.0)


def patched(layer, axes, base=0):
    turned = layer.to(axes)
    swap = swaps(layer, 2, np.random.default_rng(0))[base]
    return curves.patching(turned, swap, np.random.default_rng(1))


@pytest.mark.parametrize("base", [0, 1])
def test_in_the_aligned_basis_one_coordinate_flips_all(axis, base):
    table, half, order = patched(planted(axis, dead=3), np.eye(POINTS), base)
    assert table["direction"].unique().tolist() == [("a_to_b", "b_to_a")[base]]
    assert order[0] == 3
    assert (table["value"] > 0.999).all()
    assert half["k"] == 1
    # In random order it is the coordinate's place, half of all on average.
    assert 8 < half["random_k"] < 18
    assert table["control_mean"].is_monotonic_increasing
    assert table["control_mean"].iloc[[0, -1]].tolist() == [pytest.approx(0.05, abs=0.1), 1]


@pytest.mark.parametrize("base", [0, 1])
def test_in_a_rotated_basis_it_takes_many(axis, base):
    axes = rotation(POINTS, np.random.default_rng(5))
    table, half, _ = patched(planted(axis), axes, base)
    assert half["k"] > 3
    assert half["k"] <= half["random_k"]
    values = table.set_index("k")["value"]
    assert values[1] < 0.05
    assert values[POINTS] > 0.999


def test_principal_axes_find_a_direction_of_much_variance():
    oblique = rotation(POINTS, np.random.default_rng(6))[:, 0]
    layer = planted(oblique)
    axes = principal_axes(layer.fit.both)
    assert abs(axes[:, 0] @ oblique) > 0.99
    assert patched(layer, axes)[1]["k"] == 1
    assert patched(layer, np.eye(POINTS))[1]["k"] > 3


def test_flipped_is_that_of_a_loop():
    """x + B_k B_k' (s - x), answered by the head as it is, against coordinates."""
    generator = np.random.default_rng(7)
    layer = planted(np.ones(POINTS) / np.sqrt(POINTS), noise=2.0, dead=2, apart=3.0)
    axes = rotation(POINTS, generator)
    turned, swap = layer.to(axes), swaps(layer, 2, generator)[0]
    prepared, order = prepare(turned.head, *swap.images(turned)), generator.permutation(POINTS)
    shares = curves.flipped(turned.head, prepared, layer.live[order], (1, 9, POINTS), PAIR[1])
    for k, share in zip((1, 9, POINTS), shares, strict=True):
        chosen, flips = axes[:, order[:k]], []
        for row, partners in zip(swap.rows, swap.partners, strict=True):
            for partner in partners:
                image = layer.test.a[row].copy()
                difference = layer.test.b[partner] - image
                image[:POINTS] += chosen @ (chosen.T @ difference[:POINTS])
                flips.append(layer.head(image[None]).argmax() == PAIR[1])
        assert share == pytest.approx(np.mean(flips), abs=0.004)
    assert shares[0] < 0.5 < shares[2]


def test_the_first_k_and_where_a_half_is_crossed():
    ks = np.array([1, 5, 9])
    assert curves.crossing(ks, np.array([0.1, 0.3, 0.7])) == 7
    assert curves.crossing(ks, np.array([0.1, 0.5, 0.2])) == 5
    assert curves.crossing(ks, np.array([0.9, 0.9, 0.9])) == 1
    assert np.isnan(curves.crossing(ks, np.array([0.1, 0.2, 0.4])))
    assert np.isnan(curves.crossing(ks, np.full(3, np.nan)))


def test_no_image_to_flip_is_no_number(axis):
    layer = planted(axis)
    swap = Swap(0, np.zeros(0, int), np.zeros((0, 2), int))
    table, half, order = curves.patching(layer, swap, np.random.default_rng(0))
    assert table["value"].isna().all()
    assert np.isnan([half["k"], half["random_k"]]).all()
    assert len(order) == POINTS


def test_probes_are_scikit_learns(axis):
    """With next to no ridge; on coordinates in the order of AUROC."""
    layer = planted(axis, apart=1.5, noise=np.linspace(0.5, 2, POINTS))
    axes = rotation(POINTS, np.random.default_rng(8))
    turned = layer.to(axes)
    validation, test = turned.of_live("validation"), turned.of_live("test")
    order, ks = curves.by_auroc(validation), (1, 5, POINTS)
    fitted = discriminant.fit(*turned.fit)
    errors = curves.probe_errors(fitted, order, ks, [1e-9], validation, test)
    labels = np.repeat([0, 1], [len(of) for of in turned.fit])
    for k, error in zip(ks, errors, strict=True):
        lda = LinearDiscriminantAnalysis(solver="lsqr").fit(turned.fit.both[:, order[:k]], labels)
        wanted = 1 - lda.score(test.both[:, order[:k]], np.repeat([0, 1], 150))
        assert error == pytest.approx(wanted, abs=1 / 300)
    assert errors[0] > errors[2]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_best_coordinate_is_first_whichever_class_is_higher(axis, sign):
    layer = planted(sign * axis)
    assert curves.by_auroc(layer.of_live("validation"))[0] == 3


def test_each_k_takes_the_ridge_of_validation_images(axis):
    layer = planted(axis, apart=1.0)
    fitted, order = discriminant.fit(*layer.fit), np.arange(POINTS)
    few = Pair(*(of[:25] for of in layer.of_live("validation")))
    test = layer.of_live("test")
    errors = curves.probe_errors(fitted, order, (2, 9, POINTS), RIDGES, few, test)
    for k, error in zip((2, 9, POINTS), errors, strict=True):
        probes = [discriminant.on_first(fitted, order, [k], ridge) for ridge in (10, 1e-1, 1e-3)]
        known = [curves.wrong(of, few)[0] for of in probes]
        assert error == curves.wrong(probes[int(np.argmin(known))], test)[0]


def test_a_probe_needs_one_aligned_coordinate_and_many_others(axis):
    layer = planted(axis)
    rows = {}
    for name, axes in (("aligned", np.eye(POINTS)),
                       ("rotated", rotation(POINTS, np.random.default_rng(9)))):  # fmt: skip
        table = curves.probe_curves(
            layer.to(axes), {"given": np.arange(POINTS)}, RIDGES, np.random.default_rng(0)
        )
        assert table["order"].unique().tolist() == [AUROC, "given"]
        rows[name] = table[table["order"] == AUROC].set_index("k")
    assert rows["aligned"]["value"][1] < 0.001
    assert rows["aligned"]["control_mean"][1] > 0.3  # a random point holds nothing
    assert rows["rotated"]["value"][1] > 0.02
    assert rows["rotated"]["value"][POINTS] < 0.001
    beyond = rows["aligned"].index > POINTS / 4
    assert rows["aligned"]["control_mean"].isna().tolist() == beyond.tolist()
