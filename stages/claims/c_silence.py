"""C: which maps are silent is the same for all classes on conv_2, and shows the class on conv_3."""

from stages.claims.parts import CONV_LAYERS, SHARE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The accuracy of linear probes that see only which maps are silent."""
    settings = run.params.claims
    chance, enough = settings.silence_chance, settings.silence_tells
    before, last = CONV_LAYERS[1:]
    sees = "accuracy of a classifier that sees only which maps"
    beside = (
        "beside that, learnt from a sample of {sample:.0f} images, it is right on "
        "{trained:.1%} after and {untrained:.1%} before the network's training"
    )
    return Claim(f"On {before} the silent maps are the same for all classes; on {last} which maps "
        "are silent tells the class", (
        Part(
            before, files.SILENCE, "accuracy", "at most", chance, SHARE, where={"layer": before},
            statistic=f"{sees} of {before} are silent, all classes",
            holds=f"On {before} the silent maps are about the same for all classes",
            fails=f"On {before} the silent maps differ from class to class",
            measured="a classifier that sees only which maps are silent is right on {values} of "
            "the test images; " + beside,
        ),
        Part(
            last, files.SILENCE, "accuracy", "at least", enough, SHARE, where={"layer": last},
            statistic=f"{sees} of {last} are silent, as many maps as {before} has, all classes",
            holds=f"On {last} which maps are silent tells the class",
            fails=f"On {last} which maps are silent tells too little of the class",
            measured="a classifier that sees only which of {maps} maps are silent is right on "
            "{values} of the test images; " + beside,
        ),
    ))  # fmt: skip
