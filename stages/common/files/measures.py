"""Files of `map_statistics`, `probes`, `interventions` and `replicates`: what was measured."""

from stages.common.files.declaration import CELL, File

# fmt: off
POINTS = File("data/statistics/cnn-{seed}/points.csv", "map_statistics",
    "A row a point of the last conv layer, in the order map, row, column. Of validation images "
    "where the name does not end in _test.", f"""
    {CELL}
    dead: bool, above 0 in no image of the pair
    mean_a mean_b active_a active_b: float, activation; share of images above 0
    typical_a typical_b: bool, class-typical: see statistics in params.yaml
    hedges_g: float?, b minus a in standard deviations
    auroc: float, above 0.5 is higher for b
    p_value q_value: float?, Mann-Whitney; Benjamini-Hochberg over live points
    mean_a_test mean_b_test auroc_test: float, activation; above 0.5 is higher for b
    auroc_test_low auroc_test_high: float?, DeLong interval
    separating: bool, live, and auroc_test further than 0.2 from 0.5
    shared: bool, on in all exemplars of a that figures show; see shared_points.csv""")
MAPS = File("data/statistics/cnn-{seed}/maps_{layer}.csv", "map_statistics",
    "A row a map of one conv layer, of test images.", """
    map preferred_class images: int, number; class of highest mean; validation and test images
    active_{label} mean_{label}: float?, by class, share of images with a point above 0; activation
    selectivity: float?, of the class means
    never_active: bool, in no validation and no test image
    active_upper: float, upper bound of the rate of images that activate it""")
SHARED_POINTS = File("data/statistics/cnn-{seed}/shared_points.csv", "map_statistics",
    "Points of the last conv layer that are on in every one of a few test images; on as in "
    "statistics.common_level. Random images: 1,000 draws.", """
    case: str, exemplars of a; random images of a; random images of as many different classes
    images: int, compared
    label: float?, class of one more image, in which they are on too; empty without one
    points: interval, number; mean over draws and their middle 95 %""")
STATISTICS = File("data/statistics/cnn-{seed}/summary.csv", "map_statistics", "One row.", """
    points live separating: int, points
    significant: float, share of the live points with q < 0.05
    only_a only_b both: int, points class-typical for a alone, for b alone, for both
    best_map best_row best_column: int, the live point whose validation AUROC is furthest from 0.5
    best_higher_for_b: bool, on validation images
    best_auroc: interval, test images, towards that class; DeLong
    best_distance: float, 0.5 + abs(auroc_test - 0.5) of the same point""")
SILENCE = File("data/probes/cnn-{seed}/silence.csv", "probes",
    "Linear probes for the class that see only which maps are silent: a row a layer.", """
    layer: str, conv layer
    maps sample: int, that a probe sees; images of the sample that the next two are fitted on
    trained untrained: float, accuracy on the test sample, after and before training
    accuracy: interval, all test images; Wilson""")
FEATURES = File("data/probes/cnn-{seed}/features.csv", "probes",
    "Linear probes for the pair on all points of a layer, against less: a row a comparison.", """
    layer against: str, conv layer; map_means or on_or_off
    gain: interval, accuracy on the points minus that on the other; Bonett-Price
    points other: float?, accuracy
    n fitted: int, test images and validation images of the pair""")
PROBE_CURVE = File("data/interventions/cnn-{seed}/probe_curve.csv", "interventions",
    "Linear probes for the pair on k points, against random points: a row a ranking and k.", """
    ranking: str, auroc, forward or effect
    k: int, points
    cv_accuracy accuracy low high: float, validation, out of fold; test, with its Wilson interval
    control_mean control_low control_high: float?, accuracy of random points, middle 95 %""")
PATCHING = File("data/interventions/cnn-{seed}/patching.csv", "interventions",
    "Activation patching of the k points with most effect: a row a direction, mode and k.", """
    direction mode: str, a_to_b edits images of a; interchange, mean or zero
    k: int, points
    flipped: float?, share of the images answered rightly that become the other class
    flipped_control_mean flipped_control_low flipped_control_high: float?, of random sets, 95 %
    flipped_p: float?, (1 + n)/(1 + R), where n of the R random sets flip as many
    recovered: float?, of the logit difference to the other class
    recovered_control_mean recovered_control_low recovered_control_high: float?, of random sets
    recovered_p: float?, (1 + n)/(1 + R), where n of the R random sets recover as much""")
SPECIFICITY = File("data/interventions/cnn-{seed}/specificity.csv", "interventions",
    "Ablation of the same points in test images of every dumped class.", """
    mode: str, mean of the pair, or zero
    k class: int, points; class
    accuracy_before accuracy_after: float?, among all classes""")
EFFECTS = File("data/interventions/cnn-{seed}/effects.csv", "interventions",
    "A row a point, which takes the other class's mean alone; validation images.", f"""
    {CELL}
    effect_a_to_b effect_b_to_a: float, change of the logit difference towards the other class""")
WRONG_POINTS = File("data/interventions/cnn-{seed}/wrong_points.csv", "interventions",
    "The points that push a hard exemplar towards the other class, worst first.", f"""
    index label rank: int, row of the test images; class; from 1
    role: str, of the exemplar
    {CELL}
    value class_mean: float, activation; its mean in the image's own class, validation
    effect: float, on the logit difference, above 0 towards b
    logit_difference corrected_difference: float, as it is; with the points so far at class_mean""")
INTERVENTIONS = File("data/interventions/cnn-{seed}/summary.csv", "interventions", "One row.", """
    live probe_k_auroc probe_k_forward probe_k_effect: int, points; of the chosen probes, by ranking
    probe_share: interval, probe_k_forward over live; bootstrap within folds
    patch_share: interval, points whose interchange flips half of either class, over live; bootstrap
    patch_k patch_k_a patch_k_b: float?, these points; for images of a alone, of b alone
    patch_random patch_none: float?, share that random points flip; live where no k flips half
    typical: int, points class-typical for a or b
    typical_best typical_joint: interval, AUROC of the best of them, of a probe on all; DeLong""")
MATCHING = File("data/replicates/matching.csv", "replicates",
    "How alike the maps of two CNNs are: a row a pair of seeds and layer. r is Pearson's, on test "
    "images and the positions of the samples, mean over maps.", """
    seed_i seed_j: int, the networks
    layer: str, conv layer
    matched_r identity_r: float, one-to-one in the best order; in the same order
    semi_matched_r residual_r: float, each map's best partner; matched, class means removed
    untrained_r random_r: float, matched before training; mean over all orders
    constant_maps: int, of both networks, at these positions
    gain: interval, matched_r minus untrained_r; bootstrap over maps
    order_kept: interval, (identity_r - random_r) / (matched_r - random_r); bootstrap over maps""")
CKA = File("data/replicates/cka.csv", "replicates", "How alike layers are: rows as above.", """
    seed_i seed_j: int, the networks
    layer: str, conv layer
    cka untrained_cka: float?, debiased linear CKA, after and before training""")
SELECTED_POINTS = File("data/replicates/selected_points.csv", "replicates",
    "Overlap of two CNNs' k points of best AUROC, carried over by the matching.", """
    seed_i seed_j k: int, the networks; points
    jaccard expected: float, index; by chance""")
MATCHED_PATTERNS = File("data/replicates/patterns.csv", "replicates",
    "Whether matched maps of the first two CNNs look for the same: a row a layer. Of maps that "
    "images and the search activate in both; a header alone where patterns.objective is map or "
    "where one of the two is not among analysis.shown_seeds.", """
    layer: str, conv layer
    seed_i seed_j maps: int, the networks; maps
    matched_r: float, between the patterns of matched maps, Pearson, mean over maps
    random_r: interval, in random order; the middle 95 % of orders""")
CORRELATIONS = File("data/replicates/correlations.npz", "replicates",
    "Map against map of the first two CNNs; with one seed, no layer.", """
    seeds: int64 (pairs, 2), all pairs of networks
    {layer}: float32 (maps, maps), Pearson r on test images, maps of the first network in rows
    {layer}_assignment: int32 (maps), the map of the second matched to each of the first""")
