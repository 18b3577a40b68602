"""The claims, an outcome for each experiment."""

from stages.compare.comparison import Comparison
from stages.compare.experiments import Experiment
from stages.report import outcomes

ORDER = 3


def numbers(comparison: Comparison) -> dict:
    """A row for each claim of any experiment, with a cell for each."""
    claims = {letter: claim for of in reversed(comparison.experiments)
              for letter, claim in of.claims.items()}  # fmt: skip
    rows = [
        {
            "id": letter,
            "claim": claim["claim"],
            "asked": (part := outcomes.deciding(claim))["short"]["asked"].partition("; ")[0],
            "cells": [cell(comparison, of, letter, part["part"]) for of in comparison.experiments],
        }
        for letter, claim in sorted(claims.items())
    ]
    asked = {key for of in comparison.others for key in comparison.other_question(of)}
    moved = sorted(key for key in asked if key.startswith("claims."))
    return {"rows": rows, "names": comparison.names, "badge": outcomes.badge, "moved": moved}


def cell(comparison: Comparison, of: Experiment, letter: str, part: str) -> dict:
    """An outcome, whether it is another than in the first, and the number of the deciding part."""
    if letter not in of.claims:
        return {"outcome": "", "number": "not in this run", "turned": False}
    claim = of.claims[letter]
    short = next((p["short"] for p in claim["parts"] if p["part"] == part), {})
    number = short.get("mean") or short.get("values") or "no value"
    interval = f" ({short['interval']})" if short.get("interval") else ""
    turned = letter in comparison.turned(of)
    return {"outcome": claim["outcome"], "number": number + interval, "turned": turned}
