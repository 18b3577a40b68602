"""Bounds that no image exceeds, against images, searches and cases known exactly."""

import itertools

import numpy as np
import pytest

from stages.common import architecture, fields, network
from stages.common.params import read_params
from stages.input_patterns import bounds, looking, relaxation, targets
from stages.input_patterns.bounds import intervals, upper_bounds
from stages.input_patterns.subject import Subject

from .. import designs


def layers(generator, sizes, scale=1.0):
    """Kernels and biases of convolutions of 3 x 3 between `sizes` maps."""
    return [
        (generator.normal(0, scale, (3, 3, before, after)), generator.normal(0, 0.3, after))
        for before, after in itertools.pairwise(sizes)
    ]


def cnn_of(sizes, **changes):
    return designs.changed(maps=list(sizes[1:]), **changes).settings


def of_all(cnn, stack):
    """The bounds of all maps, each layer's first."""
    maps = {name: np.arange(len(bias)) for name, (_, bias) in zip(cnn.conv_layers, stack)}  # noqa: B905
    return [upper_bounds(cnn, stack, {name: of})[name] for name, of in maps.items()]


def convolve(image, kernel, bias):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape[:2], axis=(0, 1))
    return np.einsum("xybij,ijbc->xyc", windows, kernel) + bias


def pool(maps):
    rows, columns = (size // 2 * 2 for size in maps.shape[:2])
    cut = maps[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2, -1)
    return cut.max(axis=(1, 3))


def test_no_image_exceeds_them():
    generator = np.random.default_rng(0)
    stack = layers(generator, (1, 5, 4, 3))
    both = of_all(cnn_of((1, 5, 4, 3)), stack), [high for _, high in intervals(stack, "relu")]
    for _ in range(40):
        image = generator.random((28, 28, 1)).round(int(generator.integers(0, 4)))
        for number, (kernel, bias) in enumerate(stack):
            maps = convolve(image, kernel, bias)
            for of in both:
                assert (maps.max(axis=(0, 1)) <= of[number] + 1e-12).all()
            image = pool(np.maximum(maps, 0))


OTHERS = [
    {"pooling": "average", "activation": "elu"},
    {"pooling": "stride", "activation": "selu"},
    {"pooling": "max", "activation": "selu"},
    {"convolutions": 2, "activation": "relu"},
    {"kernel": [5, 3, 1]},
]


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_no_search_exceeds_those_of_another_network(changes):
    design = designs.changed(maps=[4, 5, 6], **changes)
    names, net = design.settings.conv_layers, network.untrained(design, 2)
    kernels = [net.get_layer(name).get_weights() for name in names]
    images = np.random.default_rng(3).random((30, 28, 28, 1)).round(1).astype(np.float32)
    seen = Subject(net, names, images, fields.by_name(design.settings.layers, 28))
    settings = read_params().patterns.model_copy(update={"steps": 25, "starts": 6})
    settings = looking.free(settings).model_copy(update={"steps": 25})
    last, bound = names[-1], of_all(design.settings, kernels)
    for name, of in zip(names, bound, strict=True):
        assert (seen.seen[name].highest.max(axis=0) <= of + 1e-5).all()
    known = targets.natural(seen.seen[last], np.eye(6, dtype=np.float32))
    starts = np.random.default_rng(4).random((6, 8, *[seen.side(last)] * 2)).astype(np.float32)
    generators = [np.random.default_rng(row) for row in range(6)]
    found = looking.improve(seen, last, starts, known, settings, generators)
    assert (found.values.max(axis=1) <= bound[-1] + 1e-4).all()
    assert (found.values.max(axis=1) > known.maximum).all()  # else the test is none


@pytest.mark.parametrize("changes", [*OTHERS, {}], ids=str)
def test_they_are_never_looser_than_intervals(changes):
    design = designs.changed(maps=[4, 5, 6], **changes)
    net = network.untrained(design, 2)
    kernels = [net.get_layer(name).get_weights() for name in design.settings.conv_layers]
    wide = [high for _, high in intervals(kernels, design.settings.activation)]
    tight = of_all(design.settings, kernels)
    np.testing.assert_allclose(tight[0], wide[0], rtol=1e-12)
    assert all((a <= b).all() for a, b in zip(tight, wide, strict=True))
    shares = [(a / b).mean() for a, b in zip(tight, wide, strict=True)][1:]
    if "kernel" not in changes:  # with max pooling lines say little, and its windows are too many
        assert max(shares) < 0.97


def test_on_the_first_layer_an_image_reaches_them():
    """White where the kernel is positive is the best patch there is."""
    kernel, bias = layers(np.random.default_rng(1), (1, 6))[0]
    (bound,) = of_all(cnn_of((1, 6)), [(kernel, bias)])
    for number in range(6):
        patch = (kernel[..., 0, number] > 0).astype(float)[..., np.newaxis]
        assert convolve(patch, kernel, bias)[0, 0, number] == pytest.approx(bound[number])


def test_a_map_of_negative_weights_is_proven_dead():
    stack = layers(np.random.default_rng(2), (1, 4, 3))
    kernel, bias = stack[1]
    kernel[..., 1] = -np.abs(kernel[..., 1])
    bias[1] = -0.01
    bounds = of_all(cnn_of((1, 4, 3)), stack)[1]
    assert bounds[1] <= -0.01 + 1e-12
    assert (np.delete(bounds, 1) > 0).all()


def every_patch():
    """All images of 4 x 4 black and white pixels."""
    bits = np.arange(2**16)[:, np.newaxis] >> np.arange(16) & 1
    return bits.reshape(-1, 4, 4, 1).astype(float)


def test_what_maps_of_one_window_do_together_is_exact_where_it_is_convex():
    """Weights above 0 on pooled maps: the best image is black and white, and all are tried."""
    generator = np.random.default_rng(5)
    (first,) = layers(generator, (1, 4))
    second = np.abs(generator.normal(size=(1, 1, 4, 3))), generator.normal(size=3)
    cnn = cnn_of((1, 4, 3), kernel=[3, 1])
    bound = of_all(cnn, [first, second])[1]
    kernel, bias = first
    images = every_patch()
    windows = np.lib.stride_tricks.sliding_window_view(images[..., 0], (3, 3), axis=(1, 2))
    maps = np.einsum("nxyij,ijc->nxyc", windows, kernel[:, :, 0]) + bias
    reached = np.maximum(maps, 0).max(axis=(1, 2)) @ second[0][0, 0] + second[1]
    np.testing.assert_allclose(bound, reached.max(axis=0))
    assert (bound < intervals([first, second], "relu")[1][1] - 0.1).any()


def test_the_relaxation_of_a_linear_network_is_exact():
    """Where every ReLU is always active, the point is linear in its pixels: white where above 0."""
    generator = np.random.default_rng(6)
    stack = layers(generator, (1, 4, 3))
    stack[0][1][:] = 10  # the biases
    cnn = cnn_of((1, 4, 3), pooling="stride")
    found, box = relaxation.blocks(cnn, stack), intervals(stack, "relu")
    bound = relaxation.highest(found, box[:1], "relu", np.eye(3))
    weights = np.zeros((7, 7, 3))
    for row, column in np.ndindex(3, 3):
        mixed = np.einsum("ijb,bc->ijc", stack[0][0][:, :, 0], stack[1][0][row, column])
        weights[2 * row : 2 * row + 3, 2 * column : 2 * column + 3] += mixed
    constant = 10 * stack[1][0].sum(axis=(0, 1, 2)) + stack[1][1]
    np.testing.assert_allclose(bound, np.maximum(weights, 0).sum(axis=(0, 1)) + constant)
    assert (bound < box[1][1] - 1).all()


@pytest.mark.parametrize("activation", ["relu", "elu", "selu"])
@pytest.mark.parametrize(("window", "average"), [(1, False), (2, False), (2, True)])
def test_lines_hold_for_all_values_between_the_bounds(activation, window, average):
    generator = np.random.default_rng(7)
    low = generator.normal(-0.5, 2, 300)
    high = low + generator.exponential(2, 300)
    block = relaxation.Block(np.zeros((1, 1, 1, 300)), np.zeros(300), 1, window, average)
    lines = relaxation.lines_of(low, high, activation, block)
    shares = generator.random((200, window**2, 300)).round(int(window == 1))
    values = low + shares * (high - low)
    after = architecture.activate(activation, values)
    true, total = (after.mean if average else after.max)(axis=1), values.sum(axis=1)
    for slope, level in lines.above:
        assert (slope * total + level >= true - 1e-9).all()
    for slope, level in lines.below:
        assert (slope * total + level <= true + 1e-9).all()


def test_nothing_is_asked_for_and_nothing_is_relaxed():
    stack = layers(np.random.default_rng(8), (1, 4, 3))
    found = bounds.upper_bounds(cnn_of((1, 4, 3)), stack, {})
    for high, (_, expected) in zip(found.values(), intervals(stack, "relu"), strict=True):
        np.testing.assert_array_equal(high, expected)
