"""From the files of the claims and the columns that they read to `claims.json`."""

import math
import pkgutil
import re
from importlib import import_module
from itertools import combinations

import numpy as np
import pandas as pd

from stages import claims
from stages.claims.parts import Claim, Part
from stages.claims.sentences import Evidence, Judged, because, result, short
from stages.common import inference, measures, resampling
from stages.common.console import StageError
from stages.common.inference import NETWORKS
from stages.common.intervals import Value
from stages.common.run import Run

SEEDS = ("seed", "seed_i", "seed_j")  # the columns that say which networks a row is of
KINDS = ("architecture", "network", "pair of networks")  # by how many of these a file has
FEW = f"needs {NETWORKS} networks"


def claims_of(run: Run) -> dict[str, Claim]:
    """Every claim by its letter: one for each `LETTER_WORDS.py` in this folder."""
    modules = (module.name for module in pkgutil.iter_modules(claims.__path__))
    names = sorted(name for name in modules if re.match(r"[a-z]_", name))
    letters = [name[0].upper() for name in names]
    if twice := {letter for letter in letters if letters.count(letter) > 1}:
        raise StageError(f"Two files in stages/claims have the letter {min(twice)}. Rename one.")
    return {
        letter: import_module(f"stages.claims.{name}")
        .claim(run)
        ._replace(name=name[2:].replace("_", " "))
        for letter, name in zip(letters, names, strict=True)
    }


def read(part: Part, run: Run) -> Evidence:
    """The rows of each network, or pair of networks, or the one of all, that a part reads.

    Raises StageError unless there is exactly one for each, and for each resample where there are.
    """
    table = run.every(part.file) if "{seed}" in part.file.path else run.read(part.file)
    for column, value in part.where.items():
        table = table[table[column] == value]
    columns = [name for name in SEEDS if name in table]
    resamples = range(1 + run.params.claims.resamples if "resample" in table else 1)
    kind, expected = KINDS[len(columns)], list(combinations(run.seeds, len(columns)))
    table = table.assign(resample=table.get("resample", 0))
    table.index = pd.MultiIndex.from_frame(table[[*columns, "resample"]])
    wanted = [(*seeds, resample) for seeds in expected for resample in resamples]
    if len(table) != len(wanted) or set(table.index) != set(wanted):
        of = "".join(f" where {column} is {value}" for column, value in part.where.items())
        raise StageError(
            f"{part.file.path} does not have one row{of} for each {kind} of train.seeds and "
            "resample. Run `dvc repro`, which makes it anew."
        )
    table = table.reindex(wanted)
    values = table[part.value].to_numpy(float).reshape(len(expected), len(resamples))
    rows = table[table["resample"] == 0].to_dict("records")
    return Evidence(kind, expected, values, rows)


def judge(run: Run) -> list[dict]:
    """The content of `claims.json`, in the order of the claims' letters.

    A claim's p is that of its worst part. Its p against it is that of the part that speaks most
    against it, times the number of parts (Bonferroni).
    """
    groups = resampling.of_split(run, "test").counts.shape[1]
    entries = []
    for letter, claim in claims_of(run).items():
        parts = [entry(part, read(part, run), groups) for part in claim.parts]
        decided = [part for part in parts if part["outcome"] != "does not apply"]
        p, against = ([part[name] for part in decided] for name in ("p", "p_against"))
        known = bool(p) and None not in p
        of = {"p": max(p) if known else None}
        of["p_against"] = min(1.0, len(against) * min(against)) if known else None
        entries.append(
            {"id": letter, "name": claim.name, "claim": claim.words, **of, "parts": parts}
        )
    adjusted = [
        inference.holm([math.nan if of[name] is None else of[name] for of in entries])
        for name in ("p", "p_against")
    ]
    for of, holm_p, holm_p_against in zip(entries, *adjusted, strict=True):
        outcome = inference.whole([part["outcome"] for part in of["parts"]], holm_p, holm_p_against)
        of |= {"holm_p": none_if_nan(holm_p), "holm_p_against": none_if_nan(holm_p_against)}
        of["outcome"] = outcome
    return entries


def entry(part: Part, evidence: Evidence, groups: int) -> dict:
    """What a part says: its numbers, its outcome, and its sentence."""
    rules = {"estimate": by_estimate, "exists": by_proof, "exactly": by_number}
    judged = rules[part.rule](part, evidence, groups)
    if part.obstacle and judged.outcome != "does not apply":
        judged = judged._replace(outcome="open", reason=part.obstacle, p=(math.nan, math.nan))
    ids = [{"seed": of[0]} if len(of) == 1 else {"seeds": list(of)} for of in evidence.seeds]
    names = ("mean", "low", "high", "prediction_low", "prediction_high", "p", "p_against")
    numbers = zip(names, (*judged.mean, *judged.prediction, *judged.p), strict=True)
    return {
        "part": part.name,
        "statistic": part.statistic,
        "side": part.side,
        "threshold": part.threshold,
        "margin": part.margin,
        "outcome": judged.outcome,
        "reason": judged.reason,
        **{name: none_if_nan(number) for name, number in numbers},
        "values": [
            of | {name: none_if_nan(x) for name, x in value._asdict().items()}
            for of, value in zip(ids, judged.values, strict=True)
        ],
        "alone": judged.alone,
        "result": result(part, judged),
        "because": because(part, evidence, judged),
        "short": short(part, evidence, judged),
    }


def none_if_nan(number: float) -> float | None:
    """JSON has no NaN."""
    return float(number) if math.isfinite(number) else None


def by_estimate(part: Part, evidence: Evidence, groups: int) -> Judged:
    """By the rule of `inference`, on the part's scale; replicates without a number set aside.

    Where most have none, the part does not apply.
    """
    to, back, margin = part.scale.to, part.scale.back, part.margin
    with np.errstate(invalid="ignore", divide="ignore"):
        values = to(evidence.values)
    own = [Value(x[0], x[0] - reach(x[1:]), x[0] + reach(x[1:])) for x in values]
    shown = [Value(*map(back, value)) for value in own]
    known = np.flatnonzero(np.isfinite(values[:, 0]))
    if 2 * len(known) < max(1, len(own)) or not len(known):
        lacking = f" in {len(own) - len(known)} of {len(own)}" if len(known) else ""
        return Judged("does not apply", f"{part.lacking}{lacking}", shown)
    of = inference.estimate(values[known], [evidence.seeds[row] for row in known], groups)
    limit, sign = to(part.threshold), inference.SIGN[part.side]
    alone = sum(bool(min(sign * (end - limit) for end in value[1:]) > 0) for value in own)
    outcome, reason = inference.judge(of, part.side, limit, margin), ""
    p = inference.p_values(of, part.side, limit, margin)
    if of.networks < NETWORKS:
        few = FEW if len(known) == len(own) else f"{FEW} with a value, has {of.networks}"
        outcome, reason, p = "open", few, (math.nan, math.nan)
    elif outcome == "open":
        reason = inference.settling(of, part.side, limit, margin)
    mean = Value(*map(back, (of.value, *of.interval())))
    return Judged(outcome, reason, shown, mean, tuple(map(back, of.prediction())), p, alone)


def reach(resampled: np.ndarray) -> float:
    """Half of one network's 95 % interval over images, from its values in resamples."""
    known = resampled[np.isfinite(resampled)]
    return measures.Z * float(np.std(known, ddof=1)) if len(known) > 1 else math.nan


def facts(part: Part, evidence: Evidence) -> list[Value]:
    """Value, low and high of each replicate, as the file has them."""
    names = (part.value, f"{part.value}_low", f"{part.value}_high")
    return [Value(*(float(row[name]) for name in names)) for row in evidence.rows]


def by_proof(part: Part, evidence: Evidence, _: int) -> Judged:
    """Whether something exists: `low` is what is proven, `high` what is not excluded.

    One proof in one network supports it; that all networks exclude it refutes it.
    """
    values = facts(part, evidence)
    found = [value.low > part.threshold for value in values]
    excluded = [value.high <= part.threshold for value in values]
    if any(found):
        return Judged("supported", "", values, alone=sum(found))
    if all(excluded):
        few = len(values) < NETWORKS
        return Judged("open" if few else "refuted", FEW if few else "", values)
    return Judged("open", "neither proven nor excluded", values)


def by_number(part: Part, evidence: Evidence, _: int) -> Judged:
    """Whether a value that no training changes is exactly the threshold."""
    values = facts(part, evidence)
    if any(math.isnan(end) for value in values for end in value):
        return Judged("does not apply", part.lacking, values)
    met = [value.low == value.high == part.threshold for value in values]
    return Judged("supported" if all(met) else "refuted", "", values, alone=sum(met))
