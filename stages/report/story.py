"""What the report says, in its order.

Every sentence is generated from the results, so that it is true for any pair, dataset, number of
seeds and outcome. `index.html` and `README.md` show the same sections.
"""

from stages.report import (
    agreement,
    causes,
    explorer,
    figures,
    maps,
    methods,
    networks,
    patterns,
    verdicts,
)
from stages.report.blocks import Section, count, share
from stages.report.results import LAYER, Results


def title(results: Results) -> str:
    """The report's question, with the data it is answered on."""
    a, b = results.params.analysis.pair
    return f"What tells {results.one(a)} from {results.one(b)}? On {results.dataset}"


def lead(results: Results) -> tuple[str, ...]:
    """The first paragraph: which data, which networks, and the answer so far."""
    seeds = results.params.train.seeds
    cnn, mlp = networks.test_accuracy(results, "cnn"), networks.test_accuracy(results, "mlp")
    fit, validation, test = (f"{results.images[s]:,}" for s in ("fit", "validation", "test"))
    which = (
        "Data: the UCI digits embedded in scikit-learn, 8 × 8 scans enlarged to 28 × 28. "
        "These are NOT the MNIST images, and no number here is one of MNIST. "
        if results.params.dataset.name == "digits"
        else f"Data: {results.dataset}. "
    )
    points = results.points[results.seed]
    live = points[~points["dead"]]
    best = figures.telling_points(points, 1).iloc[0]
    a, b = results.names
    return (
        f"{which}{fit} images to fit, {validation} to select on (validation), {test} to report "
        f"on (test). {count(len(seeds), 'CNN')} of 208,982 parameters and "
        f"{count(len(seeds), 'MLP')} of 57,390, one of each per seed.",
        f"The CNN answers {cnn} of the test images rightly, the MLP {mlp}. In cnn-{results.seed}, "
        f"{len(live):,} of {len(points):,} points of {LAYER} are live; "
        f"{share(live['q_value'] < 0.05)} of them differ between {a} and {b} at a false-discovery "
        f"rate of 5%, and {share((live['auroc_test'] - 0.5).abs() > 0.2)} have an AUROC "
        f"further than 0.2 from chance (0.5). The point that tells most, picked on validation "
        f"images, has AUROC {best['auroc_test']:.3f} on test images "
        f"({best['auroc_test_low']:.3f} to {best['auroc_test_high']:.3f}): the chance that it is "
        f"higher in {results.one(results.params.analysis.pair[1])} than in "
        f"{results.one(results.params.analysis.pair[0])}.",
        _tell_and_decide(results),
    )


def _tell_and_decide(results: Results) -> str:
    """What the interventions add: points that tell need not decide."""
    a, b = results.names
    to_tell = causes.number_range([k["forward"] for k in results.chosen_k.values()])
    return (
        f"To differ is not to decide. {to_tell} points, chosen together, let a linear reader tell "
        f"{a} from {b} within one standard error of what all points give it, cross-validated. To "
        f"turn the network's own answer takes other numbers: {causes.to_decide(results)}."
    )


def sections(results: Results) -> tuple[Section, ...]:
    """All sections in their order."""
    return tuple(
        write(results)
        for write in (
            verdicts.verdicts,
            networks.models,
            networks.training,
            maps.layers,
            maps.common,
            maps.separating,
            causes.telling,
            causes.deciding,
            causes.specific,
            patterns.patterns,
            agreement.replicates,
            causes.hard_case,
            explorer.section,
            maps.silent,
            methods.measures,
        )
    )
