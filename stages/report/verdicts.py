"""The verdict table that opens the report: each claim of the work reproduced, part by part."""

from stages.common.verdicts import REPLICATES, of_claims
from stages.report.blocks import Section, Table
from stages.report.results import Results

VERDICTS = ("supported", "not supported", "undecided")


def verdict_counts(results: Results) -> dict[str, int]:
    """How many whole claims are supported, not supported, and undecided."""
    found = list(of_claims(results.claims).values())
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def verdicts(results: Results) -> Section:
    """All claims with their verdicts and the sentence each rests on."""
    counts = verdict_counts(results)
    seeds = len(results.params.train.seeds)
    text = (
        f"Of {sum(counts.values())} claims of the work reproduced, {counts['supported']} "
        f"{'is' if counts['supported'] == 1 else 'are'} supported, {counts['not supported']} "
        f"{'is' if counts['not supported'] == 1 else 'are'} not, and {counts['undecided']} "
        f"{'is' if counts['undecided'] == 1 else 'are'} undecided. A part is supported only if "
        f"every network's own interval clears the threshold, not supported only if every one "
        f"lies beyond it, and undecided otherwise or with fewer than {REPLICATES} networks; here "
        f"there {'is' if seeds == 1 else 'are'} {seeds}. A claim holds where all its parts do.",
    )
    rows = tuple(
        (row["id"], row["claim"], str(row["part"]), row["verdict"], row["sentence"])
        for row in results.claims
    )
    table = Table(
        "Claims and verdicts. What a part must reach stands in params.yaml, under claims, where it "
        "is a choice; elsewhere it is chance, or no difference.",
        ("", "claim", "part", "verdict", "because"),
        rows,
    )
    return Section("verdicts", "The claims, judged", text, (), (table,))
