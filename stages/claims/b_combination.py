"""B: no class-typical point tells the classes apart as well as all of them together."""

from stages.claims.parts import DIFFERENCE, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The error of the best class-typical point, minus that of a linear probe on all of them."""
    (a, b), margin = run.names, run.params.claims.accuracy_margin
    cases = (("pair", b, f"{a} or {b}", "typical", ""),
             ("rest", "all other classes", a, "typical_a", "_rest"))  # fmt: skip
    return Claim("Single class-typical points are not decisive; their combination is", tuple(
        Part(
            name, files.PROBE_RESAMPLES, f"{name}_gain", "above", margin, DIFFERENCE,
            statistic=f"error of the best point that is class-typical for {of}, minus that of a "
            f"linear probe on all of them, {a} against {other}; mean of the errors of both sides",
            holds=f"All class-typical points together tell {a} from {other} better than the best",
            fails=f"All class-typical points together tell {a} from {other} hardly better than "
            "the best alone, or worse",
            measured=f"the error of the best differs by {{values}} from that of all "
            f"{{{points}:,.0f}} points together; it is {{error_best{ending}:.2%}}, on all of them "
            f"{{error_typical{ending}:.2%}}",
            lacking=f"no point of {run.last} is class-typical for {of}",
        )
        for name, other, of, points, ending in cases
    ))  # fmt: skip
