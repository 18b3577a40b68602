"""The stage on tiny networks, with few live points, few images and no right answers."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from stages.common import measures, network
from stages.common.console import StageError
from stages.interventions import __main__ as stage
from stages.interventions import rankings, wrong_points

from .conftest import PAIR, POINTS, UNITS

PARAMS = Path(__file__).parents[2] / "params.yaml"


def write_inputs(live: int, right: bool, roles: list[str]) -> None:
    """The files of a tiny network with 2 x 2 maps, six of them, whose first points are live."""
    generator = np.random.default_rng(3)
    activations = Path("data/activations/cnn-0")
    activations.mkdir(parents=True)

    def conv_3(label: int, n: int) -> np.ndarray:
        points = generator.random((n, POINTS)).astype(np.float32)
        points[:, :4] += label / 10
        points[:, live:] = 0
        return points.reshape(n, 6, 2, 2).transpose(0, 2, 3, 1)

    for label in (*PAIR, 0, 1):
        for split, n in (("validation", 7), ("test", 9)):
            np.savez(
                activations / f"{split}_{label}.npz",
                index=np.arange(n, dtype=np.int32) + 10 * label,
                conv_3=conv_3(label, n),
            )
    n = len(roles)
    np.savez(
        activations / "exemplars.npz",
        index=np.arange(n, dtype=np.int32),
        label=np.resize(np.array(PAIR, np.uint8), n),
        role=np.array(roles, "U9"),
        conv_3=conv_3(PAIR[0], n),
    )
    numbers = np.arange(POINTS)
    Path("data/statistics/cnn-0").mkdir(parents=True)
    pd.DataFrame(
        {
            "map": numbers // 4,
            "row": numbers // 2 % 2,
            "column": numbers % 2,
            "dead": numbers >= live,
            "auroc": np.linspace(0.1, 0.5, POINTS),
            "common_a": (numbers < 3) & (numbers < live),
            "common_b": False,
        }
    ).to_csv("data/statistics/cnn-0/points_conv_3.csv", index=False)
    Path("data/models/cnn-0").mkdir(parents=True)
    shapes = [(POINTS, UNITS), (UNITS,), (UNITS, 10), (10,)]
    kernel, bias, logits_kernel, logits_bias = (generator.normal(size=s) for s in shapes)
    # Unit 0 adds up map 0, in which the classes differ, and speaks for the second class.
    kernel[:, 0] = np.arange(POINTS) % 6 == 0  # Keras's order has the map last
    bias[0] = 0
    logits_kernel[0] = 50 * (np.arange(10) == PAIR[1])
    logits_bias[list(PAIR)] = 1000, 1000 - 50 * 3.8
    if not right:
        logits_bias[0] = 5000  # every answer is 0
    with h5py.File("data/models/cnn-0/model.weights.h5", "w") as file:
        variables = (kernel, bias, logits_kernel, logits_bias)
        for name, values in zip(network.HEAD_VARIABLES, variables, strict=True):
            file[f"layers/{name}"] = values.astype(np.float32)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project whose settings name the tiny network's classes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["interventions", "--seed", "0"])
    text = PARAMS.read_text()
    text = text.replace("pair: [4, 9]", "pair: [2, 7]").replace("contrast: [1, 2]", "contrast: [1]")
    text = text.replace("classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "classes: [0, 1, 2, 7]")
    (tmp_path / "params.yaml").write_text(text.replace("controls: 200", "controls: 20"))
    return tmp_path / "data/interventions/cnn-0"


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(
    ("live", "roles"),
    [(0, ["wrong"]), (1, []), (3, ["hard", "clear"]), (20, ["hard", "wrong", "listed"])],
)
def test_the_stage_runs_on_tiny_networks(project, live, roles, right, capsys):
    write_inputs(live, right, roles)
    stage.main()
    ks = rankings.curve_ks(live)
    curve = pd.read_csv(project / "point_curve.csv")
    patches = pd.read_csv(project / "patching.csv")
    lost = pd.read_csv(project / "specificity.csv")
    assert len(curve) == 3 * len(ks)
    assert len(patches) == 12 * len(ks)
    assert len(lost) == 4 * 4 * len(ks)
    columns = "k,ranking,cv_accuracy,accuracy,low,high,control_mean,control_low,control_high"
    assert ",".join(curve) == columns
    beyond = curve["k"] > live / 4
    assert curve.loc[beyond, "control_mean"].isna().all()
    assert curve.loc[~beyond, "control_mean"].notna().all()
    assert patches.loc[patches["k"] > live / 4, "recovered_p"].isna().all()
    assert tuple(pd.read_csv(project / "wrong_points.csv")) == wrong_points.COLUMNS
    effects = pd.read_csv(project / "effects.csv")
    assert ",".join(effects) == "map,row,column,effect_a_to_b,effect_b_to_a"
    assert effects["map"].tolist() == [number // 4 for number in range(POINTS)]
    assert (effects.iloc[live:, 3:] == 0).all(axis=None)  # a point that is always 0 changes nothing
    with np.load(project / "per_image.npz") as arrays:
        for name in ("flips_effect_interchange", "scores_auroc", "difference_auroc_zero"):
            assert arrays[name].shape == (len(ks), 18)
        np.testing.assert_array_equal(arrays["index"][[0, 9]], [20, 70])
        assert arrays["chosen_k_forward"] in (ks or (0,))
        assert np.isnan(arrays["scores_all_common"]).all() == (live == 0)
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_the_table_is_what_the_images_say(project):
    write_inputs(20, True, [])
    stage.main()
    patches = pd.read_csv(project / "patching.csv")
    curve = pd.read_csv(project / "point_curve.csv")
    arrays = dict(np.load(project / "per_image.npz"))
    for direction, label in (("a_to_b", PAIR[0]), ("b_to_a", PAIR[1])):
        of_class = arrays["label"] == label
        rows = patches.query(
            f"direction == '{direction}' and mode == 'interchange' and ranking == 'effect'"
        )
        flips = arrays["flips_effect_interchange"][:, of_class & arrays["right"]]
        assert flips.size
        np.testing.assert_allclose(rows["flipped"], flips.mean(axis=1), atol=1e-6)
        base, patched, source = (
            arrays[name][..., of_class].mean(axis=-1)
            for name in (
                "difference",
                "difference_effect_interchange",
                "source_difference_interchange",
            )
        )
        expected = measures.recovered(patched, base, source)
        np.testing.assert_allclose(rows["recovered"], expected, atol=1e-4)
    for ranking in ("auroc", "forward", "effect"):
        accuracy = curve.loc[curve["ranking"] == ranking, "accuracy"]
        says_b = arrays[f"scores_{ranking}"] > 0
        right = says_b == (arrays["label"] == PAIR[1])
        np.testing.assert_array_equal(right, arrays[f"right_{ranking}"])
        np.testing.assert_allclose(accuracy, right.mean(axis=1))


def test_a_second_run_writes_the_same_bytes(project):
    write_inputs(20, True, ["hard"])
    contents = []
    for _ in range(2):
        stage.main()
        contents.append({path.name: path.read_bytes() for path in project.iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == [
        "effects.csv",
        "patching.csv",
        "per_image.npz",
        "point_curve.csv",
        "specificity.csv",
        "wrong_points.csv",
    ]


def test_another_network_s_table_is_a_sentence(project):
    write_inputs(20, True, [])
    path = Path("data/statistics/cnn-0/points_conv_3.csv")
    pd.read_csv(path).head(10).to_csv(path, index=False)
    with pytest.raises(StageError, match="10 points, the activations have 24"):
        stage.main()
    assert not project.exists()


def test_too_few_images_are_a_sentence():
    with pytest.raises(StageError, match="Class 7 has 1 validation and 3 test images"):
        stage.check_counts(PAIR, (np.ones((2, 1)), np.ones((1, 1))), (np.ones((3, 1)),) * 2)
