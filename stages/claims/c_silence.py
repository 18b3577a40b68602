"""C: which maps are silent: the same for all classes before the last layer, a class's own on it."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """Silent maps that classes share, and what silence tells of the class, layer against layer.

    Neither part applies to a network with one conv layer.
    """
    settings, last, a = run.params.claims, run.last, run.names[0]
    before = run.conv_layers[-2] if len(run.conv_layers) > 1 else "the layer before it"
    contrast = [run.quoted(label) for label in run.params.analysis.contrast]
    others = " and ".join(contrast) or "no other class (analysis.contrast)"
    one_layer = "the network has one conv layer"
    single = len(run.conv_layers) == 1
    return Claim(
        f"On {before} the silent maps are the same for all classes; on {last} they tell the class",
        (
            Part(
                "shared", files.PROBE_RESAMPLES, "silent_gain", "at least",
                settings.silence_shared, DIFFERENCE,
                statistic=f"share of the maps of {before} silent for {a} that are silent for "
                f"{others}, too, minus the same share of all maps",
                holds=f"Maps of {before} that are silent for {a} are silent for {others} much more "
                "often than all maps",
                fails=f"Maps of {before} that are silent for {a} are not silent for {others} much "
                "more often than all maps",
                measured=f"of the maps that at least {settings.silent_in:.0%} of the images of "
                f"{a} leave silent, {{silent_shared:.0%}} are silent for {others}, too, which "
                "differs from the share of all maps by {values}; such maps: {silent_maps:,.0f}",
                lacking=one_layer if single else f"no map of {before} is silent in at least "
                f"{settings.silent_in:.0%} of the images of {a}" * bool(contrast)
                or "analysis.contrast names no class",
            ),
            Part(
                "tells", files.PROBE_RESAMPLES, "silence_gain", "at least",
                settings.silence_gain, DIFFERENCE,
                statistic=f"accuracy for the class from which maps of {last} are silent, minus "
                f"that from as many maps of {before}",
                holds=f"Which maps are silent tells the class much better on {last} than on "
                f"{before}",
                fails=f"Which maps are silent does not tell the class much better on {last} than "
                f"on {before}",
                measured="the accuracy of a linear probe that sees only which maps are silent "
                "differs by {values}; "
                f"it is right on {{accuracy_last:.1%}} by {last}, on {{accuracy_before:.1%}} by "
                f"{before}; on a sample, after training {{trained_last:.1%}} and "
                "{trained_before:.1%}, before training {untrained_last:.1%} and "
                "{untrained_before:.1%}",
                lacking=one_layer,
            ),
        ),
    )  # fmt: skip
