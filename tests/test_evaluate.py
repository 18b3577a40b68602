"""Accuracy, confusions, McNemar and translation by hand, and the files of the whole stage."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, confusion_matrix

from stages import evaluate
from stages.common import artifacts, files
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
    assert row["won"] == 0.75
    same = evaluate.mcnemar_row(cnn, cnn)
    assert same["p_value"] == 1
    assert np.isnan(same["won"])


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


def test_the_translation_cost_is_of_the_farthest_shifts():
    """The CNN loses half of the first image, all of the second, and wins the third."""

    def cost(cnn, mlp):
        right = {"cnn": cnn, "mlp": mlp}
        generator = np.random.default_rng(0)
        return evaluate.translation_cost(right, SHIFTS, np.zeros(cnn.shape[1]), 200, generator)

    row = cost(RIGHT, RIGHT[:, [1, 1, 1, 1]])
    assert (row["pixels"], row["cnn_in_place"], row["cnn_translated"]) == (3, 0.75, 0.625)
    assert (row["mlp_in_place"], row["mlp_translated"]) == (1, 0)
    assert (row["change"], row["spared"]) == (-0.125, 0.875)
    assert row["change_low"] < -0.125 < row["change_high"]
    counts = evaluate.intervals.resample_counts(np.zeros(4), 200, np.random.default_rng(0))
    samples = counts @ [-0.5, -1, 1, 0] / 4
    assert (row["change_low"], row["change_high"]) == pytest.approx(
        np.quantile(samples, (0.025, 0.975))
    )
    same = cost(RIGHT, RIGHT)
    assert (same["spared"], same["spared_low"], same["spared_high"]) == (0, 0, 0)


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


def test_translation_is_of_the_logits_of_translated_images(run, made):
    table = run.read(files.TRANSLATION).set_index(["model", "seed", "pixels"])["accuracy"]
    cost = run.read(files.TRANSLATION_COST)
    assert cost["seed"].tolist() == list(SEEDS)
    for row in cost.itertuples():
        shifted = run.read(files.SHIFT_LOGITS, model="cnn", seed=row.seed)
        right = shifted["logits"].argmax(axis=2) == made["test_labels"][shifted["index"]]
        far = np.abs(shifted["shifts"]).max(axis=1) == 3
        assert table["cnn", row.seed, 3] == pytest.approx(right[far].mean())
        assert row.cnn_translated == pytest.approx(right[far].mean())
        assert row.change == pytest.approx(row.cnn_translated - table["cnn", row.seed, 0])


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
