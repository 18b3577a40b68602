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
        (
            "k-point classifier",
            "linear discriminant with a fixed ridge on k standardised points, fitted to "
            "validation images; k by 5-fold cross-validation, one-standard-error rule",
            "Hastie et al., Elements of Statistical Learning, 4.3 and 7.10",
        ),
        (
            "forward selection",
            "greedily, the point that most raises the Mahalanobis distance of the class means",
            "stepwise discriminant analysis; Rencher & Christensen 2012",
        ),
        (
            "effect of a point",
            "mean change of the logit difference, towards the other class, when the point takes "
            "that class's validation mean",
            "–",
        ),
        (
            "flipped",
            "share of rightly answered images whose ten-way answer becomes the other class",
            "–",
        ),
        (
            "recovered",
            "(LD_patched − LD_base)/(LD_source − LD_base), a ratio of means, LD = z_b − z_a",
            "Zhang & Nanda 2024, 2309.16042",
        ),
        (
            "random control",
            "sets of live points from the same deciles of mean activation; "
            "p = (1 + #{control ≥ observed})/(1 + R)",
            "Phipson & Smyth 2010",
        ),
        (
            "common point",
            "above statistics.common_level of its own maximum over the pair's validation images in "
            "at least statistics.common_share of a class's",
            "–",
        ),
        (
            "interchange",
            "k points of an image take the values they have in images of the other class",
            "Zhang & Nanda 2024, 2309.16042",
        ),
        (
            "Jaccard by chance",
            "mean overlap of k points drawn from each network's live points, hypergeometric",
            "–",
        ),
        (
            "intervals of claims",
            "AUROC: DeLong; accuracy: Wilson; difference of two classifiers on the same images: "
            "Bonett & Price; share of disagreements: Clopper-Pearson; the rest: bootstrap over "
            "images, or over maps, 2.5 to 97.5%",
            "Bonett & Price 2012; Efron & Tibshirani 1993",
        ),
        (
            "matched maps",
            "assignment with the highest sum of Pearson r over images and positions, found on "
            "validation, scored on test; r = 0 for constant maps",
            "Li et al. 2016, 1511.07543",
        ),
        (
            "CKA",
            "linear, debiased HSIC of n × n Gram matrices",
            "Kornblith et al. 2019, 1905.00414; Song et al. 2012",
        ),
        (
            "input pattern",
            "argmax over x in [0, 1] of the map's mean before its ReLU, in standard deviations "
            "over images, − patterns.l2 · mean x² − patterns.total_variation · mean |Δx|, from "
            "random starts, jittered; neither priced nor jittered where no image fires the map",
            "Olah et al. 2017; Mahendran & Vedaldi 2015, 1412.0035",
        ),
        (
            "proven to answer to nothing",
            "upper bound of every point of the map by interval arithmetic, over all x in [0, 1], "
            "not above 0",
            "Gowal et al. 2018, 1810.12715",
        ),
        (
            "receptive field",
            "pixels that change a point when lit alone, all weights positive",
            "–",
        ),
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
