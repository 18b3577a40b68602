"""Linear decoders on planted layers, against scikit-learn, and the whole stage."""

import math

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from stages import decoder
from stages.common import artifacts, files, network, sampling, trained
from stages.common.cases import COMPONENTS, MEAN_IMAGE, TRAINED, UNTRAINED
from stages.common.run import Run
from stages.decoder import Sample

from . import designs

PAIR = (1, 0)
PIXELS = 16


def planted(layer, seed: int = 0) -> dict[str, float]:
    """What is explained of independent pixels, of equal variance, that `layer` turns into units."""
    pixels = np.random.default_rng(seed).random((500, PIXELS)).astype(np.float32)
    known, chosen, test = np.split(pixels, [150, 200])
    fitted = decoder.fit(layer(known), known, layer(chosen), chosen)
    labels = np.arange(len(test)) % 3
    return decoder.explained(test, fitted(layer(test)), fitted.mean, labels, PAIR)


def test_a_layer_that_turns_the_image_holds_all_of_it():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(PIXELS, PIXELS)))[0]
    shares = planted(lambda pixels: (pixels @ turn + 3).astype(np.float32))
    assert set(shares) == {
        f"{name}{of}" for name in ("explained", "within") for of in ("", "_a", "_b")
    }
    assert all(share == pytest.approx(1, abs=1e-4) for share in shares.values())


def test_a_wide_layer_holds_all_too():
    """With more units than images it is the other of the two matrices that is decomposed."""
    wide = np.random.default_rng(1).normal(size=(PIXELS, 300)).astype(np.float32)
    assert planted(lambda pixels: pixels @ wide)["explained"] == pytest.approx(1, abs=1e-4)


def test_half_of_independent_pixels_is_half():
    shares = planted(lambda pixels: pixels[:, : PIXELS // 2])
    assert shares["explained"] == pytest.approx(0.5, abs=0.05)
    assert shares["within"] == pytest.approx(0.5, abs=0.05)


def test_a_constant_layer_is_nothing():
    shares = planted(lambda pixels: np.full((len(pixels), 5), 0.1, np.float32))
    assert shares["explained"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("units", [20, 200], ids=["fewer than images", "more than images"])
@pytest.mark.parametrize("noise", [0.01, 3.0])
def test_the_regression_is_scikit_learns(units, noise):
    generator = np.random.default_rng(2)
    pixels = generator.random((200, PIXELS))
    values = pixels @ generator.normal(size=(PIXELS, units)) + 5
    values += noise * generator.normal(size=values.shape)
    (x, held, new), (y, held_y, _) = (np.split(of, [80, 120]) for of in (values, pixels))
    centred = x - x.mean(axis=0)
    scale = (centred**2).sum() / min(centred.shape)
    ridges = [Ridge(alpha=ridge * scale).fit(x, y) for ridge in decoder.RIDGES]
    errors = [((held_y - ridge.predict(held)) ** 2).sum() for ridge in ridges]
    best = int(np.argmin(errors))
    fitted = decoder.fit(x, y, held, held_y)
    assert fitted.ridge == decoder.RIDGES[best]
    np.testing.assert_allclose(fitted(new), ridges[best].predict(new), atol=1e-8)


def test_more_noise_takes_more_ridge():
    generator = np.random.default_rng(3)
    pixels = generator.random((300, PIXELS))
    clean = pixels @ generator.normal(size=(PIXELS, PIXELS))
    noisy = clean + 10 * generator.normal(size=clean.shape)
    chosen = [
        decoder.fit(of[:200], pixels[:200], of[200:], pixels[200:]).ridge for of in (clean, noisy)
    ]
    assert chosen[0] < chosen[1]


def test_products_are_added_up_over_blocks(monkeypatch):
    values = np.random.default_rng(4).random((6, 11))
    monkeypatch.setattr(decoder, "BLOCK", 4)
    np.testing.assert_allclose(decoder.gram(values), values @ values.T)
    np.testing.assert_allclose(decoder.gram(values.T), values.T @ values)


def test_shares_by_hand():
    """Classes 0 and 1 have means 1 and 5 in their one pixel, the fit images 3."""
    pixels, labels = np.array([[0.0], [2], [4], [6]]), np.array([0, 0, 1, 1])
    of_class = decoder.explained(
        pixels, np.array([[1.0], [1], [5], [5]]), np.array([3.0]), labels, PAIR
    )
    assert of_class["explained"] == of_class["explained_a"] == pytest.approx(1 - 4 / 20)
    assert (of_class["within"], of_class["within_a"]) == (0, 0)
    shifted = decoder.explained(pixels, pixels + 9.0, np.array([3.0]), labels, PAIR)
    assert shifted["explained"] < 0
    assert shifted["within"] == 1  # the same shift for all of a class
    half = decoder.explained(
        pixels, np.array([[0.0], [2], [5], [5]]), np.array([3.0]), labels, PAIR
    )
    assert (half["within"], half["within_a"], half["within_b"]) == (0.5, 0, 1)


def test_what_does_not_vary_has_no_share():
    pixels, labels = np.array([[0.0], [2]]), np.array([0, 2])
    shares = decoder.explained(pixels, pixels, np.array([1.0]), labels, PAIR)
    assert shares["explained"] == shares["explained_b"] == 1
    assert all(math.isnan(shares[name]) for name in ("explained_a", "within", "within_b"))


@pytest.fixture
def samples() -> dict[str, Sample]:
    """Images of 4 x 4 pixels in three classes with means of their own."""
    generator = np.random.default_rng(5)
    means = generator.integers(0, 150, (3, 4, 4))
    parts = {}
    for split, count in (("fit", 90), ("validation", 30), ("test", 60)):
        labels = np.arange(count) % 3
        images = means[labels] + generator.integers(0, 100, (count, 4, 4))
        parts[split] = Sample(images.astype(np.uint8), labels)
    return parts


def test_components_are_those_of_the_fit_images(samples):
    rows = decoder.controls(samples, {"dense": 5, "conv_1": 40}, PAIR)
    assert [(row["layer"], row["code"], row["units"]) for row in rows] == [
        ("dense", COMPONENTS, 5), ("conv_1", COMPONENTS, 40), ("class", MEAN_IMAGE, 3),
    ]  # fmt: skip
    known, test = samples["fit"].pixels, samples["test"].pixels
    pca = PCA(5).fit(known)
    left = ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum()
    share = 1 - left / ((test - known.mean(axis=0)) ** 2).sum()
    assert rows[0]["explained"] == pytest.approx(share, abs=1e-6)
    assert rows[0]["within"] < rows[0]["explained"] < rows[1]["explained"] == pytest.approx(1)


def test_the_mean_of_the_class_explains_nothing_within_it(samples):
    *_, row = decoder.controls(samples, {}, PAIR)
    assert 0 < row["explained"] < 1
    assert row["within"] == row["within_a"] == row["within_b"] == 0


def test_no_decoder_of_few_units_explains_more_of_its_own_images_than_components(samples):
    known = samples["fit"]
    of_itself = dict.fromkeys(samples, known)
    units = known.pixels @ np.random.default_rng(6).normal(size=(16, 5)).astype(np.float32)
    fitted = decoder.fit(units, known.pixels, units, known.pixels)
    share = decoder.explained(known.pixels, fitted(units), fitted.mean, known.labels, PAIR)
    assert share["explained"] < decoder.controls(of_itself, {"": 5}, PAIR)[0]["explained"]


def test_every_layer_passes_by_once():
    design = designs.changed(maps=[3, 4], dense=7, side=20)
    net = network.untrained(design, 0)
    images = np.random.default_rng(7).integers(0, 256, (260, 20, 20)).astype(np.uint8)
    found = dict(decoder.layers_of(net, images))
    assert list(found) == [*design.settings.names, "dense", "logits"]
    outputs = trained.extractor(net, found).predict(network.as_input(images), verbose=0)
    for name, units in found.items():
        np.testing.assert_allclose(units, outputs[name].reshape(260, -1), atol=1e-5)


@pytest.fixture(scope="module")
def run(workshop, tmp_path_factory):
    """A folder in which the stage wrote its files for the workshop's first network."""
    folder = tmp_path_factory.mktemp("decoder")
    weights = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    exemplars = artifacts.path_of(files.EXEMPLARS, seed=0)
    for path in ("params.yaml", artifacts.path_of(files.DATASET), weights, exemplars):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(workshop / path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["stage", "--seed", "0"])
        decoder.main()
    return Run.of(folder)


def test_the_table_has_every_layer_and_code(run):
    table = run.read(files.EXPLAINED_VARIANCE, seed=0)
    layers = [*run.params.network.cnn.names, "dense", "logits"]
    for code in (TRAINED, UNTRAINED, COMPONENTS):
        assert table.loc[table["code"] == code, "layer"].tolist() == layers
    assert table["ridge"].notna().tolist() == table["code"].isin([TRAINED, UNTRAINED]).tolist()
    assert table["fitted"].unique().tolist() == [640]
    trained_ones = table[table["code"] == TRAINED].set_index("layer")
    assert trained_ones["units"]["conv_1"] == 26 * 26 * 8
    assert trained_ones["units"][["dense", "logits"]].tolist() == [30, 10]
    assert trained_ones["explained"]["conv_1"] > trained_ones["explained"]["logits"]


def test_logits_and_exemplars_are_decoded_as_scikit_learn_does(run):
    """From the network's own answers, read and predicted in other ways than the stage's."""
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    units, pixels = {}, {}
    for split, count in decoder.IMAGES.items():
        images, labels = (run.dataset_array(f"{split}_{part}") for part in ("images", "labels"))
        inputs = network.as_input(images[sampling.balanced_rows(labels, count)])
        units[split], pixels[split] = (
            net.predict(inputs, verbose=0),
            inputs.reshape(len(inputs), -1),
        )
    table = run.read(files.EXPLAINED_VARIANCE, seed=0)
    row = table[(table["code"] == TRAINED) & (table["layer"] == "logits")].iloc[0]
    spread = ((units["fit"] - units["fit"].mean(axis=0)) ** 2).sum()
    ridge = Ridge(alpha=row["ridge"] * spread / 10).fit(units["fit"], pixels["fit"])
    residuals = pixels["test"] - ridge.predict(units["test"])
    whole = pixels["test"] - pixels["fit"].mean(axis=0)
    share = 1 - (residuals**2).sum() / (whole**2).sum()
    assert row["explained"] == pytest.approx(share, abs=1e-4)

    shown, arrays = run.read(files.EXEMPLARS, seed=0), run.read(files.DECODED, seed=0)
    np.testing.assert_array_equal(arrays["index"], shown["index"])
    expected = np.clip(ridge.predict(shown["logits"]), 0, 1).reshape(shown["image"].shape)
    place = arrays["layer"].tolist().index("logits")
    np.testing.assert_allclose(arrays[TRAINED][place], expected, atol=1e-4)
    assert not np.allclose(arrays[UNTRAINED][place], expected, atol=1e-2)


def test_a_second_run_writes_the_same_bytes(run, monkeypatch):
    monkeypatch.chdir(run.root)
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    paths = [artifacts.path_of(of, seed=0) for of in (files.EXPLAINED_VARIANCE, files.DECODED)]
    before = [path.read_bytes() for path in paths]
    decoder.main()
    assert [path.read_bytes() for path in paths] == before


def test_of_wide_layers_fewer_images_are_read_but_one_of_each_class(run):
    def counts(widest: int) -> list[int]:
        return [len(sample.images) for sample in decoder.read_samples(run, widest).values()]

    assert counts(10) == [640, 120, 150]
    wide = 5 * decoder.MOST_VALUES // sum(decoder.IMAGES.values())
    assert counts(wide) == [300, 100, 150]
    assert counts(10**9) == [10, 10, 10]


def test_no_more_components_than_fit_images_have():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 255, (12, 4, 4), dtype=np.uint8)
    sample = decoder.Sample(images, np.arange(12) % 2)
    samples = dict.fromkeys(("fit", "validation", "test"), sample._replace(images=images))
    samples["fit"] = decoder.Sample(images[:6], sample.labels[:6])
    rows = decoder.controls(samples, {"few": 3, "all": 5, "more": 16}, (0, 1))
    few, all_, more, _ = (row["explained"] for row in rows)
    assert few < all_ == more < 1
