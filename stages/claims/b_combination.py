"""B: no class-typical point decides by itself; all of them together do."""

from stages.claims.parts import NUMBER, Claim, Part, Run, files


def claim(run: Run) -> Claim:
    """The AUROC of the best class-typical point, and of a linear probe on all of them."""
    a, b = run.names
    decisive = run.params.claims.decisive_auroc
    lacking = "no point of the last conv layer is common to either class"
    return Claim("Single common points are not decisive; their combination is", (
        Part(
            "single", files.INTERVENTIONS, "typical_best", "below", decisive, NUMBER,
            statistic="AUROC of the best common point, on test images",
            holds=f"Single common points are not decisive between {a} and {b}",
            fails=f"A single common point is decisive between {a} and {b}",
            measured="the best of them has an AUROC of {values}; common points: {typical:,.0f}",
            lacking=lacking,
        ),
        Part(
            "combination", files.INTERVENTIONS, "typical_joint", "at least", decisive, NUMBER,
            statistic="AUROC of the joint score of all common points, on test images",
            holds=f"All common points together are decisive between {a} and {b}",
            fails=f"Even all common points together are not decisive between {a} and {b}",
            measured="their joint score has an AUROC of {values}; common points: {typical:,.0f}",
            lacking=lacking,
        ),
    ))  # fmt: skip
