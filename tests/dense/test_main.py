"""The stage on tiny networks: other activations, few live points, no right answers, no images."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from stages.common import artifacts, files, trained
from stages.common.run import Run
from stages.dense import __main__ as stage
from stages.dense import paths, units

from .conftest import CLASSES, PAIR

MAPS, UNITS, SIDE = 16, 20, 20  # maps of 2 x 2
POINTS = 4 * MAPS
SETTINGS = {
    "analysis.pair": list(PAIR), "analysis.contrast": [], "activations.classes": list(PAIR),
    "network.cnn.maps": [MAPS], "network.cnn.kernel": SIDE - 1, "network.cnn.dense": UNITS,
    "interventions.controls": 20,
}  # fmt: skip
WRITTEN = [file for file in files.FILES if file.stage == "dense"]


def write_weights(generator, right):
    """Units 0 to 3 add up the first points, in which the classes differ, and are for b."""
    shapes = [(POINTS, UNITS), (UNITS,), (UNITS, CLASSES), (CLASSES,)]
    kernel, bias, logits_kernel, logits_bias = (generator.normal(size=s) for s in shapes)
    kernel[:, :4] = np.arange(POINTS)[:, None] % MAPS == 0  # Keras's order has the map last
    logits_kernel[:4] = 3 * (np.arange(CLASSES) == PAIR[1])
    logits_bias[list(PAIR)] = 1000, 1000 - 36
    if not right:
        logits_bias[0] = 5000  # every answer is 0
    path = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        variables = (kernel, bias, logits_kernel, logits_bias)
        for name, values in zip(trained.HEAD_VARIABLES, variables, strict=True):
            file[f"layers/{name}"] = values.astype(np.float32)


def write_inputs(live, right, roles, tested=9):
    """The files of a network whose first `live` points are not 0; `tested` test images of b."""
    generator = np.random.default_rng(3)

    def conv_1(label, n):
        points = generator.random((n, POINTS)).astype(np.float32)
        points[:, :4] += 0.5 * (label == PAIR[1])
        points[:, live:] = 0
        return points.reshape(n, MAPS, 2, 2).transpose(0, 2, 3, 1)

    dataset = {"class_names": np.array(["0", "1", "2", "3"])}
    for split, of_b in (("validation", 9), ("test", tested)):
        for label, n in zip(PAIR, (9, of_b), strict=True):
            arrays = {"index": np.arange(n, dtype=np.int32) * 2 + label - 1}
            arrays["conv_1"] = conv_1(label, n)
            artifacts.write(files.ACTIVATIONS, arrays, seed=0, split=split, label=label)
        labels = np.array([*PAIR[::-1]] * 9, np.uint8)[: 9 + of_b]
        pixels = generator.integers(0, 255, (len(labels), SIDE, SIDE)).astype(np.uint8)
        dataset |= {f"{split}_images": pixels, f"{split}_labels": labels}
    n, labels = len(roles), np.array(PAIR[::-1], np.uint8)
    shown = {
        "index": np.arange(n, dtype=np.int32), "label": np.resize(labels, n),
        "role": np.array(roles, "U9"), "image": pixels[:n],
        "logits": np.zeros((n, CLASSES), np.float32), "conv_1": conv_1(PAIR[0], n),
    }  # fmt: skip
    artifacts.write(files.EXEMPLARS, shown, seed=0)
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **dataset)
    write_weights(generator, right)


@pytest.fixture
def run(tmp_path, monkeypatch, settings):
    """Run the stage in an empty project on such a network; what it wrote, by file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dense", "--seed", "0"])

    def run(*network, activation="relu"):
        Path("params.yaml").write_text(settings(SETTINGS | {"network.cnn.activation": activation}))
        write_inputs(*network)
        stage.main()
        return {file: artifacts.read(file, seed=0) for file in WRITTEN}

    return run


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("activation", ["relu", "selu"])
@pytest.mark.parametrize(("live", "roles"), [(0, []), (1, ["wrong"]), (60, ["hard", "listed"])])
def test_the_stage_runs_on_tiny_networks(run, live, roles, right, activation, capsys):
    written = run(live, right, roles, activation=activation)
    patches, shares = written[files.DENSE_PATCHING], written[files.PATH_SHARES]
    (short,) = written[files.DENSE].to_dict("records")
    assert (patches.groupby(["direction", "mode"])["k"].max() == short["active"]).all()
    answered = patches["flipped"].notna()
    assert answered.all() if right and live == 60 else right or not answered.any()
    beyond = patches["k"] > short["active"] / 4
    assert patches.loc[beyond, "flipped_p"].isna().all()
    assert patches.loc[~beyond & answered, "flipped_p"].notna().all()
    points = min(live, paths.POINTS)
    assert (shares["points"] == points).all()
    assert len(written[files.PATHS]) == points * min(short["active"], paths.UNITS)
    assert shares["share_p"].notna().all() == (live == 60)  # 12 are more than a quarter of 1
    shown = written[files.DENSE_IMAGES]
    assert [(shown["label"] == label).sum() >= 3 for label in PAIR] == [True, True]
    assert len(written[files.RESEMBLANCE]) == 3 * len(roles)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 and "nan" not in line for line in lines)


def test_the_files_say_what_the_head_does(run):
    written = run(60, True, ["hard", "wrong"])
    shown, of_units = written[files.DENSE_IMAGES], written[files.UNITS].sort_values("unit")
    head = Run.of(Path()).head(0)
    logits = shown["values"] @ head.logits_kernel + head.logits_bias
    np.testing.assert_array_equal(shown["answer"], logits.argmax(axis=1))
    weights = of_units["weight_b"] - of_units["weight_a"]
    bias = head.logits_bias[PAIR[1]] - head.logits_bias[PAIR[0]]
    np.testing.assert_allclose(shown["difference"], shown["values"] @ weights + bias, atol=1e-3)
    (short,) = written[files.DENSE].to_dict("records")
    parts = of_units["contribution"].groupby(weights >= 0).sum()
    assert [short["difference_a"], short["difference_b"]] == pytest.approx(list(parts))
    where = {"seed": 0, "split": "test"}
    maps = [artifacts.read(files.ACTIVATIONS, "index", "conv_1", **where, label=of) for of in PAIR]
    means = [head(trained.as_points(of["conv_1"])).mean(axis=0, dtype=float) for of in maps]
    change = means[1] - means[0]
    whole = of_units["contribution_test"].sum()
    assert whole == pytest.approx(change[PAIR[1]] - change[PAIR[0]], abs=1e-3)
    for row in range(len(shown["index"])):  # the images are those of these rows
        label = int(shown["label"][row])
        of = maps[PAIR.index(label)]
        points = trained.as_points(of["conv_1"][of["index"] == shown["index"][row]])
        np.testing.assert_allclose(units.dense(head, points)[0], shown["values"][row], atol=1e-4)


def test_resemblance_is_to_the_means_of_validation_images(run):
    table = run(60, True, ["hard", "wrong"])[files.RESEMBLANCE].set_index(["index", "layer"])
    here = Run.of(Path())
    shown = artifacts.read(files.EXEMPLARS, seed=0)
    maps = {of: here.maps(0, "validation", of).mean(axis=0) for of in PAIR}
    images, labels = (here.dataset_array(f"validation_{name}") for name in ("images", "labels"))
    pixels = {of: images[labels == of].mean(axis=0) for of in PAIR}
    for row, index in enumerate(shown["index"]):
        own = int(shown["label"][row])
        (other,) = set(PAIR) - {own}
        for layer, values, means in (("conv_1", "conv_1", maps), ("pixels", "image", pixels)):
            at, value = table.loc[(index, layer)], shown[values][row].ravel()
            for name, of in (("r_own", own), ("r_other", other)):
                wanted = np.corrcoef(value, means[of].ravel())[0, 1]
                assert at[name] == pytest.approx(wanted, abs=1e-6)


def test_the_planted_units_come_first_and_flip(run):
    written = run(60, True, [])
    assert set(written[files.UNITS]["unit"][:4]) == {0, 1, 2, 3}
    patches = written[files.DENSE_PATCHING].query("mode == 'mean' and direction == 'a_to_b'")
    assert patches.set_index("k").loc[3, "flipped"] > 0.8
    first = written[files.PATHS].drop_duplicates(["map", "row", "column"]).head(4)
    assert set(first["map"]) == {0}  # the points in which the classes differ


def test_a_second_run_writes_the_same_bytes(run):
    run(60, True, ["hard"])
    files_ = [artifacts.path_of(file, seed=0) for file in WRITTEN]
    before = [path.read_bytes() for path in files_]
    stage.main()
    assert [path.read_bytes() for path in files_] == before


def test_a_class_without_images_is_a_sentence(run, fails):
    run(60, True, [])
    empty = {"index": np.zeros(0, np.int32), "conv_1": np.zeros((0, 2, 2, MAPS), np.float32)}
    artifacts.write(files.ACTIVATIONS, empty, seed=0, split="validation", label=PAIR[1])
    message = fails(stage.main, "--seed", "0")
    assert message.startswith(f"Class {PAIR[1]} has no validation image.")


def test_the_story_has_a_line_for_what_there_is():
    patches = pd.DataFrame({"direction": ["a_to_b"], "mode": ["interchange"], "k": [3],
                            "flipped": [0.6], "flipped_control_mean": [0.01]})  # fmt: skip
    shares = pd.DataFrame({"direction": ["b_to_a"], "points": [12], "units": [6], "share": [0.1]})
    lines = stage.story({"half": 2.0, "active": 9}, patches, shares)
    assert lines[0] == "2 of 9 active units carry half"
    assert lines[1] == "a_to_b: 3 units flip 60%; random units 1.0%"
    assert len(lines) == 3
