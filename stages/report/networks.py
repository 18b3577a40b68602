"""The sections about the networks as a whole: CNN against MLP, and how they learned."""

from stages.report import figures
from stages.report.blocks import Picture, Section, Table
from stages.report.results import Results


def models(results: Results) -> Section:
    a, b = results.names
    pair = results.evaluation["pair"]
    mcnemar = results.evaluation["mcnemar"]
    fewer = 0
    for _, row in pair.groupby("seed", sort=False):
        errors = row.set_index("model")["errors"]
        fewer += int(errors["cnn"] < errors["mlp"])
    seeds = len(results.params.train.seeds)
    ahead = mcnemar[(mcnemar["scope"] == "pair")]
    better = int(
        ((ahead["p_value"] < 0.05) & (ahead["only_cnn_right"] > ahead["only_mlp_right"])).sum()
    )
    means = pair.groupby("model")["errors"].mean()
    text = (
        f"Of {int(pair['n'].iloc[0]):,} test images of {a} and {b}, the CNN takes one for the "
        f"other {means['cnn']:.1f} times on average and the MLP {means['mlp']:.1f} times. With "
        f"{fewer} of {seeds} seeds the CNN confuses fewer of them than the MLP of the same seed; "
        f"on all answers to images of the pair the CNN is ahead beyond chance (exact McNemar, "
        f"p < 0.05) with {better} of {seeds}."
    )
    picture = Picture(
        "confusion",
        figures.confusion,
        f"Two confusion matrices, CNN and MLP. Confusions of {a} and {b}: CNN "
        f"{means['cnn']:.1f}, MLP {means['mlp']:.1f} on average.",
        "Rows are the actual classes, columns the answers; colours show errors alone, on a scale "
        "of each model's own. Framed: one class of the pair taken for the other.",
    )
    return Section(
        "models",
        f"Does the CNN confuse {a} and {b} less than an MLP?",
        (text,),
        (picture,),
        (_accuracy_table(results), _mcnemar_table(results)),
    )


def _accuracy_table(results: Results) -> Table:
    test = results.evaluation["accuracy"].query("split == 'test'")
    merged = test.merge(results.evaluation["pair"], on=["model", "seed"], suffixes=("", "_pair"))
    a, b = results.names
    rows = tuple(
        (
            f"{row.model}-{row.seed}",
            f"{row.accuracy:.2%}",
            f"{row.low:.2%} to {row.high:.2%}",
            str(row.errors),
            str(row.a_as_b),
            str(row.b_as_a),
            f"{row.errors_pair / row.n_pair:.2%}",
            f"{row.low_pair:.2%} to {row.high_pair:.2%}",
        )
        for row in merged.itertuples()
    )
    return Table(
        f"Test accuracy (n = {int(test['n'].iloc[0]):,}) and confusions of the pair "
        f"(n = {int(merged['n_pair'].iloc[0]):,}), with 95% Wilson intervals.",
        ("network", "accuracy", "interval", "errors", f"{a} as {b}", f"{b} as {a}",
         "confused", "interval of confused"),
        rows,
    )  # fmt: skip


def _mcnemar_table(results: Results) -> Table:
    rows = tuple(
        (
            str(row.seed),
            {"all": "all test images", "pair": "images of the pair"}[row.scope],
            f"{row.both_right:,}",
            str(row.only_cnn_right),
            str(row.only_mlp_right),
            str(row.both_wrong),
            f"{row.p_value:.2g}",
        )
        for row in results.evaluation["mcnemar"].itertuples()
    )
    return Table(
        "CNN against MLP on the same images, ten-way answers; p of the exact McNemar test.",
        ("seed", "images", "both right", "only CNN right", "only MLP right", "both wrong", "p"),
        rows,
    )


def training(results: Results) -> Section:
    runs = results.histories
    last = runs[runs["epoch"] == runs.groupby(["model", "seed"])["epoch"].transform("max")]
    mean = last.groupby("model")[["accuracy", "val_accuracy"]].mean()
    text = (
        f"After the last epoch the CNN answers {mean.loc['cnn', 'val_accuracy']:.2%} of the "
        f"validation images rightly and the MLP {mean.loc['mlp', 'val_accuracy']:.2%} (means over "
        f"the seeds). Accuracy on fit images is measured while the weights change and, where "
        f"augment_shift is above 0, on shifted images: it can lie below validation."
    )
    picture = Picture(
        "training_curves",
        figures.training_curves,
        "Error rate and loss of both models over the epochs, on fit and validation images; the "
        f"CNN ends at {1 - mean.loc['cnn', 'val_accuracy']:.2%} validation error, the MLP at "
        f"{1 - mean.loc['mlp', 'val_accuracy']:.2%}.",
        "Bold lines are means over the seeds, thin ones single networks. Vertical axes "
        "are logarithmic.",
    )
    return Section("training", "How the networks learned", (text,), (picture,))


def test_accuracy(results: Results, model: str) -> str:
    table = results.evaluation["summary"]
    row = table[(table["model"] == model) & (table["measure"] == "test_accuracy")].iloc[0]
    if row["seeds"] == 1:
        return f"{row['mean']:.2%}"
    return f"{row['mean']:.2%} ({row['lowest']:.2%} to {row['highest']:.2%})"
