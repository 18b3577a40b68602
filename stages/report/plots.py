"""One look for all figures: sizes, colours, map grids, and PNG files that are byte-stable."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no window, whatever the machine has

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe & Ito's colours, told apart by colour-blind readers: class a, class b, both, and others.
COLOR_A = "#0072B2"
COLOR_B = "#D55E00"
COLOR_BOTH = "#CC79A7"
COLOR_OTHER = "#666666"
DIVERGING = "RdBu_r"
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
