"""One look for all figures: sizes, colours, map grids, and PNG files that are byte-stable."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no window, whatever the machine has

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

# Okabe & Ito's colours, which colour-blind readers can distinguish: class a, class b, both, others.
COLOR_A = "#0072B2"
COLOR_B = "#D55E00"
COLOR_BOTH = "#CC79A7"
COLOR_OTHER = "#666666"
COLOR_C = "#009E73"  # a third series
DIVERGING = "RdBu_r"
WIDE = 16  # maps in a row of a grid
DPI = 110

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.hashsalt": "four-versus-nine",
}


def subplots(rows: int = 1, columns: int = 1, **options) -> tuple[Figure, np.ndarray]:
    """A figure in the project's look and its axes, always a 2-D array."""
    mpl.rcParams.update(STYLE)
    return plt.subplots(rows, columns, squeeze=False, layout="constrained", **options)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture alone: no version, no date."""
    figure.savefig(path, dpi=DPI, format="png", metadata={"Software": None})
    plt.close(figure)


def map_grid(maps: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Lay maps (rows, columns, n) out row by row, with `gap` NaN cells between neighbours.

    Map m stands in grid row m // columns and grid column m % columns.
    """
    height, width, n = maps.shape
    grid = np.full((-(-n // columns) * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for index in range(n):
        top, left = map_corner(index, columns, height, width, gap)
        grid[top : top + height, left : left + width] = maps[..., index]
    return grid


def map_corner(index: int, columns: int, height: int, width: int, gap: int = 1) -> tuple[int, int]:
    """Row and column of a map's first cell within `map_grid`."""
    return index // columns * (height + gap), index % columns * (width + gap)


def show_grid(axes: Axes, grid: np.ndarray, colormap: str, low: float, high: float):
    """Draw a map grid without axes; gaps are white. Returns the image, for a colour bar."""
    image = axes.imshow(grid, cmap=colormap, vmin=low, vmax=high, interpolation="nearest")
    bare(axes)
    return image


def bare(axes: Axes) -> None:
    """Take ticks, grid and frame away from a picture."""
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def scale(values: np.ndarray) -> float:
    """The right end of a colour scale from 0: the 99.5th percentile, or 1 where all is 0."""
    return float(np.percentile(values, 99.5)) or 1.0


def frame_point(axes: Axes, point, shape: tuple[int, ...], color: str) -> None:
    """Frame one point (with map, row, column) of a grid of WIDE maps of `shape` in a row."""
    top, left = map_corner(point.map, WIDE, shape[0], shape[1])
    corner = (left + point.column - 0.5, top + point.row - 0.5)
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, lw=3.2, ec="white"))
    axes.add_patch(Rectangle(corner, 1, 1, fill=False, lw=1.8, ec=color))


def class_colors(labels, pair: tuple[int, int], other: str) -> list[str]:
    """A colour for each class: those of a and b, `other` for the rest."""
    return [dict(zip(pair, (COLOR_A, COLOR_B), strict=True)).get(label, other) for label in labels]


def digit(axes: Axes, image: np.ndarray) -> None:
    """Show an image, uint8 (side, side), black on white."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    bare(axes)


def bold(here: bool, label: str) -> dict[str, object]:
    """The look of a network's curve: that of the first seed is bold and stands in the legend."""
    if here:
        return {"linewidth": 2, "markersize": 4, "label": label}
    return {"linewidth": 1, "markersize": 2.5, "alpha": 0.4}


def framed(*axes: Axes) -> None:
    """Give pictures a thin frame in the place of ticks and grid."""
    for each in axes:
        bare(each)
        for spine in each.spines.values():
            spine.set(visible=True, color="#bbbbbb", linewidth=0.8)
