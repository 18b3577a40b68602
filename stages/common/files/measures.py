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
PROBE_CURVE = File("data/probes/cnn-{seed}/probe_curve.csv", "probes",
    "Linear probes for the pair on k points, against random points: a row a ranking and k.", """
    ranking: str, auroc, forward or effect
    k: int, points, ranked on validation images
    accuracy low high: float, on test images, fitted on fit images; its Wilson interval
    accuracy_validation: float, the same, fitted on validation images
    control_mean control_low control_high: float?, accuracy of random points, middle 95 %""")
PROBE_RESAMPLES = File("data/probes/cnn-{seed}/resamples.csv", "probes",
    "What claims read, on resamples of validation and test images: a row a resample. Errors are of "
    "linear probes on test images, fitted on fit images. `before` is the conv layer before the "
    "last, empty where there is none. See common/resampling.py.", """
    resample: int, 0 is the images as they are
    live few fitted: int, points; claims.few_points of them; fit images of the pair
    error_all error_few error_without: float, on the live points; on the few; on all but the few
    tell_loss needs_loss: float, error_few and error_without, minus error_all
    tell_loss_validation: float?, tell_loss of probes fitted on validation images
    typical typical_a: int, points class-typical for a or b; for a
    error_best error_typical: float?, on the best of them alone; on all; means of both classes
    pair_gain: float?, error_best minus error_typical
    error_best_rest error_typical_rest: float?, of a against all others, on points of a
    rest_gain: float?, their difference
    silent_maps: int, maps of before silent in claims.silent_in of the validation images of a
    silent_shared: float?, of these, silent in as many of every contrast class, test images
    silent_expected silent_gain: float?, the same of all maps of the layer; the difference
    accuracy_before accuracy_last: float?, for the class, from which of as many maps are silent
    silence_gain: float?, accuracy_last minus accuracy_before
    untrained_before untrained_last: float?, accuracy before training, of the sample
    trained_before trained_last: float?, accuracy after it, of the same sample
    error_points_before error_means_before: float?, on all points; on map means
    places_before: float?, error_means_before minus error_points_before
    error_points_last error_means_last error_active_last: float, and on which are active
    places_last: float?, error_means_last minus error_points_last, empty where a map is one point
    levels_last: float, error_active_last minus error_points_last""")
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
ERROR_POINTS = File("data/interventions/cnn-{seed}/errors.csv", "interventions",
    "Every test image of the pair that the network answers wrongly, among all classes, with the "
    "points that push it most towards that answer: a row an image and point.", f"""
    index label answer rank: int, row of the test images; class; answer; from 1
    {CELL}
    effect: float, on the logit of the answer minus the class's, against its mean in the class""")
HALF_FLIPPED = File("data/interventions/cnn-{seed}/half.csv", "interventions",
    "The fewest points, by effect, whose interchange flips half of the test images: a row a "
    "direction.", """
    direction: str, a_to_b edits images of a
    live: int, points
    k random_k: float?, points; mean over random orders of the live points; live where none does
    image_k: float?, median over images, each by its own order, other class's mean
    flipped same_class: float?, share flipped by k points; by the same points of its own class
    real edited edited_same: float?, distance to the nearest real image: unedited, then as above""")
INTERVENTION_RESAMPLES = File("data/interventions/cnn-{seed}/resamples.csv", "interventions",
    "What claims read, on resamples of validation and test images: a row a resample. Errors are of "
    "the network's logit difference on the pair's test images.", """
    resample: int, 0 is the images as they are
    k_a_to_b k_b_to_a: float?, points by effect whose interchange flips half of the images
    random_k_a_to_b random_k_b_to_a: float?, mean over random orders
    half_a_to_b half_b_to_a: float?, k over random_k
    error error_levels levels_loss: float, unedited; every active point at its mean; the difference
    error_shuffled error_means: float?, positions shuffled; map means
    shuffled_loss means_loss: float?, the same minus error; all empty where a map is one point""")
MATCHING = File("data/replicates/matching.csv", "replicates",
    "How alike the maps of two CNNs are: a row a pair of seeds and layer. r is Pearson's, on test "
    "images and the positions of the samples, mean over maps.", """
    seed_i seed_j: int, the networks
    layer: str, conv layer
    matched_r identity_r: float, one-to-one in the best order; in the same order
    semi_matched_r residual_r: float, each map's best partner; matched, class means removed
    untrained_r random_r: float, matched before training; mean over all orders
    constant_maps: int, of both networks, at these positions""")
MATCHING_RESAMPLES = File("data/replicates/resamples.csv", "replicates",
    "What claims read, on resamples of the samples' images: a row a pair of seeds and resample. Of "
    "the last conv layer, as in matching.csv.", """
    seed_i seed_j resample: int, the networks; 0 is the images as they are
    matched_r untrained_r identity_r random_r: float?, Pearson's, means over maps
    gain order: float?, matched_r minus untrained_r; identity_r minus random_r
    kernels_r untrained_kernels_r: float, of kernels of conv_1 as weights, matched one to one""")
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
