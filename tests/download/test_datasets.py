"""Pins, decoding of files, and the digits in MNIST's form."""

import gzip
import hashlib

import numpy as np
import pytest
from scipy import ndimage

from stages.download import datasets, digits
from stages.download.datasets import RefusedError, decode, parse_idx

from .conftest import idx

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28)
LABELS = np.array([0, 9, 4], np.uint8)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


FILE = datasets.File("train_images", "train-images-idx3-ubyte", IMAGES.shape, sha256(idx(IMAGES)))


@pytest.mark.parametrize(
    ("payload", "shape", "reason"),
    [
        (idx(LABELS), (3, 28, 28), "the header is 0000080100000003.*, expected 0000080300000003"),
        (b"\0\0\x0d\x03" + idx(IMAGES)[4:], (3, 28, 28), "the header is 00000d03"),
        (idx(LABELS)[:6], (3,), "the header"),
        (idx(LABELS), (4,), "the header is 0000080100000003, expected 0000080100000004"),
        (idx(LABELS)[:-1], (3,), "10 bytes, expected 11"),
        (idx(LABELS) + b"\0", (3,), "12 bytes, expected 11"),
        (idx(np.array([0, 10, 4], np.uint8)), (3,), "holds the label 10, expected 0 to 9"),
    ],
)
def test_idx_is_parsed_strictly(payload, shape, reason):
    with pytest.raises(RefusedError, match=reason):
        parse_idx(payload, shape)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("array", [IMAGES, LABELS])
def test_a_pin_holds_for_every_packing(array, pack):
    payload = idx(array)
    decoded = decode(pack(payload), FILE._replace(shape=array.shape, sha256=sha256(payload)))
    np.testing.assert_array_equal(decoded, array)
    assert decoded.dtype == np.uint8


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "neither gzip nor IDX data"),
        (b"\n <!DOCTYPE html><html>Sign in</html>", "HTML"),
        (b"PK\x03\x04", "neither gzip nor IDX data"),
        (gzip.compress(idx(IMAGES))[:-20], "truncated gzip data"),
        (gzip.compress(idx(IMAGES))[:-8] + bytes(8), "damaged gzip data"),
        (datasets.GZIP_MAGIC + b"\x08\0garbage" * 3, "damaged gzip data"),
        (idx(IMAGES[::-1]), f"{sha256(idx(IMAGES[::-1]))}, expected {sha256(idx(IMAGES))}"),
        (gzip.compress(idx(IMAGES) + bytes(10**6)), "unpacks to more than the 2,368 bytes"),
    ],
)
def test_other_content_is_refused_with_a_reason(raw, reason):
    with pytest.raises(RefusedError, match=reason):
        decode(raw, FILE)


def test_digits_have_mnists_form():
    arrays = digits.load()
    for part, count in (("train", 1_200), ("test", 597)):
        assert arrays[f"{part}_images"].shape == (count, 28, 28)
        assert arrays[f"{part}_labels"].shape == (count,)
        assert arrays[f"{part}_images"].dtype == arrays[f"{part}_labels"].dtype == np.uint8
        assert set(arrays[f"{part}_labels"]) == set(range(10))
    assert arrays["train_images"].max() == 255
    again = digits.load()
    for key, array in arrays.items():
        np.testing.assert_array_equal(array, again[key])


def test_digits_are_centred_by_mass():
    means = [ndimage.center_of_mass(frame) for frame in digits.load()["train_images"][:200]]
    np.testing.assert_allclose(np.mean(means, axis=0), (14, 14), atol=0.1)
    corner = np.zeros((1, 8, 8))
    corner[0, 0:3, 5:8] = 16  # the frame limits how far it can be translated
    top, left = ndimage.center_of_mass(digits.to_mnist_form(corner)[0])
    assert top < 14 < left
