"""E: some maps of the last conv layer answer to no input. Proofs and counts, no statistics."""

from stages.claims.parts import SHARE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The share of maps that nothing activates: low is what is proven, high what is not refuted."""
    function = run.params.network.cnn.activation.upper().replace("RELU", "ReLU")
    return Claim("Some maps answer to no input pattern", (
        Part(
            "patterns", files.PATTERN_COUNTS, "dead_share", "above", 0.0, SHARE,
            where={"layer": run.last}, interval="",
            statistic=f"maps of {run.last} that no image and no search fires, share of all; low: "
            "those proven to answer to no input",
            holds=f"Some maps of {run.last} answer to no input",
            fails=f"Every map of {run.last} answers to some input",
            measured="what neither an image nor the search fires is {values} of the maps; "
            "no image of the dataset fires {silent+dead:,.0f} maps of {maps:,.0f}, the search "
            "fires {silent:,.0f} of those; proven to answer to no input: {proven:,.0f}; "
            "bounds that hold for every input allow those left {bound:.2f} before the "
            f"{function}, and prove nothing above 0",
        ),
    ))  # fmt: skip
