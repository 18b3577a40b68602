"""The numbers that experiments are compared by.

Of several networks a metric is the mean; of what is looked at closely, over analysis.shown_seeds.
"""

from stages.common.files.declaration import File

# fmt: off
METRICS = File("reports/metrics.json", "report",
    "What `dvc metrics` compares: groups of numbers, means over networks. One that a run does not "
    "have is left out. The form says which difference does not matter: one within a tenth of what "
    "is missing to 1 (accuracy), a tenth of the value (amount), 0.05 (share). What is of all "
    "networks together (whole) is not tested.", """
    cnn.accuracy mlp.accuracy: accuracy, share of the test images answered rightly
    cnn.lowest mlp.lowest: whole, the same of the worst network
    cnn.highest mlp.highest: whole, the same of the best network
    cnn.confused mlp.confused: amount, test images of one class of the pair taken for the other
    points.live: amount, points of the last conv layer above 0 in a validation image of the pair
    points.separating: amount, live points with a test AUROC further than 0.2 from 0.5
    points.only_a points.only_b: amount, points class-typical for this class of the pair alone
    points.best_auroc: accuracy, test AUROC of the point with the best AUROC on validation images
    points.probe_error_few: amount, test error of a linear probe on few points (claims.few_points)
    points.probe_error_all: amount, the same of a probe on all live points
    points.patch_k: amount, patched points that flip half of the class that needs more
    layers.shared_a: amount, points of the last conv layer on in three random test images of a
    layers.shared: amount, the same in three images of different classes
    similarity.same: share, correlation of the last conv layer in two images of a, or two of b
    similarity.between: share, the same in an image of a and one of b
    similarity.separation similarity.separation_untrained: share, 1 − (1 − same) / (1 − between)
    similarity.neighbours: share, class a among the 10 fit images nearest to one of a, last layer
    similarity.neighbours_pixels: share, the same by pixels
    decoder.last decoder.dense: share, of the pixels' variance that a decoder recovers from it
    decoder.last_untrained: share, the same before training
    patterns.passed: share, of random starts that end above all real images, last conv layer
    patterns.agreement: share, correlation of two patterns of one map of the last conv layer
    patterns.between: share, the same of different maps
    unseen.roughness: amount, total variation over contrast of patterns, maps no image activates
    unseen.active: amount, the same of the other maps
    orientation.stays: share, part of the horizontal index that stays when an image of a is turned
    orientation.follows: share, the part that turns with it
    orientation.background: amount, maps of conv_1 that are active on background
    loop.closed: share, images read as the other class when a stroke closes the top of a loop
    loop.opened: share, the same when the top of a loop is erased
    loop.closed_gain loop.opened_gain: share, that minus the same of as much ink elsewhere
    depth.pixels depth.last depth.dense: amount, test error of a linear probe for the pair on it
    depth.last_untrained: amount, the same before training
    directions.rotation_over_points: amount, rotated coordinates for each point, to flip half
    directions.first_axis_flips: share, flipped by patching the principal axis with most effect
    directions.means_flip: share, flipped by patching along the difference of the class means
    directions.erased_after: amount, directions removed until a refitted linear probe is at chance
    smallest_change.ink_a: amount, full pixels of ink that make the CNN answer b to images of a
    smallest_change.ink_b: amount, the same that make it answer a to images of b
    smallest_change.transfer_cnn: whole, share of these changes that also flip the other CNNs shown
    smallest_change.transfer_mlp: share, of them that also flip the MLP of the same seed
    errors.some: whole, images of the pair that some CNN answers wrongly
    errors.half: whole, images of the pair that at least half of the CNNs answer wrongly
    pairs.rank_errors: amount, rank of the pair by test images confused; 1 is the hardest
    pairs.rank_auroc: amount, the same by the AUROC of the best point
    pairs.rank_loss: amount, the same by the errors that a probe on few points adds
    attribution.below_random: amount, logits between deletion in random order and by attribution
    attribution.below_ink: amount, the same with dark pixels first for random order
    attribution.random_weights: share, Spearman of attributions with those of random weights
    attribution.spearman: share, Spearman of attribution patching with measured effects of points
    dense.active: amount, dense units active in images of the pair
    dense.half: amount, dense units that carry half of the pair's logit difference
    dense.patch_k_a dense.patch_k_b: amount, patched dense units that flip half of the class
    dense.path_share: share, of the effect of all paths that the drawn paths have
    maps.matched_r: share, correlation of two networks' maps of the last conv layer, matched
    maps.identity_r: share, the same in their own order
    claims.supported claims.refuted claims.no_difference: whole, claims with this outcome
    claims.open claims.does_not_apply: whole, the same""")
METRICS_BY_SEED = File("reports/metrics_by_seed.csv", "report",
    "Every metric that a single network has: a row a metric and network.", """
    metric: str, as in `metrics.json`, with its group
    seed: int, of the training
    value: float, of this network; of `maps`, which needs two, the jackknife's pseudo-value""")
