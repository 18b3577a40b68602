"""One look for all figures: sizes, colours, map grids, and PNG files that are byte-stable."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no window, whatever the machine has

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import PercentFormatter, StrMethodFormatter
from PIL import Image

# Okabe & Ito's colours, which colour-blind readers can distinguish.
COLOR_A, COLOR_B, COLOR_BOTH, COLOR_C = "#0072B2", "#D55E00", "#CC79A7", "#009E73"
COLOR_OTHER = "#666666"
NO_DITHER = Image.Dither.NONE
PAIR = (COLOR_A, COLOR_B)
DIVERGING = "RdBu_r"
BETWEEN = LinearSegmentedColormap.from_list("between", (COLOR_A, "white", COLOR_B))
WIDE = 16  # maps in a row of a grid

STYLE = {
    "font.family": "DejaVu Sans", "font.size": 10, "axes.titlesize": 10.5, "figure.titlesize": 13,
    "figure.titleweight": "bold", "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e4e4e4", "legend.frameon": False,
}  # fmt: skip


def subplots(rows: int = 1, columns: int = 1, **options) -> tuple[Figure, np.ndarray]:
    """A figure in the project's look and its axes, always a 2-D array."""
    mpl.rcParams.update(STYLE)
    return plt.subplots(rows, columns, squeeze=False, layout="constrained", **options)


def literal(figure: Figure) -> None:
    """Show dollar signs, which names of classes may have, and not what Matplotlib reads in them.

    Its own powers of ten beside a logarithmic axis stay.
    """
    powers = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                powers.update(axis.get_ticklabels(which="both"))
    for text in figure.findobj(Text):
        if text not in powers:
            text.set_parse_math(False)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture alone: no version, no date.

    It has 256 colours, which takes less than half of the space. They are chosen for the least
    largest error, since a rare colour is often that of a label.
    """
    literal(figure)
    whole = BytesIO()
    figure.savefig(whole, dpi=110, format="png")
    plt.close(figure)
    with Image.open(whole) as image:
        colors = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=NO_DITHER)
    colors.save(path, "PNG", optimize=True)


def map_grid(maps: np.ndarray, columns: int) -> np.ndarray:
    """Lay maps (rows, columns, n) out row by row, one NaN cell between neighbours, as float64.

    Map m stands in grid row m // columns and grid column m % columns. Few maps fill one row.
    """
    height, width, n = maps.shape
    columns = min(columns, n)
    lines = -(-n // columns)
    grid = np.full((lines * columns, height + 1, width + 1), np.nan)
    grid[:n, :height, :width] = np.moveaxis(maps, 2, 0)
    grid = grid.reshape(lines, columns, height + 1, width + 1).swapaxes(1, 2)
    return grid.reshape(lines * (height + 1), -1)[:-1, :-1]


def show_maps(
    axes: Axes, maps: np.ndarray, columns: int, colormap: str, high: float, low: float = 0
) -> AxesImage:
    """Draw maps (rows, columns, n) as a grid without axes; gaps are white. Returns the image."""
    look = {"cmap": colormap, "vmin": low, "vmax": high, "interpolation": "nearest"}
    image = axes.imshow(map_grid(maps, columns), **look)
    bare(axes)
    return image


def grid_ratio(maps: int, columns: int) -> float:
    """Height over width of a grid of square maps, `columns` in a row."""
    return -(-maps // columns) / min(maps, columns)


def bare(axes: Axes) -> None:
    """Take ticks, grid and frame away from a picture."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def scale(values: np.ndarray) -> float:
    """The right end of a colour scale from 0: the 99.5th percentile, or 1 where that is lower."""
    return max(float(np.percentile(values, 99.5)), 0) or 1.0


def number_maps(axes: Axes, shape: tuple[int, int, int]) -> None:
    """Number a grid of WIDE maps of `shape` (rows, columns, maps) in a row: first map, and more."""
    rows, columns, n = shape
    lines, places = range(0, n, WIDE), range(0, min(n, WIDE), 1 if n < WIDE else 5)
    middle = (rows - 1) / 2, (columns - 1) / 2
    axes.set_yticks([middle[0] + (rows + 1) * line for line in range(len(lines))], lines)
    axes.set_xticks([middle[1] + (columns + 1) * m for m in places], [f"+{m}" for m in places])
    axes.tick_params(length=0, labelsize=7, pad=1, colors=COLOR_OTHER)


def frame_point(axes: Axes, point, shape: tuple[int, ...], color: str, width: float = 1.8) -> None:
    """Frame one point (with map, row, column) of a grid of WIDE maps of `shape` in a row."""
    row = point.map // WIDE * (shape[0] + 1) + point.row
    column = point.map % WIDE * (shape[1] + 1) + point.column
    square(axes, row, column, lw=1.8 * width, ec="white", clip_on=False)
    square(axes, row, column, lw=width, ec=color, clip_on=False)


def square(axes: Axes, row: float, column: float, side: float = 1, **look) -> None:
    """Frame the cells of a picture from (`row`, `column`) on, `side` each way."""
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), side, side, fill=False, **look))


def class_colors(labels, pair: tuple[int, int]) -> list[str]:
    """A colour for each class: those of a and b, grey for the rest."""
    return [dict(zip(pair, PAIR, strict=True)).get(label, "#a5a5a5") for label in labels]


def ink(axes: Axes, image: np.ndarray, **options) -> None:
    """Show an image (side, side), uint8 or from 0 to 1, black on white."""
    high = 255 if image.dtype == np.uint8 else 1
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=high, **options)
    bare(axes)


def band(axes: Axes, low: pd.Series, high: pd.Series, color="#bbbbbb", alpha=0.65, **look) -> None:
    """Fill what lies between two curves, given by their index."""
    axes.fill_between(low.index, low, high, color=color, alpha=alpha, linewidth=0, **look)


def bold(here: bool, label: str) -> dict[str, object]:
    """The look of a network's curve: `run.seed` is bold and stands in the legend."""
    thin = {"linewidth": 1, "markersize": 2.5, "alpha": 0.4}
    return {"linewidth": 2, "markersize": 4, "label": label} if here else thin


def frame(*pictures: Axes, color: str = "#bbbbbb", width: float = 0.8) -> None:
    """Give pictures a frame."""
    for axes in pictures:
        axes.spines[:].set(visible=True, color=color, linewidth=width)


def fit_names(axes: Axes, names: Sequence[str]) -> None:
    """Write the names of classes below an axis, slanted where they are words."""
    axes.set_xticks(range(len(names)), names, rotation=60 if max(map(len, names)) > 2 else 0)


def points_axis(axes: Axes) -> None:
    """A logarithmic axis of numbers of points."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def share_axis(axes: Axes) -> None:
    """Shares in per cent on the vertical axis."""
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def beside(
    cells: np.ndarray, pattern: np.ndarray, images: np.ndarray, title: str, corners=None
) -> None:
    """A pattern beside the images that come closest, under a title as wide as all of them.

    `corners`, (images, 2), are where patches as large as the pattern are framed.
    """
    for axis, picture in zip(cells, [pattern, *images], strict=True):
        axis.set_visible(True)
        ink(axis, picture)
    for axis, (top, left) in zip(cells[1:], () if corners is None else corners, strict=False):
        square(axis, top, left, len(pattern), ec=COLOR_C, lw=1.4, clip_on=False)
    frame(*cells)
    above = {"xytext": (0, 4), "textcoords": "offset points", "xycoords": "axes fraction"}
    text = cells[0].annotate(title, (0, 1), fontsize=8.5, va="bottom", **above)
    text.set_in_layout(False)  # the layout must not widen the first picture for it
