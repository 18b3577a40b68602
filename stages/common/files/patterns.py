"""Files of `input_patterns` and `receptive_field`: what a map looks for, what it sees."""

from stages.common.files.declaration import File

# fmt: off
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
