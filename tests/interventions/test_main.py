"""The stage on tiny networks, with few live points, few images and no right answers."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from stages import map_statistics
from stages.common import artifacts, controls, files, resampling, trained
from stages.common.console import StageError
from stages.common.params import read_params
from stages.common.run import Run
from stages.interventions import __main__ as stage
from stages.interventions import half, used

from .conftest import PAIR, POINTS, UNITS

SETTINGS = {
    "analysis.pair": list(PAIR), "analysis.contrast": [1], "activations.classes": [0, 1, 2, 7],
    # The last layer has six maps of 2 x 2 in images of 20 x 20.
    "network.cnn.maps": [6], "network.cnn.kernel": 19, "network.cnn.dense": UNITS,
    "interventions.controls": 20, "interventions.random_orders": 5, "claims.resamples": 100,
    "dataset.name": "digits",
}  # fmt: skip
LABELS = (*PAIR, 0, 1)
SIZES = {"validation": 7, "test": 9}  # images of each class
WRITTEN = [file for file in files.FILES if file.stage == "interventions"]


def write_weights(generator, right):
    """Unit 0 adds up map 0, in which the classes differ, and speaks for the second class."""
    shapes = [(POINTS, UNITS), (UNITS,), (UNITS, 10), (10,)]
    kernel, bias, logits_kernel, logits_bias = (generator.normal(size=s) for s in shapes)
    kernel[:, 0] = np.arange(POINTS) % 6 == 0  # Keras's order has the map last
    bias[0] = 0
    logits_kernel[0] = 50 * (np.arange(10) == PAIR[1])
    logits_bias[list(PAIR)] = 1000, 1000 - 50 * 3.8
    if not right:
        logits_bias[0] = 5000  # every answer is 0
    path = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        variables = (kernel, bias, logits_kernel, logits_bias)
        for name, values in zip(trained.HEAD_VARIABLES, variables, strict=True):
            file[f"layers/{name}"] = values.astype(np.float32)


def write_dataset():
    path = artifacts.path_of(files.DATASET)
    path.parent.mkdir(parents=True)
    arrays = {
        f"{split}_labels": np.repeat(np.array(LABELS, np.uint8), n) for split, n in SIZES.items()
    }
    images = np.zeros((len(arrays["test_labels"]), 20, 20), np.uint8)
    names = np.array([str(label) for label in range(10)])
    np.savez(path, test_images=images, class_names=names, **arrays)


def write_inputs(live, right, roles):
    """The files of a tiny network with 2 x 2 maps, six of them, whose first points are live."""
    generator = np.random.default_rng(3)

    def conv_1(label, n):
        points = generator.random((n, POINTS)).astype(np.float32)
        points[:, :4] += label / 10
        points[:, live:] = 0
        return points.reshape(n, 6, 2, 2).transpose(0, 2, 3, 1)

    maps = {}
    for place, label in enumerate(LABELS):
        for split, n in SIZES.items():
            maps[split, label] = conv_1(label, n)
            index = np.arange(n, dtype=np.int32) + place * n
            arrays = {"index": index, "conv_1": maps[split, label]}
            artifacts.write(files.ACTIVATIONS, arrays, seed=0, split=split, label=label)
    n = len(roles)
    shown = {
        "index": np.arange(n, dtype=np.int32), "label": np.resize(np.array(PAIR, np.uint8), n),
        "role": np.array(roles, "U9"), "image": np.zeros((n, 20, 20), np.uint8),
        "logits": np.zeros((n, 10), np.float32), "conv_1": conv_1(PAIR[0], n),
    }  # fmt: skip
    artifacts.write(files.EXEMPLARS, shown, seed=0)
    pairs = (tuple(maps[split, label] for label in PAIR) for split in ("validation", "test"))
    points = map_statistics.points_table(*pairs, 0.25, 0.75).assign(shared=False)
    artifacts.write(files.POINTS, points, seed=0)
    write_weights(generator, right)


@pytest.fixture
def run(tmp_path, monkeypatch, settings):
    """Run the stage in an empty project on such a network; what it wrote, by file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["interventions", "--seed", "0"])
    Path("params.yaml").write_text(settings(SETTINGS))
    write_dataset()

    def run(*network):
        write_inputs(*network)
        stage.main()
        return {file: artifacts.read(file, seed=0) for file in WRITTEN}

    return run


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("live", "roles"), [(0, ["wrong"]), (1, []), (20, ["hard", "listed"])])
def test_the_stage_runs_on_tiny_networks(run, live, roles, right, capsys):
    tables = run(live, right, roles)
    ks = controls.curve_ks(live)
    patches = tables[files.PATCHING]
    assert len(patches) == 6 * len(ks)
    assert len(tables[files.SPECIFICITY]) == 2 * 4 * len(ks)
    assert patches.loc[patches["k"] > live / 4, "recovered_p"].isna().all()
    assert right or patches["flipped"].isna().all()
    effects = tables[files.EFFECTS]
    assert (effects.iloc[live:, 3:] == 0).all(axis=None)  # a point that is always 0 changes nothing
    halves, resamples = tables[files.HALF_FLIPPED], tables[files.INTERVENTION_RESAMPLES]
    assert (halves["live"] == live).all()
    assert halves.drop(columns=["direction", "live"]).isna().all(axis=None) == (
        not live or not right
    )
    assert (len(resamples), list(resamples["resample"])) == (101, list(range(101)))
    counted = resamples.filter(regex="_to_")
    assert counted.isna().all(axis=None) == (not live or not right)
    assert ((counted.filter(regex="^k_") <= live) | counted.filter(regex="^k_").isna()).all(
        axis=None
    )
    explained = tables[files.WRONG_POINTS]["index"].unique()
    assert len(explained) == (len(roles) if live else 0)
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_half_and_resamples_are_what_the_curves_say(run):
    tables = run(20, True, [])
    observed = tables[files.INTERVENTION_RESAMPLES].iloc[0]
    for row in tables[files.HALF_FLIPPED].to_dict("records"):
        patches = tables[files.PATCHING].query(
            f"direction == '{row['direction']}' and mode == 'interchange'"
        )
        assert (patches["flipped"][patches["k"] < row["k"]] < 0.5).all()
        assert row["flipped"] >= 0.5 or row["k"] == 20
        at = patches["flipped"][patches["k"] == row["k"]]
        assert at.empty or at.item() == pytest.approx(row["flipped"])
        for name in ("k", "random_k"):
            assert observed[f"{name}_{row['direction']}"] == row[name]
        assert observed[f"half_{row['direction']}"] == pytest.approx(row["k"] / row["random_k"])
    for name in ("shuffled", "means", "levels"):
        added = observed[f"error_{name}"] - observed["error"]
        assert observed[f"{name}_loss"] == pytest.approx(added)


def test_no_test_image_has_a_say_in_a_choice(run, monkeypatch):
    """Orders, random orders, sets that stand in, and levels: the same with other test images."""
    chosen = []

    def spy(module, name, of):
        function = getattr(module, name)

        def watched(*arguments):
            result = function(*arguments)
            chosen.append(of(arguments, result))
            return result

        monkeypatch.setattr(module, name, watched)

    spy(stage, "make_study", lambda _, study: [*study.orders.values(), study.stand_ins, study.live])
    spy(half, "half_flipped", lambda arguments, _: arguments[2:4])
    spy(used, "active_means", lambda _, levels: [levels])
    run(20, True, [])
    before = chosen.copy()
    chosen.clear()
    generator = np.random.default_rng(9)
    for label in LABELS:
        where = {"seed": 0, "split": "test", "label": label}
        arrays = artifacts.read(files.ACTIVATIONS, "index", "conv_1", **where)
        arrays["conv_1"] = generator.permutation(arrays["conv_1"]) ** 2
        arrays["conv_1"][:, 0, 0] += 0.1
        artifacts.write(files.ACTIVATIONS, arrays, **where)
    stage.main()
    assert len(before) == len(chosen) == 4
    for first, second in zip(before, chosen, strict=True):
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)


def test_weights_are_those_of_the_images_by_their_row(run):
    run(20, True, [])
    of_run = Run(read_params())
    weights = stage.image_weights(of_run, 0)
    for split, n in SIZES.items():
        labels = of_run.dataset_array(f"{split}_labels")
        for label, found in zip(PAIR, weights[split], strict=True):
            drawn = resampling.of_split(of_run, split).weights[:, labels == label]
            np.testing.assert_array_equal(found, drawn)
            assert found.shape == (101, n)


def test_each_direction_has_the_weights_of_the_class_that_it_edits(run, monkeypatch):
    given, of_direction = [], half.of_direction
    monkeypatch.setattr(
        half, "of_direction", lambda *these: given.append(these[1:]) or of_direction(*these)
    )
    run(20, True, [])
    weights = stage.image_weights(Run(read_params()), 0)
    for place, (direction, images, partners, own, *_, of_class) in enumerate(given):
        assert direction == ("a_to_b", "b_to_a")[place]
        assert [image.label for image in images] == [PAIR[place], PAIR[1 - place]]
        assert partners.shape == own.shape == (9, 4)
        for split, found in of_class.items():
            np.testing.assert_array_equal(found, weights[split][place])
            assert (found != weights[split][1 - place]).any()


def test_what_the_head_uses_is_weighed_by_the_images_own_weights(run, monkeypatch):
    """The images of a first, as in the dataset, where other classes follow."""
    given, use_columns = [], used.use_columns
    monkeypatch.setattr(
        used, "use_columns", lambda *these: given.extend(these[3:5]) or use_columns(*these)
    )
    run(20, True, [])
    of_run = Run(read_params())
    for (split, n), sample in zip(SIZES.items(), given, strict=True):
        maps = np.concatenate(of_run.pair_maps(0, split))
        np.testing.assert_array_equal(sample.points, trained.as_points(maps))
        assert sample.is_b.tolist() == [False] * n + [True] * n
        drawn = resampling.of_split(of_run, split).weights[:, : 2 * n]
        np.testing.assert_array_equal(sample.weights, drawn)


def test_a_second_run_writes_the_same_bytes(run):
    run(20, True, ["hard"])
    paths = [artifacts.path_of(file, seed=0) for file in WRITTEN]
    before = [path.read_bytes() for path in paths]
    stage.main()
    assert [path.read_bytes() for path in paths] == before


def test_too_few_images_are_a_sentence():
    with pytest.raises(StageError, match="Class 7 has 1 validation and 3 test images"):
        stage.check_counts(PAIR, (np.ones((2, 1)), np.ones((1, 1))), (np.ones((3, 1)),) * 2)
