"""J: a CNN recognises a pattern wherever it stands."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """What translation changes in the CNN's accuracy, and what it costs the MLP beyond that."""
    cnn, mlp = run.params.cnn.augment_shift, run.params.mlp.augment_shift
    lost = run.params.claims.shift_loss
    unlike = (
        f"the CNN was trained on images moved by up to {cnn} px, the MLP by up to {mlp} px, which "
        "must be the same (augment_shift)"
    )
    return Claim("A CNN recognises a pattern wherever it stands", (
        Part(
            "moved", files.EVALUATION_RESAMPLES, "change", "at least", -lost, DIFFERENCE,
            statistic="accuracy of the CNN on images moved by the most pixels, minus unmoved",
            holds="The CNN recognises a moved image about as well as one in its place",
            fails="The CNN recognises a moved image less well than one in its place",
            measured="a move by {pixels} pixels up, down, left or right changes its accuracy by "
            "{values}; unmoved it is {cnn_in_place:.2%}, moved {cnn_translated:.2%}; "
            f"the largest move in training was {cnn} px",
        ),
        Part(
            "against_mlp", files.EVALUATION_RESAMPLES, "spared", "above", 0.0, DIFFERENCE,
            statistic="accuracy that moving the images costs the MLP, minus what it costs the CNN",
            holds="Moving an image costs the CNN less than the MLP",
            fails="Moving an image costs the CNN more than the MLP",
            measured="a move by {pixels} pixels costs the MLP {values} more than the CNN; "
            "the MLP's accuracy is {mlp_in_place:.2%} unmoved, {mlp_translated:.2%} moved",
            obstacle=unlike if cnn != mlp else "",
        ),
    ))  # fmt: skip
