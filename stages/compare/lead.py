"""What opens the page: what was found, and which runs these are."""

from stages.compare import written
from stages.compare.comparison import Comparison
from stages.compare.experiments import Experiment

NAMED = 5  # metrics in a sentence
UNKNOWN = "not known here"
TINY = 1e-12  # in place of a margin of 0


def numbers(comparison: Comparison) -> dict:
    """Each other experiment with its counts of marks, and a column of facts an experiment."""
    return {
        "found": [
            {
                "name": other.name,
                "counts": written.counted(comparison.counts(other)),
                "most": most(comparison, other),
                "turned": comparison.turned(other),
                "asks": comparison.other_question(other),
                "tested": any(name == other.name for _, name in comparison.compared),
            }
            for other in comparison.others
        ],
        "columns": written.columns(comparison, ""),
        "facts": written.rows([facts(of) for of in comparison.experiments]),
        "names": comparison.names,
    }


def most(comparison: Comparison, other: Experiment) -> list[tuple[str, str, str]]:
    """The largest differences, in margins, that may matter: metric, both means, mark.

    Means are over the networks that are compared.
    """
    differing = {
        metric: of
        for (metric, name), of in comparison.compared.items()
        if name == other.name and of.mark not in ("no difference", "same")
    }

    def size(metric: str) -> float:
        return abs(differing[metric].difference.value) / (differing[metric].margin or TINY)

    texts = []
    for metric in sorted(differing, key=size, reverse=True)[:NAMED]:
        of = differing[metric]
        before, after = (written.number(metric, comparison, x) for x in of.difference.means)
        texts.append((metric, f"{before} → {after}", " ".join(written.MARKS[of.mark])))
    return texts


def facts(of: Experiment) -> dict[str, str]:
    """Where a run is from, in words."""
    settings = of.settings
    maps = settings["network.cnn.maps"]
    return {
        "commit": of.revision[:12] or "none: a folder",
        "dvc.lock": of.lock[:12] or UNKNOWN,
        "dataset": f"{settings['dataset.name']}{f' ({of.data[:8]})' if of.data else ''}",
        "pair": "{} and {}".format(*settings["analysis.pair"]),
        "CNN": f"{'-'.join(map(str, maps))} maps, {settings['network.cnn.pooling']} pooling, "
               f"dense {settings['network.cnn.dense']}",
        "MLP": "-".join(map(str, settings["network.mlp.hidden"])),
        "networks": f"{len(of.seeds)}: seeds {written.ranges(of.seeds)}",
        "trained on": " and ".join(of.devices) or UNKNOWN,
    }  # fmt: skip
