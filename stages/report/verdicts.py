"""The verdict table that opens the report: each claim of the work reproduced, part by part."""

from itertools import groupby
from typing import get_args

from stages.common.verdicts import REPLICATES, Verdict, of_claims
from stages.report.blocks import Claim, Part, Section, are
from stages.report.results import Results

VERDICTS = get_args(Verdict)
SYMBOLS = {"supported": "✓", "not supported": "✗", "undecided": "?"}  # never colour alone


def verdict_counts(results: Results) -> dict[str, int]:
    """How many whole claims are supported, not supported, and undecided."""
    found = list(of_claims(results.claims).values())
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def read_part(row: dict) -> Part:
    """A row of `claims.json`: what is found, how much, and why."""
    finding, _, because = row["sentence"].rstrip(".").partition(": ")
    return Part(row["verdict"], finding, because[:1].upper() + because[1:], **row["short"])


def claims(results: Results) -> tuple[Claim, ...]:
    """Every claim with its parts, in the order of `claims.json`."""
    whole = of_claims(results.claims)
    return tuple(
        Claim(name, parts[0]["claim"], whole[name], tuple(map(read_part, parts)))
        for name, rows in groupby(results.claims, key=lambda row: row["id"])
        for parts in [list(rows)]
    )


def verdicts(results: Results) -> Section:
    """All claims with their verdicts, their values and the sentence each rests on."""
    counts = verdict_counts(results)
    yes, no, open_ = (counts[verdict] for verdict in VERDICTS)
    seeds = len(results.params.train.seeds)
    text = (
        f"Of {sum(counts.values())} claims of the work reproduced, {yes} {are(yes)} supported, "
        f"{no} {are(no)} not, and {open_} {are(open_)} undecided. A part is supported only if "
        f"every network's own interval clears the threshold, not supported only if every one "
        f"lies beyond it, and undecided otherwise. With fewer than {REPLICATES} networks it is "
        f"undecided too, except what no training changes, which one settles; here there "
        f"{are(seeds)} {seeds}. A claim holds where all its parts do. What a part must reach "
        f"stands in params.yaml, under claims, where it is a choice; elsewhere it is chance, or no "
        f"difference.",
    )
    return Section("verdicts", "The claims, judged", text, claims=claims(results))
