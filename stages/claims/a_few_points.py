"""A: very few points of the last conv layer tell the classes apart, and decide between them."""

from stages.claims.parts import DIFFERENCE, RATIO, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """A probe on few points, a probe without them, and the points that flip half of a class."""
    (a, b), settings = run.names, run.params.claims
    few, margin = settings.few_points, settings.accuracy_margin
    share, points = f"{few:.0%} of the live points", f"points of {run.last}"
    of_probes = {"file": files.PROBE_RESAMPLES, "threshold": margin, "scale": DIFFERENCE}
    counts = "{few:,.0f} of {live:,.0f} points"
    parts = [
        Part(
            "tell", value="tell_loss", side="at most", **of_probes,
            statistic=f"error of a linear probe on {share}, minus that of a probe on all of them",
            holds=f"Very few {points} tell {a} from {b} about as well as all, or better",
            fails=f"Very few {points} tell {a} from {b} less well than all",
            measured=f"on {counts} the error of a linear probe differs by {{values}}; "
            "it is {error_few:.2%}, on all points {error_all:.2%}; "
            "fitted on validation images, which the network has not seen, it differs by "
            "{tell_loss_validation:+z.2%}",
        ),
        Part(
            "needs", value="needs_loss", side="above", **of_probes,
            statistic=f"error of a linear probe on all live points but these {few:.0%}, minus "
            "that of a probe on all of them",
            holds=f"Without these {points}, the others tell {a} from {b} less well",
            fails=f"Without these {points}, the others lose no accuracy that matters",
            measured=f"without the {counts} the error of a linear probe differs by {{values}}; "
            "it is {error_without:.2%}, on all points {error_all:.2%}",
        ),
    ]  # fmt: skip
    for direction, base, other in (("a_to_b", a, b), ("b_to_a", b, a)):
        parts.append(Part(
            f"decide_{direction}", files.INTERVENTION_RESAMPLES, f"half_{direction}", "at most",
            settings.few_of_random, RATIO,
            statistic=f"points by effect whose interchange flips half of the images of {base}, "
            "over the points that random orders take",
            holds=f"Very few {points} turn {base} into {other}",
            fails=f"Turning {base} into {other} takes more than very few {points}",
            measured="to flip half of the images by points of the other class takes {values} of "
            f"what random orders take; in points {{k_{direction}:,.0f}} against "
            f"{{random_k_{direction}:,.0f}}; a network where no number of points flips half counts "
            "with all its live points",
            lacking=f"no point of {run.last} is live, or no image of {base} is answered rightly",
        ))  # fmt: skip
    return Claim(f"Very few point-like elements of the last conv layer tell {a} from {b}",
                 tuple(parts))  # fmt: skip
