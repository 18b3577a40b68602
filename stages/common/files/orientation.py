"""Files of `orientation`: which way the strokes in maps run, and what is active on background."""

from stages.common.files.declaration import File

# fmt: off
_CASES = """upright turned: float?, index in the images as they are, and turned by 90 degrees
    untrained untrained_turned: float?, the same before training"""
ORIENTATION = File("data/orientation/cnn-{seed}/layers.csv", "orientation",
    "A row a conv layer and class, of a class-balanced sample of test images. The horizontal index "
    "goes from 1, horizontal strokes alone, to -1, vertical ones alone; energies are added up over "
    "maps and images. Empty where nothing differs between neighbours.", f"""
    layer: str, conv layer
    class images: int, class; images of it
    {_CASES}
    pixels averaged: float?, of the images themselves; of their means over each point's field
    maps_r maps_r_untrained: float?, Pearson's r over maps, index upright with index turned""")
MAP_ORIENTATION = File("data/orientation/cnn-{seed}/maps.csv", "orientation",
    "A row a map of every conv layer, in the images of class a among them.", f"""
    layer: str, conv layer
    map: int, number
    {_CASES}
    energy: float, share of the layer's energy, images as they are
    on_empty: bool, active somewhere in an empty image""")
BACKGROUND = File("data/orientation/cnn-{seed}/conv_1.csv", "orientation",
    "A row a map of the first conv layer.", """
    map: int, number
    kernel_sum bias: float, of its weights; of the map
    value highest: float, activation on background; in images of a
    on_background on_ink: bool, active where a point sees 0 alone; where it sees 1 alone
    outside outside_points: float, points in an image of a that see 0 alone: active, all; mean
    inside inside_points: float, the same of the other points""")
ORIENTED_MAPS = File("data/orientation/cnn-{seed}/pictures.npz", "orientation",
    "A typical test image of a, and its most horizontal and most vertical maps, chosen on "
    "validation images of a; upright and turned by 90 degrees.", """
    image: uint8 (side, side), pixels
    index: int32 (), row of the test images
    image_index: float64? (2), horizontal index upright and turned
    background_share: float32? (h, w), of conv_1's maps active on background, share active in a
    other_share: float32? (h, w), the same, of the other maps
    {layer}_map: int32 (maps), numbers, the most horizontal first
    {layer}_index: float64? (2, maps), horizontal index upright and turned
    {layer}_upright {layer}_turned: float32 (r, c, maps), after the activation""")
