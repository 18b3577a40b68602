"""The explorer: a part of the page in which one looks and tries for oneself.

The page carries, in one JSON script, what `explorer.js` needs to run the CNN's head again:

`rows`, `columns`, `maps`      the shape of conv_3; point p is (map, row, column) in that order
`pair`                         classes a and b
`class_names`, `quoted_names`  ten names, plain and for a sentence, where words stand in quotes
`shown`                        for each image: `index` (row of the test images), `label`, `role`
`field`                        `size` and `stride` of a point's receptive field, in pixels
`bins`                         bins of a histogram, equal, from 0 to the point's `top`
`test_images`, `searched`      how many test images `fires` was looked for in, and their classes
`layers`                       for each layer: `name`, `shape` (rows, columns, maps), `high`
`pattern_status`               for each map `reached`, `silent`, `unreached` or `dead`
`colormap`                     the report's: 256 times red, green, blue, 0 to 255
`fires_label`                  the classes of the tiles of the picture `fires`
`arrays`                       name -> `dtype`, `shape`, `data` (base64, little-endian):

    points          float32 (n, points)       conv_3 of the shown images
    dense_kernel    float32 (points, units)   the head, as `network.Head` has it
    dense_bias      float32 (units,)
    logits_kernel   float32 (units, classes)
    logits_bias     float32 (classes,)
    mean            float32 (2, points)       validation means of a and b
    auroc           float32 (3, points)       test images: value, low, high
    rank            uint16 (points,)          by |AUROC - 0.5| on validation, from 1; dead: 0
    top             float32 (points,)         the right end of the histogram
    silent          float32 (2, points)       share of the test images of a and b that are 0
    histogram       uint16 (2, points, bins)  test images of a and b in which the point is above 0
    fires           uint16 (points, 5)        tiles of the picture `fires`, highest value first
    fires_value     float32 (points, 5)       the point's value there; 0 where it never fires
    pattern_value   float32 (2, maps)         on the input pattern; the highest on real images

`pictures`                     name -> `png` (base64), `height` and `width` of a tile, `columns`
                               of tiles. `conv_1` to `pool_2` have a row an image and a column a
                               map; `image`, `patterns` (a tile a map) and `fires` are grey, ink
                               black on white.

Only pictures are rounded to 256 levels (`fires` to 16); what enters a logit is float32.
"""

import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from PIL import Image

from stages.common import network
from stages.report import map_figures, packing
from stages.report.blocks import Section
from stages.report.figures import telling_points
from stages.report.results import LAYER, Results

HERE = Path(__file__).parent
ANCHOR = "explorer"
SCRIPTS = ("explorer_model.js", "explorer_drawing.js", "explorer_panels.js", "explorer.js")
SHOWN = slice(40)  # of the exemplars; each adds about 20 kB to the page
FIRES = 5
BINS = 16
GREYS = 16


def section(results: Results) -> Section:
    """The heading and the words before the explorer; `template.html` adds the explorer."""
    a, b = results.names
    chosen = results.exemplars["index"]
    shown = len(chosen[SHOWN])
    which = f"{shown} test images" if shown == len(chosen) else f"the first {shown} images"
    text = (
        f"The last layers of cnn-{results.seed} run in this page. Choose one of {which}, step "
        f"through its layers, pick a point of {LAYER}, and switch points to their mean in {a} or "
        f"in {b} (validation images): the ten logits follow.",
    )
    return Section(ANCHOR, "Try it: switch points and watch the answer", text)


def parts(results: Results) -> dict[str, Markup]:
    """What the template puts into the page: `data`, `script` and `style`, not to be escaped."""
    text = json.dumps(data(results), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return {
        "data": Markup(text.replace("<", "\\u003c")),
        "script": Markup("\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)),
        "style": Markup((HERE / "explorer.css").read_text(encoding="utf-8")),
    }


def data(results: Results) -> dict:
    """Everything `explorer.js` reads, as the module's text lists it."""
    exemplars = {name: values[SHOWN] for name, values in results.exemplars.items()}
    n, rows, columns, maps = exemplars[LAYER].shape
    points = network.as_points(exemplars[LAYER])
    statistics = results.points[results.seed]
    fires, fires_value = most_firing(results.dumped["points"])
    used, tiles = np.unique(fires, return_inverse=True)
    fires_images = np.rint(results.dumped["image"][used] / 255 * (GREYS - 1)) * (255 / (GREYS - 1))
    histograms = _histograms(results, points.max(axis=0))
    field = map_figures.receptive_field(results)
    return {
        "rows": rows,
        "columns": columns,
        "maps": maps,
        "pair": list(results.params.analysis.pair),
        "class_names": list(results.class_names),
        "quoted_names": [results.quoted(label) for label in range(network.CLASSES)],
        "shown": [
            {
                "index": int(exemplars["index"][row]),
                "label": int(exemplars["label"][row]),
                "role": str(exemplars["role"][row]),
            }
            for row in range(n)
        ],
        "field": {"size": field.height, "stride": field.stride},
        "bins": BINS,
        "test_images": len(results.dumped["label"]),
        "searched": np.unique(results.dumped["label"]).tolist(),
        "layers": [
            {
                "name": layer,
                "shape": list(results.exemplars[layer].shape[1:]),
                "high": _high(results, layer),
            }
            for layer in network.CONV_AND_POOL_LAYERS
        ],
        "colormap": _palette(results).tolist(),
        "pattern_status": _patterns(results, "status").tolist(),
        "fires_label": results.dumped["label"][used].tolist(),
        "arrays": {
            name: packing.array(values)
            for name, values in {
                "points": points,
                **results.head._asdict(),
                "mean": statistics[["mean_a", "mean_b"]].to_numpy(np.float32).T,
                "auroc": statistics[["auroc_test", "auroc_test_low", "auroc_test_high"]]
                .to_numpy(np.float32)
                .T,
                "rank": ranks(statistics),
                **histograms,
                "fires": tiles.reshape(fires.shape).astype(np.uint16),
                "fires_value": fires_value,
                "pattern_value": _pattern_values(results),
            }.items()
        },
        "pictures": {
            # ink is black, as in the figures
            "image": packing.grey(255 - exemplars["image"]),
            "patterns": packing.grey(255 - np.rint(_patterns(results, "pattern") * 255)),
            "fires": packing.grey(255 - fires_images),
            **{
                layer: _maps_picture(results, layer, exemplars[layer])
                for layer in network.CONV_AND_POOL_LAYERS
                if layer != LAYER
            },
        },
    }


def most_firing(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the images that fire each point most, and its values there.

    `points` float32 (n, p) -> int (p, k) and float32 (p, k), highest first, k the lower of n
    and FIRES; of equal values the first image counts as higher.
    """
    left = points.copy()
    every = np.arange(points.shape[1])
    rows = []
    for _ in range(min(FIRES, len(points))):
        rows.append(left.argmax(axis=0))
        left[rows[-1], every] = -np.inf
    found = np.stack(rows, axis=1)
    return found, np.take_along_axis(points.T, found, axis=1)


def ranks(statistics: pd.DataFrame) -> np.ndarray:
    """Rank of each live point by |AUROC - 0.5| on validation, from 1; 0 for dead ones."""
    order = telling_points(statistics, len(statistics)).index
    found = np.zeros(len(statistics), np.uint16)
    found[order] = np.arange(1, len(order) + 1)
    return found


def _high(results: Results, layer: str) -> float:
    """The value that the last colour stands for."""
    return float(np.percentile(results.exemplars[layer], 99.5)) or 1.0


def _palette(results: Results) -> np.ndarray:
    """The report's colormap, uint8 (256, 3)."""
    colors = mpl.colormaps[results.params.report.colormap](np.arange(256), bytes=True)
    return colors[:, :3]


def _histograms(results: Results, shown_highest: np.ndarray) -> dict[str, np.ndarray]:
    """`top`, `silent` and `histogram` of the pair's test images, where `top` covers the shown."""
    classes = [network.as_points(values) for values in results.pair_values]
    top = np.max([shown_highest, *(values.max(axis=0) for values in classes)], axis=0)
    counts = []
    for values in classes:
        image, point = np.nonzero(values)
        share = values[image, point] / top[point]
        place = np.minimum((share * BINS).astype(int), BINS - 1)
        cells = np.bincount(point * BINS + place, minlength=values.shape[1] * BINS)
        counts.append(cells.reshape(-1, BINS))
    return {
        "top": top.astype(np.float32),
        "silent": np.stack([(values == 0).mean(axis=0) for values in classes]).astype(np.float32),
        "histogram": np.stack(counts).astype(np.uint16),
    }


def _patterns(results: Results, name: str) -> np.ndarray:
    """One array of the input patterns of conv_3's maps, in the order of the maps."""
    patterns = results.patterns[results.seed]
    rows = np.flatnonzero(patterns["layer"] == LAYER)
    return patterns[name][rows[np.argsort(patterns["map"][rows])]]


def _pattern_values(results: Results) -> np.ndarray:
    return np.stack([_patterns(results, name) for name in ("value", "natural_max")])


def _maps_picture(results: Results, layer: str, values: np.ndarray) -> dict:
    """Maps (n, height, width, maps) in the report's colours, a row of tiles for each image."""
    n, height, width, maps = values.shape
    levels = np.clip(np.rint(values / _high(results, layer) * 255), 0, 255).astype(np.uint8)
    whole = levels.transpose(0, 1, 3, 2).reshape(n * height, maps * width)
    tiles = Image.fromarray(whole).convert("P")
    tiles.putpalette(_palette(results).tobytes())
    return packing.picture(tiles, height, width, maps)
