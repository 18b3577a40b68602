"""The whole stage on the workshop's network, on other networks, and where nothing is right."""

import numpy as np
import pandas as pd
import pytest

from stages.attribution import __main__ as stage
from stages.attribution import gradients, points
from stages.common import artifacts, files, network, trained
from stages.common.cases import DIRECTIONS
from stages.common.run import Run

WRITTEN = [file for file in files.FILES if file.stage == "attribution"]


def run_stage(folder, monkeypatch) -> dict:
    """Run it for seed 0; the bytes of its files."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    stage.main()
    return {file: artifacts.path_of(file, seed=0).read_bytes() for file in WRITTEN}


def write_effects(run: Run, flipped: float) -> None:
    """Effects of which those from a to b are the estimates, the others not; a half each."""
    validation = tuple(map(trained.as_points, run.pair_maps(0, "validation")))
    estimated = points.by_direction(run.head(0), validation, run.pair)
    side = run.design.settings.sides(run.design.side)[-1]
    count = validation[0].shape[1]
    cells = np.unravel_index(np.arange(count), (count // side**2, side, side))
    table = pd.DataFrame(dict(zip(("map", "row", "column"), cells, strict=True)))
    table["effect_a_to_b"], table["effect_b_to_a"] = estimated["a_to_b"], np.arange(count) * 1.0
    artifacts.write(files.EFFECTS, table, seed=0)
    columns = [name for name in artifacts.forms(files.HALF_FLIPPED) if name != "direction"]
    half = pd.DataFrame(3.0, index=range(2), columns=columns).assign(direction=DIRECTIONS)
    half = half.assign(live=count, flipped=flipped)
    artifacts.write(files.HALF_FLIPPED, half, seed=0)


def write_logits(run: Run) -> None:
    """Answers of which two of three are right: the workshop's network has hardly any."""
    logits = {}
    for split in ("validation", "test"):
        labels = run.dataset_array(f"{split}_labels").astype(int)
        answers = np.where(np.arange(len(labels)) % 3, labels, (labels + 1) % 10)
        logits[f"{split}_logits"] = np.eye(10, dtype=np.float32)[answers]
    artifacts.write(files.LOGITS, logits, model="cnn", seed=0)


@pytest.fixture(scope="module")
def done(workshop, tmp_path_factory):
    """A folder in which the stage wrote its files for the workshop's first network."""
    folder = tmp_path_factory.mktemp("attribution")
    paths = [artifacts.path_of(files.DATASET), artifacts.path_of(files.EXEMPLARS, seed=0)]
    paths += [artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)]
    where = {"seed": 0, "split": "validation"}
    paths += [artifacts.path_of(files.ACTIVATIONS, label=label, **where) for label in (2, 7)]
    for path in ("params.yaml", *paths):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(workshop / path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_logits(Run.of(folder))
        write_effects(Run.of(folder), 0.6)
        run_stage(folder, patch)
    return Run.of(folder)


def test_attributions_are_complete(done):
    arrays = done.read(files.ATTRIBUTED, seed=0)
    assert set(arrays["label"]) <= set(done.pair)
    assert len(set(arrays["index"])) == len(arrays["index"]) > 3
    net = trained.load(done.design, done.path(files.WEIGHTS, model="cnn", seed=0))
    a, b = done.pair
    empty = net.predict(np.zeros((1, 28, 28, 1), np.float32), verbose=0)[0]
    logits = net.predict(network.as_input(arrays["image"]), verbose=0)
    np.testing.assert_allclose(arrays["difference"], logits[:, b] - logits[:, a], atol=1e-4)
    np.testing.assert_array_equal(arrays["answer"], logits.argmax(axis=1))
    change = arrays["difference"] - (empty[b] - empty[a])
    sums = arrays["attribution"].sum(axis=(1, 2))
    np.testing.assert_array_less(np.abs(sums - change), gradients.GAP * np.abs(change) + 1e-4)
    assert done.read(files.ATTRIBUTION, seed=0)["gap"].item() < gradients.GAP


def test_every_answer_but_the_right_one_is_left_out_of_the_curves(done):
    images, labels = stage.right_images(done, 0)
    logits = done.read(files.LOGITS, "test_logits", model="cnn", seed=0)["test_logits"]
    every, of = (done.dataset_array(f"test_{name}") for name in ("images", "labels"))
    right = np.isin(of, done.pair) & (logits.argmax(axis=1) == of)
    known = {image.tobytes() for image in every[right]}
    assert {image.tobytes() for image in images} <= known
    assert [(labels == label).sum() for label in done.pair] == [
        min(stage.SAMPLE, (right & (of == label)).sum()) for label in done.pair
    ]
    assert done.read(files.ATTRIBUTION, seed=0)["sample"].item() == len(images) > 5


def test_the_curves_start_at_the_images_and_end_at_nothing(done):
    images, labels = stage.right_images(done, 0)
    net = trained.load(done.design, done.path(files.WEIGHTS, model="cnn", seed=0))
    a, b = done.pair
    sign = np.where(labels == b, 1, -1)
    ends = []
    for of in (images, 0 * images):
        logits = net.predict(network.as_input(of), verbose=0)
        ends.append((sign * (logits[:, b] - logits[:, a])).mean())
    table = done.read(files.DELETION, seed=0)
    for _, curve in table.groupby("order"):
        found = curve["difference"].iloc[[0, -1]]
        assert found.tolist() == pytest.approx(ends, abs=1e-4)
    summary = done.read(files.ATTRIBUTION, seed=0).iloc[0]
    assert summary["below_random"] > 0


def test_the_cases_are_all_layers_of_the_network(done):
    table = done.read(files.RANDOMISED, seed=0)
    layers = ["logits", "dense", *done.conv_layers[::-1]]
    assert table["randomised"].tolist() == ["ink", *layers, "untrained"]
    rest = table[table["randomised"] != "ink"]
    assert (rest["signed"] < 0.9).all()
    assert (rest["all_pixels"] <= 1).all()


def test_the_network_is_as_before_after_the_check(done):
    net = trained.load(done.design, done.path(files.WEIGHTS, model="cnn", seed=0))
    before, images = net.get_weights(), stage.right_images(done, 0)[0][:2]
    subject = gradients.Gradients(net, done.pair)
    stage.with_random_weights(done, 0, subject, images, np.zeros(images.shape))
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_points_are_compared_with_the_effects_that_were_measured(done):
    table = done.read(files.PATCHING_ESTIMATES, seed=0).set_index("direction")
    assert table.loc["a_to_b", "spearman"] == pytest.approx(1)
    assert table.loc["a_to_b", ["same_first", "same_half"]].tolist() == [1, 1]
    assert table.loc["b_to_a", "spearman"] < 0.9
    assert table["half"].tolist() == [3, 3]


def test_a_second_run_writes_the_same_bytes(done, monkeypatch, capsys):
    before = {file: done.path(file, seed=0).read_bytes() for file in WRITTEN}
    assert run_stage(done.root, monkeypatch) == before
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({"network.cnn.maps": [3], "network.cnn.activation": "selu"}, True),
        ({"network.cnn.maps": [2, 4], "network.cnn.pooling": "average"}, False),
    ],
)
def test_other_networks_and_no_right_answer(tmp_path, monkeypatch, settings, changes, right):
    """Where no answer is right there are no curves; the exemplars are of another class."""
    monkeypatch.chdir(tmp_path)
    changes |= {"analysis.pair": [2, 1], "network.cnn.dense": 5, "activations.classes": [1, 2]}
    (tmp_path / "params.yaml").write_text(settings(changes))
    generator, labels = np.random.default_rng(0), np.arange(24) % 3
    images = generator.integers(0, 256, (24, 20, 20)).astype(np.uint8)
    images[1] = 0  # without ink: in no curve
    arrays = {"test_images": images, "test_labels": labels.astype(np.uint8)}
    arrays["class_names"] = np.array(["0", "1", "2"])
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True)
    np.savez(path, **arrays)
    run = Run.of(tmp_path)
    weights = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    weights.parent.mkdir(parents=True)
    net = network.untrained(run.design, 5)
    net.save_weights(weights)
    logits = np.eye(3, dtype=np.float32)[labels if right else 0 * labels]
    whole = {"validation_logits": logits, "test_logits": logits}
    artifacts.write(files.LOGITS, whole, model="cnn", seed=0)
    maps = trained.extractor(net, [run.last]).predict(network.as_input(images), verbose=0)
    for label in (1, 2):
        of = labels == label
        values = {"index": np.flatnonzero(of).astype(np.int32), run.last: maps[run.last][of]}
        artifacts.write(files.ACTIVATIONS, values, seed=0, split="validation", label=label)
    some = labels == (1 if right else 0)
    shown = {"index": np.flatnonzero(some).astype(np.int32), "label": arrays["test_labels"][some],
             "role": np.full(some.sum(), "listed"), "image": images[some],
             "logits": maps["logits"][some]}  # fmt: skip
    artifacts.write(files.EXEMPLARS, shown, seed=0)
    write_effects(run, 0.2)
    assert run_stage(tmp_path, monkeypatch) == run_stage(tmp_path, monkeypatch)
    summary = artifacts.read(files.ATTRIBUTION, seed=0).iloc[0]
    assert (summary["sample"], summary["exemplars"]) == ((15, 8) if right else (0, 0))
    assert np.isnan(summary["below_ink"]) != right
    assert artifacts.read(files.PATCHING_ESTIMATES, seed=0)["half"].isna().all()
    assert len(artifacts.read(files.RANDOMISED, seed=0)) == 4 + len(run.conv_layers)
