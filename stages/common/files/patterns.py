"""Files of `input_patterns` and `receptive_field`: what a map looks for, what it sees."""

from stages.common.files.declaration import File

# fmt: off
PATTERNS = File("data/input_patterns/cnn-{seed}.npz", "input_patterns",
    "Feature visualisation: patches that raise a point of one of m maps before its activation (or, "
    "by patterns.objective, images that raise the map's mean), and images that raise one of four "
    "targets among the logits: a, b, b minus a, a minus b. Of a seed that is not among "
    "analysis.shown_seeds, the maps that no image activates alone. Endings: of random starts.", """
    layer status: str (m), conv layer; reached, silent, unreached or dead
    map: int32 (m), number
    value natural_max: float32 (m), the point, or mean, for the pattern; the highest on real images
    success_rate: float32 (m), share of random starts that end above natural_max
    upper_bound: float64 (m), what no input exceeds
    agreement: float32? (m), mean Pearson r between two endings that activate the map
    endings: int32 (m), that differ: those of r from 0.7 on count as one
    ending_value: float32? (m, kept), of each that is kept, highest first
    ending_count: int32 (m, kept), starts that end so
    with_penalties without_penalties: float32? (m), the highest reached where no image activates
    roughness real_roughness: float32? (m), total variation over contrast; of the closest patches
    top_images: uint8 (m, top, side, side), the real images that come closest
    top_corner: int32 (m, top, 2), row and column of the first pixel that the best point sees there
    {layer}_pattern: float32 (maps, f, f), pixels from 0 to 1; f is the field, or the whole image
    {layer}_ending: uint8 (maps, kept, f, f), the endings, 255 is ink
    {layer}_way: uint8 (maps, frames, f, f), from the random start to the pattern
    {layer}_insisted_map: int32 (q), the maps that no image activates, but those proven silent
    {layer}_insisted: uint8 (q, 2, f, f), the best for each of them with penalties and without
    conv_1_kernel: float32 (k, k, first), weights
    class_pattern: float32 (4, side, side), pixels from 0 to 1
    class_value class_natural_max class_success_rate: float32 (4), as for maps, in logits
    class_top_images: uint8 (4, top, side, side), the real images that come closest
    class_logits: float32 (4, classes), all logits of the pattern""")
PATTERN_COUNTS = File("data/input_patterns/cnn-{seed}.csv", "input_patterns",
    "A row a layer; from passed on of analysis.shown_seeds alone.", """
    layer: str, conv layer
    maps active: int, all; active in a real image
    silent dead proven: int, activated by the search alone; by nothing; of these, by no input
    dead_share: interval, dead over maps; low is proven over maps
    bound: float?, highest upper_bound of the dead that are not proven
    penalised: float?, of the silent, activated with the penalties on; the others only without
    roughness_silent: float?, mean over silent maps
    passed unreached: float?, of the active, driven beyond all real images; activated by no start
    success_rate untrained_success_rate: float?, mean over active maps; over all before training
    distance untrained_distance: float?, (value - natural_max) over the spread of real images
    agreement untrained_agreement: float?, r between two endings, as above
    agreement_between: float?, r between patterns of different active maps
    roughness real_roughness: float?, mean over active maps; of the real patches closest to them
    rougher: float?, of the silent, those above 95% of the active maps in roughness""")
RECEPTIVE_FIELD = File("data/input_patterns/receptive_field.csv", "receptive_field",
    "The pixels that reach each cell of every conv and pool layer.", """
    layer: str, conv or pool layer
    row column top left height width: int, the cell; pixels""")
FIELD_SIZES = File("data/input_patterns/field_sizes.csv", "receptive_field",
    "The same in short: a row a layer. Median, lowest and highest over the cells, in pixels.", """
    layer: str, conv or pool layer
    size stride: interval, height and width; from a cell to the next, empty where there is none""")
