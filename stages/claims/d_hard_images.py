"""D: a CNN separates hard images of the pair better than an MLP."""

from stages.claims.parts import WON, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The share of the two networks' disagreements on the pair that the CNN wins."""
    a, b = run.names
    return Claim(f"A CNN separates hard images of {a} and {b} better than an MLP", (
        Part(
            "pair", files.EVALUATION_RESAMPLES, "won", "above", 0.5, WON,
            statistic="share won by the CNN of the pair's test images that one network alone "
            "answers rightly",
            holds=f"The CNN separates hard images of {a} and {b} better than the MLP",
            fails=f"The MLP separates hard images of {a} and {b} better than the CNN",
            measured="of the images that only one of the two answers rightly, the CNN has "
            "{values}; in images {only_cnn_right:,.0f} for the CNN and {only_mlp_right:,.0f} for "
            "the MLP",
        ),
    ))  # fmt: skip
