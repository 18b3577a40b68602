"""The sections about the networks as a whole: which, how accurate, CNN against MLP."""

from stages.report import figures
from stages.report.blocks import Picture, Section, Table, count, mean_and_reach, reach
from stages.report.results import Results

PARAMETERS = {"cnn": 208_982, "mlp": 57_390}
FROM_SCIKIT_LEARN = (
    "Data: the UCI digits embedded in scikit-learn, 8 × 8 scans enlarged to 28 × 28. "
    "These are NOT the MNIST images, and no number here is one of MNIST."
)


def data(results: Results) -> Section:
    """Which images, which networks, how accurate, and how they learned."""
    fit, validation, test = (f"{results.images[s]:,}" for s in ("fit", "validation", "test"))
    seeds = len(results.params.train.seeds)
    accuracy = results.evaluation["accuracy"].query("split == 'test'").set_index("model")
    of = {
        model: f"{accuracy.loc[[model], 'accuracy'].mean():.2%} ("
        + (f"{reach(accuracy.loc[[model], 'accuracy'], '.2%')} by network, " if seeds > 1 else "")
        + f"95% {'intervals' if seeds > 1 else 'interval'} "
        f"{min(accuracy.loc[[model], 'low']):.2%} to {max(accuracy.loc[[model], 'high']):.2%})"
        for model in ("cnn", "mlp")
    }
    runs = results.histories
    last = runs[runs["epoch"] == runs.groupby(["model", "seed"])["epoch"].transform("max")]
    ends = {model: 1 - rows["val_accuracy"] for model, rows in last.groupby("model")}
    text = (
        f"The data are {results.dataset}: {fit} images to fit, {validation} to select on "
        f"(validation), {test} to report on (test). {count(seeds, 'CNN')} of "
        f"{PARAMETERS['cnn']:,} parameters and {count(seeds, 'MLP')} of {PARAMETERS['mlp']:,} "
        f"were trained, one of each per seed.",
        f"Of the {test} test images the CNN answers rightly {of['cnn']}, the MLP {of['mlp']}.",
        "Accuracy on fit images is measured while the weights change and, where augment_shift is "
        "above 0, on shifted images: it can lie below validation.",
    )
    thin = "Bold lines are means over the seeds, thin ones single networks. " if seeds > 1 else ""
    picture = Picture(
        "training_curves",
        figures.training_curves,
        f"Error rate and loss of both models over the epochs, on fit and validation images. "
        f"Validation error ends at {mean_and_reach(ends['cnn'], '.2%')} for the CNN and "
        f"{mean_and_reach(ends['mlp'], '.2%')} for the MLP.",
        f"{thin}Vertical axes are logarithmic.",
    )
    title = "Which data, which networks, how accurate?"
    return Section("data", title, text, (picture,), (_accuracy_table(results),))


def models(results: Results) -> Section:
    """Whether the CNN confuses the pair less than the MLP, in place and moved."""
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
    errors = {model: rows["errors"] for model, rows in pair.groupby("model")}
    means = {model: values.mean() for model, values in errors.items()}
    each = (
        f", {reach(errors['cnn'])} against {reach(errors['mlp'])} by network" if seeds > 1 else ""
    )
    text = (
        f"Of {int(pair['n'].iloc[0]):,} test images of {a} and {b}, the CNN takes one for the "
        f"other {means['cnn']:.1f} times on average and the MLP {means['mlp']:.1f} times{each}. "
        f"With {fewer} of {count(seeds, 'seed')} the CNN confuses fewer of them than the MLP of "
        f"the same seed; on all answers to images of the pair the CNN is ahead beyond chance "
        f"(exact McNemar, p < 0.05) with {better} of {seeds}.",
        _moved(results),
    )
    far = results.shifts["pixels"].max()
    pictures = (
        Picture(
            "confusion",
            figures.confusion,
            f"Two confusion matrices, CNN and MLP. Confusions of {a} and {b}: CNN "
            f"{means['cnn']:.1f}, MLP {means['mlp']:.1f} on average.",
            "Rows are the actual classes, columns the answers; colours show errors alone, on a "
            "scale of each model's own. Framed: one class of the pair taken for the other.",
        ),
        Picture(
            "shifts",
            figures.accuracy_against_shift,
            f"Accuracy of CNN and MLP on images moved by 0 to {far} pixels: "
            f"CNN {_unmoved_and_moved(results, 'cnn')}, MLP {_unmoved_and_moved(results, 'mlp')}.",
            f"Each image is moved up, down, left and right, the gap filled with background; "
            f"accuracy is the mean over the directions. {_trained_moves(results)}",
        ),
    )
    return Section(
        "models",
        f"Does the CNN confuse {a} and {b} less than an MLP?",
        text,
        pictures,
        (_pair_table(results), _mcnemar_table(results), _shift_table(results)),
    )


def _by_shift(results: Results, model: str, pixels: int) -> list[float]:
    """Every network's accuracy on images moved so far, in the order of the seeds."""
    table = results.shifts
    return list(table[(table["model"] == model) & (table["pixels"] == pixels)]["accuracy"])


def _unmoved_and_moved(results: Results, model: str) -> str:
    far = results.shifts["pixels"].max()
    ends = (_by_shift(results, model, pixels) for pixels in (0, far))
    return " to ".join(f"{sum(of) / len(of):.2%}" for of in ends)


def _moved(results: Results) -> str:
    """What moving the images costs, of all ten classes."""
    far = int(results.shifts["pixels"].max())
    lost = {
        model: [
            x - y
            for x, y in zip(
                _by_shift(results, model, 0), _by_shift(results, model, far), strict=True
            )
        ]
        for model in ("cnn", "mlp")
    }
    points = {model: mean_and_reach([100 * x for x in of], ".2f") for model, of in lost.items()}
    return (
        f"On {int(results.shifts['images'].iloc[0]):,} test images of all classes moved by {far} "
        f"pixels, the CNN's accuracy falls by {points['cnn']} percentage points and the MLP's by "
        f"{points['mlp']}."
    )


def _trained_moves(results: Results) -> str:
    cnn, mlp = results.params.cnn.augment_shift, results.params.mlp.augment_shift
    if cnn == mlp == 0:
        return "In training, no image was moved."
    if cnn == mlp:
        return f"In training, images were moved by up to {cnn} px."
    return f"In training, images were moved by up to {cnn} px for the CNN and {mlp} px for the MLP."


def _shift_table(results: Results) -> Table:
    rows = tuple(
        (
            f"{pixels} px",
            *(mean_and_reach(_by_shift(results, model, pixels), ".2%") for model in ("cnn", "mlp")),
        )
        for pixels in sorted(results.shifts["pixels"].unique())
    )
    several = ", mean and range of the networks" if len(results.params.train.seeds) > 1 else ""
    return Table(
        f"Accuracy on moved test images (n = {int(results.shifts['images'].iloc[0]):,}, all "
        f"classes){several}.",
        ("moved by", "CNN", "MLP"),
        rows,
    )


def _accuracy_table(results: Results) -> Table:
    test = results.evaluation["accuracy"].query("split == 'test'")
    rows = tuple(
        (
            f"{row.model}-{row.seed}",
            f"{row.accuracy:.2%}",
            f"{row.low:.2%} to {row.high:.2%}",
            f"{row.errors:,}",
        )
        for row in test.itertuples()
    )
    return Table(
        f"Test accuracy (n = {int(test['n'].iloc[0]):,}) with its 95% Wilson interval.",
        ("network", "accuracy", "interval", "errors"),
        rows,
    )


def _pair_table(results: Results) -> Table:
    a, b = results.names
    pair = results.evaluation["pair"]
    rows = tuple(
        (
            f"{row.model}-{row.seed}",
            str(row.a_as_b),
            str(row.b_as_a),
            f"{row.errors / row.n:.2%}",
            f"{row.low:.2%} to {row.high:.2%}",
        )
        for row in pair.itertuples()
    )
    return Table(
        f"Test images of the pair taken for the other class (n = {int(pair['n'].iloc[0]):,}), "
        "with 95% Wilson intervals.",
        ("network", f"{a} as {b}", f"{b} as {a}", "confused", "interval"),
        rows,
    )


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


def notice(results: Results) -> str:
    """What must be said before any number; empty where the title says which data these are."""
    return FROM_SCIKIT_LEARN if results.params.dataset.name == "digits" else ""
