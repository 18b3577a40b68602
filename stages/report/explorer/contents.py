"""What the explorer's script reads, as the package's text lists it, and how the page carries it."""

import base64
import io

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image

from stages.common import files, trained
from stages.common.run import Run
from stages.report import plots

SHOWN = 40  # exemplars; each adds about 20 kB to the page
STRONGEST = 5
BINS = 16
GREYS = 16
DTYPES = {"f": "<f4", "u": "<u2"}  # by the kind of a NumPy dtype
TILES_IN_A_ROW = 48
ROLES = {"wrong": "CNN wrong", "mlp_wrong": "MLP wrong"}


def data(run: Run) -> dict:
    """The explorer's data, of `run.seed`, ready for JSON."""
    exemplars = run.read(files.EXEMPLARS, seed=run.seed)
    shown = {name: values[:SHOWN] for name, values in exemplars.items()}
    rows = zip(*(shown[name].tolist() for name in ("index", "label", "role")), strict=True)
    layers = run.params.network.cnn.names
    high = {name: plots.scale(exemplars[name]) for name in layers}
    palette = mpl.colormaps[run.params.report.colormap](np.arange(256), bytes=True)[:, :3]
    field = run.read(files.FIELD_SIZES).set_index("layer").loc[run.last]
    patterns, images = last_patterns(run), stored_images(run)
    tiles, strongest_value, used = most_activating(images["points"])
    step = 255 / (GREYS - 1)
    arrays = _point_arrays(run, trained.as_points(shown[run.last])) | {
        "strongest": tiles,
        "strongest_value": strongest_value,
        "pattern_value": np.stack([patterns["value"], patterns["natural_max"]]),
    }
    pictures = {
        "image": ink_tiles(shown["image"]),
        "patterns": ink_tiles(np.rint(patterns["pattern"] * 255)),
        "strongest": ink_tiles(np.rint(images["image"][used] / step) * step),
        **{name: map_tiles(shown[name] / high[name], palette) for name in layers[:-1]},
    }
    classes = len(run.dumped)
    return {
        "pair": list(run.pair),
        "class_names": list(run.class_names),
        "quoted_names": [run.quoted(label) for label in range(len(run.class_names))],
        "exemplars": len(exemplars["index"]),
        "shown": [{"index": i, "label": j, "role": ROLES.get(role, role)} for i, j, role in rows],
        "layers": [{"name": n, "shape": shown[n].shape[1:], "high": high[n]} for n in layers],
        "activation": run.params.network.cnn.activation,
        "colormap": palette.tolist(),
        "field": {"size": int(field["size"]), "stride": int(np.nan_to_num(field["stride"]))},
        "pattern_status": patterns["status"].tolist(),
        "of_points": run.params.patterns.objective == "point",
        "searched": f"{len(images['label']):,} test images of {classes} classes",
        "strongest_label": images["label"][used].tolist(),
        "arrays": {name: packed(values) for name, values in arrays.items()},
        "pictures": pictures,
    }


def ranks(points: pd.DataFrame) -> np.ndarray:
    """Rank of each live point by |AUROC - 0.5| on validation, uint16 from 1; 0 for dead ones."""
    distance = (points["auroc"] - 0.5).abs().mask(points["dead"])
    return distance.rank(method="first", ascending=False).fillna(0).to_numpy(np.uint16)


def most_activating(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of `points` float32 (n, p), the images that activate each most; of equals, the first.

    Tiles uint16 (p, k), highest first, k at most STRONGEST; values (p, k); rows of the tiles.
    """
    rows = np.argsort(-points, axis=0, kind="stable")[:STRONGEST].T
    used, tiles = np.unique(rows, return_inverse=True)
    values = np.take_along_axis(points.T, rows, axis=1)
    return tiles.reshape(rows.shape).astype(np.uint16), values, used


def last_patterns(run: Run) -> dict[str, np.ndarray]:
    """The input patterns of the last layer's maps, in the order of the maps."""
    pictures = f"{run.last}_pattern"
    names = ("layer", "map", "value", "natural_max", "status")
    patterns = run.read(files.PATTERNS, *names, pictures, seed=run.seed)
    rows = np.flatnonzero(patterns["layer"] == run.last)
    order = np.argsort(patterns["map"][rows])
    ordered = {name: patterns[name][rows][order] for name in names}
    return ordered | {"pattern": patterns[pictures][order]}


def stored_images(run: Run) -> dict[str, np.ndarray]:
    """`points` (n, points), `image` and `label` of the test images of the stored classes."""
    where = {"seed": run.seed, "split": "test"}
    stored = [
        run.read(files.ACTIVATIONS, "index", run.last, label=label, **where) for label in run.dumped
    ]
    index = np.concatenate([each["index"] for each in stored])
    points = np.concatenate([trained.as_points(each[run.last]) for each in stored])
    image, label = (run.dataset_array(name)[index] for name in ("test_images", "test_labels"))
    return {"points": points, "image": image, "label": label}


def _point_arrays(run: Run, shown: np.ndarray) -> dict[str, np.ndarray]:
    """The head and what is known of each point; the histograms hold the `shown` images' values."""
    table, head = run.read(files.POINTS, seed=run.seed), run.head(run.seed)._asdict()
    del head["activation"]
    classes = [trained.as_points(maps) for maps in run.pair_maps(run.seed, "test")]
    top = np.concatenate([shown, *classes]).max(axis=0, initial=0)
    return {
        "points": shown,
        **head,
        "mean": table[["mean_a", "mean_b"]].to_numpy().T,
        "auroc": table[["auroc_test", "auroc_test_low", "auroc_test_high"]].to_numpy().T,
        "rank": ranks(table),
        "top": top,
        "silent": np.stack([(values <= 0).mean(axis=0) for values in classes]),
        "histogram": np.stack([_histogram(values, top) for values in classes]),
    }


def _histogram(values: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Images above 0 in equal bins from 0 to `top`, uint16 (points, BINS)."""
    image, point = np.nonzero(values > 0)
    place = np.minimum((values[image, point] / top[point] * BINS).astype(int), BINS - 1)
    counts = np.zeros((len(top), BINS), np.uint16)
    np.add.at(counts, (point, place), 1)
    return counts


def packed(values: np.ndarray) -> dict:
    """Floats as float32, unsigned integers as uint16."""
    little = values.astype(DTYPES[values.dtype.kind])
    text = base64.b64encode(little.tobytes()).decode("ascii")
    return {"dtype": little.dtype.name, "shape": little.shape, "data": text}


def ink_tiles(images: np.ndarray) -> dict:
    """Images (n, height, width), 0 to 255, as tiles of one picture, in which ink is black."""
    n, height, width = images.shape
    columns = min(TILES_IN_A_ROW, n)
    tiles = np.pad(255 - images, ((0, -n % columns), (0, 0), (0, 0))).astype(np.uint8)
    return _picture(tiles.reshape(-1, columns, height, width))


def map_tiles(levels: np.ndarray, palette: np.ndarray) -> dict:
    """Maps (n, height, width, maps), levels 0 to 1 of a palette uint8 (256, 3), a row an image."""
    tiles = np.clip(np.rint(levels * 255), 0, 255).astype(np.uint8)
    return _picture(tiles.transpose(0, 3, 1, 2), palette)


def _picture(tiles: np.ndarray, palette: np.ndarray | None = None) -> dict:
    """Tiles uint8 (rows, columns, height, width) as a PNG, and where they are in it."""
    rows, columns, height, width = tiles.shape
    image = Image.fromarray(tiles.swapaxes(1, 2).reshape(rows * height, columns * width))
    if palette is not None:
        image.putpalette(palette.tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=9)
    png = base64.b64encode(file.getvalue()).decode("ascii")
    return {"png": png, "height": height, "width": width, "columns": columns}
