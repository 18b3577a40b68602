"""E: some maps of the last conv layer answer to no input. Proofs and counts, no statistics."""

from stages.claims.parts import SHARE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The share of maps that nothing activates: low is what is proven, high what is not refuted."""
    function = run.params.network.cnn.activation.upper().replace("RELU", "ReLU")
    return Claim("Some maps answer to no input pattern", (
        Part(
            "patterns", files.PATTERN_COUNTS, "dead_share", "above", 0.0, SHARE,
            where={"layer": run.last}, rule="exists",
            statistic=f"maps of {run.last} that no image and no search activates, share of all; "
            "one that is proven to answer to no input supports the claim",
            holds=f"Some maps of {run.last} answer to no input",
            fails=f"Every map of {run.last} answers to some input",
            measured="{values} of the maps are activated by neither an image nor the search; "
            "images activate {active:,.0f} of {maps:,.0f} maps, the search {silent:,.0f} more; "
            "proven to answer to no input: {proven:,.0f}, open: {dead-proven:,.0f}; "
            "bounds that hold for every input allow those left {bound:.2f} before the "
            f"{function}, and prove nothing above 0",
        ),
    ))  # fmt: skip
