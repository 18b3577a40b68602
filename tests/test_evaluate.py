"""Accuracy, confusions and McNemar on hand-made answers, and the files of the whole stage."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, confusion_matrix

from stages import evaluate
from stages.common import artifacts

SEEDS, PAIR = (0, 1), (7, 2)


@pytest.fixture
def table(workshop):
    return lambda name: artifacts.read_csv(workshop / "data/evaluation" / f"{name}.csv")


@pytest.fixture
def answers(workshop):
    """Ten-way answers of one network on one split, straight from its logits."""

    def read(model, seed, split):
        with np.load(workshop / f"data/models/{model}-{seed}/logits.npz") as logits:
            return logits[f"{split}_logits"].argmax(axis=1)

    return read


# The functions


def test_accuracy_by_hand():
    row = evaluate.accuracy_row(np.array([1, 2, 3, 3]), np.array([1, 2, 3, 4]))
    assert (row["n"], row["errors"], row["accuracy"]) == (4, 1, 0.75)
    assert (row["low"], row["high"]) == pytest.approx((0.30064, 0.95442), abs=1e-4)


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
    assert evaluate.mcnemar_row(cnn, mlp) == {
        "both_right": 2,
        "only_cnn_right": 3,
        "only_mlp_right": 1,
        "both_wrong": 2,
        "p_value": pytest.approx(2 * 5 / 16),
    }


def test_mcnemar_of_networks_that_agree():
    right = np.array([True, False])
    assert evaluate.mcnemar_row(right, right)["p_value"] == 1


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


def test_the_summary_spreads_over_seeds_and_takes_test_alone():
    accuracy = pd.DataFrame(
        {
            "model": ["cnn", "cnn", "mlp", "mlp", "cnn", "mlp"],
            "seed": [0, 1, 0, 1, 0, 0],
            "split": ["test"] * 4 + ["validation"] * 2,
            "accuracy": [0.9, 1.0, 0.5, 0.7, 0.0, 0.0],
        }
    )
    pair = pd.DataFrame({"model": ["cnn", "cnn", "mlp", "mlp"], "errors": [1, 3, 20, 10]})
    table = evaluate.summary_table(accuracy, pair).set_index(["model", "measure"])
    row = table.loc[("mlp", "test_accuracy")]
    assert (row["mean"], row["lowest"], row["highest"]) == pytest.approx((0.6, 0.5, 0.7))
    assert row["standard_deviation"] == pytest.approx(0.1 * 2**0.5)
    row = table.loc[("cnn", "pair_errors")]
    assert (row["mean"], row["lowest"], row["highest"], row["seeds"]) == (2, 1, 3, 2)
    assert len(table) == 4


def test_one_seed_has_no_spread():
    accuracy = pd.DataFrame({"model": ["cnn"], "split": ["test"], "accuracy": [0.9]})
    table = evaluate.summary_table(accuracy, pd.DataFrame({"model": ["cnn"], "errors": [1]}))
    assert table["standard_deviation"].isna().all()
    assert table["mean"].tolist() == [0.9, 1]


def test_curves_are_averaged_by_model_and_epoch():
    histories = pd.DataFrame(
        {
            "model": ["cnn", "cnn", "cnn", "mlp"],
            "epoch": [1, 2, 1, 1],
            "loss": [1.0, 0.5, 3.0, 9.0],
            "accuracy": [0.1, 0.2, 0.3, 0.4],
            "val_loss": 1.0,
            "val_accuracy": 1.0,
            "learning_rate": 0.1,
        }
    )
    curves = evaluate.mean_curves(histories).set_index(["model", "epoch"])
    row = curves.loc[("cnn", 1)]
    assert (row["loss"], row["loss_lowest"], row["loss_highest"]) == (2, 1, 3)
    assert row["accuracy"] == pytest.approx(0.2)
    assert curves.loc[("cnn", 2), "loss_highest"] == 0.5
    assert curves.loc[("mlp", 1), "loss"] == 9
    assert len(curves) == 3


# The stage


def test_the_columns_are_those_of_the_contract(table):
    columns = {name: " ".join(table(name).columns) for name in
               ("accuracy", "pair", "mcnemar", "confusion")}  # fmt: skip
    assert columns == {
        "accuracy": "model seed split n errors accuracy low high",
        "pair": "model seed n a_as_b b_as_a errors low high",
        "mcnemar": "seed scope both_right only_cnn_right only_mlp_right both_wrong p_value",
        "confusion": "model seed actual predicted count",
    }


def test_accuracy_has_a_right_row_for_every_network_and_split(table, answers, made):
    accuracy = table("accuracy").set_index(["model", "seed", "split"])
    assert len(accuracy) == 2 * len(SEEDS) * 2
    for (model, seed, split), row in accuracy.iterrows():
        labels = made[f"{split}_labels"]
        assert row["n"] == len(labels)
        assert row["accuracy"] == pytest.approx(accuracy_score(labels, answers(model, seed, split)))
        assert row["errors"] == round(len(labels) * (1 - row["accuracy"]))
        assert row["low"] < row["accuracy"] < row["high"] or row["errors"] == 0


def test_the_made_up_networks_err_sometimes(table):
    """Or the tests of counts below would compare zeros."""
    accuracy = table("accuracy")
    assert (accuracy["errors"] > 0).all()
    assert (table("pair").groupby("model")["errors"].sum() > 0).all()
    assert (table("mcnemar")["only_cnn_right"] > 0).all()


def test_confusions_and_the_pair_agree_with_the_answers(table, answers, made):
    a, b = PAIR
    labels = made["test_labels"]
    confusion = table("confusion").set_index(["model", "seed"])["count"]
    assert len(confusion) == 2 * len(SEEDS) * 100
    for row in table("pair").itertuples():
        given = answers(row.model, row.seed, "test")
        found = confusion.loc[(row.model, row.seed)].to_numpy().reshape(10, 10)
        np.testing.assert_array_equal(found, confusion_matrix(labels, given, labels=range(10)))
        assert (row.a_as_b, row.b_as_a) == (found[a, b], found[b, a])
        assert row.errors == row.a_as_b + row.b_as_a
        assert row.n == found[[a, b]].sum()


def test_mcnemar_compares_the_same_images_of_the_same_seed(table, answers, made):
    labels = made["test_labels"].astype(int)
    rows = table("mcnemar").set_index(["seed", "scope"])
    assert list(rows.index) == [(seed, scope) for seed in SEEDS for scope in ("all", "pair")]
    for (seed, scope), row in rows.iterrows():
        images = np.isin(labels, PAIR) if scope == "pair" else np.ones(len(labels), bool)
        cnn, mlp = (answers(model, seed, "test")[images] == labels[images]
                    for model in ("cnn", "mlp"))  # fmt: skip
        counts = [
            sum(c == first and m == second for c, m in zip(cnn, mlp, strict=True))
            for first, second in ((1, 1), (1, 0), (0, 1), (0, 0))
        ]
        names = ["both_right", "only_cnn_right", "only_mlp_right", "both_wrong"]
        assert row[names].tolist() == counts
        assert sum(counts) == images.sum()


def test_curves_have_a_row_for_every_model_and_epoch(table):
    curves = table("curves")
    assert list(zip(curves["model"], curves["epoch"], strict=True)) == [
        ("cnn", 1), ("cnn", 2), ("mlp", 1), ("mlp", 2),
    ]  # fmt: skip
    assert (curves["loss_lowest"] <= curves["loss"]).all()
    assert (curves["loss"] <= curves["loss_highest"]).all()


def test_what_is_printed_is_the_summary(workshop, table):
    output = (workshop / "output.txt").read_text()
    row = table("summary").query("model == 'cnn' and measure == 'test_accuracy'").iloc[0]
    assert f"CNN  test accuracy  mean {row['mean']:.2%}, from {row['lowest']:.2%}" in output
    assert "over 2 seeds" in output


def test_networks_of_removed_seeds_are_not_read(bench, workshop_settings, capsys):
    (bench / "params.yaml").write_text(workshop_settings({"train.seeds": [1]}))
    evaluate.main()
    assert set(artifacts.read_csv(artifacts.EVALUATION / "accuracy.csv")["seed"]) == {1}
    assert "over 1 seed\n" in capsys.readouterr().out


@pytest.mark.usefixtures("bench")
def test_a_second_run_writes_the_same_bytes():
    before = {path.name: path.read_bytes() for path in artifacts.EVALUATION.iterdir()}
    evaluate.main()
    assert {path.name: path.read_bytes() for path in artifacts.EVALUATION.iterdir()} == before
    assert len(before) == 6


@pytest.mark.usefixtures("bench")
def test_logits_of_another_dataset_are_a_sentence(fails):
    path = artifacts.model_folder("mlp", 1) / "logits.npz"
    logits = artifacts.read_npz(path)
    artifacts.write_npz(path, logits | {"test_logits": logits["test_logits"][:-1]})
    assert fails(evaluate.main) == (
        "data/models/mlp-1/logits.npz is of another dataset: it has 149 rows for 150 test "
        "images. Run `dvc repro`, which trains anew."
    )


@pytest.mark.parametrize(
    "name", ["raw/dataset.npz", "models/cnn-1/logits.npz", "models/mlp-0/history.csv"]
)
def test_a_missing_or_damaged_input_is_a_sentence(bench, fails, name):
    path = bench / "data" / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if path.suffix == ".npz" else b"epoch,loss\n1,2\n")
    assert f"data/{name} " in fails(evaluate.main)
    path.unlink()
    assert fails(evaluate.main).startswith(f"data/{name} is missing.")
