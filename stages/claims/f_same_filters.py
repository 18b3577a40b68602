"""F: two independent trainings give the same filters, in the same order."""

from stages.claims.parts import NUMBER, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """What training adds to the matched correlation, and what of it the maps' own order keeps."""
    same = run.params.claims.same_order
    alone = "it takes two networks to compare, and train.seeds names one"
    last = run.last
    return Claim("Two independent trainings give the same filters in the same order", (
        Part(
            "filters", files.MATCHING, "gain", "above", 0.0, NUMBER, where={"layer": last},
            statistic=f"matched r of {last} minus matched r of the untrained networks",
            holds=f"Two trainings arrive at more alike maps of {last} than they started from",
            fails=f"Two trainings arrive at maps of {last} no more alike than they started from",
            measured="matched one to one, they gain {values} in correlation; "
            "r after training {matched_r:.2f}, before {untrained_r:.2f}",
            lacking=alone,
        ),
        Part(
            "order", files.MATCHING, "order_kept", "at least", same, NUMBER,
            where={"layer": last},
            statistic=f"r of {last} maps of the same number over matched r, both above the r of "
            "a random order",
            holds=f"Two trainings give the maps of {last} in the same order",
            fails=f"Two trainings do not give the maps of {last} in the same order",
            measured="of the correlation that the best order has over a random one, their own "
            "order keeps {values}; r in their own order {identity_r:z.3f}, in the best "
            "{matched_r:.3f}, in a random order {random_r:z.3f}",
            lacking=alone,
        ),
    ))  # fmt: skip
