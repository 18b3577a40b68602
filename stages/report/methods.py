"""The section about methods: each measure with its definition and source."""

from stages.report.blocks import Section, Table
from stages.report.results import Results


def measures(results: Results) -> Section:
    del results  # the same for all
    rows = (
        ("accuracy interval", "Wilson score interval, 95%", "Wilson 1927"),
        ("CNN against MLP", "exact McNemar test on the same images", "McNemar 1947"),
        ("AUROC", "U/(n_a n_b) = P(B > A) + P(B = A)/2, mid-ranks for ties",
         "Mann & Whitney 1947; Hanley & McNeil 1982"),
        ("interval of AUROC", "DeLong's variance, normal, cut to 0..1", "DeLong et al. 1988"),
        ("Hedges g", "J (mean_b − mean_a)/s_pooled, J = 1 − 3/(4ν − 1), ν = n_a + n_b − 2",
         "Hedges 1981"),
        ("p-value", "Mann-Whitney, two-sided, asymptotic, corrected for ties and continuity",
         "Mann & Whitney 1947"),
        ("q-value", "false-discovery rate over the live points", "Benjamini & Hochberg 1995"),
        ("selectivity", "(μ_max − μ_rest)/(μ_max + μ_rest) of class means of a map",
         "Morcos et al. 2018"),
        ("never active", "0 of n images: rate at most 1 − 0.05^(1/n), 95%",
         "Clopper & Pearson 1934"),
        ("margin", "true class's logit minus the largest other", "–"),
    )  # fmt: skip
    text = (
        "Points are selected on validation images and reported on test images. The unit of "
        "replication is the network, trained from another seed; figures show the first seed. "
        "A point is dead when it is 0 in every validation image of both classes, live otherwise; "
        "dead points are set aside before testing."
    )
    table = Table("Measures and their sources.", ("measure", "definition", "source"), rows)
    return Section("measures", "How it was measured", (text,), (), (table,))
