"""The section about methods: each measure with its formula, what it means, and its source."""

import re

from markupsafe import Markup, escape

from stages.report.blocks import Section, Table
from stages.report.results import Results

# Measure, formula, in words, source. `_x` and `^x` lower and raise a letter or a {group}.
MEASURES = (
    ("accuracy interval", "(p + z^2/2n ± z √(p(1 − p)/n + z^2/4n^2)) / (1 + z^2/n), z = 1.96",
     "Wilson's score interval, 95%, of a share p of n images", "Wilson 1927"),
    ("CNN against MLP", "p = P(|X − m/2| ≥ |x − m/2|), X ~ Binomial(m, 1/2)",
     "exact McNemar test: x of the m images that one of the two alone answers rightly",
     "McNemar 1947"),
    ("AUROC", "U/(n_a n_b) = P(B > A) + P(B = A)/2",
     "the chance that a value of class b is the higher one; mid-ranks for ties",
     "Mann & Whitney 1947; Hanley & McNeil 1982"),
    ("interval of AUROC", "AUROC ± 1.96 √(S_{10}/n_b + S_{01}/n_a)",
     "S are the variances, over images, of how often each beats the other class; cut to 0..1; in "
     "the claims, classes that never overlap are bounded as n of n images of the smaller one",
     "DeLong et al. 1988; Clopper & Pearson 1934"),
    ("Hedges g", "J (m_b − m_a)/s_{pooled}, J = 1 − 3/(4ν − 1), ν = n_a + n_b − 2",
     "difference of means in standard deviations, corrected for few images; none where s is 0",
     "Hedges 1981"),
    ("p-value of a point", "z = (|U − n_a n_b/2| − 1/2)/σ_U",
     "Mann-Whitney, two-sided, asymptotic, corrected for ties and continuity",
     "Mann & Whitney 1947"),
    ("q-value", "q_{(i)} = min_{j ≥ i} p_{(j)} n/j",
     "false-discovery rate over the n live points, p-values in ascending order",
     "Benjamini & Hochberg 1995"),
    ("selectivity", "(μ_{max} − μ_{rest})/(μ_{max} + μ_{rest})",
     "of the class means of a map averaged over its positions; none for a dead map",
     "Morcos et al. 2018"),
    ("never active", "rate ≤ 1 − 0.05^{1/n}",
     "a map active in none of n images: upper bound of its rate, 95%", "Clopper & Pearson 1934"),
    ("common point", "P(x > level · max x) ≥ share",
     "on, above statistics.common_level of its own maximum over the pair's validation images, "
     "in at least statistics.common_share of a class's", "–"),
    ("k-point classifier", "w = (Σ + λI)^{−1}(μ_b − μ_a)",
     "linear discriminant with a fixed ridge on k standardised points, fitted to validation "
     "images; k is the least whose 5-fold cross-validated accuracy is within one standard error "
     "of all points'", "Hastie et al., Elements of Statistical Learning, 4.3 and 7.10"),
    ("forward selection", "argmax_j D^2(S ∪ {j}), D^2 = (μ_b − μ_a)^T (Σ + λI)^{−1}(μ_b − μ_a)",
     "greedily, the point that most raises the Mahalanobis distance of the class means",
     "stepwise discriminant analysis; Rencher & Christensen 2012"),
    ("accuracy on moved images", "mean_d P(answer = y | image moved by d)",
     "over moves d up, down, left and right by the same number of pixels, the gap filled with "
     "background", "–"),
    ("silent-map classifier", "argmax_c (w_c · s + b_c), s_m = 1 where map m is silent, else 0",
     "multinomial logistic regression with an L2 penalty (C = 1), learnt on validation images, "
     "asked of test images; of conv_3 three random choices of as many maps as conv_2 has",
     "Hastie et al., Elements of Statistical Learning, 4.4"),
    ("logit difference", "LD = z_b − z_a", "above 0 the network prefers class b to class a", "–"),
    ("margin", "z_y − max_{c ≠ y} z_c",
     "the logit of the true class y minus the largest other", "–"),
    ("effect of a point", "mean of LD(x with x_j = m_j) − LD(x)",
     "change, signed towards the other class, when point j takes that class's validation mean",
     "–"),
    ("interchange", "x_j := x'_j for the k points j",
     "k points of an image take the values they have in images x' of the other class",
     "Zhang & Nanda 2024, 2309.16042"),
    ("flipped", "#{answer becomes the other class}/#{answered rightly before}",
     "ten-way answers of the edited images", "–"),
    ("recovered", "(LD_{patched} − LD_{base})/(LD_{source} − LD_{base})",
     "a ratio of means over test images: 0 is no change, 1 the other class's own",
     "Zhang & Nanda 2024, 2309.16042"),
    ("points to flip half", "log k = log k_0 + (log k_1 − log k_0)(1/2 − f_0)/(f_1 − f_0)",
     "between the two tested numbers around one half, linear in log k; f are the shares they flip; "
     "of the two classes the one that takes more counts", "–"),
    ("random control", "p = (1 + #{control ≥ observed})/(1 + R)",
     "R sets of live points from the same deciles of mean activation as the tested set",
     "Phipson & Smyth 2010"),
    ("matched maps", "max_π Σ_i r(i, π(i))",
     "assignment with the highest sum of Pearson r over images and positions, found on "
     "validation, scored on test; r = 0 for constant maps", "Li et al. 2016, 1511.07543"),
    ("best partner", "(mean_i r(i, argmax_j v(i, j)) + mean_j r(argmax_i v(i, j), j))/2",
     "semi-matching: v is r on validation, r is of test; a map may be the partner of several",
     "Li et al. 2016, 1511.07543"),
    ("class means removed", "r of x − mean(x | class)",
     "matched r on test images after each class's mean at each position is taken away; the "
     "matching stays", "–"),
    ("order kept", "Σ_i (r(i, i) − mean_j r(i, j))/Σ_i (r(i, π(i)) − mean_j r(i, j))",
     "what the maps' own order has over a random one, as a share of what the matching π has: 0 is "
     "a random order, 1 the best", "–"),
    ("CKA", "HSIC(K, L)/√(HSIC(K, K) HSIC(L, L))",
     "linear, of n × n Gram matrices of the same images, with the debiased HSIC",
     "Kornblith et al. 2019, 1905.00414; Song et al. 2012"),
    ("Jaccard index", "|S ∩ T|/|S ∪ T|",
     "overlap of two sets of k points; by chance: its mean for k points drawn from each network's "
     "live points, hypergeometric", "–"),
    ("input pattern",
     "argmax_{x ∈ [0, 1]} r(x)/σ − λ_1 mean x^2 − λ_2 (mean |Δ_{down} x| + mean |Δ_{right} x|)",
     "r is the map's mean before its ReLU, σ its standard deviation over images, Δ the "
     "difference of neighbouring pixels, λ are patterns.l2 and patterns.total_variation; from "
     "random starts, jittered. Kept is the random start that ends with the highest r, its prices "
     "left out. Where no random start fires the map, a second, longer search raises its highest "
     "point, neither priced nor jittered; its pattern is kept where no image fires the map either",
     "Olah et al. 2017; Mahendran & Vedaldi 2015, 1412.0035"),
    ("starts beyond all images", "#{starts: r(x_{end}) > max r(images)}/#{starts}",
     "of the random starts of a map's search; real images of all splits", "–"),
    ("proven to answer to nothing", "sup_{x ∈ [0, 1]} r_{ij}(x) ≤ 0 at every point",
     "by interval arithmetic, layer by layer: sure, but wide", "Gowal et al. 2018, 1810.12715"),
    ("receptive field", "{pixels p: x_p changes the point}",
     "one pixel lit at a time, all weights positive", "–"),
    ("interval of a difference of accuracies",
     "w − l ± 1.96 √((w + l − (w − l)^2)/(n + 2)), w = (W + 1)/(n + 2), l = (L + 1)/(n + 2)",
     "of two classifiers on the same n images, of which W are won and L lost by the first",
     "Bonett & Price 2012"),
    ("interval of a share of disagreements",
     "B^{−1}(0.025; x, m − x + 1) to B^{−1}(0.975; x + 1, m − x)",
     "x of the m images that one network alone answers rightly are the CNN's; B^{−1} are quantiles "
     "of the beta distribution", "Clopper & Pearson 1934"),
    ("other intervals of claims", "t*_{(0.025)} to t*_{(0.975)}",
     "quantiles of the statistic t over claims.resamples bootstrap samples of the images, or of "
     "the maps", "Efron & Tibshirani 1993"),
)  # fmt: skip


def formula(text: str) -> Markup:
    """A formula in one line as HTML, with its indices lowered and its powers raised."""
    found = str(escape(text))
    for mark, tag in (("_", "sub"), (r"\^", "sup")):
        found = re.sub(rf"{mark}(?:{{([^}}]*)}}|([\w*]))", rf"<{tag}>\1\2</{tag}>", found)
    return Markup(found)


def measures(results: Results) -> Section:
    """How everything was measured; the same for all results."""
    del results
    text = (
        "Points are selected on validation images and reported on test images. The unit of "
        "replication is the network, trained from another seed; figures show the first seed. "
        "A point is dead when it is 0 in every validation image of both classes, live otherwise; "
        "dead points are set aside before testing."
    )
    rows = tuple((name, formula(how), words, source) for name, how, words, source in MEASURES)
    table = Table("Measures and their sources.", ("measure", "formula", "in words", "source"), rows)
    return Section("measures", "How it was measured", (text,), (), (table,))
