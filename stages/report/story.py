"""What the report says, in its order.

Every sentence is generated from the results, so that it is true for any pair, dataset, number of
seeds and outcome. `index.html` and `README.md` show the same sections.
"""

from stages.report import (
    agreement,
    answer,
    causes,
    explorer,
    hard,
    limits,
    maps,
    methods,
    networks,
    patterns,
    settings,
    verdicts,
)
from stages.report.blocks import Section
from stages.report.results import Results


def title(results: Results) -> str:
    """The report's question, with the data it is answered on."""
    a, b = results.params.analysis.pair
    return f"What tells {results.one(a)} from {results.one(b)}? On {results.dataset}"


def lead(results: Results) -> tuple[str, ...]:
    """The answer in three sentences."""
    return answer.sentences(results)


def accuracy(results: Results) -> str:
    """How well the networks do, for the line under the answer."""
    return answer.accuracy(results)


def sections(results: Results) -> tuple[Section, ...]:
    """All sections in their order."""
    return tuple(
        write(results)
        for write in (
            verdicts.verdicts,
            networks.data,
            networks.models,
            maps.layers,
            maps.common,
            maps.separating,
            causes.telling,
            causes.deciding,
            causes.specific,
            patterns.patterns,
            agreement.replicates,
            hard.hard_case,
            explorer.section,
            maps.silent,
            methods.measures,
            limits.limits,
            settings.settings,
        )
    )
