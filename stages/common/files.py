"""Every file that passes between stages, declared once: what it holds, in which form and unit.

`artifacts` writes and reads by these declarations and checks what it reads against them; the data
dictionary in `stages/README.md` is made from them. Who reads or writes fills in a path's `{names}`;
`{label}` is a class's number.

A line of a declaration is `names: form, meaning`. Forms:

    float32 (n, r)       an array of an NPZ file. A letter is a size, the same in the whole file
    int float bool str   a column of a table; an interval is three: name, name_low, name_high
    float?               may be NaN, which is an empty cell in a table

`{layer}` in a name stands for every layer that is in the file, and `r c maps` are its own sizes;
`{label}` stands for every class.
Classes a and b are those of analysis.pair. What has no unit is a count, a share from 0 to 1, or
an activation. Intervals are at 95 % unless the meaning says otherwise.
"""

from typing import NamedTuple


class File(NamedTuple):
    """One file, or one for each seed, model, split, class or layer."""

    path: str
    stage: str  # that writes it
    about: str
    content: str = ""  # lines as above; empty where it is no table and no NPZ file


# fmt: off
_ACTIVATIONS = """
    index: int32 (n), row of the split
    {layer}: float32 (n, r, c, maps), after the activation
"""
_CELL = "map row column: int, the point"
_NETWORK = """model: str, cnn or mlp
    seed: int, of the training"""

DATASET = File("data/raw/dataset.npz", "download", "The images, verified and split.", """
    fit_images: uint8 (f, side, side), pixels from 0, background, to 255, ink
    fit_labels: uint8 (f), class
    fit_index: int32 (f), row of the source's training images, or of all where it has no split
    validation_images: uint8 (v, side, side), pixels
    validation_labels: uint8 (v), class
    validation_index: int32 (v), the same
    test_images: uint8 (t, side, side), pixels
    test_labels: uint8 (t), class
    test_index: int32 (t), row of the source's test images, or of all where it has no split
    class_names: str (classes), by class
    name: str (), of the dataset""")
WEIGHTS = File("data/models/{model}-{seed}/model.weights.h5", "train",
    "The trained weights in Keras's format, without the optimizer's state.")
LOGITS = File("data/models/{model}-{seed}/logits.npz", "train", "What a network answers.", """
    validation_logits: float32 (v, classes), of all images of the split
    test_logits: float32 (t, classes), of all images of the split""")
SHIFT_LOGITS = File("data/models/{model}-{seed}/shift_logits.npz", "train",
    "What it answers to a class-balanced sample of test images, translated.", """
    index: int32 (m), row of the test images
    shifts: int32 (s, 2), pixels down and right
    logits: float32 (s, m, classes), under each shift""")
HISTORY = File("data/models/{model}-{seed}/history.csv", "train", "A row an epoch.", """
    epoch: int, from 1
    loss accuracy: float, of fit images while the weights change; losses in nats, with penalties
    val_loss val_accuracy: float, of validation images
    learning_rate: float, at the end of the epoch""")
TIMINGS = File("data/timings/train-{model}-{seed}.json", "train",
    "`device`, `seconds` and `epoch_seconds` of the training; apart, since it differs every time.")
ACCURACY = File("data/evaluation/accuracy.csv", "evaluate", "A row a network and split.", f"""
    {_NETWORK}
    split: str, validation or test
    n errors: int, images
    accuracy low high: float, of answers among all classes, with its Wilson interval""")
PAIR = File("data/evaluation/pair.csv", "evaluate",
    "Test images of a and b with the other as answer among all classes: a row a network.", f"""
    {_NETWORK}
    n a_as_b b_as_a errors: int, images; errors are both kinds together
    low high: float, Wilson interval of errors / n""")
MCNEMAR = File("data/evaluation/mcnemar.csv", "evaluate",
    "CNN against MLP on the same test images: a row a seed and scope.", """
    seed: int, of the training
    scope: str, all test images, or those of the pair
    both_right only_cnn_right only_mlp_right both_wrong: int, images
    p_value: float, exact McNemar test
    won: interval, share of the disagreements that the CNN wins; Clopper-Pearson""")
CONFUSION = File("data/evaluation/confusion.csv", "evaluate", "Answers to test images.", f"""
    {_NETWORK}
    actual predicted count: int, class; answer; images""")
TRANSLATION = File("data/evaluation/translation.csv", "evaluate",
    "Accuracy on translated test images: a row a network and distance.", f"""
    {_NETWORK}
    pixels images: int, distance; images of the sample
    accuracy: float, all classes, mean over up, down, left and right""")
TRANSLATION_COST = File("data/evaluation/translation_cost.csv", "evaluate",
    "What the farthest translation changes: a row a seed. Intervals by bootstrap over images.", """
    seed pixels: int, of the training; the farthest
    change: interval, accuracy of the CNN, translated minus in place
    spared: interval, accuracy that it costs the MLP minus what it costs the CNN
    cnn_in_place cnn_translated mlp_in_place mlp_translated: float?, accuracy""")
ACTIVATIONS = File("data/activations/cnn-{seed}/{split}_{label}.npz", "activations",
    "Every test image of a class of activations.classes, and every validation image of a class "
    "of the pair, in activations.layers.",
    "logits: float32 (n, classes), not read by any stage; for readers of the dump" + _ACTIVATIONS)
MAP_ACTIVITY = File("data/activations/cnn-{seed}/map_activity_{split}.npz", "activations",
    "Every map of every conv layer in every image.", """
    labels: uint8 (n), class
    {layer}_max {layer}_mean: float32 (n, maps), highest point; mean over points, below 0 as 0""")
SAMPLE = File("data/activations/cnn-{seed}/sample_{split}.npz", "activations",
    "Every conv layer of a class-balanced sample of images, the same images for every network. "
    "Rows and columns as far apart, in pixels of the image, as the last layer's.", """
    labels: uint8 (n), class
    {layer}_max: float32 (n, maps), highest point of all, not of these alone""" + _ACTIVATIONS)
UNTRAINED = SAMPLE._replace(path="data/activations/cnn-{seed}/untrained_{split}.npz",
    about="The same images in the network as it was before training.")
GRAMS = File("data/activations/cnn-{seed}/grams.npz", "activations",
    "Which images of the test sample are alike, by all points of each conv layer; for CKA.", """
    {layer} {layer}_untrained: float32? (n, n), U-centred Gram matrix, after and before training""")
PAIR_SAMPLE = File("data/activations/cnn-{seed}/pair_{split}.npz", "activations",
    "The conv layer before the last in the sample's images of the pair; none where there is none.",
    "a: float32 (i, r, c, maps), of class a, after the activation\n"
    "b: float32 (j, r, c, maps), of class b")
EXEMPLARS = File("data/activations/cnn-{seed}/exemplars.npz", "activations",
    "A few test images through every conv and pool layer; `index` is of the test images.", """
    label: uint8 (n), class
    role: str (n), clear, typical, hard, contrast, wrong, mlp_wrong or listed
    image: uint8 (n, side, side), pixels
    logits: float32 (n, classes), of the CNN""" + _ACTIVATIONS)
POINTS = File("data/statistics/cnn-{seed}/points.csv", "map_statistics",
    "A row a point of the last conv layer, in the order map, row, column. Of validation images "
    "where the name does not end in _test.", f"""
    {_CELL}
    dead: bool, above 0 in no image of the pair
    mean_a mean_b active_a active_b: float, activation; share of images above 0
    typical_a typical_b: bool, class-typical: see statistics in params.yaml
    hedges_g: float?, b minus a in standard deviations
    auroc: float, above 0.5 is higher for b
    p_value q_value: float?, Mann-Whitney; Benjamini-Hochberg over live points
    mean_a_test mean_b_test auroc_test: float, activation; above 0.5 is higher for b
    auroc_test_low auroc_test_high: float?, DeLong interval
    separating: bool, live, and auroc_test further than 0.2 from 0.5""")
MAPS = File("data/statistics/cnn-{seed}/maps_{layer}.csv", "map_statistics",
    "A row a map of one conv layer, of test images.", """
    map preferred_class images: int, number; class of highest mean; validation and test images
    active_{label} mean_{label}: float?, by class, share of images with a point above 0; activation
    selectivity: float?, of the class means
    never_active: bool, in no validation and no test image
    active_upper: float, upper bound of the rate of images that activate it""")
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
    {_CELL}
    effect_a_to_b effect_b_to_a: float, change of the logit difference towards the other class""")
WRONG_POINTS = File("data/interventions/cnn-{seed}/wrong_points.csv", "interventions",
    "The points that push a hard exemplar towards the other class, worst first.", f"""
    index label rank: int, row of the test images; class; from 1
    role: str, of the exemplar
    {_CELL}
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
CORRELATIONS = File("data/replicates/correlations.npz", "replicates",
    "Map against map of the first two CNNs; with one seed, no layer.", """
    seeds: int64 (pairs, 2), all pairs of networks
    {layer}: float32 (maps, maps), Pearson r on test images, maps of the first network in rows
    {layer}_assignment: int32 (maps), the map of the second matched to each of the first""")
PATTERNS = File("data/input_patterns/cnn-{seed}.npz", "input_patterns",
    "Feature visualisation: images that raise the mean of one of m maps before its activation, or "
    "one of four targets among the logits: a, b, b minus a, a minus b. Of a seed that is not among "
    "analysis.shown_seeds, the maps that no image activates alone.", """
    layer status: str (m), conv layer; reached, silent, unreached or dead
    map: int32 (m), number
    pattern: float32 (m, side, side), pixels from 0 to 1
    value natural_max: float32 (m), the mean for the pattern; the highest for a real image
    success_rate: float32 (m), share of random starts that end above natural_max
    upper_bound: float64 (m), what no input exceeds
    top_images: uint8 (m, top, side, side), the real images that come closest
    conv_1_kernel: float32 (k, k, first), weights
    class_pattern: float32 (4, side, side), pixels from 0 to 1
    class_value class_natural_max class_success_rate: float32 (4), as for maps, in logits
    class_top_images: uint8 (4, top, side, side), the real images that come closest
    class_logits: float32 (4, classes), all logits of the pattern""")
PATTERN_COUNTS = File("data/input_patterns/cnn-{seed}.csv", "input_patterns",
    "A row a layer; the last six columns of analysis.shown_seeds alone.", """
    layer: str, conv layer
    maps active: int, all; active in a real image
    silent dead proven: int, activated by the search alone; by nothing; of these, by no input
    dead_share: interval, dead over maps; low is proven over maps
    bound: float?, highest upper_bound of the dead that are not proven
    passed unreached: float?, of the active, driven beyond all real images; activated by no start
    success_rate untrained_success_rate: float?, mean over active maps; over all before training
    distance untrained_distance: float?, (value - natural_max) over the spread of real images""")
RECEPTIVE_FIELD = File("data/input_patterns/receptive_field.csv", "receptive_field",
    "The pixels that reach each cell of every conv and pool layer.", """
    layer: str, conv or pool layer
    row column top left height width: int, the cell; pixels""")
FIELD_SIZES = File("data/input_patterns/field_sizes.csv", "receptive_field",
    "The same in short: a row a layer. Median, lowest and highest over the cells, in pixels.", """
    layer: str, conv or pool layer
    size stride: interval, height and width; from a cell to the next, empty where there is none""")
CLAIMS = File("reports/claims.json", "claims",
    "A list, a row a part of a claim: `id`, `part`, `claim`, `statistic`, `values` (a replicate "
    "each: `seed` or `seeds`, `value`, `low`, `high`), `side`, `threshold`, `verdict`, `sentence`, "
    "and `short`, its numbers as text.")
METRICS = File("reports/metrics.json", "report", "What `dvc metrics` compares; see README.md.")
# `dvc plots` draws these. All but the last have a curve for each panel and seed. Panels have the
# same names in every experiment, whatever its pair or dataset.
PLOT_CURVES = File("reports/plots/curves.csv", "report", "How the networks learned.", """
    panel: str, CNN or MLP
    seed epoch: int, from 1
    val_accuracy val_loss: float, validation images; nats""")
PLOT_PROBES = File("reports/plots/probe_curve.csv", "report", "Linear probes on k points.", """
    panel: str, ranking
    seed k: int, points
    error: float, share of the pair's test images""")
PLOT_PATCHING = File("reports/plots/patching.csv", "report", "Activation patching of k points.", """
    panel: str, direction and mode
    seed k: int, points
    flipped: float, share of the images answered rightly""")
PLOT_AUROC = File("reports/plots/auroc.csv", "report", "How single points separate the pair.", """
    panel: str, last conv layer
    seed: int, of the training
    auroc live_points: float, middle of a bin; share of the live points in it""")
PLOT_TRANSLATION = File("reports/plots/translation.csv", "report", "On translated images.", """
    panel: str, CNN or MLP
    seed pixels: int, distance
    accuracy: float, all classes""")
PLOT_CONFUSIONS = File("reports/plots/confusions.csv", "report", "Wrong answers, test images.", """
    panel actual predicted: str, CNN or MLP; names of the classes
    images: float, mean over the seeds""")

FILES = tuple(value for value in globals().values() if isinstance(value, File))
