"""The stage on small networks: what it writes, and what it never chooses by."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import activations, map_statistics
from stages.common import artifacts, discriminant, files, network, trained
from stages.common.names import HELD_OUT
from stages.common.run import Run
from stages.probes import __main__ as stage
from stages.probes import images, places, scoring, silence, typical

from .conftest import CARRIERS

WRITTEN = (files.PROBE_CURVE, files.PROBE_RESAMPLES)
FEW_RESAMPLES = {"claims.resamples": 100, "interventions.controls": 20}


def write_effects():
    """What interventions measure, made up."""
    cells = artifacts.read(files.POINTS, seed=0)[["map", "row", "column"]]
    effects = np.random.default_rng(0).normal(size=(2, len(cells)))
    table = cells.assign(effect_a_to_b=effects[0], effect_b_to_a=effects[1])
    artifacts.write(files.EFFECTS, table, seed=0)


@pytest.fixture
def ready(bench, workshop_settings, monkeypatch):
    """The workshop with all that the stage reads."""
    Path("params.yaml").write_text(workshop_settings(FEW_RESAMPLES))
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    write_effects()
    return bench


def written():
    stage.main()
    return [artifacts.read(file, seed=0) for file in WRITTEN]


def test_the_tables_are_those_of_the_network_and_a_second_run_writes_the_same_bytes(ready, made):
    curve, table = written()
    before = [artifacts.path_of(file, seed=0).read_bytes() for file in WRITTEN]
    stage.main()
    assert [artifacts.path_of(file, seed=0).read_bytes() for file in WRITTEN] == before
    assert set(table) == set(artifacts.forms(files.PROBE_RESAMPLES))
    assert table["resample"].tolist() == list(range(101))
    empty = table.columns[table[1:].isna().all()].tolist()
    assert {name for name in empty if "trained" in name} == {
        "trained_before", "trained_last", "untrained_before", "untrained_last",
    }  # fmt: skip
    assert "tell_loss_validation" in empty
    first, run = table.iloc[0], Run.of(ready)
    points = run.read(files.POINTS, seed=0)
    assert (first["live"], first["few"]) == ((~points["dead"]).sum(), round(0.05 * first["live"]))
    assert first["typical"] == (points["typical_a"] | points["typical_b"]).sum()
    assert first["typical_a"] == points["typical_a"].sum()
    at_few = curve.query(f"ranking == 'forward' and k == {first['few']}")
    assert first["error_few"] == pytest.approx(1 - at_few["accuracy"].item())
    assert curve.groupby("ranking").last()["accuracy"].to_numpy() == pytest.approx(
        [1 - first["error_all"]] * 3
    )
    differences = {
        "tell_loss": ("few", "all"), "needs_loss": ("without", "all"),
        "pair_gain": ("best", "typical"), "rest_gain": ("best_rest", "typical_rest"),
        "places_before": ("means_before", "points_before"),
        "places_last": ("means_last", "points_last"), "levels_last": ("active_last", "points_last"),
    }  # fmt: skip
    for name, parts in differences.items():
        more, less = (table[f"error_{part}"] for part in parts)
        np.testing.assert_allclose(table[name], more - less)
    # Seen apart: the points of a against all other classes, and how resamples differ.
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    _, rest = images.of_last(run, images.reader(net, run.last))
    some = np.flatnonzero(points["typical_a"])
    fit, known, test = (rest[split].take(some).as_they_are for split in rest)
    allowed, ridges = np.ones((1, len(some)), bool), stage.falling_ridges(run)
    chosen = typical.choose(discriminant.fit(*fit.parts), known, allowed, ridges)
    for name, values in typical.report(chosen, test, "_rest", "rest_gain").items():
        assert first[name] == pytest.approx(values[0])
    for name in ("error_all", "error_best", "error_points_before", "accuracy_last"):
        assert table[name].nunique() > 3
    all_points = curve[curve["k"] == first["live"]]["accuracy_validation"].iloc[0]
    loss = all_points - at_few["accuracy_validation"].item()
    assert first["tell_loss_validation"] == pytest.approx(loss)
    known, scored = (run.read(files.MAP_ACTIVITY, seed=0, split=split) for split in HELD_OUT)
    silent = [
        silence.Silence.of(of, "conv_2", np.ones((1, len(of["labels"])))) for of in (known, scored)
    ]
    expected = silence.class_accuracy(*silent, 0, np.arange(12)[np.newaxis])
    assert first["accuracy_before"] == pytest.approx(expected)
    errors = layer_errors(run, made, "conv_2")
    assert first["error_points_before"] == pytest.approx(errors)


def layer_errors(run, made, layer):
    """The error on all points of a layer, each ridge fitted from the network's own outputs."""
    net = trained.load(run.design, run.path(files.WEIGHTS, model="cnn", seed=0))
    parts = []
    for split in ("fit", *HELD_OUT):
        labels = made[f"{split}_labels"]
        images = made[f"{split}_images"][np.isin(labels, (7, 2))]
        seen = trained.extractor(net, [layer]).predict(network.as_input(images), verbose=0)[layer]
        parts.append((trained.as_points(seen), labels[np.isin(labels, (7, 2))] == 2))
    (fit, is_b), (known, known_b), (test, test_b) = parts
    found = []
    for ridge in sorted(run.params.probes.ridges, reverse=True):
        (probe,) = discriminant.on_all(fit[~is_b], fit[is_b], [ridge])
        found.append([np.mean((probe.scores(of)[0] > 0) != truth)
                      for of, truth in ((known, known_b), (test, test_b))])  # fmt: skip
    return min(found, key=lambda errors: errors[0])[1]


def test_other_test_images_move_no_choice(ready, made, monkeypatch):
    """Points, ridges, thresholds, silent maps: the same, while what is reported changes."""
    chosen: list = []

    def noting(module, name):
        original = getattr(module, name)

        def noted(*arguments):
            result = original(*arguments)
            chosen.append(result)
            return result

        monkeypatch.setattr(module, name, noted)

    noting(scoring, "least")
    noting(places, "least")
    noting(typical, "best_stumps")
    noting(typical, "typical")
    noting(discriminant, "forward_orders")
    _, first = written()
    before = [*chosen]
    chosen.clear()
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, made["test_images"].shape).astype(np.uint8)
    labels = generator.permutation(made["test_labels"])
    others = {"test_images": noise, "test_labels": labels}
    np.savez(ready / "data/raw/dataset.npz", **made | others)
    activity = dict(artifacts.read(files.MAP_ACTIVITY, seed=0, split="test"))
    activity["conv_2_max"] = generator.permuted(activity["conv_2_max"], axis=0)
    artifacts.write(files.MAP_ACTIVITY, activity | {"labels": labels}, seed=0, split="test")
    _, second = written()
    assert len(chosen) == len(before) > 15
    for one, other in zip(chosen, before, strict=True):
        np.testing.assert_array_equal(one, other)
    kept = ["live", "few", "fitted", "typical", "typical_a", "silent_maps"]
    pd.testing.assert_frame_equal(first[kept], second[kept])
    assert not np.allclose(first["error_all"], second["error_all"])


def test_a_network_of_one_conv_layer_two_classes_and_no_contrast(
    bench, workshop_settings, made, monkeypatch
):
    """With a layer of which no class has a second, an activation below 0, no other classes."""
    changes = {
        "network.cnn.maps": [2], "network.cnn.kernel": 19, "network.cnn.activation": "elu",
        "analysis.pair": [1, 0], "analysis.contrast": [], "analysis.exemplars": [0],
        "activations.classes": "all", "activations.layers": "last",
    }  # fmt: skip
    Path("params.yaml").write_text(workshop_settings(FEW_RESAMPLES | changes))
    two = {
        f"{split}_{part}": made[f"{split}_{part}"][made[f"{split}_labels"] < 2]
        for split in ("fit", *HELD_OUT) for part in ("images", "labels", "index")
    }  # fmt: skip
    np.savez("data/raw/dataset.npz", **made | two | {"class_names": np.array(["0", "1"])})
    run = Run.of(bench)
    path = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    network.untrained(run.design, 5).save_weights(path)
    monkeypatch.setattr("sys.argv", ["stage", "--seed", "0"])
    activations.main()
    map_statistics.main()
    write_effects()
    curve, table = written()
    assert (table["silent_maps"] == 0).all()
    before = [name for name in table if "before" in name or name.startswith("silent_s")]
    assert table[before].isna().all(axis=None)
    assert table[["error_all", "error_points_last", "accuracy_last"]].notna().all(axis=None)
    # The other class is all others, and the points of a are some of both classes'.
    assert (table["typical_a"] <= table["typical"]).all()
    assert set(curve["ranking"]) == {"auroc", "forward", "effect"}


def test_maps_silent_in_a_are_looked_up_in_test_images_of_the_contrast(ready):
    """Maps 0 to 3 are silent in every class; on test images map 3 is active in class 1."""
    for split in HELD_OUT:
        arrays = dict(artifacts.read(files.MAP_ACTIVITY, seed=0, split=split))
        active = np.tile(np.arange(12) > 3, (len(arrays["labels"]), 1))
        if split == "test":
            active[arrays["labels"] == 1, 3] = True
        arrays["conv_2_max"] = active.astype(np.float32)
        artifacts.write(files.MAP_ACTIVITY, arrays, seed=0, split=split)
    columns = stage.silent_maps(Run.of(ready), 0)
    np.testing.assert_array_equal(columns["silent_maps"], np.full(101, 4))
    np.testing.assert_array_equal(columns["silent_shared"], np.full(101, 3 / 4))


def test_dead_points_do_not_shift_the_effects_of_the_live_ones(
    planted, settings, tmp_path, monkeypatch
):
    """The effects of two carriers are the largest; the table has rows of dead points, too."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(settings({"probes.ridges": [1]}))
    row = np.arange(40)
    effect = np.isin(row, CARRIERS[:2]).astype(float)
    cells = pd.DataFrame({"map": 0, "row": row, "column": 0})
    table = cells.assign(effect_a_to_b=effect, effect_b_to_a=effect)
    artifacts.write(files.EFFECTS, table, seed=0)
    points = cells.assign(auroc=0.5).loc[[1, 2, 3, *CARRIERS[:2], 30]]
    run = Run.of(tmp_path)
    live = {split: images.take(points.index) for split, images in planted.items()}
    curves = stage.probe_curves(run, 0, stage.make_study(run, live), points, 2)
    accuracy = curves[curves["k"] == 2].set_index("ranking")["accuracy"]
    assert accuracy["effect"] == accuracy["forward"] > 0.9
    assert accuracy["auroc"] < 0.6


@pytest.mark.usefixtures("ready")
def test_missing_weights_are_a_sentence(fails):
    path = artifacts.path_of(files.WEIGHTS, model="cnn", seed=0)
    path.unlink()
    assert fails(stage.main, "--seed", "0").startswith(f"{path} is missing.")
