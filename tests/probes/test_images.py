"""Which images are seen: how many of each class, and how many at once."""

from pathlib import Path

import numpy as np
import pytest

from stages.common.console import StageError
from stages.common.run import Run
from stages.probes import images


def test_fit_images_are_half_of_each_class_and_as_many_of_all_others():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(5), 40))
    rows = images.fit_rows(labels, (3, 1), 24)
    assert np.bincount(labels[rows["pair"]]).tolist() == [0, 12, 0, 12]
    assert np.bincount(labels[rows["others"]]).tolist() == [8, 0, 8, 0, 8]
    assert len(images.fit_rows(labels % 2, (0, 1), 6)["others"]) == 0


@pytest.mark.usefixtures("bench")
def test_the_pair_is_a_part_of_all_images_and_the_rest_is_even(bench, made):
    run = Run.of(bench)

    def see(pixels):
        return pixels.reshape(len(pixels), -1)[:, ::50].astype(np.float32)

    pair, rest = images.of_last(run, see)
    labels = made["fit_labels"]
    assert pair["fit"].is_b.mean() == 0.5
    of_a = (labels == 7).sum()
    assert (~rest["fit"].is_b).sum() == (~pair["fit"].is_b).sum() == of_a
    assert rest["fit"].is_b.sum() == 9 * np.bincount(labels).min()
    for split in ("validation", "test"):
        known, pixels = made[f"{split}_labels"], made[f"{split}_images"]
        np.testing.assert_array_equal(rest[split].is_b, known != 7)
        in_pair = np.isin(known, (7, 2))
        np.testing.assert_array_equal(pair[split].is_b, known[in_pair] == 2)
        np.testing.assert_array_equal(pair[split].points, see(pixels[in_pair]))
        np.testing.assert_array_equal(pair[split].weights, rest[split].weights[:, in_pair])
        assert len(pair[split].weights) == 1 + run.params.claims.resamples


def test_the_rest_is_even_where_the_pair_gives_more_of_a_class(bench, made, workshop_settings):
    """40 fit images are 20 of each class of the pair, but 5 of each other class."""
    Path("params.yaml").write_text(workshop_settings({"probes.fit_images": 40}))

    def see(pixels):
        return pixels.reshape(len(pixels), -1).astype(np.float32)

    pair, rest = images.of_last(Run.of(bench), see)
    assert np.bincount(pair["fit"].is_b).tolist() == [20, 20]
    label_of = dict(zip(map(bytes, made["fit_images"]), made["fit_labels"], strict=True))
    labels = [label_of[bytes(pixels)] for pixels in rest["fit"].points.astype(np.uint8)]
    assert np.bincount(labels).tolist() == [5, 5, 5, 5, 5, 5, 5, 20, 5, 5]
    np.testing.assert_array_equal(rest["fit"].is_b, np.array(labels) != 7)


@pytest.mark.usefixtures("bench")
def test_a_large_layer_is_seen_in_fewer_images_and_in_batches(bench, monkeypatch):
    run, sizes = Run.of(bench), []
    monkeypatch.setattr(images, "VALUES", 700)
    pixels, is_b = images.fit_sample(run, 50)  # 14 images
    assert (len(pixels), is_b.sum()) == (14, 7)
    every = images.pair_images(run, "test")

    def see(some):
        sizes.append(len(some))
        return some

    np.testing.assert_array_equal(np.concatenate([*images.batches(see, every, 50)]), every)
    assert sizes == [14, 14, 2]


def test_too_few_images_of_a_class_are_a_sentence(bench, made):
    labels = np.where(made["test_labels"] == 2, 0, made["test_labels"])
    labels[0] = 2
    np.savez(bench / "data/raw/dataset.npz", **made | {"test_labels": labels})
    with pytest.raises(StageError, match="Class 2 has 1 test images; probes need 2"):
        images.check_counts(Run.of(bench))
