"""F: two independent trainings give the same filters, in the same order."""

from stages.claims.parts import NUMBER, Claim, Part, R, Run, files


def claim(run: Run) -> Claim:
    """What training adds to the matched correlation, how high it is, and the maps' own order."""
    settings, last, file = run.params.claims, run.last, files.MATCHING_RESAMPLES
    same = settings.same_filters
    alone = {"lacking": "it takes two networks to compare, and train.seeds names one"}
    return Claim("Two independent trainings give the same filters in the same order", (
        Part(
            "closer", file, "gain", "above", 0.0, NUMBER, **alone,
            statistic=f"matched r of {last} minus matched r of the untrained networks",
            holds=f"Two trainings arrive at more alike maps of {last} than they started from",
            fails=f"Two trainings arrive at less alike maps of {last} than they started from",
            measured="matched one to one, the correlation of maps differs by {values}; "
            "r after training {matched_r:.2f}, before {untrained_r:.2f}",
        ),
        Part(
            "maps", file, "matched_r", "at least", same, R, **alone,
            statistic=f"r of maps of {last}, matched one to one",
            holds=f"Two trainings give the same maps of {last}",
            fails=f"Two trainings do not give the same maps of {last}",
            measured="matched one to one, maps correlate by {values}",
        ),
        Part(
            "kernels", file, "kernels_r", "at least", same, R, **alone,
            statistic=f"r of the kernels of {run.conv_layers[0]}, matched one to one",
            holds=f"Two trainings give the same kernels of {run.conv_layers[0]}",
            fails=f"Two trainings do not give the same kernels of {run.conv_layers[0]}",
            measured="matched one to one, kernels correlate by {values}; before training by "
            "{untrained_kernels_r:.2f}",
        ),
        Part(
            "order", file, "order", "above", 0.0, NUMBER, margin=settings.order_margin, **alone,
            statistic=f"r of {last} maps of the same number, minus the r of a random order",
            holds=f"Two trainings give maps of {last} in an order that is alike",
            fails=f"Two trainings give maps of {last} in orders less alike than random ones",
            same=f"The order of the maps of {last} is no more alike than a random one",
            measured="in their own order the correlation of maps differs by {values} from that in "
            "a random order; r in their own order {identity_r:z.3f}, in the best {matched_r:.3f}, "
            "in a random order {random_r:z.3f}",
        ),
    ))  # fmt: skip
