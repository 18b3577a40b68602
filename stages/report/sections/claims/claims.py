"""The section that opens the report: a card for each claim of the work reproduced."""

from stages.common import files, judgement
from stages.common.run import Run
from stages.report import beside, interval, outcomes

ORDER = 10
P_VALUES = ("p", "holm_p", "p_against", "holm_p_against")


def numbers(run: Run) -> dict:
    """All claims in the order of `claims.json`, with p as text, and the runs beside this one."""
    others = beside.comparable(run)
    return {
        "claims": [
            of
            | {name: p_value(of[name]) for name in P_VALUES}
            | {"deciding": outcomes.deciding(of)}
            | {"why": outcomes.open_because(of) if of["outcome"] == "open" else ""}
            for of in run.read(files.CLAIMS)
        ],
        "badge": outcomes.badge,
        "plot": interval.plot,
        "others": others,
        "repeat": others.get("repeat"),
        "committed": judgement.COMMIT,
        "moved": judgement.moved(run.params.claims),
    }


def p_value(p: float | None) -> str:
    """`p` as text, empty where there is none."""
    return "" if p is None else "below 0.001" if p < 0.001 else f"{p:.3f}"
