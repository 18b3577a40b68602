"""The search against networks whose smallest change is known, and against SciPy."""

import numpy as np
import pytest
from scipy.optimize import linprog

from stages.common import network
from stages.common.backend import keras
from stages.smallest_change import steps
from stages.smallest_change.lead import Lead, logits_of, points_of

from .. import designs

SIDE = 5


def linear(kernel: np.ndarray, bias=(0, 0)) -> "keras.Model":
    """The network whose logits are `kernel` (pixels, classes) times the pixels, plus `bias`."""
    image = keras.Input((SIDE, SIDE, 1))
    logits = keras.layers.Dense(kernel.shape[1], name="logits")
    net = keras.Model(image, logits(keras.layers.Flatten()(image)))
    logits.set_weights([kernel.astype(np.float32), np.array(bias, np.float32)])
    return net


def of_target(weights: np.ndarray, bias: float = 0.0) -> "keras.Model":
    """Two classes; the lead of class 1 is `weights` (pixels,) times the pixels, plus `bias`."""
    return linear(np.stack([np.zeros_like(weights), weights], axis=1), (0, bias))


def searched(net, images, margin, target=1):
    """The change found for each image, float (n, pixels), and whether it succeeded."""
    images = np.asarray(images, np.float32).reshape(-1, SIDE, SIDE)
    lead = Lead(net, np.full(len(images), target))
    changed, found = steps.search(lead, images, np.full(len(images), float(margin)))
    np.testing.assert_array_equal(lead(changed) >= margin, found)
    assert changed.dtype == np.float32
    assert 0 <= changed.min() <= changed.max() <= 1
    return (changed - images).reshape(len(images), -1), found


def test_all_of_the_change_is_in_the_pixel_with_the_largest_weight():
    weights = np.full(SIDE**2, 0.5)
    weights[7], weights[11] = 4, -3
    (change,), (found,) = searched(of_target(weights, -2), np.zeros(SIDE**2), margin=1)
    assert found
    wanted = np.zeros(SIDE**2)
    wanted[7] = 3 / 4
    np.testing.assert_allclose(change, wanted, atol=1e-5)


def test_at_the_box_the_next_largest_weight_follows_whatever_its_sign():
    weights = np.full(SIDE**2, 0.5)
    weights[7], weights[11], weights[3] = 4, -3, 2
    image = np.zeros(SIDE**2)
    image[7], image[11] = 0.25, 0.8  # so 7 can add 3, 11 can add 2.4, 3 can add 2
    (change,), (found,) = searched(of_target(weights), image, margin=-1.4 + 3 + 2.4 + 1)
    assert found
    wanted = np.zeros(SIDE**2)
    wanted[7], wanted[11], wanted[3] = 0.75, -0.8, 0.5
    np.testing.assert_allclose(change, wanted, atol=1e-3)


def test_it_is_the_smallest_of_random_linear_networks():
    generator = np.random.default_rng(0)
    weights, images = generator.normal(size=SIDE**2), generator.random((6, SIDE**2))
    net, margin = of_target(weights, -2), 2.0
    changes, found = searched(net, images, margin)
    assert found.all()
    for image, change in zip(images, changes, strict=True):
        reach = np.where(weights > 0, 1 - image, image)
        best = linprog(
            np.ones(SIDE**2), A_ub=-np.abs(weights)[None], bounds=np.stack([0 * reach, reach], 1),
            b_ub=[weights @ image - 2 - margin],
        )  # fmt: skip
        assert np.abs(change).sum() == pytest.approx(best.fun, rel=2e-3)


def test_a_pixel_that_the_answer_depends_on_is_found_behind_a_relu():
    image = keras.Input((SIDE, SIDE, 1))
    hidden = keras.layers.Dense(2, activation="relu", name="dense")
    logits = keras.layers.Dense(2, name="logits")
    net = keras.Model(image, logits(hidden(keras.layers.Flatten()(image))))
    kernel = np.zeros((SIDE**2, 2), np.float32)
    kernel[13] = 5, 5  # both units; the second is off until the pixel is half ink
    hidden.set_weights([kernel, np.array([0.1, -2.5], np.float32)])
    logits.set_weights([np.array([[0, 1], [0, 3]], np.float32), np.array([4, 0], np.float32)])
    (change,), (found,) = searched(net, np.zeros(SIDE**2), margin=1)
    assert found
    assert np.flatnonzero(change).tolist() == [13]
    # lead = 0.1 + 5 x + 3 (5 x - 2.5) - 4, which is 1 at x = 12.4 / 20
    assert change[13] == pytest.approx(12.4 / 20, abs=1e-4)


def test_a_curve_that_tangents_overestimate_is_reached(monkeypatch):
    monkeypatch.setattr(steps, "STEPS", 15)  # in so few, tangents alone end below the margin
    image = keras.Input((SIDE, SIDE, 1))
    hidden = keras.layers.Dense(1, activation="elu", name="dense")
    logits = keras.layers.Dense(2, name="logits")
    net = keras.Model(image, logits(hidden(keras.layers.Flatten()(image))))
    kernel = np.zeros((SIDE**2, 1), np.float32)
    kernel[13] = -5
    hidden.set_weights([kernel, np.zeros(1, np.float32)])
    logits.set_weights([np.array([[3, 0]], np.float32), np.zeros(2, np.float32)])
    (change,), (found,) = searched(net, np.zeros(SIDE**2), margin=2)
    assert found
    assert change[13] == pytest.approx(np.log(3) / 5, abs=1e-4)  # the lead is 3 (1 - exp(-5 x))


def test_the_first_steps_use_the_whole_slope(monkeypatch):
    monkeypatch.setattr(steps, "STEPS", 2)
    monkeypatch.setattr(steps, "RADII", (1.0, 1.0))
    weights = np.linspace(1, 4, SIDE**2)
    (change,), (found,) = searched(of_target(weights), np.zeros(SIDE**2), margin=2)
    assert found
    assert change[-1] == pytest.approx(0.5, abs=1e-4)


def test_no_step_that_reached_the_margin_was_smaller(monkeypatch):
    monkeypatch.setattr(steps, "RADII", (0.01, 1.0))  # so the last steps are wild

    class Watched(Lead):
        def __call__(self, images):
            self.seen.append((images, reached := super().__call__(images)))
            return reached

    net = network.untrained(designs.changed(maps=[4, 6], dense=8, side=20, classes=4), 3)
    images = np.random.default_rng(2).random((6, 20, 20)).astype(np.float32)
    lead = Watched(net, np.array([1, 2, 3, 1, 2, 0]))
    lead.seen = []
    changed, found = steps.search(lead, images, np.full(6, 0.3))
    assert found.any()
    sizes = np.abs(changed - images).sum(axis=(1, 2))
    for seen, reached in lead.seen[: steps.STEPS]:
        smaller = np.abs(seen - images).sum(axis=(1, 2)) < sizes - 1e-4
        assert not (smaller & (reached >= 0.3)).any()


def test_what_has_the_margin_already_needs_no_change():
    changes, found = searched(of_target(np.ones(SIDE**2)), np.full((2, SIDE**2), 0.2), margin=4.9)
    assert found.all()
    assert not changes.any()


def test_out_of_reach_is_no_success():
    changes, found = searched(of_target(np.ones(SIDE**2)), np.zeros((1, SIDE**2)), margin=26)
    assert not found.any()
    np.testing.assert_allclose(changes, 1)  # as far as it can go
    _, found = searched(of_target(np.zeros(SIDE**2), -1), np.zeros((1, SIDE**2)), margin=0.1)
    assert not found.any()


def test_the_target_must_lead_every_class():
    """The pixel that beats class 0 most raises class 2 as well."""
    kernel = np.zeros((SIDE**2, 3))
    kernel[4], kernel[9] = (0, 5, 5), (0, 2, 0)
    (change,), (found,) = searched(linear(kernel, (-9, -10, -10)), np.zeros(SIDE**2), margin=0.5)
    assert found
    # Class 2 must be beaten by pixel 9: 2 x >= 0.5. Class 0 by both: 5 y + 2 x >= 1.5.
    assert change[9] == pytest.approx(0.25, abs=0.01)
    assert change[4] == pytest.approx(0.2, abs=0.01)
    assert np.abs(change).sum() == pytest.approx(0.45, abs=0.01)


def test_one_image_does_not_feel_the_others():
    weights, images = np.linspace(-1, 1, SIDE**2), np.random.default_rng(1).random((3, SIDE**2))
    net = of_target(weights)
    together, _ = searched(net, images, margin=3)
    for image, change in zip(images, together, strict=True):
        (alone,), _ = searched(net, image, margin=3)
        np.testing.assert_allclose(alone, change, atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_the_linear_programme_of_scipy(seed):
    generator = np.random.default_rng(seed)
    n, pixels = 4, 12
    low, high = -generator.random((n, pixels)), generator.random((n, pixels))
    low[:, :3] += 1.2 * generator.random((n, 3))  # some of these boxes leave 0 out
    high = np.maximum(high, low)
    change = low + generator.random((n, pixels)) * (high - low)
    slope, need = generator.normal(size=(n, pixels)), generator.normal(size=n)
    found = steps.next_change(change, slope, need, low, high)
    assert (found >= low - 1e-12).all()
    assert (found <= high + 1e-12).all()
    for row in range(n):
        # d = u - v with u, v >= 0, and |d| = u + v at the optimum
        g = slope[row]
        best = linprog(
            np.ones(2 * pixels), bounds=(0, None),
            A_ub=np.block([[-g, g], [np.eye(pixels), -np.eye(pixels)],
                           [-np.eye(pixels), np.eye(pixels)]]),
            b_ub=[-need[row] - g @ change[row], *high[row], *-low[row]],
        )  # fmt: skip
        gained = (found[row] - change[row]) @ g
        if best.status == 0:
            assert np.abs(found[row]).sum() == pytest.approx(best.fun, abs=1e-9)
            assert gained >= need[row] - 1e-9
        else:
            furthest = np.where(g > 0, high[row], low[row])
            assert gained == pytest.approx((furthest - change[row]) @ g)


def test_pruning_ends_where_the_margin_is_just_reached():
    net = of_target(np.ones(SIDE**2))
    change = np.zeros((1, SIDE**2))
    change[0, :5] = 0.8, 0.1, 0.5, -0.2, 0.3
    images = np.full((1, SIDE, SIDE), 0.2, np.float32)  # their lead is 5, and 6.5 with it
    kept = steps.pruned(Lead(net, np.array([1])), images, change, np.array([5.85]))
    # The smallest go first: 0.1, then -0.2, which raises the lead, 0.3, and all of 0.5 but 0.05.
    wanted = np.zeros(SIDE**2)
    wanted[[0, 2]] = 0.8, 0.05
    np.testing.assert_allclose(kept[0], wanted, atol=1e-5)


@pytest.mark.parametrize(
    "changes", [{}, {"activation": "selu", "maps": [4]}, {"pooling": "average", "maps": [4, 6]}]
)
def test_the_gradient_is_that_of_small_differences(changes):
    design = designs.changed(**{"maps": [4, 6], "dense": 8, "side": 20, "classes": 4} | changes)
    net = network.untrained(design, 3)
    generator = np.random.default_rng(2)
    images = generator.random((3, 20, 20)).astype(np.float32)
    lead = Lead(net, np.array([1, 2, 1]))
    gradient = lead.gradient(images)
    np.testing.assert_array_equal(gradient, lead.gradient(images))  # nothing is left behind
    step, errors = 2e-3, []
    for _ in range(20):
        row, column = generator.integers(0, 20, 2)
        there = np.zeros_like(images)
        there[:, row, column] = step
        slope = (lead(images + there) - lead(images - there)) / (2 * step)
        errors.append(np.abs(gradient[:, row, column] - slope))
    assert np.quantile(errors, 0.8) < 1e-3  # a few steps cross a kink of the network
    assert np.abs(gradient).max() > 0.01


def test_reading_keeps_the_order_and_takes_no_images():
    net = network.untrained(designs.changed(maps=[3], dense=4, side=20, classes=4), 0)
    images = np.random.default_rng(0).random((2, 3, 20, 20)).astype(np.float32)
    logits = logits_of(net, images)
    assert logits.shape == (2, 3, 4)
    np.testing.assert_allclose(logits[1, 2], net(images[1, 2:3, ..., None])[0], atol=1e-5)
    assert logits_of(net, images[:0]).shape == (0, 3, 4)
    assert points_of(net, "conv_1", images[0]).shape == (3, 3 * 18 * 18)
    assert points_of(net, "conv_1", images[0, :0]).shape == (0, 3 * 18 * 18)
