"""Accuracy, confusions, McNemar and translation by hand, and the files of the whole stage."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, confusion_matrix

from stages import evaluate
from stages.common import artifacts, files, resampling
from stages.common.params import read_params
from stages.common.run import Run

SEEDS, PAIR = (0, 1), (7, 2)
WRITTEN = [file for file in files.FILES if file.stage == "evaluate"]


@pytest.fixture
def run(workshop):
    return Run.of(workshop)


@pytest.fixture
def answers(run):
    """Ten-way answers of one network on one split, straight from its logits."""

    def read(model, seed, split):
        logits = run.read(files.LOGITS, model=model, seed=seed)
        return logits[f"{split}_logits"].argmax(axis=1)

    return read


def test_the_pair_s_confusions_are_ten_way_answers_that_are_the_other_class():
    labels = np.array([4, 4, 4, 4, 9, 9, 9, 1, 2])
    answers = np.array([4, 9, 9, 7, 4, 9, 0, 9, 4])
    row = evaluate.pair_row(answers, labels, (4, 9))
    assert {name: row[name] for name in ("n", "a_as_b", "b_as_a", "errors")} == {
        "n": 7, "a_as_b": 2, "b_as_a": 1, "errors": 3,
    }  # fmt: skip
    expected = stats.binomtest(3, 7).proportion_ci(0.95, method="wilson")
    assert (row["low"], row["high"]) == pytest.approx(expected)
    swapped = evaluate.pair_row(answers, labels, (9, 4))
    assert (swapped["a_as_b"], swapped["b_as_a"]) == (1, 2)


def test_mcnemar_counts_by_hand():
    cnn = np.array([1, 1, 1, 1, 1, 0, 0, 0], bool)
    mlp = np.array([1, 1, 0, 0, 0, 1, 0, 0], bool)
    row = evaluate.mcnemar_row(cnn, mlp)
    counts = ("both_right", "only_cnn_right", "only_mlp_right", "both_wrong")
    assert [row[name] for name in counts] == [2, 3, 1, 2]
    assert row["p_value"] == pytest.approx(2 * 5 / 16)
    assert evaluate.mcnemar_row(cnn, cnn)["p_value"] == 1


def test_the_share_won_counts_images_by_weight_and_half_an_image_for_each_network():
    cnn = np.array([1, 1, 1, 1, 1, 0, 0, 0], bool)
    mlp = np.array([1, 1, 0, 0, 0, 1, 0, 0], bool)
    weights = np.array([[1] * 8, [0, 9, 2, 0, 1, 4, 7, 0], [5, 5, 0, 0, 0, 0, 0, 5]], np.float32)
    columns = evaluate.won_columns(cnn, mlp, weights)
    assert columns["only_cnn_right"].tolist() == [3, 3, 0]
    assert columns["only_mlp_right"].tolist() == [1, 4, 0]
    assert columns["won"] == pytest.approx([3.5 / 5, 3.5 / 8, 0.5])
    swapped = evaluate.won_columns(mlp, cnn, weights)
    assert swapped["won"] == pytest.approx(1 - columns["won"])


@pytest.mark.parametrize("seed", range(5))
def test_confusion_counts_are_scikit_learn_s(seed):
    generator = np.random.default_rng(seed)
    labels, answers = generator.integers(0, 10, (2, 60))
    labels[labels == 3] = 4  # a class without images has its row too
    table = evaluate.confusion_table(answers, labels, 10)
    assert list(table.columns) == ["actual", "predicted", "count"]
    expected = confusion_matrix(labels, answers, labels=range(10))
    np.testing.assert_array_equal(table["count"].to_numpy().reshape(10, 10), expected)
    assert list(zip(table["actual"], table["predicted"], strict=True)) == [
        (actual, predicted) for actual in range(10) for predicted in range(10)
    ]


SHIFTS = np.array([(0, 0), (1, 0), (-3, 0), (0, 3)])
RIGHT = np.array([[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 1, 1], [0, 0, 1, 1]], bool)


def test_accuracy_by_distance_is_the_mean_over_directions():
    table = evaluate.accuracy_by_distance(RIGHT, SHIFTS)
    assert table.to_numpy().tolist() == [[0, 4, 0.75], [1, 4, 0.5], [3, 4, 5 / 8]]


def test_what_translation_changes_is_of_the_farthest_shifts():
    """The CNN loses half of the first image, all of the second, and wins the third."""
    weights = np.array([[1, 1, 1, 1], [0, 3, 0, 1], [2, 0, 1, 1], [0, 0, 0, 0]], np.float32)
    right = {"cnn": RIGHT, "mlp": RIGHT[:, [1, 1, 1, 1]]}
    columns = evaluate.translation_columns(right, SHIFTS, weights)
    assert columns["pixels"].tolist() == [3] * 4
    nan = math.nan
    expected = {
        "cnn_in_place": [3 / 4, 1, 3 / 4, nan],
        "cnn_translated": [2.5 / 4, 1 / 4, 3 / 4, nan],
        "mlp_in_place": [1, 1, 1, nan],
        "mlp_translated": [0, 0, 0, nan],
        "change": [-0.5 / 4, -3 / 4, 0, nan],
        "spared": [3.5 / 4, 1 / 4, 1, nan],
    }
    for name, values in expected.items():
        assert columns[name] == pytest.approx(values, nan_ok=True), name
    same = evaluate.translation_columns({"cnn": RIGHT, "mlp": RIGHT}, SHIFTS, weights)
    np.testing.assert_array_equal(same["spared"][:3], 0)


def test_errors_expected_together_are_those_of_independent_networks():
    """Of 8 images, three networks answer 4, 2 and 0 wrongly; by enumeration of all outcomes."""
    wrong = np.array([[1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0], [0] * 8], bool)
    table = evaluate.errors_together(wrong)
    assert table["networks"].tolist() == [0, 1, 2, 3]
    assert table["images"].tolist() == [4, 2, 2, 0]
    rates, expected = wrong.mean(axis=1), np.zeros(4)
    for outcome in product((0, 1), repeat=3):
        chance = np.prod(
            [rate if of else 1 - rate for of, rate in zip(outcome, rates, strict=True)]
        )
        expected[sum(outcome)] += 8 * chance
    np.testing.assert_allclose(table["expected"], expected)


def test_wrong_images_are_those_of_the_pair_that_a_network_answers_wrongly(run, answers, made):
    labels, images = made["test_labels"], run.read(files.WRONG_IMAGES)
    for model, of in images.groupby("model"):
        wrong = sum(answers(model, seed, "test") != labels for seed in SEEDS)
        wrong[~np.isin(labels, PAIR)] = 0
        assert of["index"].tolist() == np.flatnonzero(wrong).tolist()
        assert of["networks"].tolist() == wrong[wrong > 0].tolist()
        assert of["label"].tolist() == labels[of["index"]].tolist()
    together = run.read(files.SHARED_ERRORS).groupby("model")["images"].sum()
    assert (together == np.isin(labels, PAIR).sum()).all()


def test_accuracy_has_a_right_row_for_every_network_and_split(run, answers, made):
    accuracy = run.read(files.ACCURACY).set_index(["model", "seed", "split"])
    assert len(accuracy) == 2 * len(SEEDS) * 2
    for (model, seed, split), row in accuracy.iterrows():
        labels = made[f"{split}_labels"]
        assert row["n"] == len(labels)
        assert row["accuracy"] == pytest.approx(accuracy_score(labels, answers(model, seed, split)))
        assert row["errors"] == round(len(labels) * (1 - row["accuracy"]))
        assert row["low"] <= row["accuracy"] <= row["high"]


def test_confusions_and_the_pair_agree_with_the_answers(run, answers, made):
    a, b = PAIR
    labels = made["test_labels"]
    confusion = run.read(files.CONFUSION).set_index(["model", "seed"])["count"]
    assert len(confusion) == 2 * len(SEEDS) * 100
    for row in run.read(files.PAIR).itertuples():
        given = answers(row.model, row.seed, "test")
        found = confusion.loc[(row.model, row.seed)].to_numpy().reshape(10, 10)
        np.testing.assert_array_equal(found, confusion_matrix(labels, given, labels=range(10)))
        assert (row.a_as_b, row.b_as_a) == (found[a, b], found[b, a])
        assert row.n == found[[a, b]].sum()


def test_mcnemar_compares_the_same_images_of_the_same_seed(run, answers, made):
    labels = made["test_labels"].astype(int)
    rows = run.read(files.MCNEMAR).set_index(["seed", "scope"])
    assert list(rows.index) == [(seed, scope) for seed in SEEDS for scope in ("all", "pair")]
    for (seed, scope), row in rows.iterrows():
        images = np.isin(labels, PAIR) if scope == "pair" else np.ones(len(labels), bool)
        cnn, mlp = ((answers(of, seed, "test") == labels)[images] for of in ("cnn", "mlp"))
        expected = evaluate.mcnemar_row(cnn, mlp)
        assert row.to_dict() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_resamples_repeat_the_images_of_the_pair_and_of_the_translated_sample(run, made, seed):
    weights = resampling.of_split(run, "test").weights
    table = run.read(files.EVALUATION_RESAMPLES)
    assert table["seed"].tolist() == np.repeat(SEEDS, len(weights)).tolist()
    table = table[table["seed"] == seed]
    assert table["resample"].tolist() == list(range(len(weights)))
    labels, right, moved = made["test_labels"], {}, {}
    for model in ("cnn", "mlp"):
        logits = run.read(files.LOGITS, model=model, seed=seed)["test_logits"]
        right[model] = logits.argmax(axis=1) == labels
        shifted = run.read(files.SHIFT_LOGITS, model=model, seed=seed)
        right_shifted = shifted["logits"].argmax(axis=2) == labels[shifted["index"]]
        far = np.abs(shifted["shifts"]).max(axis=1)
        moved[model] = {
            name: right_shifted[far == at] for name, at in (("in_place", 0), ("translated", 3))
        }
    for number in (0, 1, len(weights) - 1):
        row = table.iloc[number]
        repeated = np.repeat(np.arange(len(labels)), weights[number].astype(int))
        repeated = repeated[np.isin(labels[repeated], PAIR)]
        cnn, mlp = (right[model][repeated] for model in ("cnn", "mlp"))
        assert row["only_cnn_right"] == (cnn & ~mlp).sum()
        assert row["only_mlp_right"] == (mlp & ~cnn).sum()
        sample = weights[number][shifted["index"]].astype(int)
        for model, by_place in moved.items():
            for name, values in by_place.items():
                expected = np.repeat(values, sample, axis=1).mean()
                assert row[f"{model}_{name}"] == pytest.approx(expected)


def test_the_images_as_they_are_have_the_accuracy_and_disagreements_of_the_other_tables(run):
    table = run.read(files.EVALUATION_RESAMPLES)
    by_distance = run.read(files.TRANSLATION).set_index(["model", "seed", "pixels"])["accuracy"]
    mcnemar = run.read(files.MCNEMAR).set_index(["scope", "seed"]).loc["pair"]
    for row in table[table["resample"] == 0].itertuples():
        for name in ("only_cnn_right", "only_mlp_right"):
            assert getattr(row, name) == mcnemar.loc[row.seed, name]
        change = {}
        for model in ("cnn", "mlp"):
            there, moved = (by_distance[model, row.seed, at] for at in (0, 3))
            assert getattr(row, f"{model}_translated") == pytest.approx(moved)
            change[model] = moved - there
        assert row.change == pytest.approx(change["cnn"])
        assert row.spared == pytest.approx(change["cnn"] - change["mlp"])


@pytest.mark.usefixtures("bench")
def test_translated_images_are_weighted_by_their_row_of_the_test_images():
    rows = np.array([149, 3, 77, 20, 101])
    for model, seed in product(("cnn", "mlp"), SEEDS):
        arrays = artifacts.read(files.SHIFT_LOGITS, model=model, seed=seed)
        arrays |= {"index": arrays["index"][rows], "logits": arrays["logits"][:, rows]}
        artifacts.write(files.SHIFT_LOGITS, arrays, model=model, seed=seed)
    evaluate.main()
    run = Run(read_params())
    weights = resampling.of_split(run, "test").weights[:, arrays["index"]]
    right = arrays["logits"].argmax(axis=2) == run.dataset_array("test_labels")[arrays["index"]]
    found = run.read(files.EVALUATION_RESAMPLES).query(f"seed == {SEEDS[-1]}")
    in_place = right[np.abs(arrays["shifts"]).max(axis=1) == 0][0]
    expected = resampling.mean(in_place, weights)
    assert found["mlp_in_place"].to_numpy() == pytest.approx(expected, nan_ok=True)
    assert len(set(expected)) > 2


def test_networks_of_removed_seeds_are_not_read(bench, workshop_settings, capsys):
    (bench / "params.yaml").write_text(
        workshop_settings({"train.seeds": [1], "analysis.shown_seeds": [1]})
    )
    evaluate.main()
    assert set(artifacts.read(files.ACCURACY)["seed"]) == {1}
    assert "of 1 seed\n" in capsys.readouterr().out


@pytest.mark.usefixtures("bench")
def test_a_second_run_writes_the_same_bytes(fails):
    before = [artifacts.path_of(file).read_bytes() for file in WRITTEN]
    evaluate.main()
    assert [artifacts.path_of(file).read_bytes() for file in WRITTEN] == before
    path = artifacts.path_of(files.LOGITS, model="cnn", seed=1)
    path.unlink()
    assert fails(evaluate.main).startswith(f"{path} is missing.")
