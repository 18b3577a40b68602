"""The claims in runs with other settings: other rounding, another recipe, other images."""

import math

from stages.common import files
from stages.common.run import Run
from stages.report import beside
from stages.report.metrics import every_metric

ORDER = 20


def numbers(run: Run) -> dict:
    """Each run beside this one: the outcomes that are others, and the parts of both."""
    claims, others = run.read(files.CLAIMS), {name: beside.read(run, name) for name in beside.KINDS}
    return {
        "others": [
            {"name": name, "run": of, "settings": settings(of), "parts": parts(claims, of)}
            | outcomes(claims, of)
            for name, of in others.items()
            if of.comparable
        ],
        "left_out": [(of.title, settings(of)) for of in others.values() if not of.comparable],
        "metrics": both_metrics(run, others["repeat"]) if others["repeat"].comparable else [],
    }


def settings(other: beside.Beside) -> list[str]:
    """Its settings that are others, a phrase each: `train.threads is 4, here 2`."""
    return [f"{name} is {there}, here {here}" for name, (here, there) in other.differs.items()]


def outcomes(claims: list[dict], other: beside.Beside) -> dict[str, list[str]]:
    """Letters of the claims whose outcome is the same there, another, or open in one of the two."""
    found: dict[str, list[str]] = {"same": [], "turned": [], "open": []}
    for claim in claims:
        if there := other.claims.get(claim["id"]):
            both = {claim["outcome"], there["outcome"]}
            kind = "same" if len(both) == 1 else "open" if "open" in both else "turned"
            found[kind].append(claim["id"])
    return found


def parts(claims: list[dict], other: beside.Beside) -> list[dict]:
    """A row a part that both runs have: outcomes, numbers, and how far the mean moves."""
    return [
        {
            "claim": claim["id"], "part": here["part"], "outcome": here["outcome"],
            "outcome_there": there["outcome"], "turned": here["outcome"] != there["outcome"],
            "here": number(here), "there": number(there), "moved": moved(here, there),
            "within": within(here, there),
        }
        for claim in claims
        for here in claim["parts"]
        if (there := other.part(claim["id"], here["part"]))
    ]  # fmt: skip


def number(part: dict) -> str:
    """Its mean with its interval, or its values."""
    short = part["short"]
    interval = f" ({short['interval']})" if short["interval"] else ""
    return f"{short['mean'] or short['values'] or '–'}{interval}"


def moved(here: dict, there: dict) -> float:
    """The difference of two means, over half of the interval here; NaN where there is none."""
    known = [here["mean"], here["low"], here["high"], there["mean"]]
    if None in known or here["low"] == here["high"]:
        return math.nan
    return abs(there["mean"] - here["mean"]) / ((here["high"] - here["low"]) / 2)


def within(here: dict, there: dict) -> bool | None:
    """Whether the mean there lies in the interval here; None where one is missing."""
    known = [here["low"], there["mean"], here["high"]]
    return None if None in known else known == sorted(known)


def both_metrics(run: Run, other: beside.Beside) -> list[dict]:
    """A row a metric that both runs have: its values and their difference."""
    here, there = beside.flat(every_metric(run)), beside.flat(other.metrics)
    return [
        {"metric": name, "here": here[name], "there": value, "change": value - here[name]}
        for name, value in there.items()
        if name in here
    ]
