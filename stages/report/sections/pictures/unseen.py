"""Maps that no real image activates: what the search makes of them."""

from stages.common import files
from stages.common.run import Run
from stages.report import plots, searched

ORDER = 30
SHOWN = 12  # maps
NOISE = 2.3  # roughness of independent values


def numbers(run: Run) -> dict:
    """How many such maps the last layer has, and what activates them."""
    counts = run.every(files.PATTERN_COUNTS).query("layer == @run.last")
    last = run.every_shown(files.PATTERN_COUNTS).query("layer == @run.last")
    rough = last.dropna(subset=["roughness", "roughness_silent"])
    between = (rough["roughness"] + NOISE) / 2
    return {
        "of_points": searched.of_points(run),
        "networks": len(run.shown),
        "total": counts[["silent", "dead", "proven"]].sum().to_dict(),
        "silent": last[["silent", "penalised", "rougher"]].sum(),
        "rough": rough,
        "nearer_to_noise": len(rough) and (rough["roughness_silent"] > between).all(),
        "insisted": run.read(files.PATTERNS, seed=run.seed)[f"{run.last}_insisted_map"],
        "heights": searched.heights(run),
    }


def metrics(run: Run) -> dict[str, float]:
    """How rough patterns of the last layer are, means over the shown networks."""
    counts = run.every_shown(files.PATTERN_COUNTS).query("layer == @run.last")
    return {"roughness": counts["roughness_silent"].mean(), "active": counts["roughness"].mean()}


def silent_patterns(run: Run) -> plots.Figure:
    """Maps that no image activates: the best with penalties, without, and the closest patch."""
    patterns, rows = run.read(files.PATTERNS, seed=run.seed), searched.rows_of(run, run.last)
    maps = patterns[f"{run.last}_insisted_map"][:SHOWN]
    top, corners = (patterns[name][rows] for name in ("top_images", "top_corner"))
    found = patterns[f"{run.last}_insisted"]
    reached = [patterns[f"{how}_penalties"][rows] for how in ("with", "without")]
    size = (0.95 * max(len(maps), 4) + 1.2, 3.7)
    figure, axes = plots.subplots(3, len(maps), figsize=size)
    for column, number in enumerate(maps):
        (down, right), side = corners[number, 0], found.shape[2]
        closest = top[number, 0, down : down + side, right : right + side]
        for axis, picture in zip(axes[:, column], (*found[column], closest), strict=True):
            plots.ink(axis, picture)
            plots.frame(axis)
        values = [of[number] for of in reached] + [patterns["natural_max"][rows][number]]
        for axis, value in zip(axes[:, column], values, strict=True):
            axis.set_title(f"{value:+z.3f}", fontsize=8, pad=2)
        axes[2, column].set_xlabel(f"map {number}", fontsize=8.5)
    for axis, text in zip(axes[:, 0], ("with\npenalties", "without", "closest\nreal"), strict=True):
        axis.set_ylabel(text, fontsize=8.5, rotation=0, ha="right", va="center")
    figure.suptitle(f"Maps of {run.last} that no image activates")
    return figure
