"""The stage on a small trained network, against the network and the images themselves."""

import sys

import numpy as np
import pytest

from stages.common import artifacts, files, network, sampling, trained
from stages.common.run import Run
from stages.similarity import __main__ as stage

from ..designs import LAYERS

CNN = {"model": "cnn", "seed": 0}
FILES = (files.CLASS_CORRELATIONS, files.LAYER_CORRELATIONS, files.NEIGHBOURS)
READ = ((files.DATASET, {}), (files.WEIGHTS, CNN), (files.EXEMPLARS, {"seed": 0}))


@pytest.fixture(scope="module")
def run(workshop, tmp_path_factory):
    """What the stage wrote for the workshop's first network, on fewer images."""
    folder = tmp_path_factory.mktemp("similarity")
    for path in (artifacts.path_of(file, **where) for file, where in READ):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(workshop / path)
    (folder / "params.yaml").symlink_to(workshop / "params.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["similarity", "--seed", "0"])
        patch.setattr(stage, "IMAGES", 60)
        patch.setattr(stage, "SEARCHED", 200)
        stage.main()
        written = [artifacts.path_of(file, seed=0) for file in FILES]
        before = [path.read_bytes() for path in written]
        stage.main()
        assert [path.read_bytes() for path in written] == before
    return Run.of(folder)


@pytest.fixture(scope="module")
def sample(made):
    return sampling.balanced_rows(made["test_labels"], 60)


@pytest.fixture(scope="module")
def see(run):
    """Every layer of both networks for some images, as vectors."""

    def see(name, images):
        path = run.path(files.WEIGHTS, **CNN)
        nets = {"trained": lambda: trained.load(run.design, path),
                "untrained": lambda: network.untrained(run.design, 0)}  # fmt: skip
        extractor = trained.extractor(nets[name](), (*LAYERS, "dense"))
        seen = extractor.predict(network.as_input(images), verbose=0)
        return {layer: of.reshape(len(images), -1) for layer, of in seen.items()}

    return see


def test_matrices_are_the_means_over_all_pairs_of_images(run, made, see, sample):
    arrays, labels = run.read(files.CLASS_CORRELATIONS, seed=0), made["test_labels"][sample]
    assert arrays["layer"].tolist() == ["pixels", *LAYERS, "dense", "logits"]
    different = ~np.eye(len(labels), dtype=bool)
    for name in ("trained", "untrained"):
        layers = see(name, made["test_images"][sample])
        layers["pixels"] = made["test_images"][sample].reshape(len(labels), -1)
        for layer, matrix in zip(arrays["layer"], arrays[name], strict=True):
            r = np.corrcoef(layers[layer])
            for one, other in ((7, 7), (7, 2), (0, 5)):
                pairs = (labels[:, None] == one) & (labels == other) & different
                assert matrix[one, other] == pytest.approx(r[pairs].mean(), abs=1e-4)


def test_the_table_has_a_row_a_layer_and_network(run):
    table, arrays = (run.read(file, seed=0) for file in FILES[1::-1])
    a, b = run.pair
    keys = [(name, layer) for name in ("trained", "untrained") for layer in arrays["layer"]]
    assert list(zip(table["network"], table["layer"], strict=True)) == keys
    for row in table.itertuples():
        r = arrays[row.network][arrays["layer"].tolist().index(row.layer)]
        assert row.between == pytest.approx(r[a, b], abs=1e-6)
        assert row.same == pytest.approx((r[a, a] + r[b, b]) / 2, abs=1e-6)
    assert set(table["images"]) == {60}
    assert set(table["pairs"]) == {45}
    units = table.set_index("layer")["units"]
    assert units["pixels"].iloc[0] == 28 * 28
    assert units["conv_3"].iloc[0] == 9 * 16
    assert units["logits"].iloc[0] == 10


def test_neighbours_are_the_nearest_fit_images_of_the_sample(run, made, see, sample):
    arrays, among = (
        run.read(files.NEIGHBOURS, seed=0),
        sampling.balanced_rows(made["fit_labels"], 200),
    )
    shown = run.read(files.EXEMPLARS, seed=0)
    of_a = [role in ("clear", "typical", "hard") for role in shown["role"]] & (shown["label"] == 7)
    np.testing.assert_array_equal(arrays["index"], shown["index"][of_a])
    np.testing.assert_array_equal(arrays["role"], shown["role"][of_a])
    n = len(arrays["index"])
    assert n >= 2
    assert arrays["features"].tolist() == ["pixels", "trained", "untrained"]
    images, known = made["test_images"], made["fit_images"][among]
    queries = np.r_[arrays["index"], sample]
    for at, name in enumerate(arrays["features"]):
        if name == "pixels":
            rows, others = (of.reshape(len(of), -1) for of in (images[queries], known))
        else:
            rows, others = (see(name, of)["conv_3"] for of in (images[queries], known))
        r = np.corrcoef(rows, others)[: len(rows), len(rows) :]
        best = np.sort(r[:n], axis=1)[:, : -stage.TOP - 1 : -1]
        np.testing.assert_allclose(arrays["near_r"][at], best, atol=1e-4)
        near = arrays["near_index"][at]
        assert set(near.flat) <= set(among)
        np.testing.assert_array_equal(arrays["near_image"][at], made["fit_images"][near])
        np.testing.assert_array_equal(arrays["near_label"][at], made["fit_labels"][near])
        ten = made["fit_labels"][among][np.argsort(-r[n:], axis=1)[:, :10]]
        own = (ten == 7)[made["test_labels"][sample] == 7].mean()
        assert arrays["shares"][at, 7, 7] == pytest.approx(
            own, abs=0.021
        )  # a tie may go either way
        np.testing.assert_allclose(arrays["shares"][at].sum(axis=1), 1, atol=1e-6)
    assert [arrays[name] for name in ("images", "searched", "k")] == [60, 200, 10]


def test_the_exemplars_shown_are_three_of_a_or_the_first_listed():
    role = np.array(["clear", "contrast", "hard", "wrong", "clear"])
    assert stage.shown_exemplars(role, np.array([4, 4, 4, 4, 9]), 4).tolist() == [0, 2]
    listed, label = np.full(5, "listed"), np.array([9, 4, 4, 4, 4])
    assert stage.shown_exemplars(listed, label, 4).tolist() == [1, 2, 3]
    assert stage.shown_exemplars(listed, label, 5).tolist() == [0, 1, 2]


@pytest.mark.usefixtures("bench")
def test_missing_weights_are_a_sentence(fails):
    path = artifacts.path_of(files.WEIGHTS, **CNN)
    path.unlink()
    assert fails(stage.main, "--seed", "0").startswith(f"{path} is missing.")
