"""The table that opens the report: each claim of the work reproduced, part by part."""

from stages.common import files, judgement
from stages.common.run import Run
from stages.report.metrics import outcome_counts

ORDER = 10
# Not by colour alone: a symbol and words for each outcome.
SHOWN = {
    "supported": ("✓", "supported"),
    "refuted": ("✗", "refuted"),
    "no difference": ("≈", "no difference that matters"),
    "open": ("?", "open"),
    "does not apply": ("–", "does not apply"),
}


def numbers(run: Run) -> dict:
    """All claims in the order of `claims.json`, each part with its sentence in two."""
    claims = run.read(files.CLAIMS)
    return {
        "claims": [of | {"parts": [part | split(part["sentence"]) for part in of["parts"]],
                         "p": p_value(of["p"]), "holm_p": p_value(of["holm_p"])}
                   for of in claims],
        "counts": [(outcome, n) for outcome, n in outcome_counts(run).items() if n],
        "shown": SHOWN,
        "committed": judgement.COMMIT,
        "moved": judgement.moved(run.params.claims),
    }  # fmt: skip


def split(sentence: str) -> dict[str, str]:
    """What a sentence says first (`result`), and the numbers behind it (`because`)."""
    result, *because = sentence.removesuffix(".").split(": ")
    if result in ("Open", "Does not apply"):
        result = ": ".join([result, *because[:1]])
        because = because[1:]
    text = ": ".join(because)
    return {"result": f"{result}.", "because": f"{text[:1].upper()}{text[1:]}." if text else ""}


def p_value(p: float | None) -> str:
    """`p` as text, empty where there is none."""
    return "" if p is None else "below 0.001" if p < 0.001 else f"{p:.3f}"
