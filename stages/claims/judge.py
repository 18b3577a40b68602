"""From the files of the claims and the columns that they read to the rows of `claims.json`."""

import math
import pkgutil
import re
from importlib import import_module
from itertools import combinations

from stages import claims
from stages.claims.parts import Claim, Part
from stages.claims.sentences import Evidence, sentence, short
from stages.common import verdicts
from stages.common.console import StageError
from stages.common.intervals import Value
from stages.common.run import Run

SEEDS = ("seed", "seed_i", "seed_j")  # the columns that say which networks a row is of
KINDS = ("architecture", "network", "pair of networks")  # by how many of these a file has


def claims_of(run: Run) -> dict[str, Claim]:
    """Every claim by its letter: one for each `LETTER_WORDS.py` in this folder."""
    modules = (module.name for module in pkgutil.iter_modules(claims.__path__))
    names = sorted(name for name in modules if re.match(r"[a-z]_", name))
    letters = [name[0].upper() for name in names]
    if twice := {letter for letter in letters if letters.count(letter) > 1}:
        raise StageError(f"Two files in stages/claims have the letter {min(twice)}. Rename one.")
    found = (import_module(f"stages.claims.{name}").claim(run) for name in names)
    return dict(zip(letters, found, strict=True))


def read(part: Part, run: Run) -> Evidence:
    """The row of each network, or pair of networks, or the one of all, that a part reads.

    Raises StageError unless there is exactly one for each.
    """
    table = run.every(part.file) if "{seed}" in part.file.path else run.read(part.file)
    for column, value in part.where.items():
        table = table[table[column] == value]
    columns = [name for name in SEEDS if name in table]
    kind, expected = KINDS[len(columns)], list(combinations(run.seeds, len(columns)))
    by_seeds = {tuple(row[name] for name in columns): row for row in table.to_dict("records")}
    if len(table) != len(expected) or set(by_seeds) != set(expected):
        of = "".join(f" where {column} is {value}" for column, value in part.where.items())
        raise StageError(
            f"{part.file.path} does not have one row{of} for each {kind} of train.seeds. "
            "Run `dvc repro`, which makes it anew."
        )
    rows = [by_seeds[seeds] for seeds in expected]
    names = (part.value, f"{part.value}_low", f"{part.value}_high")
    values = [Value(*(float(row[name]) for name in names)) for row in rows]
    ids = [{"seed": s[0]} if len(s) == 1 else {"seeds": list(s or run.seeds)} for s in expected]
    return Evidence(kind, verdicts.REPLICATES if columns else 1, ids, values, rows)


def judge(run: Run) -> list[dict]:
    """The rows of `claims.json`, in the order of the claims' letters."""
    return [
        {"id": letter, "part": part.name, "claim": claim.words, **row(part, read(part, run))}
        for letter, claim in claims_of(run).items()
        for part in claim.parts
    ]


def row(part: Part, evidence: Evidence) -> dict:
    """What a part says: statistic, values, threshold, verdict, and its sentence."""
    judged = verdicts.verdict(evidence.values, part.side, part.threshold, evidence.needed)
    verdict = "undecided" if part.obstacle else judged
    return {
        "statistic": part.statistic,
        "values": [
            # JSON has no NaN.
            ids | {name: None if math.isnan(x) else x for name, x in value._asdict().items()}
            for ids, value in zip(evidence.ids, evidence.values, strict=True)
        ],
        "side": part.side,
        "threshold": part.threshold,
        "verdict": verdict,
        "sentence": sentence(part, evidence, verdict),
        "short": short(part, evidence),
    }
