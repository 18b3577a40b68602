"""The explorer: the part of the page that runs the CNN's head again and patches points.

The page carries one JSON script. Points stand in the order map, row, column.

    pair class_names quoted_names   classes a and b; all names, plain and as in a sentence
    shown exemplars                 `index`, `label`, `role` of each image; how many there are
    layers colormap                 `name`, `shape`, `high` of each, the last one last; 256 colours
    activation                      of the dense layer: relu, elu or selu
    field pattern_status            `size`, `stride` of a point's receptive field; of each map
    of_points                       whether a pattern is what a point sees, not a whole image
    searched strongest_label        where `strongest` is from; class of each of its tiles
    arrays      `dtype`, `shape`, `data` (base64, little-endian), all float32 but three of uint16:
        points                      (images, points)  the last conv layer of the shown images
        dense_kernel ...            (points, units)   the head: the arrays of `trained.Head`
        mean silent                 (2, points) of a and b: validation mean; share of 0 in test
        auroc                       (3, points) test images: value, low, high
        rank                        (points) uint16, by |AUROC - 0.5| on validation; dead: 0
        histogram top               (2, points, bins) uint16, test images above 0; the right end
        strongest strongest_value   (points, 5) uint16, tiles, highest first; the activation there
        pattern_value               (2, maps) on the input pattern; the highest on real images
    pictures    `png` (base64), `height`, `width` of a tile, `columns` of tiles: `image`, `patterns`
                and `strongest` (16 levels) are grey; of a layer, a row an image and a column a map
"""

import json
from pathlib import Path

from markupsafe import Markup

from stages.common.run import Run
from stages.report.explorer import contents

FILES = ("style.css", "block.html", "model.js", "drawing.js", "panels.js", "controls.js")


def parts(run: Run) -> dict[str, Markup]:
    """What the page needs, not to be escaped: `html`, with data and `script` in it, and `style`."""
    data = contents.data(run)
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    texts = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in FILES)
    style, block, *scripts = map(Markup, texts)
    script = Markup("").join(scripts)  # one module
    html = block.format(
        names=run.names,
        layer=run.last,
        shown=f"{len(data['shown'])} of {data['exemplars']}",
        data=Markup(text.replace("<", "\\u003c")),  # no name of a class can end the script
        script=script,
    )
    return {"html": html, "style": style, "script": script}
