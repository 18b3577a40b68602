"""The stage on tiny networks, with few live points, few images and no right answers."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from stages import map_statistics
from stages.common import artifacts, controls, files, trained
from stages.common.console import StageError
from stages.interventions import __main__ as stage
from stages.interventions import summary

from .. import designs
from .conftest import PAIR, POINTS, UNITS

SETTINGS = {
    "analysis.pair": list(PAIR), "analysis.contrast": [1], "activations.classes": [0, 1, 2, 7],
    # The last layer has six maps of 2 x 2 in images of 20 x 20.
    "network.cnn.maps": [6], "network.cnn.kernel": 19, "network.cnn.dense": UNITS,
    "interventions.controls": 20, "claims.resamples": 100,
}  # fmt: skip
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


def write_inputs(live, right, roles):
    """The files of a tiny network with 2 x 2 maps, six of them, whose first points are live."""
    generator = np.random.default_rng(3)

    def conv_1(label, n):
        points = generator.random((n, POINTS)).astype(np.float32)
        points[:, :4] += label / 10
        points[:, live:] = 0
        return points.reshape(n, 6, 2, 2).transpose(0, 2, 3, 1)

    maps = {}
    for label in (*PAIR, 0, 1):
        for split, n in (("validation", 7), ("test", 9)):
            maps[split, label] = conv_1(label, n)
            arrays = {"index": np.arange(n, dtype=np.int32), "conv_1": maps[split, label]}
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
    designs.write_dataset(side=20)

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
    curve, patches = tables[files.PROBE_CURVE], tables[files.PATCHING]
    assert len(curve) == 3 * len(ks)
    assert len(patches) == 6 * len(ks)
    assert len(tables[files.SPECIFICITY]) == 2 * 4 * len(ks)
    np.testing.assert_array_equal(curve["control_mean"].isna(), curve["k"] > live / 4)
    assert patches.loc[patches["k"] > live / 4, "recovered_p"].isna().all()
    assert right or patches["flipped"].isna().all()
    effects = tables[files.EFFECTS]
    assert (effects.iloc[live:, 3:] == 0).all(axis=None)  # a point that is always 0 changes nothing
    (short,) = tables[files.INTERVENTIONS].to_dict("records")
    assert (short["live"], np.isnan(short["probe_share"])) == (live, live == 0)
    assert np.isnan(short["patch_share"]) == (live == 0 or not right)
    explained = tables[files.WRONG_POINTS]["index"].unique()
    assert len(explained) == (len(roles) if live else 0)
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_the_summary_is_what_the_tables_say(run):
    tables = run(20, True, [])
    (short,) = tables[files.INTERVENTIONS].to_dict("records")
    patches, curve = tables[files.PATCHING], tables[files.PROBE_CURVE]
    for direction, name in (("a_to_b", "patch_k_a"), ("b_to_a", "patch_k_b")):
        rows = patches.query(f"direction == '{direction}' and mode == 'interchange'")
        allowed = ~(rows["flipped"] <= rows["flipped_control_high"]).to_numpy()
        share, ks = rows["flipped"].to_numpy(), rows["k"].to_numpy()
        crossing = summary.first_crossing(share[np.newaxis], ks, allowed[np.newaxis])
        np.testing.assert_allclose(short[name], crossing[0], rtol=1e-4)
    np.testing.assert_equal(short["patch_k"], max(short["patch_k_a"], short["patch_k_b"]))
    assert short["patch_share"] == pytest.approx(short["patch_k"] / 20)
    assert short["probe_share"] == short["probe_k_forward"] / 20
    assert short["probe_k_forward"] in set(curve["k"])
    assert curve[curve["k"] == 20]["accuracy"].nunique() == 1  # the same points in each ranking


def test_a_second_run_writes_the_same_bytes(run):
    run(20, True, ["hard"])
    paths = [artifacts.path_of(file, seed=0) for file in WRITTEN]
    before = [path.read_bytes() for path in paths]
    stage.main()
    assert [path.read_bytes() for path in paths] == before


def test_too_few_images_are_a_sentence():
    with pytest.raises(StageError, match="Class 7 has 1 validation and 3 test images"):
        stage.check_counts(PAIR, (np.ones((2, 1)), np.ones((1, 1))), (np.ones((3, 1)),) * 2)
