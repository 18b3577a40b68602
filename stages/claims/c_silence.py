"""C: which maps are silent: the same for all classes on one layer, the class's own on the last."""

from stages.claims.parts import SHARE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The accuracy of linear probes that see only which maps are silent.

    A network with one conv layer has the second part alone.
    """
    settings = run.params.claims
    chance, enough = settings.silence_chance, settings.silence_tells
    *earlier, last = run.conv_layers[-2:]
    sees = "accuracy of a classifier that sees only which maps"
    beside = (
        "beside that, learnt from a sample of {sample:.0f} images, it is right on "
        "{trained:.1%} after and {untrained:.1%} before the network's training"
    )
    parts = [
        Part(
            before,
            files.SILENCE,
            "accuracy",
            "at most",
            chance,
            SHARE,
            where={"layer": before},
            statistic=f"{sees} of {before} are silent, all classes",
            holds=f"On {before} the silent maps are about the same for all classes",
            fails=f"On {before} the silent maps differ from class to class",
            measured="a classifier that sees only which maps are silent is right on {values} of "
            "the test images; " + beside,
        )
        for before in earlier
    ]
    maps = {layer.name: layer.maps for layer in run.params.network.cnn.layers}
    wide = [before for before in earlier if maps[last] >= maps[before]]
    as_many = "".join(f", as many maps as {before} has" for before in wide)
    parts.append(
        Part(
            last,
            files.SILENCE,
            "accuracy",
            "at least",
            enough,
            SHARE,
            where={"layer": last},
            statistic=f"{sees} of {last} are silent{as_many}, all classes",
            holds=f"On {last} which maps are silent tells the class",
            fails=f"On {last} which maps are silent tells too little of the class",
            measured="a classifier that sees only which of {maps} maps are silent is right on "
            "{values} of the test images; " + beside,
        )
    )
    same = "".join(
        f"On {before} the silent maps are the same for all classes; o" for before in earlier
    )
    return Claim(f"{same or 'O'}n {last} which maps are silent tells the class", tuple(parts))
